"""Sampling at any points of a grid: forward, backward, and backward once more.

A sum of neighbors with weights, and linear in the input; every point has its own neighbors, and one loop over them
serves nearest, linear and cubic in any number of dimensions. Checks and argument forms are the layers' above.
"""

from functools import reduce
from itertools import product
from operator import add, mul
from typing import Any

from minitorch.backend.kernels.resample import cubic_weights
from minitorch.backend.kernels.windows import Array, Ints, compute_dtype, prod, scatter_add


class GridKernels:
    """Grid sampling over the array module ``xp``."""

    xp: Any

    def grid_sample_forward(self, x: Array, grid: Array, mode: str, padding_mode: str, align_corners: bool) -> Array:
        """x (N, C, *S) at the points of grid (N, *out, ndim): (N, C, *out).

        grid[..., 0] is the position along the last dimension (x), and so on backwards; -1 and 1 are the outer edges of
        the first and last element, or with ``align_corners`` their centers. ``mode``: "nearest", "linear" (bilinear,
        also for 3-d) or "cubic"; ``padding_mode``: "zeros", "border" or "reflection".
        """
        rows, index, weights, _, _ = self._neighbors(x, grid, mode, padding_mode, align_corners)
        total = None
        for place, factors in _corners(index, weights, x.shape[2:]):
            term = self.xp.take(rows, place, axis=0) * _product(factors)[:, None]
            total = term if total is None else total + term
        return _channels_second(self.xp, total, (*grid.shape[:-1], x.shape[1])).astype(x.dtype, copy=False)

    def grid_sample_backward(
        self, gy: Array, x: Array, grid: Array, mode: str, padding_mode: str, align_corners: bool
    ) -> tuple[Array, Array]:
        """(gx, ggrid) for gy (N, C, *out).

        With y = sum_k x[k] prod_d w_kd: gx[k] sums gy prod_d w_kd, and the derivative by the position along d replaces
        w_kd by its derivative, times what one unit of the grid is in elements. Nearest has a gradient of 0 there.
        """
        xp, (n, c), spatial = self.xp, x.shape[:2], x.shape[2:]
        rows, index, weights, slopes, _ = self._neighbors(x, grid, mode, padding_mode, align_corners)
        g = xp.moveaxis(gy, 1, -1).reshape(-1, c).astype(rows.dtype, copy=False)
        channels = xp.arange(c, dtype=xp.int64)
        gx = xp.zeros(rows.size, dtype=rows.dtype)
        ggrid = xp.zeros((len(spatial), len(g)), dtype=rows.dtype)
        for taps, (place, factors) in zip(_tap_numbers(weights), _corners(index, weights, spatial), strict=True):
            gx += scatter_add(xp, gx.size, place[:, None] * c + channels, g * _product(factors)[:, None])
            if mode != "nearest":
                along = (g * xp.take(rows, place, axis=0)).sum(axis=1)
                for d, t in enumerate(taps):
                    ggrid[d] += along * _product([slopes[d][t], *factors[:d], *factors[d + 1 :]])
        gx = _channels_second(xp, gx, (n, *spatial, c)).astype(x.dtype, copy=False)
        return gx, ggrid[::-1].T.reshape(grid.shape).astype(grid.dtype)

    def grid_sample_backward_backward(
        self, ux: Array, ugrid: Array, gy: Array, x: Array, grid: Array, mode: str, padding_mode: str, corners: bool
    ) -> tuple[Array, Array, Array]:
        """The gradients by gy, x and grid of S = sum ux gx + sum ugrid ggrid, where gx, ggrid = grid_sample_backward.

        With W = prod_d w_kd and D = sum_d ugrid_d dW/du_d, S sums gy (ux[k] W + x[k] D) over neighbors k, and W and D
        are differentiated once more by the position.
        """
        xp, (n, c), spatial = self.xp, x.shape[:2], x.shape[2:]
        rows, index, weights, slopes, bends = self._neighbors(x, grid, mode, padding_mode, corners)
        other = xp.moveaxis(ux, 1, -1).reshape(-1, c).astype(rows.dtype, copy=False)
        g = xp.moveaxis(gy, 1, -1).reshape(-1, c).astype(rows.dtype, copy=False)
        u = ugrid.reshape(-1, len(spatial)).T[::-1].astype(rows.dtype, copy=False)
        channels = xp.arange(c, dtype=xp.int64)
        g_gy, g_x, g_grid = xp.zeros_like(g), xp.zeros(rows.size, dtype=rows.dtype), xp.zeros_like(u)
        for taps, (place, factors) in zip(_tap_numbers(weights), _corners(index, weights, spatial), strict=True):
            first = [slopes[d][t] for d, t in enumerate(taps)]
            second = [bends[d][t] for d, t in enumerate(taps)]
            turned = reduce(add, (u[d] * _with(factors, {d: first[d]}) for d in range(len(u))))
            near, far = xp.take(rows, place, axis=0), xp.take(other, place, axis=0)
            g_gy += far * _product(factors)[:, None] + near * turned[:, None]
            g_x += scatter_add(xp, g_x.size, place[:, None] * c + channels, g * turned[:, None])
            by_x, by_ux = (g * near).sum(axis=1), (g * far).sum(axis=1)
            for e in range(len(u)):
                g_grid[e] += by_ux * _with(factors, {e: first[e]})
                for d in range(len(u)):
                    g_grid[e] += by_x * u[d] * _with(factors, {e: second[e]} if d == e else {d: first[d], e: first[e]})
        shape = gy.shape[:1] + gy.shape[2:] + (c,)
        return (
            _channels_second(xp, g_gy, shape).astype(gy.dtype, copy=False),
            _channels_second(xp, g_x, (n, *spatial, c)).astype(x.dtype, copy=False),
            g_grid[::-1].T.reshape(grid.shape).astype(grid.dtype),
        )

    def _neighbors(self, x: Array, grid: Array, mode: str, padding_mode: str, align_corners: bool) -> tuple:
        """For all P points of the grid: x as rows (N S, C), and for each dimension the neighbors' indices, weights and
        the weights' first and second derivatives by the grid's coordinate, lists of T arrays (P,). The indices of the
        first dimension count through the batch."""
        xp, spatial = self.xp, x.shape[2:]
        dtype = compute_dtype(xp, x.dtype)
        rows = xp.moveaxis(x, 1, -1).reshape(-1, x.shape[1]).astype(dtype, copy=False)
        points = grid.reshape(-1, len(spatial)).astype(dtype, copy=False)
        index: list[list[Array]] = []
        weights: list[list[Array]] = []
        slopes: list[list[Array]] = []
        bends: list[list[Array]] = []
        for d, size in enumerate(spatial):
            along = _along(xp, points[:, len(spatial) - 1 - d], size, mode, padding_mode, align_corners)
            for kept, new in zip((index, weights, slopes, bends), along, strict=True):
                kept.append(new)
        points_each = prod(grid.shape[1:-1])
        image = xp.arange(x.shape[0] * points_each, dtype=xp.int64) // max(1, points_each)
        index[0] = [image * spatial[0] + i for i in index[0]]
        return rows, index, weights, slopes, bends


