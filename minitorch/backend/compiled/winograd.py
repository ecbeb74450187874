"""Winograd's convolution with compiled loops (tiles.py) before and after the products of matrices.

Reference: WinogradKernels in kernels/winograd.py, and beyond it `conv_naive` in kernels/conv.py. Source: Lavin and
Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minitorch.backend.compiled.base import Compiled
from minitorch.backend.compiled.lazy import loops
from minitorch.backend.kernels.windows import Array, Ints
from minitorch.backend.kernels.winograd import GG


class CompiledWinograd(Compiled):
    """3 x 3 convolution of stride 1 on the CPU."""

    def winograd_forward(self, x: Array, w: Array, padding: Ints, bias: Array | None, out: Ints) -> Array:
        o, c = w.shape[:2]
        U = (np.asarray(GG, dtype=x.dtype) @ w.reshape(-1, 9).T).reshape(16, o, c)
        y = np.empty((x.shape[0], o, *out), x.dtype)
        biases = np.zeros(o, x.dtype) if bias is None else np.ascontiguousarray(bias)
        x, (rows, cols) = np.ascontiguousarray(x), _tiles(out)
        for first, lines, (V, M), (v, m) in self._lines_of_tiles(x, rows, cols, c, o):
            loops("tiles").input_tiles(V, x, first, lines, rows, cols, tuple(padding))
            np.matmul(U, v, out=m)
            loops("tiles").output_tiles(y, M, biases, first, lines, rows, cols)
        return y

    def winograd_weight_grad(self, gy: Array, x: Array, padding: Ints) -> Array:
        o, c = gy.shape[1], x.shape[1]
        total = np.zeros((16, o, c), x.dtype)
        x, gy, (rows, cols) = np.ascontiguousarray(x), np.ascontiguousarray(gy), _tiles(gy.shape[2:])
        for first, lines, (V, M), (v, m) in self._lines_of_tiles(x, rows, cols, c, o):
            loops("tiles").input_tiles(V, x, first, lines, rows, cols, tuple(padding))
            loops("tiles").gradient_tiles(M, gy, first, lines, rows, cols)
            total += np.matmul(m, v.swapaxes(1, 2))
        return (total.reshape(16, -1).T @ np.asarray(GG, dtype=x.dtype)).reshape(o, c, 3, 3)

    def _lines_of_tiles(
        self, x: Array, rows: int, cols: int, *channels: int
    ) -> Iterator[tuple[int, int, list[Array], list[Array]]]:
        """Blocks of about ``winograd_tiles``: (first line of tiles, how many, room for 16 numbers of each tile and
        channel, the same as (16, channels, tiles)). The 16 lie a little further apart than they must: at a distance
        of a power of 2 they would all go to the same places of the cache."""
        count = max(1, self.winograd_tiles // cols)
        room = [np.empty((16, c * count * cols + 16), x.dtype) for c in channels]
        for first in range(0, len(x) * rows, count):
            lines = min(count, len(x) * rows - first)
            tiles = lines * cols
            yield (
                first,
                lines,
                room,
                [r[:, : c * tiles].reshape(16, c, tiles) for r, c in zip(room, channels, strict=True)],
            )


def _tiles(out: Ints) -> tuple[int, int]:
    """Lines of tiles in an image, and tiles in a line."""
    return (out[0] + 1) // 2, (out[1] + 1) // 2
