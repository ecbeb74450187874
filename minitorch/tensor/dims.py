"""Checks of the arguments that reductions and scans share: `dim`, `keepdim`, `dtype`."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.primitives import cast
from minitorch.backend import dtypes
from minitorch.errors import type_error, wrap_dim, wrap_dims


def one_dim(dim: Any, ndim: int, op: str, position: int = 1) -> int:
    """A single dimension, counted from the front."""
    if dim.__class__ is not int and not _is_index(dim):
        raise type_error(op, "dim", position, "int", dim)
    return wrap_dim(dim.__index__(), ndim, op)


def reduced_dims(dim: Any, ndim: int, op: str, empty_is_all: bool = True) -> Any:
    """What a reduction's `dim` means: None for all of them, an int, or a tuple of ints."""
    if dim.__class__ is int:
        if 0 <= dim < ndim:
            return dim
        dim = wrap_dim(dim, ndim, op)
        return dim if ndim else None
    if dim is None:
        return None
    if isinstance(dim, (tuple, list)):
        for d in dim:
            if not _is_index(d):
                raise type_error(op, "dim", 1, "tuple of ints", d)
        dims = wrap_dims([d.__index__() for d in dim], ndim, op)
        return None if not ndim or (not dims and empty_is_all) else dims
    if not _is_index(dim):
        raise type_error(op, "dim", 1, "tuple of ints", dim)
    return reduced_dims(dim.__index__(), ndim, op, empty_is_all)


def _is_index(value: Any) -> bool:
    """An int, NumPy's too, or an integer tensor without dimensions; no bool."""
    if hasattr(value, "_array"):
        return value._array.ndim == 0 and value._array.dtype.kind in "iu"
    return hasattr(value, "__index__") and not isinstance(value, bool)


def check_keepdim(op: str, keepdim: Any) -> None:
    if keepdim is not True and keepdim is not False:
        raise type_error(op, "keepdim", 2, "bool", keepdim)


def in_dtype(x: Any, dtype: Any, op: str) -> Any:
    """x in `dtype`, if one is asked for and x has another."""
    if dtype is None:
        return x
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"{op}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    return x if x._array.dtype == dtype.numpy else cast(x, dtype=dtype.numpy)


def totaled(result: Any, dtype: Any) -> Any:
    """A total in the dtype asked for: integers add up as int64, which wraps around to the same as adding in less."""
    return result if dtype is None or result._array.dtype == dtype.numpy else cast(result, dtype=dtype.numpy)


def kind_name(x: Any) -> str:
    """torch's word for a tensor's dtype in messages: Float, Long, ..."""
    return dtypes.SCALAR_NAME[dtypes.from_numpy(x._array.dtype)]


def refuse_dtype(x: Any, kinds: str, what: str) -> None:
    """Raise torch's NotImplementedError if the dtype's kind is one of `kinds` (NumPy's letters: b i u f c)."""
    if x._array.dtype.kind in kinds:
        raise NotImplementedError(f"\"{what}\" not implemented for '{kind_name(x)}'")
