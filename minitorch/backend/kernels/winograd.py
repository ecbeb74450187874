"""Winograd's convolution F(2 x 2, 3 x 3): a tile of 2 x 2 results from 4 x 4 inputs with 16 products in place of 36.

    y = A^T [(G w G^T) * (B^T x B)] A

(Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.) For all tiles at once that is one matrix
product for each of the 16 places, (O, C) @ (C, tiles), and sums of whole planes before and after it. So that these run
over memory in order, an image is cut into its even and odd lines and places: tile (i, j) begins at place (i, j) of each
of the four planes. The places of a plane lie flat, with one column more than there are tiles: a step to the right or
down is a shift, and what the last column gives is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Array = Any
Ints = Any

G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
GG = [[a * b for a in left for b in right] for left in G for right in G]  # (16, 9): G w G^T of a flat w


class Room:
    """Arrays that are used again for the next block: fresh memory costs as much as the sums written to it."""

    def __init__(self, xp: Any, dtype: Any) -> None:
        self.xp, self.dtype = xp, dtype
        self.arrays: dict[tuple, Array] = {}

    def empty(self, name: str, *shape: int) -> Array:
        """The array of that name and shape, with whatever it holds; zeros at first."""
        found = self.arrays.get((name, shape))
        if found is None:
            found = self.arrays[name, shape] = self.xp.zeros(shape, dtype=self.dtype)
        return found


class WinogradKernels:
    """3 x 3 convolution of stride 1 over the array module ``xp``. Settings are checked by the caller."""

    xp: Any

    # About how many tiles one product takes, so that its operands stay in the cache; 0: don't.
    winograd_tiles = 256
    winograd_channels = 48  # with fewer, the sums take longer than the products that they save

    def winograd_fits(
        self, x: Array, channels: int, kernel: Ints, out: Ints, stride: Ints, dilation: Ints, groups: int
    ) -> bool:
        """True if it can compute the convolution of x to so many channels, and pays: its sums take time, too."""
        return (
            self.winograd_tiles > 0
            and tuple(kernel) == (3, 3)
            and groups == 1
            and tuple(stride) == tuple(dilation) == (1, 1)
            and x.dtype.char in "fd"
            and min(x.shape[1], channels) >= self.winograd_channels
            and min(out) >= 4
            and len(x) > 0
        )

    def winograd_forward(self, x: Array, w: Array, padding: Ints, bias: Array | None, out: Ints) -> Array:
        """(N, C, H, W), (O, C, 3, 3) -> (N, O, *out)."""
        xp, (o, c) = self.xp, w.shape[:2]
        U = (xp.asarray(GG, dtype=x.dtype) @ w.reshape(-1, 9).T).reshape(16, o, c)
        y = xp.empty((x.shape[0], o, *out), dtype=x.dtype)
        room = Room(xp, x.dtype)
        for images, V, rows, pitch in self._winograd_blocks(room, x, padding, out):
            M = room.empty("M", 16, o, V[0, 0, 0].size)
            xp.matmul(U, V.reshape(16, c, -1), out=M)
            lines = self._reduce(M.reshape(4, 4, o, -1), room.empty("sums of lines", 2, 4, *M.shape[1:]))
            planes = self._reduce(
                lines.swapaxes(0, 1), room.empty("results", 2, 2, *M.shape[1:])
            )  # [s, r]: odd or even places and lines
            if bias is not None:
                planes += bias[:, None]
            for r in range(2):
                for s in range(2):
                    part = y[images, :, r::2, s::2]
                    tiles = planes[s, r].reshape(o, -1, rows, pitch).swapaxes(0, 1)
                    part[...] = tiles[:, :, : part.shape[2], : part.shape[3]]
        return y

    def winograd_weight_grad(self, gy: Array, x: Array, padding: Ints) -> Array:
        """(N, O, *out), (N, C, H, W) -> (O, C, 3, 3)."""
        xp, o, c = self.xp, gy.shape[1], x.shape[1]
        total = xp.zeros((16, o, c), dtype=x.dtype)
        room = Room(xp, x.dtype)
        for images, V, rows, pitch in self._winograd_blocks(room, x, padding, gy.shape[2:]):
            planes = room.empty("gradient", 2, 2, o, V.shape[3], rows * pitch)  # [r, s]
            _cut(gy[images], (0, 0), rows, pitch, planes)
            lines, M = (room.empty(n, 4, k, *planes.shape[2:]) for n, k in (("its lines", 2), ("its places", 4)))
            self._expand(planes, lines)
            self._expand(lines.swapaxes(0, 1), M.swapaxes(0, 1))
            total += xp.matmul(M.reshape(16, o, -1), V.reshape(16, c, -1).swapaxes(1, 2))
        return (total.reshape(16, -1).T @ xp.asarray(GG, dtype=x.dtype)).reshape(o, c, 3, 3)

    def _winograd_blocks(
        self, room: Room, x: Array, padding: Ints, out: Ints
    ) -> Iterator[tuple[slice, Array, int, int]]:
        """(which images, their B^T x B (4, 4, C, images, places), rows of tiles, places in a row)."""
        rows, pitch = (out[0] + 1) // 2, (out[1] + 1) // 2 + 1
        count = max(1, self.winograd_tiles // (rows * pitch))
        for i in range(0, x.shape[0], count):
            images = slice(i, i + count)
            yield images, self._transform_input(room, x[images], padding, rows, pitch), rows, pitch

    def _transform_input(self, room: Room, x: Array, padding: Ints, rows: int, pitch: int) -> Array:
        """B^T x B. Lines first: of four in a row, the differences and the sum that B^T names; then the same along
        each line, where the next place of the same parity is the next one of its plane."""
        (n, c), places = x.shape[:2], rows * pitch
        planes = room.empty("input", 2, 2, c, n, places + pitch + 1)
        _cut(x, padding, rows + 1, pitch, planes)
        upper, lower = planes[..., : places + 1], planes[..., pitch:]
        lines, V = room.empty("lines", 4, 2, c, n, places + 1), room.empty("V", 4, 4, c, n, places)
        self._differences(upper[0], upper[1], lower[0], lower[1], lines)
        here, right = lines[..., :places], lines[..., 1:]
        self._differences(here[:, 0], here[:, 1], right[:, 0], right[:, 1], V.swapaxes(0, 1))
        return V

    def _differences(self, x0: Array, x1: Array, x2: Array, x3: Array, out: Array) -> None:
        """B^T: x0 - x2, x1 + x2, x2 - x1, x1 - x3."""
        xp = self.xp
        xp.subtract(x0, x2, out=out[0])
        xp.add(x1, x2, out=out[1])
        xp.subtract(x2, x1, out=out[2])
        xp.subtract(x1, x3, out=out[3])

    def _expand(self, x: Array, out: Array) -> None:
        """A: (2, ...) -> (4, ...): x0, x0 + x1, x0 - x1, -x1."""
        xp = self.xp
        out[0] = x[0]
        xp.add(x[0], x[1], out=out[1])
        xp.subtract(x[0], x[1], out=out[2])
        xp.negative(x[1], out=out[3])

    def _reduce(self, m: Array, out: Array) -> Array:
        """A^T: (4, ...) -> (2, ...): m0 + m1 + m2, m1 - m2 - m3."""
        xp = self.xp
        xp.add(m[1], m[2], out=out[0])
        out[0] += m[0]
        xp.subtract(m[1], m[2], out=out[1])
        out[1] -= m[3]
        return out


def _cut(x: Array, padding: Ints, rows: int, pitch: int, planes: Array) -> None:
    """x (N, C, H, W) into (2, 2, C, N, places): even and odd lines and places of the padded images, each flat. The
    padding is 0 already, and stays."""
    n, c = x.shape[:2]
    for r in range(2):
        for s in range(2):
            top, left = (r - padding[0]) % 2, (s - padding[1]) % 2
            i, j = (top + padding[0] - r) // 2, (left + padding[1] - s) // 2
            taken = x[:, :, top::2, left::2][:, :, : rows - i, : pitch - j].swapaxes(0, 1)
            grid = planes[r, s, :, :, : rows * pitch].reshape(c, n, rows, pitch)  # a view
            grid[:, :, i : i + taken.shape[2], j : j + taken.shape[3]] = taken
