"""From a list of samples to one batch (`default_collate`); from NumPy arrays to tensors (`default_convert`)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend.dtypes import float64
from minitorch.tensor import FUNCTIONS, Tensor

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

CollateMap = dict[Any, Callable]


def _is_text(dtype: np.dtype) -> bool:
    """Arrays of strings, bytes and objects: no tensor holds them."""
    return dtype.kind in "SUO"


def rebuild_mapping(like: Mapping, items: dict) -> Any:
    """A mapping of the type of `like` with new values; a plain dict if the type won't have it."""
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)  # keeps what else the object carries
            clone.update(items)
            return clone
        return type(like)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def rebuild_sequence(like: Sequence, items: Iterable) -> Any:
    """A sequence of the type of `like` with new elements; a plain list if the type won't have it."""
    items = list(items)
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        return type(like)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def default_convert(data: Any) -> Any:
    """NumPy arrays and scalars become tensors, also inside mappings and sequences; all else stays as it is.

    What DataLoader does to a sample when batching is off. As in torch, a plain tuple becomes a list.

    >>> from minitorch.utils.data import default_convert
    >>> default_convert({"x": np.array([0, 1]), "name": "zero"})
    {'x': tensor([0, 1]), 'name': 'zero'}
    """
    if isinstance(data, TensorBase):
        return data
    kind = type(data)
    if kind.__module__ == "numpy" and kind.__name__ != "str_":
        if isinstance(data, np.ndarray) and _is_text(data.dtype):
            return data
        return FUNCTIONS["as_tensor"](data)
    if isinstance(data, Mapping):
        return rebuild_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        parts = [default_convert(part) for part in data]
        return kind(*parts) if hasattr(data, "_fields") else parts
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return rebuild_sequence(data, (default_convert(part) for part in data))
    return data


def _handler(element: Any, collate_fn_map: CollateMap) -> Callable | None:
    """The function for an element's own type, else for the first entry of which it is an instance."""
    exact = collate_fn_map.get(type(element))
    if exact is not None:
        return exact
    return next((fn for kind, fn in collate_fn_map.items() if isinstance(element, kind)), None)


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """One batch out of a list of samples, by the functions in `collate_fn_map` and by structure where none applies.

    The map goes from a type (or a tuple of types) to `fn(batch, *, collate_fn_map)`. Mappings, named tuples and
    sequences are collated field by field; as in torch, plain tuples come back as lists.

    >>> from minitorch.utils.data._utils.collate import collate
    >>> collate([{"n": 1}, {"n": 2}], collate_fn_map={int: lambda batch, *, collate_fn_map: sum(batch)})
    {'n': 3}
    """
    element = batch[0]
    fn = _handler(element, collate_fn_map) if collate_fn_map is not None else None
    if fn is not None:
        return fn(batch, collate_fn_map=collate_fn_map)

    def again(samples: Any) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(element, Mapping):
        return rebuild_mapping(element, {key: again([sample[key] for sample in batch]) for key in element})
    if isinstance(element, tuple) and hasattr(element, "_fields"):
        return type(element)(*(again(column) for column in zip(*batch, strict=False)))
    if not isinstance(element, Sequence):
        raise _not_collatable(type(element))
    size = len(element)
    if not all(len(sample) == size for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [again(column) for column in zip(*batch, strict=True)]
    return columns if isinstance(element, tuple) else rebuild_sequence(element, columns)


def _not_collatable(found: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}"
    )


def collate_tensor_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """stack(batch)."""
    rows = _equal_rows(batch)
    return FUNCTIONS["stack"](list(batch), 0) if rows is None else wrap(_stacked(rows))


def _equal_rows(batch: Any) -> list[np.ndarray] | None:
    """The arrays, if they can be joined without the tape and without promotion: the usual case."""
    first = getattr(batch[0], "_array", None)
    if type(first) is not np.ndarray:
        return None
    shape, dtype = first.shape, first.dtype
    rows = []
    for t in batch:  # one plain loop: for sixty samples it is quicker than a set for each question
        if type(t) is not Tensor or t._requires_grad:
            return None
        a = t._array
        if type(a) is not np.ndarray or a.dtype is not dtype or a.shape != shape:
            return None
        rows.append(a)
    return rows


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    """np.stack of arrays of one shape and dtype, without its overhead for each of them."""
    first = rows[0]
    if first.ndim:
        return np.ascontiguousarray(np.concatenate(rows)).reshape(len(rows), *first.shape)
    if first.dtype.char in "?bBhilqfd":  # their Python numbers are exact
        return np.array([a.item() for a in rows], first.dtype)
    return np.stack(rows)


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Arrays: as tensors, which the map then stacks; arrays that are alike are joined before they become a tensor."""
    first = batch[0]
    if _is_text(first.dtype):
        raise _not_collatable(first.dtype)
    as_tensor = FUNCTIONS["as_tensor"]
    shape, dtype = first.shape, first.dtype
    if (
        collate_fn_map is not None
        and collate_fn_map.get(Tensor) is collate_tensor_fn
        and all(
            [type(a) is np.ndarray and a.dtype is dtype and a.shape == shape and a.flags.writeable for a in batch]  # noqa: C419
        )
    ):
        return as_tensor(_stacked(batch))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """NumPy scalars: a tensor of their dtype."""
    return FUNCTIONS["as_tensor"](batch)


def collate_float_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Python floats are double precision, and stay so."""
    return FUNCTIONS["tensor"](batch, dtype=float64)


def collate_int_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Ints (and bools)."""
    return FUNCTIONS["tensor"](batch)


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Strings and bytes stay a list (or the tuple that a field's column is)."""
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Any) -> Any:
    """One batch out of a list of samples: tensors, arrays and numbers gain a first axis, containers go field by field.

    Tensors are stacked; NumPy arrays and scalars become tensors of their dtype; ints become int64, floats float64,
    strings stay a list. Change `default_collate_fn_map` (in `minitorch.utils.data._utils.collate`) to teach it a type.

    >>> import minitorch as mt
    >>> mt.utils.data.default_collate([(mt.zeros(2), 0), (mt.ones(2), 1)])
    [tensor([[0., 0.],
            [1., 1.]]), tensor([0, 1])]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
