"""Vectors: the cross product, and Euclidean distances between the rows of two matrices."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.elementwise import conj
from minitorch.ops.matmul import Unequal, matmul
from minitorch.ops.reduce import sum
from minitorch.ops.shape import transpose
from minitorch.ops.statistics import safe_div


@op(broadcasts=True, node="LinalgCrossBackward0")
def cross(x: Any, y: Any, *, dim: int) -> Any:
    """x cross y along `dim`, which has length 3 (a negative dim, so that both inputs count from the end)."""
    if x.dtype != y.dtype:
        raise Unequal
    xp = xp_of(x)
    x, y = xp.broadcast_arrays(x, y)
    after = (slice(None),) * (-1 - dim)
    x0, x1, x2 = (x[(Ellipsis, k, *after)] for k in range(3))
    y0, y1, y2 = (y[(Ellipsis, k, *after)] for k in range(3))
    return xp.stack([x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0], axis=dim)


@cross.vjp("x")
def _(g: Any, y: Any, dim: int) -> Any:
    return cross(conj(y), g, dim=dim)


@cross.vjp("y")
def _(g: Any, x: Any, dim: int) -> Any:
    return cross(g, conj(x), dim=dim)


@op(broadcasts=True, node="EuclideanDistBackward0")
def euclidean_dist(x: Any, y: Any) -> Any:
    """Distances between the rows of x (..., n, k) and y (..., m, k), by |x|^2 - 2 x.y + |y|^2: one matrix product."""
    squares = (x * x).sum(axis=-1)[..., :, None] + (y * y).sum(axis=-1)[..., None, :]
    squares -= 2 * (x @ y.swapaxes(-1, -2))
    return xp_of(x).maximum(squares, 0) ** 0.5


@euclidean_dist.vjp("x")
def _(g: Any, x: Any, y: Any, out: Any) -> Any:
    """d |x_i - y_j| / d x_i = (x_i - y_j) / |x_i - y_j|; nothing where the two coincide."""
    ratio = safe_div(g, out)
    return x * sum(ratio, dim=ratio.ndim - 1, keepdim=True) - matmul(ratio, y)


@euclidean_dist.vjp("y")
def _(g: Any, x: Any, y: Any, out: Any) -> Any:
    ratio = transpose(safe_div(g, out), dim0=out.ndim - 2, dim1=out.ndim - 1)
    return y * sum(ratio, dim=ratio.ndim - 1, keepdim=True) - matmul(ratio, x)
