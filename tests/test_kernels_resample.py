"""Interpolation, grid sampling and affine grids, forward and backward, against torch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.kernel_tools import (
    TestedKernels,
    assert_as_exact,
    assert_close,
    distinct_sizes,
    examples,
    inner,
    leaf,
    values,
)

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
FACTORS = (0.3, 0.5, 0.75, 1 / 3, 1.0, 1.1, 1.5, 2.0, 2.6, 3.0)
FLOATS = st.sampled_from((np.float64, np.float64, np.float32))
kernels = TestedKernels()


def torch_mode(mode: str, ndim: int) -> str:
    return {"linear": LINEAR[ndim], "cubic": "bicubic"}.get(mode, mode)


def torch_backward_differs(mode: str, antialias: bool, sizes: tuple[int, ...], out: tuple[int, ...]) -> bool:
    """Where a scale factor keeps (or doubles) a size, torch's backward may not be the adjoint of its forward: one of
    them goes by the sizes, the other by the scale factor. Ours is the adjoint of torch's forward."""
    same = [n == o for n, o in zip(sizes, out, strict=True)]
    doubled = [2 * n == o for n, o in zip(sizes, out, strict=True)]
    if mode == "nearest":
        return len(sizes) != 2 and any(same + doubled)
    return any(same) if antialias else all(same) and mode == "cubic"


def check_interpolate(x: np.ndarray, mode: str, align: bool, antialias: bool, **size: Any) -> None:
    """``size``: torch's ``size`` or ``scale_factor``."""
    ndim = x.ndim - 2
    tx = leaf(x)
    align_corners = None if mode.startswith("nearest") else align
    ty = F.interpolate(tx, mode=torch_mode(mode, ndim), align_corners=align_corners, antialias=antialias, **size)
    out, scales = tuple(ty.shape[2:]), size.get("scale_factor")
    settings = (mode, align, scales, antialias)
    y = kernels.interpolate_forward(x, out, *settings)
    assert_close(y, ty)
    (g,) = values(11, y.shape, dtype=x.dtype)
    (tgx,) = torch.autograd.grad(ty, tx, torch.from_numpy(g))
    gx = kernels.interpolate_backward(g, x.shape[2:], *settings)
    if scales is None or not torch_backward_differs(mode, antialias, x.shape[2:], out):
        assert_close(gx, tgx)
    if x.dtype == np.float64:
        assert inner(g, y) == pytest.approx(inner(gx, x), abs=1e-9)


@st.composite
def images(draw: Any, ndims: tuple[int, ...] = (1, 2, 3)) -> np.ndarray:
    ndim = draw(st.sampled_from(ndims))
    spatial = draw(distinct_sizes((1,) * ndim, 8))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *spatial)
    return values(draw(st.integers(0, 999)), shape, dtype=draw(FLOATS))[0]


def draw_size(data: Any, x: np.ndarray) -> dict:
    """An output size, or scale factors that leave at least one place."""
    if data.draw(st.booleans()):
        return {"size": data.draw(distinct_sizes((1,) * (x.ndim - 2), 12))}
    return {"scale_factor": tuple(data.draw(st.sampled_from([f for f in FACTORS if f * n >= 1])) for n in x.shape[2:])}


@examples(80)
@given(images(), st.sampled_from(("nearest", "nearest-exact")), st.data())
def test_nearest(x: np.ndarray, mode: str, data: Any) -> None:
    check_interpolate(x, mode, False, False, **draw_size(data, x))


@examples(80)
@given(images(), st.booleans(), st.data())
def test_linear(x: np.ndarray, align: bool, data: Any) -> None:
    check_interpolate(x, "linear", align, False, **draw_size(data, x))


@examples(60)
@given(images((2,)), st.booleans(), st.data())
def test_cubic(x: np.ndarray, align: bool, data: Any) -> None:
    check_interpolate(x, "cubic", align, False, **draw_size(data, x))


