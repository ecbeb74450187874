"""Maximum, average, adaptive and fractional pooling and unpooling, forward and backward, against torch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minitorch.backend.kernels.windows import adaptive_edges, pool_output_size
from tests.kernel_tools import TestedKernels, assert_close, distinct_sizes, examples, inner, leaf, values

MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE_AVG = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
ADAPTIVE_MAX = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
UNPOOL = {1: F.max_unpool1d, 2: F.max_unpool2d, 3: F.max_unpool3d}
FLOATS = st.sampled_from((np.float64, np.float64, np.float32))


class Case(NamedTuple):
    """One pooling: the input's shape and the settings."""

    x: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil_mode: bool
    seed: int = 0

    @property
    def ndim(self) -> int:
        return len(self.kernel)


@st.composite
def cases(draw: Any, dilated: bool = True) -> Case:
    ndim = draw(st.integers(1, 3))

    def per_dim(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(ndim))

    kernel, stride = per_dim(1, 4), per_dim(1, 4)
    dilation = per_dim(1, 2) if dilated else (1,) * ndim
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    # windows have at least one place inside (torch's index of such a window is outside of the input), and for
    # averages torch's backward in 3-d wants an input as large as the kernel
    reach = tuple(d * (k - 1) + 1 - 2 * p if dilated else k for k, d, p in zip(kernel, dilation, padding, strict=True))
    least = tuple(max(1, r, d + 1 - p if d > 1 else 1) for r, d, p in zip(reach, dilation, padding, strict=True))
    spatial = draw(distinct_sizes(least, 6))
    shape = (draw(st.integers(0, 3)), draw(st.integers(1, 3)), *spatial)
    return Case(shape, kernel, stride, padding, dilation, draw(st.booleans()), draw(st.integers(0, 999)))


