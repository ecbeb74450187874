"""Interpolation to another size, and sampling at the points of a grid. The sums over neighbors are kernels."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of
from minitorch.ops.formats import in_format

Ints = tuple[int, ...]
_WORDS = {
    ("nearest", 1): "UpsampleNearest1D", ("nearest", 2): "UpsampleNearest2D", ("nearest", 3): "UpsampleNearest3D",
    ("nearest-exact", 1): "UpsampleNearestExact1D", ("nearest-exact", 2): "UpsampleNearestExact2D",
    ("nearest-exact", 3): "UpsampleNearestExact3D", ("linear", 1): "UpsampleLinear1D",
    ("linear", 2): "UpsampleBilinear2D",
    ("linear", 3): "UpsampleTrilinear3D", ("cubic", 2): "UpsampleBicubic2D",
}  # fmt: skip


def _name(s: dict) -> str:
    return _WORDS[s["mode"], len(s["spatial"])] + ("Aa" if s["antialias"] else "") + "Backward0"


@op(node=_name)
def interpolate(x: Any, *, spatial: Ints, mode: str, align_corners: bool, scales: tuple | None, antialias: bool) -> Any:
    """x (N, C, *S) at `spatial` places; linear in x."""
    return in_format(kernels_of(x).interpolate_forward(x, spatial, mode, align_corners, scales, antialias), x)


@interpolate.vjp("x")
def _(g: Any, x_shape: tuple, mode: str, align_corners: bool, scales: Any, antialias: bool) -> Any:
    return interpolate_spread(
        g, spatial=x_shape[2:], mode=mode, align_corners=align_corners, scales=scales, antialias=antialias
    )


@op(node=lambda s: _name(s).replace("Backward0", "BackwardBackward0"))
def interpolate_spread(
    x: Any, *, spatial: Ints, mode: str, align_corners: bool, scales: tuple | None, antialias: bool
) -> Any:
    """The adjoint of interpolate."""
    return kernels_of(x).interpolate_backward(x, spatial, mode, align_corners, scales, antialias)


@interpolate_spread.vjp("x")
def _(g: Any, x_shape: tuple, mode: str, align_corners: bool, scales: Any, antialias: bool) -> Any:
    return interpolate(
        g, spatial=x_shape[2:], mode=mode, align_corners=align_corners, scales=scales, antialias=antialias
    )


@op(node=lambda s: f"GridSampler{s['ndim']}DBackward0")
def grid_sample(x: Any, grid: Any, *, mode: str, padding_mode: str, align_corners: bool, ndim: int) -> Any:
    """x (N, C, *S) at the points of grid (N, *out, ndim)."""
    return kernels_of(x).grid_sample_forward(x, grid, mode, padding_mode, align_corners)


@grid_sample.vjp("x", "grid")
def _(g: Any, x: Any, grid: Any, mode: str, padding_mode: str, align_corners: bool, ndim: int) -> Any:
    return grid_sample_grad(g, x, grid, mode=mode, padding_mode=padding_mode, align_corners=align_corners, ndim=ndim)


@op(outputs=2, node=lambda s: f"GridSampler{s['ndim']}DBackwardBackward0")
def grid_sample_grad(g: Any, x: Any, grid: Any, *, mode: str, padding_mode: str, align_corners: bool, ndim: int) -> Any:
    """(gradient of x, gradient of grid)."""
    return kernels_of(x).grid_sample_backward(g, x, grid, mode, padding_mode, align_corners)


@grid_sample_grad.vjp("g", "x", "grid")
def _(gs: Any, g: Any, x: Any, grid: Any, mode: str, padding_mode: str, align_corners: bool, ndim: int) -> Any:
    gx, ggrid = gs
    gx, ggrid = x * 0 if gx is None else gx, grid * 0 if ggrid is None else ggrid
    return grid_sample_second(
        gx, ggrid, g, x, grid, mode=mode, padding_mode=padding_mode, align_corners=align_corners, ndim=ndim
    )


@op(outputs=3)
def grid_sample_second(
    gx: Any, ggrid: Any, g: Any, x: Any, grid: Any, *, mode: str, padding_mode: str, align_corners: bool, ndim: int
) -> Any:
    """What grid_sample_grad gives to its three inputs. It can't be differentiated again."""
    return kernels_of(x).grid_sample_backward_backward(gx, ggrid, g, x, grid, mode, padding_mode, align_corners)


@grid_sample_second.vjp("gx", "ggrid", "g", "x", "grid")
def _(g: Any, ndim: int) -> Any:
    raise NotImplementedError(f"the third derivative of grid_sampler_{ndim}d is not implemented")


@op(node="AffineGridGeneratorBackward0")
def affine_grid(x: Any, *, spatial: Ints, align_corners: bool) -> Any:
    """The points theta (x, y, [z,] 1) of a grid of `spatial` places."""
    return kernels_of(x).affine_grid_forward(x, spatial, align_corners)


@affine_grid.vjp("x")
def _(g: Any, spatial: Ints, align_corners: bool) -> Any:
    return affine_grid_grad(g, spatial=spatial, align_corners=align_corners)


@op
def affine_grid_grad(x: Any, *, spatial: Ints, align_corners: bool) -> Any:
    return kernels_of(x).affine_grid_backward(x, align_corners)


@affine_grid_grad.vjp("x")
def _(g: Any, spatial: Ints, align_corners: bool) -> Any:
    return affine_grid(g, spatial=spatial, align_corners=align_corners)