@examples(80)
@given(images((2,)), st.sampled_from(("linear", "cubic")), st.booleans(), st.data())
def test_antialias(x: np.ndarray, mode: str, align: bool, data: Any) -> None:
    x = np.concatenate([x, -x], axis=3)
    size = draw_size(data, x)
    columns = size["size"][1] if "size" in size else int(x.shape[3] * size["scale_factor"][1])
    assume(columns > 1)  # torch 2.13 repeats its first row where the input or output is one column
    check_interpolate(x, mode, align, True, **size)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialias_of_one_column(mode: str) -> None:
    (x,) = values(0, (2, 3, 9, 1))
    want = kernels.interpolate_forward(np.repeat(x, 2, axis=3), (4, 2), mode, antialias=True)
    assert_close(kernels.interpolate_forward(x, (4, 1), mode, antialias=True), want[..., :1])


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_nearest_picks_torchs_neighbors_for_many_sizes(mode: str, dtype: Any, ndim: int) -> None:
    """Rounding decides between neighbors where a position falls on a border."""
    lead = (1,) * (ndim - 1)
    for size in (1, 2, 3, 7, 10, 30, 49):
        x = np.arange(size, dtype=dtype).reshape(1, 1, *lead, size)
        for out in range(1, 80):
            ty = F.interpolate(torch.from_numpy(x), size=(*lead, out), mode=mode)
            assert_close(kernels.interpolate_forward(x, (*lead, out), mode), ty)
        for factor in (0.1, 0.3, 0.7, 1.1, 1.7, 2.3, 3.1):
            if size * factor >= 1:
                scales = (*map(float, lead), factor)
                ty = F.interpolate(torch.from_numpy(x), scale_factor=scales, mode=mode)
                assert_close(kernels.interpolate_forward(x, tuple(ty.shape[2:]), mode, scales=scales), ty)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_interpolation_of_an_empty_batch_and_of_float16(mode: str) -> None:
    empty = np.zeros((0, 2, 4, 5))
    assert kernels.interpolate_forward(empty, (3, 7), mode).shape == (0, 2, 3, 7)
    assert kernels.interpolate_backward(np.zeros((0, 2, 3, 7)), (4, 5), mode).shape == (0, 2, 4, 5)
    (x,) = values(0, (2, 3, 4, 5), dtype=np.float16)
    wide = kernels.interpolate_forward(x.astype(np.float32), (3, 7), mode)
    assert np.array_equal(kernels.interpolate_forward(x, (3, 7), mode), wide.astype(np.float16))


def test_an_infinite_gradient_stays_where_it_is() -> None:
    """Inputs that no output looked at get 0, and the others no nan from a neighbor's inf."""
    g = np.array([np.inf, 1.0, 2.0]).reshape(1, 1, 3)
    gx = kernels.interpolate_backward(g, (9,), "nearest")
    assert gx.ravel().tolist() == [np.inf, 0, 0, 1, 0, 0, 2, 0, 0]
    gx = kernels.interpolate_backward(np.array([1.0, 1, 1, 1, np.inf]).reshape(1, 1, 5), (3,), "nearest")
    assert gx.ravel().tolist() == [2, 2, np.inf]


# Grid sampling ---------------------------------------------------------------------------------------------------


