"""Depthwise convolution, one input channel for each output channel: no products of matrices, but a sum over taps."""

from __future__ import annotations

from typing import Any

from minitorch.backend.kernels.windows import Array, Ints, prod, tap_slices, taps


class DepthwiseKernels:
    """Depthwise convolution over the array module ``xp``, of a padded x (N, C, *S) and w (C, 1, *K)."""

    xp: Any

    # About how many results to compute at a time, so that they stay in the cache from tap to tap. 0: leave it to
    # the matrix products, which were no slower in NumPy.
    depthwise_elements = 0

    def depthwise_fits(self, x: Array, channels: int, groups: int) -> bool:
        """True for one input and one output channel in each of several groups."""
        return self.depthwise_elements > 0 and groups == channels == x.shape[1] > 1 and x.dtype.char in "fd"

    def depthwise_forward(
        self, xpad: Array, w: Array, bias: Array | None, out: Ints, stride: Ints, dilation: Ints
    ) -> Array:
        """y[n, c, l] = bias[c] + sum over k of x[n, c, l stride + k dilation] w[c, 0, k]."""
        xp, (n, c) = self.xp, xpad.shape[:2]
        y = xp.empty((n, c, *out), dtype=xpad.dtype)
        step = max(1, self.depthwise_elements // max(1, c * prod(out)))
        term = xp.empty((min(step, n), c, *out), dtype=xpad.dtype)
        column = (c, *(1,) * len(out))
        for i in range(0, n, step):
            part = y[i : i + step]
            part[...] = 0 if bias is None else bias.reshape(column)
            for tap in taps(w.shape[2:]):
                some = term[: len(part)]
                window = xpad[i : i + step][tap_slices(tap, out, stride, dilation)]
                xp.multiply(window, w[(slice(None), 0, *tap)].reshape(column), out=some)
                part += some
        return y

    def depthwise_weight_grad(self, gy: Array, xpad: Array, kernel: Ints, stride: Ints, dilation: Ints) -> Array:
        """gw[c, 0, k] = sum over n, l of gy[n, c, l] x[n, c, l stride + k dilation]."""
        xp, (n, c, *out) = self.xp, gy.shape
        gw = xp.zeros((c, 1, *kernel), dtype=gy.dtype)
        step = max(1, self.depthwise_elements // max(1, c * prod(out)))
        everything = tuple(i for i in range(gy.ndim) if i != 1)
        for i in range(0, n, step):
            part = gy[i : i + step]
            for tap in taps(kernel):
                window = xpad[i : i + step][tap_slices(tap, out, stride, dilation)]
                gw[(slice(None), 0, *tap)] += (part * window).sum(axis=everything)
        return gw
