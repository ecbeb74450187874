"""(z - mean) / sqrt(variance + eps) w + b over any axes, and its gradient.

z is the input seen as the array of any rank in which `axes` are what the statistics are taken over, and `affine` the
shape in which w and b broadcast against it. All are float32 or float64.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.backend.kernels.windows import Array, Ints


class NormKernels:
    """Normalization over the array module ``xp``."""

    xp: Any

    # About how many elements to compute at a time; a GPU wants all of them.
    norm_elements: int | None = 1 << 16

    def standardize(
        self, z: Array, w: Array | None, b: Array | None, axes: Ints, affine: Ints, eps: float
    ) -> tuple[Array, Array, Array, Array]:
        """(result, mean, biased variance, 1 / sqrt(variance + eps)), the last three with the axes kept as ones."""
        if not self._in_blocks(z, axes):
            return self._standardize(z, w, b, axes, affine, eps)
        y = self.xp.empty(z.shape, dtype=z.dtype)
        shift, variance, scale = (self.xp.empty(_kept(z.shape, axes), dtype=z.dtype) for _ in range(3))
        for some in self._row_blocks(z):
            y[some], shift[some], variance[some], scale[some] = self._standardize(z[some], w, b, axes, affine, eps)
        return y, shift, variance, scale

    def _standardize(
        self, z: Array, w: Array | None, b: Array | None, axes: Ints, affine: Ints, eps: float
    ) -> tuple[Array, Array, Array, Array]:
        shift = _mean(z, axes)
        n = z - shift
        variance = _mean(n * n, axes)
        scale = 1 / self.xp.sqrt(variance + z.dtype.type(eps))
        n *= scale
        if w is not None:
            n *= w.reshape(affine)
        if b is not None:
            n += b.reshape(affine)
        return n, shift, variance, scale

    def scale_channels(self, z: Array, mean: Array, scale: Array, bias: Array | None) -> Array:
        """(z - mean) scale + bias with one of each for each channel: z (N, C, *)."""
        line = (-1, *(1,) * (z.ndim - 2))
        y = z - mean.reshape(line)
        y *= scale.reshape(line)
        if bias is not None:
            y += bias.reshape(line)
        return y

    def standardize_grad(
        self, g: Array, z: Array, w: Array | None, shift: Array, scale: Array, axes: Ints, affine: Ints, needs: Any
    ) -> tuple[Array | None, Array | None, Array | None]:
        """Gradients of z, w and b, the last two in the shape `affine`; `needs` says which of the three.

        With n the normalized z and h = g w: gz = (h - mean(h) - n mean(h n)) / sqrt(var + eps).
        """
        if not self._in_blocks(z, axes) or affine[0] != 1:
            return self._standardize_grad(g, z, w, shift, scale, axes, affine, needs)
        gz = self.xp.empty(z.shape, dtype=z.dtype)
        gw = gb = None
        for some in self._row_blocks(z):
            part = self._standardize_grad(g[some], z[some], w, shift[some], scale[some], axes, affine, needs)
            if needs[0]:
                gz[some] = part[0]
            gw = part[1] if gw is None else gw + part[1]
            gb = part[2] if gb is None else gb + part[2]
        return gz if needs[0] else None, gw, gb

    def _standardize_grad(
        self, g: Array, z: Array, w: Array | None, shift: Array, scale: Array, axes: Ints, affine: Ints, needs: Any
    ) -> tuple[Array | None, Array | None, Array | None]:
        n = z - shift
        n *= scale
        gz = gw = gb = None
        rest = tuple(i for i, k in enumerate(affine) if k == 1)
        if needs[1]:
            gw = (g * n).sum(axis=rest, keepdims=True)
        if needs[2]:
            gb = g.sum(axis=rest, keepdims=True)
        if needs[0]:
            h = g if w is None else g * w.reshape(affine)
            mean, slope = _mean(h, axes), _mean(h * n, axes)
            n *= slope
            gz = h - mean
            gz -= n
            gz *= scale
        return gz, gw, gb

    def _in_blocks(self, z: Array, axes: Ints) -> bool:
        """Long, and normalized within each element of the first dimension."""
        return self.norm_elements is not None and z.size > 2 * self.norm_elements and 0 not in axes

    def _row_blocks(self, z: Array) -> Any:
        """Slices of the first dimension."""
        step = max(1, (self.norm_elements or 1) * len(z) // z.size)
        return (slice(i, i + step) for i in range(0, len(z), step))


def _kept(shape: Ints, axes: Ints) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _mean(x: Array, axes: Ints) -> Array:
    """The mean with the reduced axes kept; of nothing, 0."""
    n = math.prod(x.shape[a] for a in axes)
    return x.sum(axis=axes, keepdims=True) / x.dtype.type(max(n, 1))