@st.composite
def grids(draw: Any, ndim: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """An input, and a grid that reaches well outside of it; its points are off the kinks (almost surely)."""
    n, c = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    spatial = draw(distinct_sizes((1,) * ndim, 6))
    out = draw(distinct_sizes((1,) * ndim, 5))
    x, grid = values(draw(st.integers(0, 999)), (n, c, *spatial), (n, *out, ndim), dtype=dtype)
    return x, grid * dtype(1.5)


def check_grid_sample(x: np.ndarray, grid: np.ndarray, mode: str, padding: str, align: bool) -> None:
    tx, tgrid = leaf(x), leaf(grid)
    ty = F.grid_sample(tx, tgrid, {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode), padding, align)
    y = kernels.grid_sample_forward(x, grid, mode, padding, align)
    assert_close(y, ty)
    (g,) = values(12, y.shape, dtype=x.dtype)
    tgx, tggrid = torch.autograd.grad(ty, (tx, tgrid), torch.from_numpy(g))
    gx, ggrid = kernels.grid_sample_backward(g, x, grid, mode, padding, align)
    assert_close(gx, tgx)
    assert_close(ggrid, tggrid)
    if x.dtype == np.float64:
        assert inner(g, y) == pytest.approx(inner(gx, x), abs=1e-9)


MODES = st.sampled_from([(2, "linear"), (2, "nearest"), (2, "cubic"), (3, "linear"), (3, "nearest")])
PADDINGS = st.sampled_from(("zeros", "border", "reflection"))


@examples(150)
@given(MODES, PADDINGS, st.booleans(), st.data())
def test_grid_sample(mode: tuple[int, str], padding: str, align: bool, data: Any) -> None:
    x, grid = data.draw(grids(mode[0], np.float64))
    check_grid_sample(x, grid, mode[1], padding, align)


@examples(30)
@given(MODES, PADDINGS, st.booleans(), st.integers(0, 99))
def test_grid_sample_in_float32(mode: tuple[int, str], padding: str, align: bool, seed: int) -> None:
    """Points are multiples of 1/7 of an element, not of 1/2: rounding does not move them to another neighbor."""
    ndim, name = mode
    spatial, out = (5, 6, 4)[:ndim], (3, 7, 2)[:ndim]
    (x,) = values(seed, (2, 3, *spatial), dtype=np.float32)
    places = np.random.default_rng(seed).integers(-20, 60, (2, *out, ndim)) / 7 + 0.03
    span = np.array(spatial[::-1])
    grid = (places * 2 / (span - 1) - 1 if align else (places * 2 + 1) / span - 1).astype(np.float32)
    tx, tgrid = leaf(x), leaf(grid)
    ty = F.grid_sample(tx, tgrid, {"linear": "bilinear", "cubic": "bicubic"}.get(name, name), padding, align)
    (g,) = values(seed + 1, tuple(ty.shape), dtype=np.float32)
    theirs = ty, *torch.autograd.grad(ty, (tx, tgrid), torch.from_numpy(g))
    settings = (name, padding, align)
    ours = kernels.grid_sample_forward(x, grid, *settings), *kernels.grid_sample_backward(g, x, grid, *settings)
    x64, grid64, g64 = (a.astype(np.float64) for a in (x, grid, g))
    exact = (
        kernels.grid_sample_forward(x64, grid64, *settings),
        *kernels.grid_sample_backward(g64, x64, grid64, *settings),
    )
    for a, b, c in zip(ours, theirs, exact, strict=True):
        assert a.dtype == np.float32
        assert_as_exact(a, b, c)


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample_at_kinks(mode: str, padding: str, align: bool) -> None:
    """Elements' centers, edges and midpoints: torch's side of every tie, in the value and in both gradients."""
    x, _ = values(3, (1, 2, 3, 5), (1,))
    lines = [np.arange(-2 * n, 4 * n + 1) / 2 for n in x.shape[2:]]  # places in elements, in steps of 1/2
    lines = [v * 2 / (n - 1) - 1 if align else (v * 2 + 1) / n - 1 for v, n in zip(lines, x.shape[2:], strict=True)]
    grid = np.stack(np.meshgrid(*lines, indexing="ij")[::-1], axis=-1)[None]
    tx, tgrid = leaf(x), leaf(grid)
    ty = F.grid_sample(tx, tgrid, {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode), padding, align)
    (g,) = values(4, tuple(ty.shape))
    tgx, tggrid = torch.autograd.grad(ty, (tx, tgrid), torch.from_numpy(g))
    gx, ggrid = kernels.grid_sample_backward(g, x, grid, mode, padding, align)
    # a place such as 2.5 is not exact in the grid's coordinates: compare those that both round alike
    assert_close(kernels.grid_sample_forward(x, grid, mode, padding, align), ty)
    assert_close(gx, tgx)
    assert_close(ggrid, tggrid)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
def test_grid_sample_far_outside_and_at_nan(mode: str, padding: str) -> None:
    """No index out of range, whatever the grid holds."""
    (x,) = values(3, (1, 2, 3, 5))
    grid = np.array([[1e30, 0], [0, -1e30], [np.nan, 0], [np.inf, 0.5], [-np.inf, np.nan]]).reshape(1, 1, 5, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y = kernels.grid_sample_forward(x, grid, mode, padding, False)
        gx, ggrid = kernels.grid_sample_backward(np.ones_like(y), x, grid, mode, padding, False)
    assert y.shape == (1, 2, 1, 5) and gx.shape == x.shape and ggrid.shape == grid.shape
    if padding == "zeros":
        assert not y[..., :2].any()


def test_grid_sample_of_an_empty_batch() -> None:
    x, grid = np.zeros((0, 2, 3, 5)), np.zeros((0, 4, 6, 2))
    assert kernels.grid_sample_forward(x, grid, "linear", "zeros", False).shape == (0, 2, 4, 6)
    gx, ggrid = kernels.grid_sample_backward(np.zeros((0, 2, 4, 6)), x, grid, "linear", "zeros", False)
    assert gx.shape == x.shape and ggrid.shape == grid.shape


@examples(40)
@given(st.integers(2, 3), st.integers(0, 3), st.booleans(), FLOATS, st.data())
def test_affine_grid(ndim: int, batch: int, align: bool, dtype: Any, data: Any) -> None:
    out = data.draw(distinct_sizes((1,) * ndim, 6))
    theta, g = values(5, (batch, ndim, ndim + 1), (batch, *out, ndim), dtype=dtype)
    if batch == 0:  # torch has no empty batch here
        assert kernels.affine_grid_forward(theta, out, align).shape == g.shape
        return
    ttheta = leaf(theta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of single elements
        tgrid = F.affine_grid(ttheta, [batch, 1, *out], align)
    (tg,) = torch.autograd.grad(tgrid, ttheta, torch.from_numpy(g))
    assert_close(kernels.affine_grid_forward(theta, out, align), tgrid)
    assert_close(kernels.affine_grid_backward(g, align), tg)