def with_ties(seed: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Few different values, so that windows have several maxima."""
    return np.random.default_rng(seed).integers(-2, 3, shape).astype(dtype)


@examples(120)
@given(cases(), FLOATS, st.booleans(), st.sampled_from((20, 1 << 17)))
def test_max_pool(case: Case, dtype: Any, ties: bool, elements: int) -> None:
    kernels = TestedKernels(pool_elements=elements)
    x = with_ties(case.seed, case.x, dtype) if ties else values(case.seed, case.x, dtype=dtype)[0]
    args = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    tx = leaf(x)
    ty, tindices = MAX[case.ndim](tx, *args, return_indices=True)
    before = x.copy()
    y, indices = kernels.max_pool_forward(x, *args)
    assert np.array_equal(x, before)
    assert_close(y, ty)
    assert_close(indices, tindices)
    (g,) = values(case.seed + 1, y.shape, dtype=dtype)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    disjoint = all(s >= d * (k - 1) + 1 for s, d, k in zip(case.stride, case.dilation, case.kernel, strict=True))
    assert_close(kernels.max_pool_backward(g, indices, case.x[2:]), tgx)
    if disjoint:
        assert_close(kernels.max_pool_backward(g, indices, case.x[2:], disjoint=True), tgx)
    (gg,) = values(case.seed + 2, case.x)
    gathered = kernels.max_pool_gather(gg, indices)
    assert inner(gathered, g) == pytest.approx(inner(gg, kernels.max_pool_backward(g, indices, case.x[2:])), abs=1e-5)
    assert_close(gathered, torch.from_numpy(gg).flatten(2).gather(2, tindices.flatten(2)).view(y.shape))


@examples(60)
@given(cases(), st.floats(0.05, 0.9), st.sampled_from(("nan", "-inf", "inf", "mixed")))
def test_max_pool_of_non_finite_values(case: Case, share: float, kind: str) -> None:
    """The last nan wins; a window of only -inf has its first place, not one in the padding."""
    rng = np.random.default_rng(case.seed)
    pool = [np.nan, np.inf, -np.inf] if kind == "mixed" else [float(kind)]
    x = np.where(rng.random(case.x) < share, rng.choice(pool, case.x), rng.standard_normal(case.x))
    args = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    ty, tindices = MAX[case.ndim](torch.from_numpy(x), *args, return_indices=True)
    y, indices = TestedKernels(pool_elements=30).max_pool_forward(x, *args)
    assert_close(y, ty)
    assert_close(indices, tindices)


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (3, 2)])
def test_max_pool_of_minus_infinity_has_the_first_place_inside(dilation: tuple[int, int]) -> None:
    x = torch.full((1, 2, 11, 12), -torch.inf, dtype=torch.float64)
    args = ((4, 6), (1, 2), (2, 3), dilation, True)
    ty, tindices = F.max_pool2d(x, *args, return_indices=True)
    y, indices = TestedKernels().max_pool_forward(x.numpy(), *args)
    assert_close(y, ty)
    assert_close(indices, tindices)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float16])
def test_max_pool_of_other_dtypes(dtype: Any) -> None:
    x = np.random.default_rng(0).integers(0, 9, (2, 3, 7, 5)).astype(dtype)
    args = ((3, 2), (2, 1), (1, 1), (1, 2), True)
    ty, tindices = F.max_pool2d(torch.from_numpy(x), *args, return_indices=True)
    y, indices = TestedKernels().max_pool_forward(x, *args)
    assert_close(y, ty)
    assert_close(indices, tindices)


def test_max_pool_with_a_window_of_many_places() -> None:
    """More than 256 places: the number of the winner no longer fits in a byte."""
    (x,) = values(0, (2, 2, 40, 37))
    args = ((18, 17), (3, 5), (9, 8), (1, 1))
    ty, tindices = F.max_pool2d(torch.from_numpy(x), *args, return_indices=True)
    y, indices = TestedKernels().max_pool_forward(x, *args)
    assert_close(y, ty)
    assert_close(indices, tindices)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_overlapping_gradients_are_summed_in_float32(dtype: Any) -> None:
    """2048 + 1 is 2048 in float16: a thousand of them would be lost one by one."""
    indices = np.zeros((1, 1, 1025), np.int64)
    g = np.ones((1, 1, 1025), dtype)
    g[0, 0, 0] = 2048
    assert TestedKernels().max_pool_backward(g, indices, (4,))[0, 0, 0] == 2048 + 1024


@examples(40)
@given(st.integers(1, 3), st.integers(0, 2), st.data())
def test_max_unpool(ndim: int, batch: int, data: Any) -> None:
    kernels = TestedKernels()
    out = tuple(data.draw(distinct_sizes((2,) * ndim)))
    kernel = tuple(data.draw(st.integers(1, 2)) for _ in range(ndim))
    x, _ = values(7, (batch, 3, *out), (1,))
    y, indices = kernels.max_pool_forward(x, kernel, kernel, (0,) * ndim, (1,) * ndim)
    y = y + 5
    ty = leaf(y)
    back = UNPOOL[ndim](ty, torch.from_numpy(indices), kernel, output_size=out)
    assert_close(kernels.max_unpool(y, indices, out), back)
    (g,) = values(8, tuple(back.shape))
    (gy,) = torch.autograd.grad(back, ty, torch.from_numpy(g))
    assert_close(kernels.max_pool_gather(g, indices), gy)


@examples(120)
@given(cases(dilated=False), FLOATS, st.booleans(), st.sampled_from((None, 1, 3)), st.sampled_from((20, 1 << 17)))
def test_avg_pool(case: Case, dtype: Any, include: bool, override: int | None, elements: int) -> None:
    kernels = TestedKernels(pool_elements=elements)
    (x,) = values(case.seed, case.x, dtype=dtype)
    override = None if case.ndim == 1 else override  # torch's avg_pool1d has none
    tail = (case.ceil_mode, include) + (() if case.ndim == 1 else (override,))
    tx = leaf(x)
    ty = AVG[case.ndim](tx, case.kernel, case.stride, case.padding, *tail)
    y = kernels.avg_pool_forward(
        x, case.kernel, case.stride, case.padding, case.ceil_mode, include, divisor_override=override
    )
    assert_close(y, ty)
    (g,) = values(case.seed + 1, y.shape, dtype=dtype)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    gx = kernels.avg_pool_backward(g, case.x[2:], case.kernel, case.stride, case.padding, include, override)
    assert_close(gx, tgx)
    if dtype is np.float64:
        assert inner(g, y) == pytest.approx(inner(gx, x), abs=1e-9)


@examples(100)
@given(st.integers(1, 3), st.integers(0, 2), FLOATS, st.booleans(), st.data())
def test_adaptive_pools(ndim: int, batch: int, dtype: Any, even: bool, data: Any) -> None:
    kernels = TestedKernels(pool_elements=50)
    out = tuple(data.draw(st.integers(1, 5)) for _ in range(ndim))
    if even:
        spatial = tuple(o * data.draw(st.integers(1, 3)) for o in out)
    else:
        spatial = data.draw(distinct_sizes((1,) * ndim, 8))
    x = with_ties(data.draw(st.integers(0, 99)), (batch, 3, *spatial), dtype)
    (g,) = values(5, (batch, 3, *out), dtype=dtype)
    tx = leaf(x)
    ty = ADAPTIVE_AVG[ndim](tx, out)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    assert_close(kernels.adaptive_avg_pool_forward(x, out), ty)
    assert_close(kernels.adaptive_avg_pool_backward(g, spatial), tgx)
    ty, tindices = ADAPTIVE_MAX[ndim](tx, out, return_indices=True)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    y, indices = kernels.adaptive_max_pool_forward(x, out)
    assert_close(y, ty)
    assert_close(indices, tindices)
    assert_close(kernels.max_pool_backward(g, indices, spatial), tgx)


@pytest.mark.parametrize("out", [(2, 3), (4, 3)])
def test_adaptive_max_pool_takes_the_last_nan(out: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random((2, 3, 8, 7)) < 0.2, np.nan, rng.standard_normal((2, 3, 8, 7)))
    x[0, 0] = -np.inf
    ty, tindices = F.adaptive_max_pool2d(torch.from_numpy(x), out, return_indices=True)
    y, indices = TestedKernels().adaptive_max_pool_forward(x, out)
    assert_close(y, ty)
    assert_close(indices, tindices)


def test_an_average_keeps_nan_and_inf_where_they_are() -> None:
    x = np.ones((1, 1, 7, 6))
    x[0, 0, 3, 2], x[0, 0, 6, 5] = np.nan, np.inf
    kernels, tx = TestedKernels(), torch.from_numpy(x)
    assert_close(kernels.avg_pool_forward(x, (2, 2), (1, 2), (1, 0)), F.avg_pool2d(tx, (2, 2), (1, 2), (1, 0)))
    for out in ((3, 4), (7, 2)):
        assert_close(kernels.adaptive_avg_pool_forward(x, out), F.adaptive_avg_pool2d(tx, out))


@examples(60)
@given(st.integers(2, 3), FLOATS, st.data())
def test_fractional_max_pool(ndim: int, dtype: Any, data: Any) -> None:
    kernel = tuple(data.draw(st.integers(1, 3)) for _ in range(ndim))
    out = tuple(data.draw(st.integers(1, 4)) for _ in range(ndim))
    least = tuple(k + o - (ndim == 2) for k, o in zip(kernel, out, strict=True))  # torch wants one more in 3-d
    spatial = data.draw(distinct_sizes(least, 6))
    shape = (data.draw(st.integers(1, 3)), 2, *spatial)
    seed = data.draw(st.integers(0, 999))
    x = with_ties(seed, shape, dtype)
    samples = np.random.default_rng(seed).random((*shape[:2], ndim)).astype(dtype)
    pool = {2: F.fractional_max_pool2d, 3: F.fractional_max_pool3d}[ndim]
    tx = leaf(x)
    ty, tindices = pool(tx, kernel, out, return_indices=True, _random_samples=torch.from_numpy(samples))
    y, indices = TestedKernels().fractional_max_pool_forward(x, kernel, out, samples)
    assert_close(y, ty)
    assert_close(indices, tindices)
    (g,) = values(seed, y.shape, dtype=dtype)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    assert_close(TestedKernels().max_pool_backward(g, indices, spatial), tgx)


@examples(100)
@given(cases())
def test_output_size(case: Case) -> None:
    args = (case.kernel[0], case.stride[0], case.padding[0], case.dilation[0], case.ceil_mode)
    want = F.max_pool1d(torch.zeros(1, 1, case.x[2]), *args).shape[-1]
    assert pool_output_size(case.x[2], *args) == want


def test_adaptive_edges_cover_the_input() -> None:
    for size in range(1, 12):
        for out in range(1, 15):
            edges = adaptive_edges(size, out)
            assert edges[0][0] == 0 and edges[-1][1] == size
            assert all(a < b for a, b in edges)
            assert all(right[0] <= left[1] for left, right in zip(edges, edges[1:], strict=False))
