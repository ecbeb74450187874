"""Resampling to another size, forward and backward; grid.py samples at any points.

It is a sum of neighbors with weights, and linear in the input, with the same neighbors for every line of a dimension:
so it goes dimension by dimension through a small table. Sizes, scale factors and argument forms are the ops layer's;
"area" is adaptive average pooling.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from minitorch.backend.kernels.windows import Array, Ints, compute_dtype, prod

Scales = tuple[float | None, ...]

# For each output place its neighbors and their weights, both (out, T). Index -1: no neighbor. Tables are small, so they
# are made in host memory, in float64, and cached.
Table = tuple[np.ndarray, np.ndarray]


class ResampleKernels:
    """Interpolation and grid sampling over the array module ``xp``."""

    xp: Any

    # Interpolation -----------------------------------------------------------------------------------------------

    def interpolate_forward(
        self,
        x: Array,
        out_spatial: Ints,
        mode: str,
        align_corners: bool = False,
        scales: Scales | None = None,
        antialias: bool = False,
    ) -> Array:
        """x (N, C, *S) at ``out_spatial`` places, (N, C, *out_spatial).

        ``mode``: "nearest", "nearest-exact", "linear" (bilinear, trilinear) or "cubic". ``scales`` are the scale
        factors the user gave, per dimension, None where the ratio of the sizes counts (``recompute_scale_factor``).
        """
        tables = _tables(x.shape[2:], out_spatial, mode, align_corners, scales, antialias, x.dtype.itemsize)
        if x.dtype.kind == "u" and mode in ("linear", "cubic"):
            return self._combine_bytes(x, tables)
        y = x.astype(compute_dtype(self.xp, x.dtype), copy=False)
        for i in reversed(range(len(tables))):
            y = self._combine(y, tables[i], i + 2)
        return y.astype(x.dtype, copy=False)

    def interpolate_backward(
        self,
        gy: Array,
        x_spatial: Ints,
        mode: str,
        align_corners: bool = False,
        scales: Scales | None = None,
        antialias: bool = False,
    ) -> Array:
        """gx (N, C, *x_spatial) from gy (N, C, *out): the same sums with the tables transposed."""
        tables = _tables(x_spatial, gy.shape[2:], mode, align_corners, scales, antialias, gy.dtype.itemsize)
        gx = gy.astype(compute_dtype(self.xp, gy.dtype), copy=False)
        for i, table in enumerate(tables):
            gx = self._combine(gx, _transposed(table, x_spatial[i]), i + 2)
        return gx.astype(gy.dtype, copy=False)

    def _combine_bytes(self, x: Array, tables: list[Table]) -> Array:
        """As Pillow, and torch after it: weights are whole numbers of 16 bits, and every dimension rounds to bytes."""
        for i in reversed(range(len(tables))):
            index, weight = tables[i][0], tables[i][1].copy()
            if index.shape[1] == 1 and (weight == 1).all():
                x = self._combine(x, tables[i], i + 2)
                continue
            for t in range(1, index.shape[1]):  # neighbors moved to the edge are one neighbor
                same = (index[:, t] == index[:, t - 1]) & (index[:, t] >= 0)
                weight[same, t] += weight[same, t - 1]
                weight[same, t - 1] = 0
            bits = _fixed_point(float(weight.max()))
            whole = np.trunc(np.where(weight < 0, -0.5, 0.5) + weight * (1 << bits))
            total = self._combine(x.astype("int32"), (index, whole), i + 2)
            x = self.xp.clip((total + (1 << (bits - 1))) >> bits, 0, 255).astype("uint8")
        return x

    def _combine(self, x: Array, table: Table, axis: int) -> Array:
        """Along one axis: y[o] = sum over t of weight[o, t] x[index[o, t]]."""
        xp, total = self.xp, None
        line = (-1, *(1,) * (x.ndim - axis - 1))
        for index, weight in zip(table[0].T, table[1].T, strict=True):
            term = xp.take(x, xp.asarray(np.maximum(index, 0)), axis=axis)
            if not (weight == 1).all():
                term *= xp.asarray(weight.astype(x.dtype)).reshape(line)
            if (index < 0).any():  # not by a weight of 0, which would turn inf into nan
                term[(*(slice(None),) * axis, xp.asarray(np.flatnonzero(index < 0)))] = 0
            total = term if total is None else total + term
        return total

    # Affine grids ------------------------------------------------------------------------------------------------

    def affine_grid_forward(self, theta: Array, out_spatial: Ints, align_corners: bool) -> Array:
        """grid[n, ..., :] = theta[n] @ (x, y, [z,] 1): theta (N, ndim, ndim + 1) -> (N, *out_spatial, ndim)."""
        base = self._base_grid(theta.dtype, out_spatial, align_corners)
        grid = self.xp.matmul(base, theta.astype(base.dtype, copy=False).swapaxes(1, 2))
        return grid.reshape(theta.shape[0], *out_spatial, len(out_spatial)).astype(theta.dtype, copy=False)

    def affine_grid_backward(self, g: Array, align_corners: bool) -> Array:
        """gtheta (N, ndim, ndim + 1) from g (N, *out_spatial, ndim)."""
        base = self._base_grid(g.dtype, g.shape[1:-1], align_corners)
        rows = g.reshape(g.shape[0], len(base), g.shape[-1]).astype(base.dtype, copy=False)
        return self.xp.matmul(rows.swapaxes(1, 2), base).astype(g.dtype, copy=False)

    def _base_grid(self, dtype: Any, out_spatial: Ints, align_corners: bool) -> Array:
        """The points of a plain grid in homogeneous coordinates, last dimension first: (places, ndim + 1)."""
        dtype = compute_dtype(self.xp, dtype)
        lines = [np.linspace(-1, 1, n) if n > 1 else np.zeros(n) for n in out_spatial]
        if not align_corners:
            lines = [line * (n - 1) / n for line, n in zip(lines, out_spatial, strict=True)]
        columns = [axis.reshape(-1) for axis in reversed(np.meshgrid(*lines, indexing="ij"))]
        base = np.stack([*columns, np.ones(prod(out_spatial))], axis=1)
        return self.xp.asarray(base.astype(dtype))


# Tables of interpolation -----------------------------------------------------------------------------------------


def _tables(
    sizes: Ints, out: Ints, mode: str, align_corners: bool, scales: Scales | None, antialias: bool, itemsize: int
) -> list[Table]:
    """One table for each dimension."""
    scales = scales or (None,) * len(sizes)
    dims = zip(sizes, out, scales, strict=True)
    if mode in ("nearest", "nearest-exact"):
        return [_nearest_table(*dim, mode == "nearest-exact", itemsize > 4, len(sizes) == 2) for dim in dims]
    tables = []
    for n, o, s in dims:
        if n == o and (antialias or mode == "linear"):  # as torch: whatever the scale factor
            tables.append(_identity_table(n))
        elif antialias:
            tables.append(_antialias_table(n, o, s, mode == "cubic", align_corners))
        else:
            make = {"linear": _linear_table, "cubic": _cubic_table}[mode]
            tables.append(make(n, o, _step(n, o, s, align_corners), align_corners))
    return tables


def _step(size: int, out: int, scale: float | None, align_corners: bool) -> float:
    """How many input places one output place is."""
    if align_corners:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1.0 / scale if scale else size / out


def _fixed_point(largest: float) -> int:
    """How many bits after the point a 16-bit weight has, if this is the largest one."""
    bits = 0
    while bits < 22 and int(0.5 + largest * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    return bits


def _identity_table(size: int) -> Table:
    return np.arange(size)[:, None], np.ones((size, 1))


@lru_cache(maxsize=256)
def _nearest_table(size: int, out: int, scale: float | None, exact: bool, double: bool, planar: bool) -> Table:
    """floor(o step), or floor((o + 1/2) step) if exact.

    Where a position falls between two neighbors, rounding decides, so positions are rounded as torch's forward rounds
    them. In 2-d (``planar``) it computes in float32 and takes 1 and 1/2 for the step, whatever the scale factor, if the
    sizes are equal or double; in 1-d and 3-d it computes in the input's precision. (There its backward does as in 2-d,
    and so, in rare cases, is not the adjoint of its forward. Here it always is.)
    """
    real: Any = np.float64 if double and not planar else np.float32
    if planar and not exact and out in (size, 2 * size):
        scale = None
    step = real(1.0 / scale) if scale else real(size) / real(out)
    o: Any = np.arange(out).astype(real)
    position = o * step
    if exact and real is np.float32 and not planar:  # (o + 1/2) step - 1/2 in one rounding, then + 1/2
        position = np.maximum(((o.astype(np.float64) + 0.5) * step - 0.5).astype(real), 0) + real(0.5)
    elif exact:
        position = (o + real(0.5)) * step
    index = np.minimum(np.floor(position.astype(np.float32)), size - 1).astype(np.int64)[:, None]
    return index, np.ones(index.shape)


@lru_cache(maxsize=256)
def _linear_table(size: int, out: int, step: float, align_corners: bool) -> Table:
    """The two neighbors of each position; positions before the first element are moved onto it."""
    o = np.arange(out)
    position = o * step if align_corners else np.maximum((o + 0.5) * step - 0.5, 0)
    low = np.minimum(np.floor(position), size - 1).astype(np.int64)
    fraction = np.minimum(position - low, 1)
    index = np.stack([low, np.minimum(low + 1, size - 1)], axis=1)
    return index, np.stack([1 - fraction, fraction], axis=1)


@lru_cache(maxsize=256)
def _cubic_table(size: int, out: int, step: float, align_corners: bool) -> Table:
    """The four neighbors of each position, those outside moved to the edge."""
    o = np.arange(out)
    position = o * step if align_corners else (o + 0.5) * step - 0.5
    low = np.floor(position)
    index = np.clip(low[:, None] + np.arange(-1, 3), 0, size - 1).astype(np.int64)
    return index, np.stack(cubic_weights(position - low)[0], axis=1)


@lru_cache(maxsize=256)
def _antialias_table(size: int, out: int, scale: float | None, cubic: bool, align_corners: bool) -> Table:
    """A filter (triangle, or cubic with a = -1/2), as wide as one output place when shrinking, normalized: Pillow's."""
    step = _step(size, out, scale, align_corners)
    stretch = max(step, 1.0)
    support = (2 if cubic else 1) * stretch
    center = step * (np.arange(out) + 0.5)
    first = np.maximum((center - support + 0.5).astype(np.int64), 0)
    last = np.minimum((center + support + 0.5).astype(np.int64), size)
    index = first[:, None] + np.arange(max(1, (last - first).max(initial=1)))
    distance = np.abs(index - center[:, None] + 0.5) / stretch
    weight = _cubic_filter(distance, -0.5) if cubic else np.maximum(1 - distance, 0)
    weight = np.where(index < last[:, None], weight, 0)
    index = np.where(index < last[:, None], index, -1)
    return index, weight / weight.sum(axis=1, keepdims=True)


