"""Changing dtype and device: `.to`, `.float()`, `.cuda()`, `.type()` and the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.op import op
from minitorch.autograd.primitives import cast
from minitorch.backend import device as Device
from minitorch.backend import device_of, dtypes, to_device
from minitorch.tensor import convert, creation
from minitorch.tensor.options import check_options

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@op(node="ToCopyBackward0")
def transfer(x: Any, *, device: Any, source: Any) -> Any:
    """x, which lives on `source`, on another device."""
    return to_device(x, device)


@transfer.vjp("x")
def _(g: Any, device: Any, source: Any) -> Any:
    return transfer(g, device=source, source=device)


def _cast_method(name: str, to: dtypes.dtype) -> Callable:
    def method(self: Any, memory_format: Any = None) -> Any:
        check_options(name, None, memory_format)
        return self if self._array.dtype == to.numpy else cast(self, dtype=to.numpy)

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

        Gives self itself when nothing changes, unless copy=True.
        """
        dtype, device, copy = _parse_to(args, kwargs)
        result: Any = self
        if dtype is not None and self._array.dtype != dtype.numpy:
            result = cast(result, dtype=dtype.numpy)
        if device is not None and not _is_on(result._array, device):
            result = transfer(result, device=device, source=device_of(result._array))
        if copy and result is self:
            return self.clone()  # type: ignore[attr-defined]
        return result

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """The legacy type name ('torch.FloatTensor'), or self cast to a dtype or legacy type."""
        if dtype is None:
            prefix = "torch." if device_of(self._array).type == "cpu" else "torch.cuda."
            return f"{prefix}{dtypes.SCALAR_NAME[dtypes.from_numpy(self._array.dtype)]}Tensor"
        if isinstance(dtype, str):
            found = dtypes.from_legacy(dtype)
            if found is None:
                raise ValueError(f"invalid type: '{dtype}'")
            return self.to(device="cuda" if ".cuda." in dtype else "cpu", dtype=found)
        legacy = getattr(dtype, "legacy_dtype", None)
        return self.to(dtype=legacy if legacy is not None else dtype)

    def type_as(self, other: Any) -> Tensor:
        """self with other's dtype and device."""
        return self.to(other)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """self in host memory."""
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: Any = False, memory_format: Any = None) -> Tensor:
        """self on a CUDA device."""
        return self.to(device="cuda" if device is None else device)

    def pin_memory(self, device: Any = None) -> Tensor:
        """self in page-locked host memory; needs a CUDA device, else self."""
        return self  # type: ignore[return-value]

    def is_pinned(self, device: Any = None) -> Any:
        return False


def _is_on(array: Any, device: Any) -> Any:
    here = device_of(array)
    return here.type == device.type and (device.index is None or here.index == device.index)


def _parse_to(args: tuple, kwargs: dict) -> tuple:
    """(dtype, device, copy) out of to()'s overloads."""
    kwargs = dict(kwargs)
    copy = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)
    check_options("to", None, kwargs.pop("memory_format", None))
    dtype, device, other = kwargs.pop("dtype", None), kwargs.pop("device", None), kwargs.pop("other", None)
    if kwargs:
        raise TypeError(f"to() received an invalid keyword argument '{next(iter(kwargs))}'")
    rest = list(args)
    if other is not None:
        rest.insert(0, other)
    for k, a in enumerate(rest):
        if isinstance(a, TensorBase) and k == 0:
            dtype, device = dtypes.from_numpy(a._array.dtype), device_of(a._array)
        elif isinstance(a, dtypes.dtype):
            dtype = a
        elif isinstance(a, (str, Device)) or (isinstance(a, int) and not isinstance(a, bool) and k == 0):
            device = a
        elif isinstance(a, bool):
            copy = a if k == len(rest) - 1 and any(isinstance(b, bool) for b in rest[:k]) else copy
        elif a is not None:
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(a).__name__})")
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"to(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    if device is not None and not isinstance(device, Device):
        device = Device(device)
    if device is not None:
        device.backend  # noqa: B018 - says what is missing if the device can't be used
    return dtype, device, copy


class legacy_type:
    """`FloatTensor`, `LongTensor`, ...: torch's old constructors, which are also types for isinstance and `.type()`."""

    def __init__(self, name: str, dtype: dtypes.dtype, device: str = "cpu") -> None:
        self.__name__ = name
        self.legacy_dtype = dtype
        self.device_name = device

    def __call__(self, *args: Any) -> Any:
        if len(args) == 1 and not isinstance(args[0], int):
            data = args[0]
            if isinstance(data, TensorBase):
                return data.to(self.legacy_dtype)  # type: ignore[attr-defined]
            return convert.tensor(data, dtype=self.legacy_dtype, device=self.device_name)
        return creation.empty(*(args or (0,)), dtype=self.legacy_dtype, device=self.device_name)

    def __instancecheck__(self, t: Any) -> Any:
        return isinstance(t, TensorBase) and dtypes.from_numpy(t._array.dtype) is self.legacy_dtype

    def __repr__(self) -> str:
        return f"<class 'torch.{self.__name__}'>"


LEGACY_TYPES = {f"{name}Tensor": legacy_type(f"{name}Tensor", dtypes._LEGACY[name]) for name in dtypes._LEGACY if name[:2] not in ("Co", "BF")}

FUNCTIONS: dict[str, Callable] = {}
