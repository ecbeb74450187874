"""Rows added at places of a table: what the gradients of embeddings and of indexing by numbers do."""

from __future__ import annotations

from typing import Any

Array = Any


class RowKernels:
    """Rows added at places over the array module ``xp``."""

    xp: Any

    # How many numbers are laid flat at a time.
    row_elements = 1 << 16

    def add_rows(self, out: Array, places: Array, rows: Array) -> None:
        """out[places[i]] += rows[i], also where places repeat. `out` is a contiguous matrix.

        NumPy's add.at is fast for one-dimensional arrays only (by a factor of ten), so the rows are laid flat.
        """
        xp, width = self.xp, out.shape[1]
        if rows.size == 0:
            return
        if out.dtype == "int64":  # CuPy adds to unsigned numbers only; the bits are the same
            out, rows = out.view("uint64"), rows.view("uint64")
        flat = out.reshape(-1)
        if width == 1:
            xp.add.at(flat, places, rows.reshape(-1))
            return
        columns = xp.arange(width)
        step = max(1, self.row_elements // width)
        for start in range(0, places.size, step):
            part = places[start : start + step]
            xp.add.at(flat, (part[:, None] * width + columns).reshape(-1), rows[start : start + step].reshape(-1))
