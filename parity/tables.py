"""Edge values for specs: zeros of both signs, infinities, nan, ties; as one column and as all pairs."""

from __future__ import annotations

import numpy as np

from parity.spec import ANY_REAL, COMPLEX, FLOATS, INTEGERS, Bad, call
from parity.spec import In as In

INF, NAN = float("inf"), float("nan")
EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-320, 1e300, -1e300, INF, -INF, NAN])
SMALL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 2.0, INF, -INF, NAN])
COMPLEX_EDGES = np.array([0, 1, -1, 1j, -1j, 3 - 4j, -0.5 + 0.25j])

NUMERIC = (*FLOATS, *INTEGERS, *COMPLEX)
EVERYTHING = (*ANY_REAL, *COMPLEX)
HALVES = ("float16", "bfloat16")
# for derivatives of several operations in half precision
ROUNDED_OFTEN = {
    "tolerance": {"float16": (4e-3, 1e-4), "bfloat16": (3.2e-2, 1e-3)},
    "why": "in half precision our derivative rounds after each of its operations, torch's kernel once at the end",
}  # fmt: skip


def pairs(values: np.ndarray = SMALL) -> tuple[np.ndarray, np.ndarray]:
    """Every value with every value, as two arrays."""
    x, y = np.meshgrid(values, values)
    return x.ravel().copy(), y.ravel().copy()


def refused(words: str, *dtypes: str) -> tuple[Bad, ...]:
    """f(x) must be refused for x of these dtypes."""
    return tuple(Bad(call(In((2, 3))), words, dtype=d) for d in dtypes)


def refused_pair(words: str, *dtypes: str) -> tuple[Bad, ...]:
    """f(x, y) must be refused for x and y of these dtypes."""
    return tuple(Bad(call(In((2, 3)), In((2, 3))), words, dtype=d) for d in dtypes)


def shapes_that_clash(*more: object) -> Bad:
    """f(x, y) with shapes that don't broadcast."""
    return Bad(call(In((2, 3)), In((2, 4)), *more), "must match the size of tensor b")
