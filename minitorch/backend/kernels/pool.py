"""Pooling: maximum (with the place of the winner), average, adaptive and fractional, forward and backward.

Shapes: x (N, C, *S) -> (N, C, *out), with 1 to 3 spatial dimensions; settings are tuples, one entry for each. Indices
are int64 and count within one flattened plane of the input, as torch's do; with them, gradients, their gradients and
unpooling are a scatter or a gather. Sizes must fit: the ops layer checks them. This file knows nothing of tensors.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minitorch.backend.kernels.windows import (
    Array,
    Ints,
    adaptive_edges,
    compute_dtype,
    crop_spatial,
    flat_index,
    pad_spatial,
    pool_output_size,
    prod,
    scatter_add,
    span,
    tap_slices,
    taps,
)


class PoolKernels:
    """Pooling over the array module ``xp``."""

    xp: Any

    # How many input elements are pooled at a time: few enough for the intermediate results to stay in the cache.
    pool_elements = 1 << 17

    # Maximum -----------------------------------------------------------------------------------------------------

    def max_pool_forward(
        self, x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool = False
    ) -> tuple[Array, Array]:
        """The maximum of every window and its index: the first of equals; nan wins, the last one; padding never.

        A window of a product of intervals has the maximum of its lines' maxima, so each dimension is reduced in turn,
        last first: kH + kW comparisons in place of kH kW, and "first of equals" still means row-major order.
        Only nan and windows that are all -inf need to look at all taps at once (``_max_all_taps``).
        """
        xp, spatial = self.xp, x.shape[2:]
        sizes = zip(spatial, kernel, stride, padding, dilation, strict=True)
        out = tuple(pool_output_size(*s, ceil_mode) for s in sizes)
        z = x.astype(compute_dtype(xp, x.dtype), copy=False).reshape(-1, *spatial)
        args = (out, kernel, stride, padding, dilation)
        if x.dtype.kind in "iub" or xp is not np:  # to ask whether all are finite would make the host wait
            values, indices = self._max_all_taps(z, *args)
        else:
            values, indices = self._max_by_dimension(z, *args)
            if not bool(xp.isfinite(values).all()):
                values, indices = self._max_all_taps(z, *args)
        return values.reshape(*x.shape[:2], *out).astype(x.dtype, copy=False), indices.reshape(*x.shape[:2], *out)

    def _max_by_dimension(
        self, x: Array, out: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
    ) -> tuple[Array, Array]:
        """x (planes, *S) -> values, indices (planes, *out), for finite values. On the way a small integer stands for
        the tap that won, its number in row-major order."""
        xp, ndim = self.xp, len(kernel)
        starts, shifts = _window_places(xp, x.shape[1:], out, kernel, stride, padding, dilation)
        values = xp.empty((x.shape[0], *out), dtype=x.dtype)
        indices = xp.empty((x.shape[0], *out), dtype=xp.int64)
        code_dtype = xp.uint8 if prod(kernel) <= 256 else xp.int64
        for some in self._plane_blocks(x):
            best, code = x[some], None
            for i in reversed(range(ndim)):
                one = (out[i], kernel[i], stride[i], padding[i], dilation[i])
                best, code = self._max_along(best, code, i + 1, one, prod(kernel[i + 1 :]), code_dtype)
            values[some] = best
            xp.add(xp.take(shifts, code), starts, out=indices[some])
        return values, indices

    def _max_along(
        self, x: Array, code: Array | None, axis: int, settings: Ints, weight: int, code_dtype: Any
    ) -> tuple[Array, Array]:
        """Windows along one axis: the maximum, and ``code`` at its place plus ``weight`` for each tap it is to the
        right."""
        xp = self.xp
        out, kernel, stride, padding, dilation = settings
        right = max(0, span(out, kernel, stride, dilation) - padding - x.shape[axis])
        x = _pad_axis(xp, x, axis, padding, right, -xp.inf)
        code = None if code is None else _pad_axis(xp, code, axis, padding, right, 0)
        places = [_axis_slice(axis, t * dilation, out, stride) for t in range(kernel)]
        best = x[places[0]]
        best_code = xp.zeros(best.shape, dtype=code_dtype) if code is None else code[places[0]].copy()
        for t, place in enumerate(places[1:], 1):
            better = x[place] > best
            best = xp.maximum(best, x[place])
            taken = t * weight if code is None else code[place] + t * weight
            best_code += (taken - best_code) * better  # a select, in small integers that may wrap: 5 times xp.where
        return best, best_code

    def _max_all_taps(
        self, x: Array, out: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
    ) -> tuple[Array, Array]:
        """As ``_max_by_dimension``, tap by tap: right for nan, -inf and integers too, and plain to check by."""
        xp, sizes = self.xp, x.shape[1:]
        lowest = -xp.inf if x.dtype.kind == "f" else 0 if x.dtype.kind == "b" else int(xp.iinfo(x.dtype).min)
        settings = tuple(zip(sizes, out, kernel, stride, padding, dilation, strict=True))
        right = [max(0, span(o, k, s, d) - p - n) for n, o, k, s, p, d in settings]
        padded = pad_spatial(xp, x, padding, right, lowest)
        starts, shifts = _window_places(xp, sizes, out, kernel, stride, padding, dilation)
        first = [[_first_inside(i * s - p, d, n) for i in range(o)] for n, o, _, s, p, d in settings]
        indices = xp.zeros((x.shape[0], *out), dtype=xp.int64) + _outer_places(xp, first, sizes)
        values = xp.full((x.shape[0], *out), lowest, dtype=x.dtype)
        for shift, tap in zip(shifts, taps(kernel), strict=True):
            v = padded[tap_slices(tap, out, stride, dilation)]
            better = (v > values) | (v != v)
            values = xp.where(better, v, values)
            indices = xp.where(better, starts + shift, indices)
        return values, indices

    def max_pool_backward(self, gy: Array, indices: Array, x_spatial: Ints, disjoint: bool = False) -> Array:
        """gx (N, C, *x_spatial): each gy added at its index. ``disjoint`` says that no index can come twice (windows
        do not overlap), which is faster."""
        xp, planes, size = self.xp, prod(gy.shape[:2]), prod(x_spatial)
        shape = (*gy.shape[:2], *x_spatial)
        flat = flat_index(xp, indices.reshape(planes, prod(indices.shape[2:])), size).reshape(-1)
        if disjoint:
            gx = xp.zeros(planes * size, dtype=gy.dtype)
            gx[flat] = gy.reshape(-1)
            return gx.reshape(shape)
        wide = gy.astype(compute_dtype(xp, gy.dtype), copy=False)
        return scatter_add(xp, planes * size, flat, wide).reshape(shape).astype(gy.dtype, copy=False)

    def max_pool_gather(self, x: Array, indices: Array) -> Array:
        """x (N, C, *S) at indices (N, C, *out): the adjoint of ``max_pool_backward``, hence its own derivative."""
        planes = prod(x.shape[:2])
        flat = flat_index(self.xp, indices.reshape(planes, prod(indices.shape[2:])), prod(x.shape[2:]))
        return self.xp.take(x.reshape(-1), flat).reshape(indices.shape)

    def max_unpool(self, x: Array, indices: Array, out_spatial: Ints) -> Array:
        """Zeros (N, C, *out_spatial) with each x written at its index; where an index comes twice, the last is kept.
        The gradient is ``max_pool_gather``."""
        return self.max_pool_backward(x, indices, out_spatial, disjoint=True)

    # Average -----------------------------------------------------------------------------------------------------

    def avg_pool_forward(
        self,
        x: Array,
        kernel: Ints,
        stride: Ints,
        padding: Ints,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Array:
        """The sum of every window over the number of its places: those in the zero padding are counted if
        ``count_include_pad``, those that ``ceil_mode`` adds beyond it never; or over ``divisor_override``."""
        xp, spatial = self.xp, x.shape[2:]
        sizes = zip(spatial, kernel, stride, padding, strict=True)
        out = tuple(pool_output_size(n, k, s, p, 1, ceil_mode) for n, k, s, p in sizes)
        z = x.astype(compute_dtype(xp, x.dtype), copy=False).reshape(-1, *spatial)
        divisor = window_divisor(
            xp, z.dtype, spatial, out, kernel, stride, padding, count_include_pad, divisor_override
        )
        y = xp.empty((z.shape[0], *out), dtype=x.dtype)
        if prod(out) == 1 and not any(padding) and tuple(kernel) == spatial:
            y[...] = (z.reshape(len(z), prod(spatial)).sum(axis=1) / divisor.reshape(-1)).reshape(y.shape)
            return y.reshape(*x.shape[:2], *out)
        for some in self._plane_blocks(z):
            part = z[some]
            for i in reversed(range(len(out))):
                part = _sum_along(xp, part, i + 1, out[i], kernel[i], stride[i], padding[i])
            y[some] = part / divisor
        return y.reshape(*x.shape[:2], *out)

    def avg_pool_backward(
        self,
        gy: Array,
        x_spatial: Ints,
        kernel: Ints,
        stride: Ints,
        padding: Ints,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Array:
        """gx (N, C, *x_spatial): each gy over its divisor, spread over its window. The adjoint of the forward."""
        xp, out = self.xp, gy.shape[2:]
        dtype = compute_dtype(xp, gy.dtype)
        divisor = window_divisor(
            xp, dtype, x_spatial, out, kernel, stride, padding, count_include_pad, divisor_override
        )
        g = gy.astype(dtype, copy=False).reshape(-1, *out)
        gx = xp.empty((g.shape[0], *x_spatial), dtype=gy.dtype)
        if prod(out) == 1 and not any(padding) and tuple(kernel) == tuple(x_spatial):
            gx[...] = g / divisor
            return gx.reshape(*gy.shape[:2], *x_spatial)
        for some in self._plane_blocks(gx):
            part = g[some] / divisor
            for i in range(len(out)):
                part = _spread_along(xp, part, i + 1, x_spatial[i], kernel[i], stride[i], padding[i])
            gx[some] = part
        return gx.reshape(*gy.shape[:2], *x_spatial)

    # Adaptive ----------------------------------------------------------------------------------------------------

    def adaptive_avg_pool_forward(self, x: Array, out: Ints) -> Array:
        """The mean of each of ``out`` windows: floor(i S / out) up to ceil((i + 1) S / out) in each dimension."""
        xp = self.xp
        if kernel := _even_windows(x.shape[2:], out):
            return self.avg_pool_forward(x, kernel, kernel, (0,) * len(out))
        y = x.astype(compute_dtype(xp, x.dtype), copy=False)
        for axis in range(2, x.ndim):
            edges = adaptive_edges(y.shape[axis], out[axis - 2])
            part = xp.empty((*y.shape[:axis], len(edges), *y.shape[axis + 1 :]), dtype=y.dtype)
            for i, (a, b) in enumerate(edges):
                part[_axis_slice(axis, i, 1)] = y[_axis_slice(axis, a, b - a)].sum(axis=axis, keepdims=True) / (b - a)
            y = part
        return y.astype(x.dtype, copy=False)

    def adaptive_avg_pool_backward(self, gy: Array, x_spatial: Ints) -> Array:
        """gx (N, C, *x_spatial): each gy over the size of its window, spread over it."""
        xp, out = self.xp, gy.shape[2:]
        if kernel := _even_windows(x_spatial, out):
            return self.avg_pool_backward(gy, x_spatial, kernel, kernel, (0,) * len(out))
        gx = gy.astype(compute_dtype(xp, gy.dtype), copy=False)
        for axis in range(2, gy.ndim):
            size = x_spatial[axis - 2]
            part = xp.zeros((*gx.shape[:axis], size, *gx.shape[axis + 1 :]), dtype=gx.dtype)
            for i, (a, b) in enumerate(adaptive_edges(size, out[axis - 2])):
                part[_axis_slice(axis, a, b - a)] += gx[_axis_slice(axis, i, 1)] / (b - a)
            gx = part
        return gx.astype(gy.dtype, copy=False)

    def adaptive_max_pool_forward(self, x: Array, out: Ints) -> tuple[Array, Array]:
        """The maximum of each adaptive window and its index; the gradient is ``max_pool_backward``."""
        xp, spatial = self.xp, x.shape[2:]
        ones, zeros = (1,) * len(out), (0,) * len(out)
        if kernel := _even_windows(spatial, out):
            return self.max_pool_forward(x, kernel, kernel, zeros, ones)
        values = xp.empty((*x.shape[:2], *out), dtype=x.dtype)
        indices = xp.empty(values.shape, dtype=xp.int64)
        edges = [adaptive_edges(n, o) for n, o in zip(spatial, out, strict=True)]
        for place in taps(out):
            box = [e[i] for e, i in zip(edges, place, strict=True)]
            window = tuple(b - a for a, b in box)
            args = (crop_spatial(x, [a for a, _ in box], window), window, ones, zeros, ones)
            value, index = self.max_pool_forward(*args)
            inside = _outer_places(xp, [range(a, b) for a, b in box], spatial).reshape(-1)
            values[(..., *place)] = value.reshape(x.shape[:2])
            indices[(..., *place)] = xp.take(inside, index).reshape(x.shape[:2])
        return values, indices

    # Fractional --------------------------------------------------------------------------------------------------

    def fractional_max_pool_forward(self, x: Array, kernel: Ints, out: Ints, samples: Array) -> tuple[Array, Array]:
        """Maxima of windows at pseudo-random steps, and their indices; the gradient is ``max_pool_backward``.

        ``samples`` (N, C, ndim) in [0, 1) shift the sequence of window starts floor((i + u) a) - floor(u a) with
        a = (S - k) / (out - 1); as in torch, samples[..., 0] belongs to the last dimension in 2-d, to the first in 3-d.
        """
        xp, spatial, planes = self.xp, x.shape[2:], prod(x.shape[:2])
        u = samples.reshape(planes, len(out)).astype(x.dtype, copy=False)
        place = xp.zeros((planes, *(1,) * len(out)), dtype=xp.int64)
        for i, (n, k, o) in enumerate(zip(spatial, kernel, out, strict=True)):
            column = u[:, len(out) - 1 - i if len(out) == 2 else i]
            starts = _fractional_starts(xp, column, n, k, o)
            place = place * n + starts.reshape(planes, *(o if j == i else 1 for j in range(len(out))))
        flat, place = x.reshape(-1), place.reshape(planes, prod(out))
        indices = place
        values = xp.full(place.shape, -xp.inf, dtype=x.dtype)
        for shift in _outer_places(xp, [range(k) for k in kernel], spatial).reshape(-1):
            v = xp.take(flat, flat_index(xp, place + shift, prod(spatial)))
            better = (v > values) | (v != v)
            values = xp.where(better, v, values)
            indices = xp.where(better, place + shift, indices)
        return values.reshape(*x.shape[:2], *out), indices.reshape(*x.shape[:2], *out)

    def _plane_blocks(self, x: Array) -> Iterator[slice]:
        """Cut the planes of x (planes, *S) into blocks of about ``pool_elements``."""
        step = max(1, self.pool_elements // max(1, prod(x.shape[1:])))
        for i in range(0, x.shape[0], step):
            yield slice(i, i + step)


def _axis_slice(axis: int, start: int, count: int, stride: int = 1) -> tuple[Any, ...]:
    """Index of ``count`` places along one axis."""
    return (*(slice(None),) * axis, slice(start, start + (count - 1) * stride + 1, stride))


def _pad_axis(xp: Any, x: Array, axis: int, left: int, right: int, value: float) -> Array:
    """x with places of ``value`` before and after it along one axis; x itself if there are none."""
    before, after = [0] * x.ndim, [0] * x.ndim
    before[axis], after[axis] = left, right
    return pad_spatial(xp, x, before, after, value)


def _sum_along(xp: Any, x: Array, axis: int, out: int, kernel: int, stride: int, padding: int) -> Array:
    """Sums of windows along one axis, zeros around."""
    if out == 1 and padding == 0 and kernel == x.shape[axis]:
        return x.sum(axis=axis, keepdims=True)
    right = max(0, span(out, kernel, stride, 1) - padding - x.shape[axis])
    x = _pad_axis(xp, x, axis, padding, right, 0)
    total = x[_axis_slice(axis, 0, out, stride)]
    for t in range(1, kernel):
        total = total + x[_axis_slice(axis, t, out, stride)]
    return total


def _spread_along(xp: Any, g: Array, axis: int, size: int, kernel: int, stride: int, padding: int) -> Array:
    """The adjoint of ``_sum_along``: (..., out, ...) -> (..., size, ...)."""
    out = g.shape[axis]
    length = max(size + padding, span(out, kernel, stride, 1))
    z = xp.zeros((*g.shape[:axis], length, *g.shape[axis + 1 :]), dtype=g.dtype)
    for t in range(kernel):
        z[_axis_slice(axis, t, out, stride)] += g
    return z[_axis_slice(axis, padding, size)]


def window_divisor(
    xp: Any,
    dtype: Any,
    sizes: Ints,
    out: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    count_include_pad: bool,
    override: int | None,
) -> Array:
    """What the sum of each window is divided by, (*out) or a number."""
    if override is not None:
        return xp.asarray(override, dtype=dtype)
    counts = xp.ones((), dtype=dtype)
    for n, o, k, s, p in zip(sizes, out, kernel, stride, padding, strict=True):
        low, high = (-p, n + p) if count_include_pad else (0, n)
        line = [max(1, min(i * s - p + k, high) - max(i * s - p, low)) for i in range(o)]
        counts = counts[..., None] * xp.asarray(line, dtype=dtype)
    return counts


def _even_windows(sizes: Ints, out: Ints) -> tuple[int, ...] | None:
    """The common size of adaptive windows if they are all equal, and so do not overlap; else None."""
    if any(o == 0 or n % o for n, o in zip(sizes, out, strict=True)):
        return None
    return tuple(n // o for n, o in zip(sizes, out, strict=True))


def _outer_places(xp: Any, lines: Any, sizes: Ints) -> Array:
    """Flat places, within a plane of ``sizes``, of the grid of these coordinates: one sequence for each dimension."""
    place = xp.zeros((), dtype=xp.int64)
    for line, n in zip(lines, sizes, strict=True):
        place = (place * n)[..., None] + xp.asarray(list(line), dtype=xp.int64)
    return place


def _window_places(
    xp: Any, sizes: Ints, out: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> tuple[Array, Array]:
    """Flat place of the first tap of each window (*out), perhaps in the padding, and what to add for each tap."""
    lines = [[i * s - p for i in range(o)] for o, s, p in zip(out, stride, padding, strict=True)]
    steps = [[t * d for t in range(k)] for k, d in zip(kernel, dilation, strict=True)]
    return _outer_places(xp, lines, sizes), _outer_places(xp, steps, sizes).reshape(-1)


def _first_inside(start: int, dilation: int, size: int) -> int:
    """The first place of start, start + dilation, ... that is not in the left padding."""
    return min(start if start >= 0 else start % dilation, size - 1)


def _fractional_starts(xp: Any, u: Array, size: int, kernel: int, out: int) -> Array:
    """Starts of ``out`` windows for each sample, (planes, out); the last window ends at the edge."""
    last = xp.full((len(u), 1), size - kernel, dtype=xp.int64)
    if out == 1:
        return last
    step = xp.asarray((size - kernel) / (out - 1), dtype=u.dtype)
    i = xp.arange(out - 1, dtype=u.dtype)
    starts = ((i + u[:, None]) * step).astype(xp.int64) - (u[:, None] * step).astype(xp.int64)
    return xp.concatenate([starts, last], axis=1)
