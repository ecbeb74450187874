"""Changing dtype and device: `.to`, `.float()`, `.cuda()`, `.type()` and the rest."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.op import op
from minitorch.autograd.primitives import cast
from minitorch.backend import device as Device
from minitorch.backend import device_of, dtypes, to_device
from minitorch.backend.later import settle
from minitorch.errors import type_error
from minitorch.tensor import creation, queries
from minitorch.tensor.creation import preserve_format

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@op(node="ToCopyBackward0")
def transfer(x: Any, *, device: Any, source: Any) -> Any:
    """x, which lives on `source`, on another device."""
    return to_device(x, device)


@transfer.vjp("x")
def _(g: Any, device: Any, source: Any) -> Any:
    return transfer(g, device=source, source=device)


def _cast(t: Any, to: dtypes.dtype) -> Any:
    """t in another dtype; gradients flow to floating and complex ones only."""
    return cast(t if to.category >= 2 else t.detach(), dtype=to.numpy)


def _in_format(t: Any, memory_format: Any) -> Any:
    """t in this order in memory; torch's preserve_format says that the order stays as it is."""
    return t if memory_format is preserve_format else t.contiguous(memory_format=memory_format)


def _cast_method(name: str, to: dtypes.dtype) -> Callable:
    def method(self: Any, memory_format: Any = None) -> Any:
        result = self if self._array.dtype == to.numpy else _cast(self, to)
        return result if memory_format is None else _in_format(result, memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"self as {to!r}; self itself if it is that already."
    return method


class CastsMixin(TensorBase):
    __slots__ = ()

    float = _cast_method("float", dtypes.float32)
    double = _cast_method("double", dtypes.float64)
    half = _cast_method("half", dtypes.float16)
    bfloat16 = _cast_method("bfloat16", dtypes.bfloat16)
    long = _cast_method("long", dtypes.int64)
    int = _cast_method("int", dtypes.int32)
    short = _cast_method("short", dtypes.int16)
    char = _cast_method("char", dtypes.int8)
    byte = _cast_method("byte", dtypes.uint8)
    bool = _cast_method("bool", dtypes.bool_)
    cfloat = _cast_method("cfloat", dtypes.complex64)
    cdouble = _cast_method("cdouble", dtypes.complex128)

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """self with another dtype and/or device: to(dtype), to(device), to(device, dtype), to(other).

        Gives self itself when nothing changes, unless copy=True. memory_format asks for an order in memory.
        """
        layout = kwargs.pop("memory_format", None)
        dtype, device, copy = _parse_to(args, kwargs)
        result: Any = self
        if dtype is not None and self._array.dtype != dtype.numpy:
            result = _cast(result, dtype)
        if device is not None and not _is_on(result._array, device):
            settle()
            result = transfer(result, device=device, source=device_of(result._array))
        if copy and result is self:
            result = self.clone()  # type: ignore[attr-defined]
        return result if layout is None else _in_format(result, layout)

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """The legacy type name ('torch.FloatTensor'), or self cast to a dtype or legacy type.

        >>> import minitorch as mt
        >>> mt.ones(1).type(), mt.ones(1).type(mt.int64).type()
        ('torch.FloatTensor', 'torch.LongTensor')
        """
        if dtype is None:
            prefix = "torch." if device_of(self._array).type == "cpu" else "torch.cuda."
            return f"{prefix}{dtypes.SCALAR_NAME[dtypes.from_numpy(self._array.dtype)]}Tensor"
        if isinstance(dtype, dtypes.dtype):
            return self.to(dtype=dtype)
        if isinstance(dtype, legacy_type):
            return self.to(device=dtype.device_name, dtype=dtype.dtype)
        if isinstance(dtype, builtins.type) and issubclass(dtype, TensorBase):
            return self.to(device="cpu", dtype=dtypes.get_default_dtype())
        if not isinstance(dtype, (str, builtins.type)):
            raise TypeError("type(): dtype must be a type, str, or dtype object")
        found = dtypes.from_legacy(dtype) if isinstance(dtype, str) and dtype.startswith("torch.") else None
        if found is None or not isinstance(dtype, str):
            raise ValueError(f"invalid type: '{dtype if isinstance(dtype, str) else dtype.__name__}'")
        return self.to(device="cuda" if ".cuda." in dtype else "cpu", dtype=found)

    def type_as(self, other: Tensor) -> Tensor:
        """self with other's dtype and device."""
        if not isinstance(other, TensorBase):
            raise type_error("type_as", "other", 1, "Tensor", other)
        return self.to(other)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """self in host memory."""
        return self.to(device="cpu", memory_format=memory_format)

    def cuda(self, device: Any = None, non_blocking: Any = False, memory_format: Any = None) -> Tensor:
        """self on a CUDA device."""
        return self.to(device="cuda" if device is None else device, memory_format=memory_format)

    def pin_memory(self, device: Any = None) -> Tensor:
        """self in page-locked host memory; needs a CUDA device, else self."""
        return self  # type: ignore[return-value]

    def is_pinned(self, device: Any = None) -> Any:
        return False


def _is_on(array: Any, device: Any) -> Any:
    here = device_of(array)
    return here.type == device.type and (device.index is None or here.index == device.index)


def _parse_to(args: tuple, kwargs: dict) -> tuple:
    """(dtype, device, copy) out of to()'s overloads: (dtype), (device, dtype), (other); non_blocking, copy."""
    named = dict(kwargs)
    rest = list(args)
    first = rest[0] if rest else named.get("other")
    dtype = device = None
    if isinstance(first, TensorBase):
        rest[:1] = []
        named.pop("other", None)
        dtype, device = dtypes.from_numpy(first._array.dtype), device_of(first._array)
    elif isinstance(first, dtypes.dtype) or first in (builtins.float, builtins.int, builtins.bool):
        dtype = dtypes.as_dtype("to", rest.pop(0))
    elif rest and (
        first is None or (isinstance(first, (str, Device, builtins.int)) and not isinstance(first, builtins.bool))
    ):
        device = rest.pop(0)
        dtype = rest.pop(0) if rest and not isinstance(rest[0], builtins.bool) else None
    device, dtype = named.pop("device", device), named.pop("dtype", dtype)
    flags = dict(zip(("non_blocking", "copy"), rest, strict=False))
    copy = named.pop("copy", flags.get("copy", False))
    named.pop("non_blocking", None)
    if named or len(rest) > 2 or not all(isinstance(flag, builtins.bool) for flag in (*rest, copy)):
        came = ", ".join(
            [builtins.type(a).__name__ for a in args] + [f"{n}={builtins.type(v).__name__}" for n, v in kwargs.items()]
        )
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({came}), but expected (dtype), (device, dtype) "
            "or (other), each with non_blocking and copy"
        )
    dtype = None if dtype is None else dtypes.as_dtype("to", dtype)
    if device is not None and not isinstance(device, Device):
        device = Device(device)
    if device is not None:
        device.backend  # noqa: B018 - says what is missing if the device can't be used
    return dtype, device, copy


