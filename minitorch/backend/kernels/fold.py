"""Unfold (sliding windows as columns, "im2col") and fold (columns summed back, "col2im"): each is the other's adjoint.

Shapes: x (N, C, *S), columns (N, C K, L), with K places in a window and L windows, both in row-major order; settings
are tuples, one entry for each spatial dimension. Sizes must fit: the ops layer checks them.
"""

from typing import Any

from minitorch.backend.kernels.windows import (
    Array,
    Ints,
    compute_dtype,
    conv_output_size,
    crop_spatial,
    pad_spatial,
    prod,
    tap_slices,
    taps,
    window_view,
)


class FoldKernels:
    """Unfold and fold over the array module ``xp``."""

    xp: Any

    def unfold(self, x: Array, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Array:
        """columns[n, (c, k), l] = x[n, c, l stride + k dilation - padding]: (N, C, *S) -> (N, C K, L)."""
        sizes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
        out = tuple(conv_output_size(*s) for s in sizes)
        windows = window_view(self.xp, pad_spatial(self.xp, x, padding, padding), kernel, out, stride, dilation)
        batch = 1 + len(kernel)
        order = (batch, *range(batch), *range(batch + 1, windows.ndim))  # (N, C, *kernel, *out)
        columns = self.xp.empty((*x.shape[:2], *kernel, *out), dtype=x.dtype)
        columns[...] = windows.transpose(order)
        return columns.reshape(x.shape[0], x.shape[1] * prod(kernel), prod(out))

    def fold(
        self, columns: Array, out_spatial: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints
    ) -> Array:
        """x[n, c, s] = sum of all columns[n, (c, k), l] with l stride + k dilation - padding = s, for s inside:
        (N, C K, L) -> (N, C, *out_spatial)."""
        sizes = zip(out_spatial, kernel, stride, padding, dilation, strict=True)
        blocks = tuple(conv_output_size(*s) for s in sizes)
        n, c = columns.shape[0], columns.shape[1] // prod(kernel)
        parts = columns.reshape(n, c, *kernel, *blocks)
        grid = tuple(s + 2 * p for s, p in zip(out_spatial, padding, strict=True))
        x = self.xp.zeros((n, c, *grid), dtype=compute_dtype(self.xp, columns.dtype))
        for tap in taps(kernel):
            x[tap_slices(tap, blocks, stride, dilation)] += parts[(slice(None), slice(None), *tap)]
        return crop_spatial(x, padding, out_spatial).astype(columns.dtype)
