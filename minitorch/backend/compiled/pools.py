"""Pooling by compiled loops (pooling.py, which names sources). Reference: PoolKernels in kernels/pool.py."""

from __future__ import annotations

import numpy as np

from minitorch.backend import threads
from minitorch.backend.compiled.base import Compiled
from minitorch.backend.compiled.lazy import loops
from minitorch.backend.compiled.shapes import planes, three
from minitorch.backend.kernels.pool import window_divisor
from minitorch.backend.kernels.windows import Array, Ints, pool_output_size, prod


class CompiledPooling(Compiled):
    """Pooling kernels of the CPU."""

    def max_pool_forward(
        self, x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool = False
    ) -> tuple[Array, Array]:
        sizes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
        out = tuple(pool_output_size(*s, ceil_mode) for s in sizes)
        if not self.worth(x, "fd") or prod(kernel) > 1 << 20:
            return super().max_pool_forward(x, kernel, stride, padding, dilation, ceil_mode)
        y, places = np.empty((*x.shape[:2], *out), x.dtype), np.empty((*x.shape[:2], *out), np.int64)
        arrays = planes(y), planes(places), planes(x)
        if _by_four(kernel, stride, padding, ceil_mode) and max(dilation) == 1:
            threads.run(loops("pooling").maximum_of_four, *arrays)
        else:
            settings = three(kernel, 1), three(stride, 1), three(padding, 0), three(dilation, 1)
            threads.run(loops("pooling").maximum, *arrays, shared=settings)
        return y, places

    def max_pool_backward(self, gy: Array, indices: Array, x_spatial: Ints, disjoint: bool = False) -> Array:
        if self.worth(gy, "fd") and indices.dtype.char == "l":
            gx = np.zeros((*gy.shape[:2], *x_spatial), gy.dtype)
            rows = prod(gy.shape[:2])
            arrays = (np.ascontiguousarray(a).reshape(rows, -1) for a in (indices, gy))
            if loops("pooling").to_places(gx.reshape(rows, -1), *arrays, not disjoint):
                return gx
        return super().max_pool_backward(gy, indices, x_spatial, disjoint)

    def avg_pool_forward(
        self, x: Array, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> Array:  # fmt: skip
        sizes = zip(x.shape[2:], kernel, stride, padding, strict=True)
        out = tuple(pool_output_size(n, k, s, p, 1, ceil_mode) for n, k, s, p in sizes)
        if not self.worth(x, "fd") or prod(out) == 1:
            settings = ceil_mode, count_include_pad, divisor_override
            return super().avg_pool_forward(x, kernel, stride, padding, *settings)
        y = np.empty((*x.shape[:2], *out), x.dtype)
        divisor = window_divisor(
            np, x.dtype, x.shape[2:], out, kernel, stride, padding, count_include_pad, divisor_override
        )
        windows = _windows(kernel, stride, padding, divisor, out)
        if _by_four(kernel, stride, padding, ceil_mode):
            threads.run(loops("pooling").mean_of_four, planes(y), planes(x), shared=windows[-1:])
        else:
            threads.run(loops("pooling").sums, planes(y), planes(x), shared=windows)
        return y

    def avg_pool_backward(
        self, gy: Array, x_spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Array:  # fmt: skip
        out, settings = gy.shape[2:], (count_include_pad, divisor_override)
        if not self.worth(gy, "fd") or prod(out) == 1:
            return super().avg_pool_backward(gy, x_spatial, kernel, stride, padding, *settings)
        gx = np.zeros((*gy.shape[:2], *x_spatial), gy.dtype)
        divisor = window_divisor(np, gy.dtype, x_spatial, out, kernel, stride, padding, *settings)
        windows = _windows(kernel, stride, padding, divisor, out)
        if _by_four(kernel, stride, padding, any(n < 2 * o for n, o in zip(x_spatial, out, strict=True))):
            threads.run(loops("pooling").spread_to_four, planes(gx), planes(gy), shared=windows[-1:])
        else:
            threads.run(loops("pooling").spread, planes(gx), planes(gy), shared=windows)
        return gx


def _by_four(kernel: Ints, stride: Ints, padding: Ints, beyond: bool) -> bool:
    """Windows of 2 x 2 side by side, all of them inside."""
    return tuple(kernel) == tuple(stride) == (2, 2) and not any(padding) and not beyond


def _windows(kernel: Ints, stride: Ints, padding: Ints, divisor: Array, out: Ints) -> tuple:
    """The last arguments of the loops."""
    wide = np.ascontiguousarray(np.broadcast_to(divisor, out)).reshape(three(out, 1))
    return three(kernel, 1), three(stride, 1), three(padding, 0), wide