def _along(xp: Any, u: Array, size: int, mode: str, padding_mode: str, align_corners: bool) -> tuple:
    """One dimension: neighbors of the coordinates u (P,), their weights, and the weights' two derivatives by u."""
    scale = (size - 1) / 2 if align_corners else size / 2
    position = (u + 1) * scale if align_corners else ((u + 1) * size - 1) / 2
    slope = xp.full(u.shape, scale, dtype=u.dtype)
    if mode != "cubic":
        position, sign = _inside(xp, position, size, padding_mode, align_corners)
        slope = slope * sign
    if mode == "nearest":
        index, weights, slopes, bends = [xp.rint(position)], [xp.ones(u.shape, dtype=u.dtype)], [slope * 0], [slope * 0]
    else:
        low = xp.floor(position)
        t = position - low
        offsets = (-1, 0, 1, 2) if mode == "cubic" else (0, 1)
        weights, slopes, bends = cubic_weights(t) if mode == "cubic" else ([1 - t, t], [-1, 1], [0, 0])
        index, slopes = [low + k for k in offsets], [slope * s for s in slopes]
        bends = [slope * slope * b for b in bends]
    if mode == "cubic":  # here each neighbor, not the position, is moved inside
        index = [_inside(xp, i, size, padding_mode, align_corners)[0] for i in index]
    valid = [(i >= 0) & (i <= size - 1) for i in index]  # false for nan
    index = [xp.where(v, i, 0).astype(xp.int64) for v, i in zip(valid, index, strict=True)]
    weights = [xp.where(v, w, 0) for v, w in zip(valid, weights, strict=True)]
    slopes, bends = ([xp.where(v, s, 0) for v, s in zip(valid, kind, strict=True)] for kind in (slopes, bends))
    return index, weights, slopes, bends


def _inside(xp: Any, position: Array, size: int, padding_mode: str, align_corners: bool) -> tuple[Array, Array]:
    """Positions brought into [0, size - 1] as ``padding_mode`` says, and the derivative of that: 1, 0 or -1."""
    sign = xp.ones(position.shape, dtype=position.dtype)
    if padding_mode == "zeros":
        return position, sign
    if padding_mode == "reflection":
        low, length = (0.0, size - 1) if align_corners else (-0.5, size)
        if length == 0:
            return position * 0, sign * 0
        distance = position - low
        sign = xp.where(distance < 0, -sign, sign)
        flips = xp.floor(abs(distance) / length)
        rest = abs(distance) - flips * length
        odd = flips % 2 == 1
        sign = xp.where(odd, -sign, sign)
        position = xp.where(odd, length - rest, rest) + low
    sign = xp.where((position <= 0) | (position >= size - 1), 0, sign)
    return xp.minimum(xp.maximum(position, 0), size - 1), sign


def _tap_numbers(weights: list[list[Array]]) -> list[tuple[int, ...]]:
    """All combinations of one neighbor for each dimension, by number."""
    return list(product(*(range(len(w)) for w in weights)))


def _corners(index: list[list[Array]], weights: list[list[Array]], sizes: Ints) -> Any:
    """The neighbors of all points, one combination at a time: flat place (P,), and one weight (P,) per dimension."""
    for combination in _tap_numbers(weights):
        place = index[0][combination[0]]
        for d in range(1, len(sizes)):
            place = place * sizes[d] + index[d][combination[d]]
        yield place, [w[t] for w, t in zip(weights, combination, strict=True)]


def _product(factors: list[Array]) -> Array:
    return reduce(mul, factors)


def _with(factors: list[Array], others: dict[int, Array]) -> Array:
    """The product with some factors replaced."""
    return _product([others.get(d, f) for d, f in enumerate(factors)])


def _channels_second(xp: Any, rows: Array, shape: Ints) -> Array:
    """Rows (P, C) of points (N, *out), as (N, C, *out)."""
    return xp.ascontiguousarray(xp.moveaxis(rows.reshape(shape), -1, 1))
