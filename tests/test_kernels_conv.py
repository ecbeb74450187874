"""Convolution, its two gradients, fold and unfold: against torch, against the naive forms, and against each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minitorch.backend.kernels import conv as conv_module
from minitorch.backend.kernels.windows import conv_output_size, conv_transpose_output_size
from tests.kernel_tools import TestedKernels, assert_close, distinct_sizes, examples, inner, leaf, values

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


class Case(NamedTuple):
    """One convolution: shapes and settings."""

    x: tuple[int, ...]
    w: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    seed: int = 0

    @property
    def settings(self) -> tuple:
        return self.stride, self.padding, self.dilation, self.groups

    @property
    def ndim(self) -> int:
        return len(self.stride)

    @property
    def y(self) -> tuple[int, ...]:
        rows = zip(self.x[2:], self.w[2:], self.stride, self.padding, self.dilation, strict=True)
        return (self.x[0], self.w[0], *(conv_output_size(*row) for row in rows))


@st.composite
def cases(draw: Any, ndims: tuple[int, ...] = (1, 2, 3)) -> Case:
    ndim = draw(st.sampled_from(ndims))

    def per_dim(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(ndim))

    kernel, dilation, padding = per_dim(1, 3), per_dim(1, 2), per_dim(0, 2)
    stride = per_dim(1, 3) if draw(st.booleans()) else (1,) * ndim
    least = tuple(max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding, strict=True))
    spatial = draw(distinct_sizes(least))
    groups = draw(st.sampled_from((1, 1, 2, 3)))
    n, c, o = draw(st.integers(0, 4)), groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 4))
    seed = draw(st.integers(0, 999))
    return Case((n, c, *spatial), (o, c // groups, *kernel), stride, padding, dilation, groups, seed)


def torch_conv(case: Case, x: Any, w: Any, bias: Any = None) -> Any:
    return CONV[case.ndim](x, w, bias, *case.settings)


def check_against_torch(kernels: TestedKernels, case: Case, dtype: Any) -> None:
    x, w, gy = values(case.seed, case.x, case.w, case.y, dtype=dtype)
    (bias,) = values(case.seed + 1, (case.w[0],), dtype=dtype)
    tx, tw = leaf(x), leaf(w)
    ty = torch_conv(case, tx, tw, torch.from_numpy(bias))
    gx, gw = torch.autograd.grad(ty, (tx, tw), torch.from_numpy(gy))
    before = [a.copy() for a in (x, w, gy, bias)]
    assert_close(kernels.conv_forward(x, w, *case.settings, bias=bias), ty)
    # torch's gradient of a complex function pairs with the conjugate
    assert_close(kernels.conv_input_grad(gy, w.conj(), case.x[2:], *case.settings), gx)
    assert_close(kernels.conv_weight_grad(gy, x.conj(), case.w[2:], *case.settings), gw)
    for array, copy in zip((x, w, gy, bias), before, strict=True):
        assert np.array_equal(array, copy)


@examples(80)
@given(cases(), st.sampled_from((3, 37, 1024)))
def test_float64(case: Case, columns: int) -> None:
    check_against_torch(TestedKernels(columns), case, np.float64)


@examples(30)
@given(cases())
def test_float32(case: Case) -> None:
    check_against_torch(TestedKernels(), case, np.float32)


@examples(15)
@given(cases(), st.sampled_from((np.complex64, np.complex128)))
def test_complex(case: Case, dtype: Any) -> None:
    check_against_torch(TestedKernels(), case, dtype)


@examples(15)
@given(cases())
def test_float16_is_summed_in_float32(case: Case) -> None:
    kernels = TestedKernels()
    half = values(case.seed, case.x, case.w, case.y, dtype=np.float16)
    wide = [a.astype(np.float32) for a in half]
    for (x, w, gy), dtype in ((half, np.float16), (wide, np.float32)):
        results = (
            kernels.conv_forward(x, w, *case.settings),
            kernels.conv_input_grad(gy, w, case.x[2:], *case.settings),
            kernels.conv_weight_grad(gy, x, case.w[2:], *case.settings),
        )
        assert all(r.dtype == dtype for r in results)
        rounded = [r.astype(np.float16) for r in results]
        if dtype == np.float16:
            first = rounded
    for a, b in zip(first, rounded, strict=True):
        assert np.array_equal(a, b)


@examples(40)
@given(cases(), st.sampled_from((5, 1024)))
def test_naive_forms_and_adjointness(case: Case, columns: int) -> None:
    kernels = TestedKernels(columns)
    x, w, gy = values(case.seed, case.x, case.w, case.y)
    y = kernels.conv_forward(x, w, *case.settings)
    gx = kernels.conv_input_grad(gy, w, case.x[2:], *case.settings)
    gw = kernels.conv_weight_grad(gy, x, case.w[2:], *case.settings)
    assert_close(y, conv_module.conv_naive(np, x, w, *case.settings))
    assert_close(gx, conv_module.conv_input_grad_naive(np, gy, w, case.x[2:], *case.settings))
    assert_close(gw, conv_module.conv_weight_grad_naive(np, gy, x, case.w[2:], *case.settings))
    assert inner(gy, y) == pytest.approx(inner(gx, x), abs=1e-9) == pytest.approx(inner(gw, w), abs=1e-9)


@examples(40)
@given(cases())
def test_the_ways_of_the_input_gradient_agree(case: Case) -> None:
    kernels = TestedKernels(16)
    w, gy = values(case.seed, case.w, case.y)
    args = (case.x[2:], case.padding, case.dilation, case.groups)
    want = conv_module.conv_input_grad_naive(np, gy, w, case.x[2:], *case.settings)
    strided = kernels._input_grad_strided(gy, w, case.x[2:], *case.settings)
    assert_close(strided, want)
    assert strided.flags.c_contiguous
    if set(case.stride) == {1}:
        assert_close(kernels._input_grad_shift(gy, w, *args), want)
        if all(p <= d * (k - 1) for p, d, k in zip(case.padding, case.dilation, case.w[2:], strict=True)):
            assert_close(kernels._input_grad_correlate(gy, w, *args), want)


@st.composite
def transposed_cases(draw: Any) -> tuple[Case, tuple[int, ...]]:
    """A convolution seen from behind, and ``output_padding`` (less than the stride or the dilation)."""
    case = draw(cases())
    most = [max(s, d) - 1 for s, d in zip(case.stride, case.dilation, strict=True)]
    extra = tuple(draw(st.integers(0, m)) for m in most)
    rows = zip(case.y[2:], case.w[2:], case.stride, case.padding, extra, case.dilation, strict=True)
    sizes = tuple(conv_transpose_output_size(*row) for row in rows)
    return case._replace(x=(*case.x[:2], *sizes)), extra


@examples(60)
@given(transposed_cases(), st.data())
def test_transposed_convolution(sample: tuple[Case, tuple[int, ...]], data: Any) -> None:
    case, extra = sample
    if min(case.x[2:]) < 1:
        return
    small = tuple(
        (n + 2 * p - d * (k - 1) - 1 - e) // s + 1
        for n, p, d, k, e, s in zip(
            case.x[2:], case.padding, case.dilation, case.w[2:], extra, case.stride, strict=True
        )
    )
    kernels = TestedKernels(data.draw(st.sampled_from((5, 1024))))
    a, w, g = values(case.seed, (case.x[0], case.w[0], *small), case.w, case.x)
    ta, tw = leaf(a), leaf(w)
    ty = TRANSPOSED[case.ndim](ta, tw, None, case.stride, case.padding, extra, case.groups, case.dilation)
    ga, gw = torch.autograd.grad(ty, (ta, tw), torch.from_numpy(g))
    assert_close(kernels.conv_input_grad(a, w, case.x[2:], *case.settings), ty)
    assert_close(kernels.conv_forward(g, w, *case.settings, out_spatial=small), ga)
    assert_close(kernels.conv_weight_grad(a, g, case.w[2:], *case.settings), gw)


@pytest.mark.parametrize(
    "case",
    [
        Case((2, 3, 7, 6), (5, 3, 1, 1), (1, 1), (0, 0), (1, 1), 1),  # 1x1: no copy
        Case((2, 6, 9, 8), (6, 1, 3, 3), (1, 1), (1, 1), (1, 1), 6),  # depthwise
        Case((2, 6, 9, 8), (12, 1, 3, 3), (2, 1), (1, 1), (1, 1), 6),  # depthwise with a multiplier
        Case((1, 2, 70, 130), (3, 2, 3, 3), (1, 1), (1, 1), (1, 1), 1),  # one large image: blocks of lines
        Case((3, 2, 5, 7), (4, 2, 2, 3), (1, 1), (4, 3), (1, 1), 1),  # more padding than the kernel reaches
        Case((3, 4, 2, 3), (2, 4, 2, 3), (1, 1), (0, 0), (1, 1), 1),  # one output place
        Case((0, 2, 5, 6), (3, 2, 3, 3), (1, 1), (0, 0), (1, 1), 1),  # empty batch
        Case((70, 2, 5, 6), (3, 2, 3, 2), (1, 2), (1, 0), (1, 2), 1),  # many small images in a block
    ],
)
def test_special_cases(case: Case) -> None:
    check_against_torch(TestedKernels(), case, np.float64)


def test_strided_inputs() -> None:
    """Transposed and reversed arrays give what their copies give."""
    x, w, gy = values(3, (6, 5, 3, 2), (4, 3, 2, 2), (4, 5, 4, 2))
    x, gy = x.transpose(3, 2, 0, 1)[:, :, ::-1], gy.transpose(3, 0, 2, 1)[..., ::-1]
    w = w[:, ::-1]
    args = ((1, 1), (0, 0), (1, 1))
    kernels = TestedKernels()
    assert_close(kernels.conv_forward(x, w, *args), kernels.conv_forward(x.copy(), w.copy(), *args))
    gx = kernels.conv_input_grad(gy, w, x.shape[2:], *args)
    assert_close(gx, kernels.conv_input_grad(gy.copy(), w.copy(), x.shape[2:], *args))
    gw = kernels.conv_weight_grad(gy, x, w.shape[2:], *args)
    assert_close(gw, kernels.conv_weight_grad(gy.copy(), x.copy(), w.shape[2:], *args))


@examples(60)
@given(cases((2,)), st.sampled_from((np.float64, np.float32, np.complex64)))
def test_unfold_and_fold(case: Case, dtype: Any) -> None:
    kernels = TestedKernels()
    if case.x[0] == 0:
        case = case._replace(x=(1, *case.x[1:]))
    kernel = case.w[2:]
    args = (kernel, case.dilation, case.padding, case.stride)
    (x,) = values(case.seed, case.x, dtype=dtype)
    tx = leaf(x)
    columns = F.unfold(tx, *args)
    assert_close(kernels.unfold(x, *args), columns)
    (g,) = values(case.seed + 1, tuple(columns.shape), dtype=dtype)
    (gx,) = torch.autograd.grad(columns, tx, torch.from_numpy(g))
    folded = kernels.fold(g, case.x[2:], *args)
    assert_close(folded, gx)
    assert_close(folded, F.fold(torch.from_numpy(g), case.x[2:], *args))
    if dtype is np.float64:
        assert inner(g, kernels.unfold(x, *args)) == pytest.approx(inner(folded, x), abs=1e-9)


@pytest.mark.parametrize("ndim", [1, 3])
def test_fold_undoes_unfold_of_disjoint_windows_in_other_ranks(ndim: int) -> None:
    kernel = (2, 3, 1)[:ndim]
    (x,) = values(0, (2, 3, *(2 * k for k in kernel)))
    args = (kernel, (1,) * ndim, (0,) * ndim, kernel)
    columns = TestedKernels().unfold(x, *args)
    assert columns.shape == (2, 3 * int(np.prod(kernel)), 2**ndim)
    assert_close(TestedKernels().fold(columns, x.shape[2:], *args), x)
    columns[...] = 0
    assert x.any(), "unfold must not return a view of its input"


def test_unfold_of_single_places_is_a_copy() -> None:
    x = np.ones((1, 2, 3, 4))
    columns = TestedKernels().unfold(x, (1, 1), (1, 1), (0, 0), (1, 1))
    assert not np.shares_memory(columns, x)


@pytest.mark.parametrize("size", [5, 8, 9])
@pytest.mark.parametrize("setting", [(1, 1, 0, 1), (3, 2, 1, 1), (2, 3, 1, 2), (3, 1, 2, 2)])
def test_output_sizes(size: int, setting: tuple[int, int, int, int]) -> None:
    kernel, stride, padding, dilation = setting
    x, w = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    assert conv_output_size(size, *setting) == F.conv1d(x, w, None, stride, padding, dilation).shape[-1]
    for extra in range(max(stride, dilation)):
        y = F.conv_transpose1d(x, w, None, stride, padding, extra, 1, dilation)
        assert conv_transpose_output_size(size, kernel, stride, padding, extra, dilation) == y.shape[-1]


def test_bfloat16_goes_through_every_kernel() -> None:
    """bfloat16 is no dtype of NumPy's own: all results keep it, and are float32's rounded once."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    kernels = TestedKernels()
    wide = values(0, (2, 4, 6, 5), (4, 2, 3, 2), (2, 4, 4, 4), dtype=np.float32)
    half = [a.astype(ml_dtypes.bfloat16) for a in wide]

    def results(x: np.ndarray, w: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
        ones, zeros = (1, 1), (0, 0)
        grid = np.moveaxis(g, 1, -1)[..., :2]
        return [
            kernels.conv_forward(x, w, ones, zeros, ones, 2),
            kernels.conv_input_grad(g, w, (6, 5), ones, zeros, ones, 2),
            kernels.conv_weight_grad(g, x, (3, 2), ones, zeros, ones, 2),
            kernels.unfold(x, (2, 3), ones, ones, ones),
            kernels.fold(kernels.unfold(x, (2, 3), ones, ones, ones), (6, 5), (2, 3), ones, ones, ones),
            kernels.max_pool_forward(x, (2, 3), ones, ones, ones)[0],
            kernels.adaptive_max_pool_forward(x, (4, 3))[0],
            kernels.avg_pool_forward(x, (2, 3), ones, ones),
            kernels.avg_pool_backward(g, (6, 5), (3, 2), ones, zeros),
            kernels.adaptive_avg_pool_forward(x, (4, 3)),
            kernels.adaptive_avg_pool_backward(g, (6, 5)),
            kernels.interpolate_forward(x, (4, 7), "linear"),
            kernels.interpolate_backward(g, (6, 5), "cubic"),
            kernels.grid_sample_forward(x, grid, "linear", "border", False),
            kernels.grid_sample_backward(g, x, grid, "linear", "zeros", True)[0],
            kernels.affine_grid_forward(w[:, :, 0].reshape(2, 2, 4)[..., :3], (3, 4), False),
        ]

    exact = results(*(a.astype(np.float32) for a in half))
    for ours, want in zip(results(*half), exact, strict=True):
        assert ours.dtype == ml_dtypes.bfloat16
        # two roundings where a result is an input (fold of unfold): at most one unit in the last of 8 bits each
        np.testing.assert_allclose(ours.astype(np.float32), want, rtol=2**-7, atol=2**-9)
