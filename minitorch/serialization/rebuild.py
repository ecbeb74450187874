"""Tensors out of storages: the counterparts of torch's `_rebuild_*` functions, which check what a file asks for.

A storage is a stretch of bytes on a device; a tensor is a shape, strides and an offset in it. Tensors of one storage
share its memory, as they did where they were saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.backend import dtypes
from minitorch.nn.parameter import Parameter
from minitorch.ops.memory import view_by_strides
from minitorch.serialization.failure import refused
from minitorch.serialization.unpickler import check_attributes
from minitorch.tensor import Tensor
from minitorch.tensor.storage import TypedStorage


class StorageType:
    """What `torch.FloatStorage` stands for in a file: a dtype; None where the tensor brings it."""

    def __init__(self, dtype: dtypes.dtype | None) -> None:
        self.dtype = dtype


class Storage(TypedStorage):
    """The memory of some tensors: an array of bytes, and the dtype it was saved as (None: bytes)."""

    def __init__(self, memory: Any, kind: dtypes.dtype | None) -> None:
        super().__init__(memory if kind is None else memory.view(kind.numpy))
        self.memory = memory
        self.kind = kind


def rebuild_tensor(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, metadata: Any = None
) -> Any:
    """torch._utils._rebuild_tensor_v2. `metadata` holds the conj and neg bits, which are carried out here."""
    if type(storage) is not Storage or storage.kind is None:
        raise refused(f"A tensor needs a storage with a dtype, but got {type(storage)}.")
    return _tensor(storage, storage.kind, offset, size, stride, requires_grad, metadata)


def rebuild_tensor_of(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any, metadata: Any = None
) -> Any:
    """torch._utils._rebuild_tensor_v3: the tensor brings the dtype of a storage of bytes."""
    if type(storage) is not Storage or not isinstance(dtype, dtypes.dtype):
        raise refused(f"A tensor needs a storage and a dtype, but got {type(storage)} and {type(dtype)}.")
    return _tensor(storage, dtype, offset, size, stride, requires_grad, metadata)


def _tensor(
    storage: Storage, dtype: dtypes.dtype, offset: Any, size: Any, stride: Any, requires_grad: Any, metadata: Any
) -> Any:
    if type(requires_grad) is not bool or type(metadata or {}) is not dict:
        raise refused("A tensor's requires_grad must be a bool, and its metadata a dict.")
    array = _view(storage.memory, dtype, offset, size, stride)
    for bit, on in (metadata or {}).items():
        if bit not in ("conj", "neg"):
            raise refused(f"A tensor's metadata has {bit!r}, which is not known here.")
        if on:
            array = array.conj() if bit == "conj" else -array
    t = wrap(array)
    if requires_grad:
        t.requires_grad = True
    return t


def _view(memory: Any, dtype: dtypes.dtype, offset: Any, size: Any, stride: Any) -> Any:
    """The array of these sizes, strides and offset (in elements), all of which must lie within the memory."""
    if not isinstance(size, tuple) or not isinstance(stride, tuple) or len(size) != len(stride) or len(size) > 64:
        raise refused("A tensor's size and stride must be tuples of one length, 64 at most.")
    if any(type(n) is not int or n < 0 for n in (*size, *stride, offset)):
        raise refused("A tensor's sizes, strides and offset must be integers, and none negative.")
    item, size, stride = dtype.itemsize, tuple(size), tuple(stride)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    end = offset if 0 in size else last + 1
    if end * item > memory.nbytes:
        raise refused(
            f"A tensor of size {size}, stride {stride} and offset {offset} needs {end * item} bytes, but its storage "
            f"has {memory.nbytes}."
        )
    if isinstance(memory, np.ndarray):
        steps = tuple(0 if 0 in size else s * item for s in stride)
        return np.ndarray(size, dtype.numpy, memory, offset * item if 0 not in size else 0, steps)
    return view_by_strides(memory.view(dtype.numpy), size, stride, offset)


def rebuild_parameter(data: Any, requires_grad: Any, hooks: Any) -> Any:
    """torch._utils._rebuild_parameter."""
    if not isinstance(data, Tensor) or type(requires_grad) is not bool:
        raise refused("A parameter is made of a tensor and a bool.")
    return Parameter(data, requires_grad)


def rebuild_parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Any:
    """torch._utils._rebuild_parameter_with_state: a parameter that was given attributes."""
    return _with_attributes(rebuild_parameter(data, requires_grad, hooks), state)


def rebuild_from_type(function: Any, cls: Any, args: Any, state: Any) -> Any:
    """torch._tensor._rebuild_from_type_v2: a tensor that was given attributes, or of a class of the user's."""
    makers = (rebuild_tensor, rebuild_tensor_of, rebuild_parameter)
    if not any(function is f for f in makers) or type(args) is not tuple:
        raise refused("A tensor with attributes is made by one of the functions that make tensors.")
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise refused("The class of a tensor must be a class of tensors.")
    t = function(*args)
    return _with_attributes(t if type(t) is cls else t.as_subclass(cls), state)


def _with_attributes(t: Any, state: Any) -> Any:
    t.__dict__.update(check_attributes(state))
    return t
