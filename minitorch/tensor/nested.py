"""Arrays of nested lists, by torch's rules: which dtype, which shape, and which error for which disorder.

As in torch, the first element of each level gives the shape, all elements together the dtype: the promotion of what
each brings (Python floats the default dtype, NumPy scalars and tensors their own).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes, to_host

PLAIN = {bool, int, float, complex}
MAX_DIMS = 64


def array_of(data: Any, dtype: dtypes.dtype | None) -> np.ndarray:
    """A new array of numbers or nested sequences of them, in `dtype` or in the one torch infers."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if type(data) in (list, tuple):
        kinds = _plain_kinds(data)
        if kinds is not None:  # the usual case: NumPy reads such lists as torch does, and fast
            target = dtype or _promoted(kinds)
            try:
                return _stored(data, kinds, target)
            except (ValueError, OverflowError):
                pass  # ragged, or out of range: below, the error is found out and raised
    elif hasattr(data, "__array__") and not isinstance(data, TensorBase):
        found = np.asarray(data)
        return np.array(found, dtype=(dtype or dtypes.from_numpy(found.dtype)).numpy, order="C")
    sizes = _sizes(data)
    target = dtype or _inferred(data)
    flat: list = []
    if 0 not in sizes:
        _flatten(data, sizes, 0, flat)
    return _stored(flat, set(map(type, flat)), target).reshape(sizes)


def _plain_kinds(data: Any) -> set | None:
    """The types of the numbers in nested lists and tuples; None if there is anything but Python numbers."""
    kinds = set(map(type, data))
    if kinds <= PLAIN:
        return kinds
    if not kinds <= {list, tuple}:
        return None
    found: set = set()
    for row in data:
        inner = _plain_kinds(row)
        if inner is None:
            return None
        found |= inner
    return found


def _promoted(kinds: set) -> dtypes.dtype:
    default = dtypes.get_default_dtype()
    if complex in kinds:
        return default.to_complex()
    if float in kinds or not kinds:
        return default
    return dtypes.int64 if int in kinds else dtypes.bool_


def _stored(values: Any, kinds: set, target: dtypes.dtype) -> np.ndarray:
    """Python numbers, nested or flat, as an array of dtype `target`; raises where torch would."""
    strange = kinds - PLAIN
    if target.category < 3 and complex in kinds and target is not dtypes.bool_:
        strange.add(complex)
    if strange:
        name = min(k.__name__ for k in strange)
        real = f"must be real number, not {name}"
        raise TypeError(f"'{name}' object cannot be interpreted as an integer" if target.category == 1 else real)
    if target.category == 1 and float in kinds:
        if int in kinds:  # floats would lose the last digits of large integers
            parts = [_stored([v], {type(v)}, target) for v in np.array(values, dtype=object).ravel().tolist()]
            return np.concatenate(parts).reshape(np.shape(np.array(values, dtype=object)))
        return _truncated(np.array(values, dtype=np.float64), target)
    if target.category == 1 or (target is dtypes.bool_ and not kinds & {float, complex}):
        try:
            wide = np.array(values, dtype=np.int64)
        except OverflowError:
            raise ValueError("tensor(): Overflow when unpacking long long: an integer beyond 64 bits") from None
        return wide.astype(bool) if target is dtypes.bool_ else _narrowed(wide, target)
    work = np.complex128 if complex in kinds or target.is_complex else np.float64
    with np.errstate(over="ignore"):
        return np.array(values, dtype=work).astype(target.numpy)


def _truncated(values: np.ndarray, target: dtypes.dtype) -> np.ndarray:
    """Floats as integers, towards zero."""
    info = np.iinfo(target.numpy)
    whole = np.trunc(values)
    if not ((whole >= float(info.min)) & (whole < float(info.max) + 1)).all():
        raise RuntimeError(f"value cannot be converted to type {target.name} without overflow")
    return whole.astype(target.numpy)


def _narrowed(values: np.ndarray, target: dtypes.dtype) -> np.ndarray:
    """64-bit integers in a smaller type; as in torch, small negative numbers wrap around in uint8."""
    info = np.iinfo(target.numpy)
    if target is not dtypes.int64 and values.size:
        low = info.min if target.is_signed else -info.max
        if values.min() < low or values.max() > info.max:
            raise RuntimeError(f"value cannot be converted to type {target.name} without overflow")
    return values.astype(target.numpy)


def _is_sequence(x: Any) -> bool:
    return hasattr(x, "__len__") and hasattr(x, "__getitem__") and not isinstance(x, (dict, TensorBase, np.generic))


def _sizes(data: Any) -> tuple[int, ...]:
    """The shape, as the first element of each level says."""
    sizes: list[int] = []
    while _is_sequence(data):
        sizes.append(len(data))
        if len(sizes) > MAX_DIMS or isinstance(data, (str, bytes)):
            raise ValueError(f"tensor(): too many dimensions '{type(data).__name__}'")
        if not sizes[-1]:
            break
        data = data[0]
    return tuple(sizes)


def _inferred(item: Any) -> dtypes.dtype:
    if isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    if isinstance(item, TensorBase):
        return dtypes.from_numpy(item._array.dtype)
    if isinstance(item, (np.ndarray, np.generic)):
        return dtypes.from_numpy(item.dtype)
    if isinstance(item, (bool, int, float, complex)):
        return dtypes.scalar_dtype(item)
    if not _is_sequence(item):
        raise RuntimeError(f"tensor(): Could not infer dtype of {type(item).__name__}")
    found: dtypes.dtype | None = None
    for x in item:
        brought = _inferred(x)
        found = brought if found is None else dtypes.promote_types(found, brought)
    return found or dtypes.get_default_dtype()


def _flatten(item: Any, sizes: tuple[int, ...], dim: int, flat: list) -> None:
    """Append the numbers in `item`, which must have the shape sizes[dim:], to `flat`."""
    if dim == len(sizes):
        flat.append(_scalar(item))
    elif isinstance(item, np.ndarray) and item.shape == sizes[dim:]:
        flat.extend(item.ravel().tolist())
    elif not _is_sequence(item):
        raise TypeError(f"tensor(): a {type(item).__name__} among sequences is not a sequence")
    elif len(item) != sizes[dim]:
        raise ValueError(f"tensor(): expected sequence of length {sizes[dim]} at dim {dim} (got {len(item)})")
    else:
        for x in item:
            _flatten(x, sizes, dim + 1, flat)


def _scalar(item: Any) -> Any:
    if isinstance(item, TensorBase):
        array = to_host(item._array)
        if array.size != 1:
            raise ValueError(
                "tensor(): only one element tensors can be converted to Python scalars\n"
                "    hint  stack(list_of_tensors) joins tensors of several elements"
            )
        value = array.item()
        return float(value) if array.dtype.kind == "V" else value
    if isinstance(item, np.generic):
        return float(item) if item.dtype.kind == "V" else item.item()
    return item
