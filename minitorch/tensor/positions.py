"""Taking an index apart: `x[index]` is a basic index (a view) followed by an advanced one (a copy), as in torch.

Unlike NumPy, torch first applies ints, slices, None and `...`, and only then the index tensors: x[0, :, [1, 2]] keeps
the order of its dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.backend import device_of, to_device, xp_of
from minitorch.errors import explain
from minitorch.ops.indexing import Positions, watch
from minitorch.tensor.notice import warn_user

WHOLE = slice(None)


def parse(x: Any, index: Any) -> tuple[tuple | None, Positions | None]:
    """(basic index or None, positions or None) for tensor `x`; both are None where the index takes all of it."""
    items = _items(x, index)
    shape = x._array.shape
    if sum(_takes(i) for i in items) > len(shape):
        raise _too_many(shape, items)
    basic: list[Any] = []
    reader = _Reader(x)
    for item in items:
        reader.read(item, basic, items)
    trivial = all(i.__class__ is slice and i == WHOLE for i in basic)
    positions = reader.positions()
    if trivial and (positions is not None or not any(i.__class__ is slice for i in items)):
        return None, positions
    return (*basic, ...), positions


def _items(x: Any, index: Any) -> list:
    """The index as a list of ints, slices, None, Ellipsis, bools and arrays (with their tensors, see `_Array`)."""
    if index.__class__ is not tuple:
        index = _sequence(index)
    return [_item(x, i) for i in index]


def _sequence(index: Any) -> tuple:
    """torch still takes a short list that holds slices, tensors or lists for a tuple, with a warning."""
    if isinstance(index, tuple):
        return tuple(index)
    if isinstance(index, list) and len(index) < 32:
        if any(
            i is None or i is Ellipsis or isinstance(i, (slice, list, tuple, TensorBase, np.ndarray)) for i in index
        ):
            warn_user(
                "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
                "pytorch 2.9; "
                "use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
                "x[torch.tensor(seq)], which will result either in an error or a different result",
            )
            return tuple(index)
    return (index,)


class _Array:
    """An index array with the tensor it came from (None if it is our own copy)."""

    __slots__ = ("array", "tensor")

    def __init__(self, array: Any, tensor: Any = None) -> None:
        self.array, self.tensor = array, tensor


def _item(x: Any, item: Any) -> Any:
    """One entry of an index in normal form."""
    kind = item.__class__
    if kind is int or item is None or item is Ellipsis or kind is bool:
        return item
    if kind is slice:
        return _slice(item)
    if isinstance(item, TensorBase):
        return _tensor_item(x, item)
    if isinstance(item, np.ndarray):
        return _array_item(x, item, None)
    if isinstance(item, np.bool_):
        return bool(item)
    if hasattr(item, "__index__"):
        return item.__index__()
    if isinstance(item, (list, tuple, range)):
        return _array_item(x, _list_array(item), None)
    if isinstance(item, str):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    raise _not_an_index(item)


def _slice(s: slice) -> slice:
    """A slice of ints and None with a positive step."""

    def bound(value: Any) -> int | None:
        if value is None or value.__class__ is int:
            return value
        if not hasattr(value, "__index__"):
            raise TypeError("slice indices must be integers or None or have an __index__ method")
        return value.__index__()

    step = bound(s.step)
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero" if step else "slice step cannot be zero")
    return slice(bound(s.start), bound(s.stop), step)


def _tensor_item(x: Any, t: Any) -> Any:
    array = t._array
    if array.ndim == 0 and array.dtype.kind in "iu" and array.dtype != "uint8":
        return int(array.item())
    if array.ndim == 0 and array.dtype.kind in "bu":
        return bool(array.item())
    return _array_item(x, array, t)


def _array_item(x: Any, array: Any, t: Any) -> _Array:
    if type(array) is not type(x._array):
        array, t = to_device(array, device_of(x._array)), None
    if array.dtype == "uint8":
        warn_user("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.")
        return _Array(array.astype(bool))
    if array.dtype.kind != "b" and array.dtype not in ("int64", "int32"):
        if t is not None or array.dtype.kind not in "iu":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        array = array.astype("int64")
    return _Array(array, t)


def _list_array(item: Any) -> np.ndarray:
    if any(isinstance(i, TensorBase) for i in item):
        item = [i.item() if isinstance(i, TensorBase) else i for i in item]
    try:
        array = np.asarray(item)
    except ValueError:
        raise ValueError(
            f"expected sequence of equal length in an index, got {type(item).__name__} with ragged rows"
        ) from None
    if array.size == 0:
        return array.astype("int64")
    if array.dtype.kind not in "biu":
        raise (
            _not_an_index(item)
            if array.dtype.kind not in "f"
            else IndexError("tensors used as indices must be long, int, byte or bool tensors")
        )
    return array


def _not_an_index(item: Any) -> IndexError:
    return IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(item).__name__})"
    )


def _takes(item: Any) -> int:
    """How many dimensions of the tensor an entry uses up."""
    if item is None or item is Ellipsis or item.__class__ is bool:
        return 0
    return item.array.ndim if item.__class__ is _Array and item.array.dtype.kind == "b" else 1


def _too_many(shape: tuple, items: list) -> IndexError:
    if not shape and items[0].__class__ is int:
        return IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    if not shape and items[0].__class__ is slice:
        return IndexError("slice() cannot be applied to a 0-dim tensor.")
    return IndexError(explain(f"too many indices for tensor of dimension {len(shape)}", [("tensor", shape, "")]))


class _Reader:
    """Walks through the entries: `at` counts the tensor's dimensions, `place` those that the basic part leaves."""

    def __init__(self, x: Any) -> None:
        self.xp, self.shape = xp_of(x._array), x._array.shape
        self.at = self.place = 0
        self.arrays: dict[int, Any] = {}
        self.watched: list = []
        self.masks = self.integers = 0

    def read(self, item: Any, basic: list, items: list) -> None:
        kind = item.__class__
        if kind is int:
            if not -self.shape[self.at] <= item < self.shape[self.at]:
                raise IndexError(
                    f"index {item} is out of bounds for dimension {self.at} with size {self.shape[self.at]}"
                )
            basic.append(item)
            self.at += 1
        elif kind is slice:
            basic.append(item)
            self._pass(1)
        elif item is None:
            basic.append(None)
            self.place += 1
        elif item is Ellipsis:
            n = len(self.shape) - sum(_takes(i) for i in items)
            n = min(n, len(self.shape) - self.at)
            basic.extend([WHOLE] * n)
            self._pass(n)
        elif kind is bool:
            basic.append(None)
            self.arrays[self.place] = self.xp.zeros(1 if item else 0, dtype="int64")
            self.integers += 1
            self.place += 1
        else:
            self._read_array(item, basic)

    def _pass(self, n: int) -> None:
        self.at += n
        self.place += n

    def _read_array(self, item: _Array, basic: list) -> None:
        array = item.array
        if array.dtype.kind != "b":
            if item.tensor is not None:
                self.watched.extend(watch(item.tensor))
            self.arrays[self.place] = array
            self.integers += 1
            n = 1
        else:
            n = array.ndim
            if array.shape != self.shape[self.at : self.at + n]:
                d = next(d for d in range(n) if array.shape[d] != self.shape[self.at + d])
                raise IndexError(
                    f"The shape of the mask {list(array.shape)} at index {d} does not match the shape of the indexed "
                    "tensor "
                    f"{list(self.shape)} at index {self.at + d}"
                )
            self.arrays[self.place] = array
            self.masks += 1
        basic.extend([WHOLE] * n)
        self._pass(n)

    def positions(self) -> Positions | None:
        if not self.arrays:
            return None
        if self.masks == 1 and not self.integers:
            # a lone mask stays one: NumPy is faster with it. A copy, since torch allows to change it afterwards
            (place, mask), *_ = self.arrays.items()
            return Positions((None,) * place + (mask.copy(),), unique=True)
        arrays: list[Any] = [None] * self.place
        for place, array in self.arrays.items():
            if array.dtype.kind == "b":
                arrays[place : place + array.ndim] = array.nonzero()
            else:
                arrays[place] = array
        while arrays[-1] is None:
            arrays.pop()
        return Positions(tuple(arrays), tuple(self.watched))
