"""`make_tensor`: random tensors for tests, with torch's numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS

__all__ = ["make_tensor"]


def make_tensor(
    *shape: Any, dtype: Any, device: Any, low: float | None = None, high: float | None = None,
    requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """Numbers uniform on [low, high): by default [-9, 9) for floats, -9 to 9 for integers, both booleans.

    noncontiguous gives every other element of a larger tensor; exclude_zero replaces zeros by the smallest positive
    number, or 1.
    """
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        shape = tuple(shape[0])
    whole = dtype is dtypes.bool_ or not (dtype.is_floating_point or dtype.is_complex)
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"noncontiguous={noncontiguous!r} and memory_format={memory_format!r}"
        )
    if requires_grad and whole:
        raise ValueError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype!r}"
        )  # fmt: skip
    strided = noncontiguous and math.prod(shape) > 1
    drawn = (*shape[:-1], 2 * shape[-1]) if strided else shape
    low, high = _interval(low, high, dtype, whole)
    if whole:
        result = FUNCTIONS["randint"](low, high, drawn, device=device, dtype=dtype)
    else:
        result = FUNCTIONS["empty"](drawn, device=device, dtype=dtype)
        _fill(FUNCTIONS["view_as_real"](result) if dtype.is_complex else result, low, high)
    if strided:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = 1 if whole else dtypes.finfo(dtype).tiny
    return result.requires_grad_(requires_grad) if not whole else result


def _fill(t: Any, low: float, high: float) -> None:
    if high - low >= dtypes.finfo(t.dtype).max:  # the width itself would overflow
        t.uniform_(low / 2, high / 2).mul_(2)
    else:
        t.uniform_(low, high)


def _interval(low: float | None, high: float | None, dtype: Any, whole: bool) -> tuple[float, float]:
    """The bounds, checked and cut to what the dtype holds."""
    if dtype is dtypes.bool_:
        first, end, usual = 0, 2, (0, 2)
    elif whole:
        info = dtypes.iinfo(dtype)
        first, end, usual = info.min, info.max + (dtype is not dtypes.int64), (-9, 10)
    else:
        first, end, usual = dtypes.finfo(dtype).min, dtypes.finfo(dtype).max, (-9, 9)
    low, high = usual[0] if low is None else low, usual[1] if high is None else high
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low!r} and high={high!r}")
    if low == high and not whole:
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 "
            "and will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=4,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < first or low >= end:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports "
            f"[{first}, {end})"
        )
    low, high = min(max(low, first), end), min(max(high, first), end)
    return (math.ceil(low), math.ceil(high)) if whole else (low, high)
