"""Arrays with one to three spatial dimensions seen with three, which the loops are written for.

Changes of shape only: their reference is NumPy's reshape.
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.kernels.windows import Array, Ints


def three(sizes: Ints, fill: int) -> tuple[int, ...]:
    """One entry for each of three dimensions; those that are missing come first."""
    return (fill,) * (3 - len(sizes)) + tuple(sizes)


def volumes(x: Array) -> Array:
    """(N, C, *S) -> (N, C, D, H, W), without gaps."""
    return np.ascontiguousarray(x).reshape(*x.shape[:2], *three(x.shape[2:], 1))


def planes(x: Array) -> Array:
    """(N, C, *S) -> (N C, D, H, W), without gaps."""
    return np.ascontiguousarray(x).reshape(x.shape[0] * x.shape[1], *three(x.shape[2:], 1))
