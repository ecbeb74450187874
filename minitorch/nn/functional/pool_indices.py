"""Maximum pooling that also gives the places of the maxima: torch's names for `return_indices=True`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.nn.functional import pool
from minitorch.signatures import signature_of

__all__ = [
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
    "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices", "max_pool1d_with_indices",
    "max_pool2d_with_indices", "max_pool3d_with_indices",
]  # fmt: skip


def _with_indices(plain: Callable) -> Callable:
    """`plain` with return_indices=True, whatever is given for it."""
    signature = signature_of(plain)

    def both(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        return plain(**{**given, "return_indices": True})

    both.__name__ = both.__qualname__ = f"{plain.__name__}_with_indices"
    both.__doc__ = f"`{plain.__name__}`, with the indices of the maxima as a second result."
    both.__signature__ = signature  # type: ignore[attr-defined]
    return both


max_pool1d_with_indices = _with_indices(pool.max_pool1d)
max_pool2d_with_indices = _with_indices(pool.max_pool2d)
max_pool3d_with_indices = _with_indices(pool.max_pool3d)
adaptive_max_pool1d_with_indices = _with_indices(pool.adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(pool.adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(pool.adaptive_max_pool3d)
fractional_max_pool2d_with_indices = _with_indices(pool.fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(pool.fractional_max_pool3d)