class legacy_type:
    """`FloatTensor`, `LongTensor`, ...: torch's old constructors, which are also types for isinstance and `.type()`."""

    def __init__(self, name: str, dtype: dtypes.dtype, device: str = "cpu") -> None:
        self.__name__ = name
        self.dtype = dtype
        self.device_name = device

    def __call__(self, *args: Any, device: Any = None, **named: Any) -> Any:
        return creation.legacy_new(self.dtype, device or self.device_name, args, named, self.__name__ == "Tensor")

    def __instancecheck__(self, t: Any) -> Any:
        return (
            isinstance(t, TensorBase)
            and dtypes.from_numpy(t._array.dtype) is self.dtype
            and device_of(t._array).type == self.device_name
        )

    def __repr__(self) -> str:
        return f"<class 'torch.{'cuda.' if self.device_name == 'cuda' else ''}{self.__name__}'>"


_NAMES = [f"{name}Tensor" for name in dtypes._LEGACY if not name.startswith("Complex")]
LEGACY_TYPES = {name: legacy_type(name, dtypes._LEGACY[name.removesuffix("Tensor")]) for name in _NAMES}
CUDA_LEGACY_TYPES = {name: legacy_type(name, LEGACY_TYPES[name].dtype, "cuda") for name in _NAMES}

FUNCTIONS: dict[str, Callable] = queries.FUNCTIONS
