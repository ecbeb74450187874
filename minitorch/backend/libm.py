"""log, log1p, exp, sin, cos, tan of float64 arrays, rounded as the C library rounds them.

torch draws its random numbers with the C library's functions. So does NumPy on most machines, but with AVX-512 it takes
vectorized ones that differ in the last bit now and then (log1p: 8 in 100). Each function is tried on some numbers when
first used: where NumPy's has the C library's bits it is taken, else Python's `math`, which calls the C library, element
by element.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _as_c(name: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """NumPy's function `name` with the C library's bits."""
    ufunc, scalar = getattr(np, name), getattr(math, name)

    def each(x: float) -> float:
        try:
            return scalar(x)
        except (ValueError, OverflowError):  # where C gives nan or inf, Python raises
            return float(ufunc(x))

    def one_by_one(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.fromiter(map(each, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)

    @functools.cache
    def chosen() -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        probe = (np.arange(4096) + 0.37) / 4097
        return ufunc if (ufunc(probe) == one_by_one(probe)).all() else one_by_one

    def call(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return chosen()(x)

    return call


log, log1p, exp, sin, cos, tan = (_as_c(name) for name in ("log", "log1p", "exp", "sin", "cos", "tan"))
