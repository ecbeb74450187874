"""Questions about tensors and dtypes that are functions in torch: result_type, can_cast, is_complex, numel, ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import device_of, dtypes
from minitorch.backend.device import set_default_device
from minitorch.errors import type_error


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of an arithmetic result of two operands: tensors or Python numbers.

    >>> import minitorch as mt
    >>> mt.result_type(mt.tensor([1, 2]), 1.0)
    torch.float32
    """
    operands = []
    for x in (tensor1, tensor2):
        if isinstance(x, TensorBase):
            operands.append((dtypes.from_numpy(x._array.dtype), 0 if x._array.ndim else 1))
        elif isinstance(x, (bool, int, float, complex)):
            operands.append((dtypes.scalar_dtype(x), 2))
        else:
            raise TypeError(f"result_type(): arguments must be Tensor or Number, not {type(x).__name__}")
    return dtypes.result_dtype(operands)


def _dtype_argument(op: str, name: str, position: int, value: Any) -> dtypes.dtype:
    if not isinstance(value, dtypes.dtype):
        raise type_error(op, name, position, "torch.dtype", value)
    return value


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """True if a result of dtype `from_` may be stored in a tensor of dtype `to`: never down a category.

    >>> import minitorch as mt
    >>> mt.can_cast(mt.float64, mt.float32), mt.can_cast(mt.float32, mt.int64)
    (True, False)
    """
    return dtypes.can_cast(_dtype_argument("can_cast", "from_", 1, from_), _dtype_argument("can_cast", "to", 2, to))


def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The smallest dtype that both fit in, by torch's lattice.

    >>> import minitorch as mt
    >>> mt.promote_types(mt.int64, mt.float16)
    torch.float16
    """
    first = _dtype_argument("promote_types", "type1", 1, type1)
    return dtypes.promote_types(first, _dtype_argument("promote_types", "type2", 2, type2))


def set_default_tensor_type(t: Any) -> None:
    """Legacy form of set_default_dtype: takes 'torch.DoubleTensor' or the type; a CUDA type sets the device too."""
    if isinstance(t, str):
        found = dtypes.from_legacy(t)
        if found is None:
            raise ModuleNotFoundError(f"set_default_tensor_type: invalid type: '{t}'")
        device = "cuda" if ".cuda." in t else "cpu"
    elif hasattr(t, "device_name"):
        found, device = t.dtype, t.device_name
    else:
        raise TypeError("invalid type object: only floating-point types are supported as the default type")
    if not found.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    dtypes.set_default_dtype(found)
    set_default_device(device if device == "cuda" else None)


def _ask(name: str, answer: Callable[[Any], Any], doc: str) -> Callable:
    """`name(input)`, which needs a tensor."""

    def query(input: Any) -> Any:
        if not isinstance(input, TensorBase):
            raise type_error(name, "input", 1, "Tensor", input)
        return answer(input)

    query.__name__ = query.__qualname__ = name
    query.__doc__ = doc
    return query


def is_same_size(input: Any, other: Any) -> bool:
    """True if both tensors have the same shape."""
    for k, x in enumerate((input, other)):
        if not isinstance(x, TensorBase):
            raise type_error("is_same_size", ("input", "other")[k], k + 1, "Tensor", x)
    return tuple(input._array.shape) == tuple(other._array.shape)


def _number_of_device(t: Any) -> int:
    index = device_of(t._array).index
    return -1 if index is None else index


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f for f in (result_type, can_cast, promote_types, set_default_tensor_type, is_same_size)
} | {
    name: _ask(name, answer, doc)
    for name, answer, doc in (
        (
            "is_floating_point",
            lambda t: t.dtype.is_floating_point,
            "True if the dtype is a floating one (not complex).",
        ),
        ("is_complex", lambda t: t._array.dtype.kind == "c", "True if the dtype is complex."),
        ("is_signed", lambda t: t.dtype.is_signed, "True if the dtype holds negative numbers."),
        ("is_nonzero", bool, "The truth value of a tensor with one element."),
        ("is_inference", lambda t: t._counter is None, "True if the tensor was made in inference mode."),
        ("numel", lambda t: t._array.size, "The number of elements."),
        ("get_device", _number_of_device, "The CUDA device's number; -1 on the CPU."),
    )
}
