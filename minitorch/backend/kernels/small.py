"""What makes kernels quick on small arrays, where NumPy's overhead counts and not the elements."""

from __future__ import annotations

from typing import Any

import numpy as np

SMALL = 1 << 12  # below this many elements, no kernel cares for the cache or for compiled loops


def largest(x: Any, dim: int) -> Any:
    """The greatest elements along `dim`, which is kept."""
    if x.__class__ is np.ndarray:  # the method costs half as much again
        return np.maximum.reduce(x, dim, None, None, True)  # type: ignore[call-overload]
    return x.max(axis=dim, keepdims=True)


_constants: dict[tuple, np.ndarray] = {}


def constant(value: float, x: Any) -> Any:
    """`value` in the form in which arithmetic with `x` is quickest: NumPy takes 0.25 us to convert a Python number.

    Every value is kept: call it with numbers that stand in the source.
    """
    if x.__class__ is not np.ndarray:
        return value
    key = value, x.dtype.char
    found = _constants.get(key)
    if found is None:
        found = _constants[key] = np.array(value, x.dtype)
    return found