def _transposed(table: Table, size: int) -> Table:
    """The table of the adjoint: for each of ``size`` inputs the outputs that it went to, -1 where there are fewer."""
    index, weight = table
    out, source = np.repeat(np.arange(len(index)), index.shape[1]), index.reshape(-1)
    used = np.flatnonzero(source >= 0)
    used = used[np.argsort(source[used], kind="stable")]
    source, out, weight = source[used], out[used], weight.reshape(-1)[used]
    column = np.arange(len(source)) - np.searchsorted(source, source)  # how many of the same source came before
    shape = (size, 1 + int(column.max(initial=0)))
    t_index, t_weight = np.full(shape, -1), np.zeros(shape)
    t_index[source, column], t_weight[source, column] = out, weight
    return t_index, t_weight


# The cubic convolution kernel (Keys 1981) ------------------------------------------------------------------------

_A = -0.75  # torch's choice; Pillow's and the antialiased filter's is -1/2


def _cubic_filter(distance: Array, a: float) -> Array:
    """The kernel at ``distance`` >= 0: (a+2)d^3 - (a+3)d^2 + 1 up to 1, a(d^3 - 5d^2 + 8d - 4) up to 2, then 0."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def cubic_weights(t: Array) -> tuple[list[Array], list[Array], list[Array]]:
    """Weights of the neighbors at -1, 0, 1, 2 for positions t in [0, 1), and the two derivatives of these by t."""

    def near(d: Array) -> tuple[Array, Array, Array]:
        b, c = _A + 2, _A + 3
        return (b * d - c) * d * d + 1, (3 * b * d - 2 * c) * d, 6 * b * d - 2 * c

    def far(d: Array) -> tuple[Array, Array, Array]:
        return _A * (((d - 5) * d + 8) * d - 4), _A * ((3 * d - 10) * d + 8), _A * (6 * d - 10)

    taps = far(t + 1), near(t), near(1 - t), far(2 - t)
    weights, slopes, bends = ([tap[i] for tap in taps] for i in range(3))
    return weights, [*slopes[:2], -slopes[2], -slopes[3]], bends
