"""Rows of a matrix added at places of another.

Reference: RowKernels in kernels/rows.py, by NumPy's add.at. Source: the definition, one row after the other.
"""

from __future__ import annotations

from minitorch.backend.compiled.jit import exact


@exact
def add_rows(out, places, rows):
    """out[places[i]] += rows[i], in order; False as soon as a place is outside (a negative one counts from the end)."""
    n = out.shape[0]
    for i in range(places.size):
        p = places[i]
        if p < 0:
            p += n
        if p < 0 or p >= n:
            return False
        for j in range(out.shape[1]):
            out[p, j] += rows[i, j]
    return True
