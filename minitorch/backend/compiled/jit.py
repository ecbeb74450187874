"""How loops are compiled: without the GIL, kept on disk, and for the dtypes they are called with.

`as_written` rounds each operation by itself. `exact` may only fuse a multiplication with an addition. `summing` may
also add up in any order, which is what makes a sum run on all lanes of a vector unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def _compiled(fn: Callable, fastmath: set[str], **more: Any) -> Any:
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath, **more}
    try:
        return numba.njit(cache=True, **options)(fn)
    except RuntimeError:  # no directory in which to keep compiled code can be written
        return numba.njit(**options)(fn)


def as_written(fn: Callable) -> Any:
    """Compile; each operation rounded by itself, as NumPy does."""
    return _compiled(fn, set())


def exact(fn: Callable) -> Any:
    """Compile; operations in the order they are written in."""
    return _compiled(fn, {"contract"})


def summing(fn: Callable) -> Any:
    """Compile; sums in any order."""
    return _compiled(fn, {"contract", "reassoc"})


def inlined(fn: Callable) -> Any:
    """As `exact`, put into the loops that call it (`exact` ones only), where LLVM would leave a call in a branch."""
    return _compiled(fn, {"contract"}, inline="always")
