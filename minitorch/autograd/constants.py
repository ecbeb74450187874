"""Python numbers among the operands, as arrays: NumPy takes as long to make one as to add eight elements."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = frozenset((float, int))  # a second operand of these classes is weak, in NumPy as in torch
# gradients of 0-d tensors come as these, with which arithmetic is quick
SCALARS: frozenset[Any] = frozenset((np.float32, np.float64))
REAL = SCALARS | {float, int, bool}  # classes of numbers that are their own conjugates
NUMPY_FLOATS = "fdeFD"  # with these, NumPy takes a Python number for weak


class Constants(dict):
    """0-d arrays, by number and dtype char."""

    def __missing__(self, key: tuple[float, str]) -> np.ndarray:
        array = np.array(*key)
        if key[0] and len(self) < 1000:  # 0.0 and -0.0 are one key
            array.flags.writeable = False
            self[key] = array
        return array


CONSTANTS = Constants()
ZERO = {char: np.zeros((), char) for char in "fd"}
ONE = {char: np.ones((), char) for char in "fd"}
