"""Tensors from data that exists: numbers, lists, NumPy arrays, other tensors, DLPack, buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import device as Device
from minitorch.backend import dtypes, to_device, to_host

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf tensor with a copy of `data` (numbers, nested lists, NumPy arrays, tensors).

    Python floats get the default dtype, ints int64, bools bool, complex numbers the default's complex dtype; arrays and
    tensors keep theirs.

    >>> import minitorch as mt
    >>> mt.tensor([[1, 2], [3, 4]]).dtype
    torch.int64
    """
    if isinstance(data, TensorBase):
        import warnings

        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            stacklevel=2,
        )
        device = data.device if device is None else device  # type: ignore[attr-defined]
    t = wrap(host_array(data, dtype))
    if device is not None:
        t._array = to_device(t._array, Device(device))
    if requires_grad:
        t.requires_grad = True
    return t


def host_array(data: Any, dtype: Any = None) -> np.ndarray:
    """A new host array of `data`, in torch's dtype for it or the one given."""
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"tensor(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    if isinstance(data, TensorBase):
        array = to_host(data._array)
        return np.array(array, dtype=array.dtype if dtype is None else dtype.numpy)
    if isinstance(data, (np.ndarray, np.generic)):
        own = dtypes.from_numpy(np.asarray(data).dtype)
        return np.array(data, dtype=(dtype or own).numpy, order="C")
    array = _from_nested(data)
    if dtype is None:
        dtype = _inferred(data, array)
    if array.dtype.kind == "f" and dtype.category == 1 and not np.all(np.isfinite(array)):
        raise ValueError("cannot convert float NaN or infinity to integer")
    return np.array(array, dtype=dtype.numpy, order="C")


def _inferred(data: Any, array: np.ndarray) -> dtypes.dtype:
    if array.dtype.kind in "fc" and not _has_typed(data):
        default = dtypes.get_default_dtype()
        return default.to_complex() if array.dtype.kind == "c" else default
    return dtypes.from_numpy(array.dtype) if array.dtype.kind != "i" or _has_typed(data) else dtypes.int64


def _has_typed(data: Any) -> bool:
    """True if the first number in nested lists brings a NumPy or tensor dtype of its own."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic, TensorBase))


def _from_nested(data: Any) -> np.ndarray:
    """An array of nested lists; ragged lists and foreign objects are torch's errors."""
    if isinstance(data, str) or data is None:
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'" if data is not None else "Could not infer dtype of NoneType")
    if isinstance(data, (list, tuple)) and _contains_tensors(data):
        data = _to_lists(data)
    elif hasattr(data, "__array__"):
        return np.asarray(data)
    try:
        array = np.asarray(data)
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long long") from None
    except (ValueError, TypeError):
        raise ValueError(_ragged(data)) from None
    if array.dtype.kind in "OUSVM":
        if array.dtype.kind == "O" and _all_ints(data):
            raise RuntimeError("Overflow when unpacking long long")
        inner = data
        while isinstance(inner, (list, tuple)) and inner:
            inner = inner[0]
        raise TypeError(f"new(): invalid data type '{type(inner).__name__}'" if isinstance(inner, str) else f"Could not infer dtype of {type(inner).__name__}")
    if array.size == 0 and array.dtype == np.float64:
        return array.astype(np.float64)
    return array


def _all_ints(data: Any) -> bool:
    return all(_all_ints(d) for d in data) if isinstance(data, (list, tuple)) else isinstance(data, int)


def _contains_tensors(data: Any) -> bool:
    return any(isinstance(d, TensorBase) or (isinstance(d, (list, tuple)) and _contains_tensors(d)) for d in data)


def _to_lists(data: Any) -> Any:
    if isinstance(data, TensorBase):
        return to_host(data._array)
    return [_to_lists(d) for d in data] if isinstance(data, (list, tuple)) else data


def _ragged(data: Any) -> str:
    """torch's message for lists of unequal length: which dimension, what was expected, what came."""
    depth = 0
    level = [data]
    while level and all(isinstance(d, (list, tuple)) for d in level):
        lengths = [len(d) for d in level]
        odd = next((n for n in lengths if n != lengths[0]), None)
        if odd is not None:
            return f"expected sequence of length {lengths[0]} at dim {depth} (got {odd})"
        level = [d for row in level for d in row]
        depth += 1
    return "too many dimensions or mixed numbers and sequences in nested lists"


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of `data`, sharing memory where possible (tensors and NumPy arrays of the wanted dtype and device)."""
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)  # type: ignore[attr-defined]
    if isinstance(data, np.ndarray):
        t = from_numpy(data)
        if dtype is not None and t.dtype is not dtype:
            t = wrap(t._array.astype(dtype.numpy))
    else:
        t = wrap(host_array(data, dtype))
    if device is not None:
        t._array = to_device(t._array, Device(device))
    return t


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False) -> Tensor:
    """As `as_tensor`, with the say over copying: True always copies, False raises if a copy would be needed."""
    t = as_tensor(obj, dtype=dtype, device=device)
    shares = isinstance(obj, (np.ndarray, TensorBase)) and np.shares_memory(
        to_host(t._array), obj if isinstance(obj, np.ndarray) else to_host(obj._array)
    )
    if copy and shares:
        t = wrap(t._array.copy())
    elif copy is False and not shares:
        raise ValueError("can't alias arbitrary sequence into a tensor." if not hasattr(obj, "shape") else "asarray: a copy is needed, but copy=False")
    if requires_grad:
        t = t.detach()
        t.requires_grad = True
    return t


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array.

    >>> import minitorch as mt, numpy as np
    >>> a = np.zeros(2)
    >>> t = mt.from_numpy(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.from_numpy(ndarray.dtype)  # refuses what torch refuses
    if not ndarray.dtype.isnative:
        raise ValueError("given numpy array has byte order different from the native byte order. Conversion between byte orders is currently not supported.")
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing "
            "to this tensor will result in undefined behavior. You may want to copy the array to protect its data or make "
            "it writable before converting it to a tensor.",
            stacklevel=2,
        )
    return wrap(ndarray if type(ndarray) is np.ndarray else ndarray.view(np.ndarray))


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor over the memory of an object with the buffer protocol."""
    if count == 0 or len(memoryview(buffer).cast("B")) == 0:
        raise ValueError(f"both buffer length ({len(memoryview(buffer).cast('B'))}) and count ({count}) must not be 0")
    t = wrap(np.frombuffer(buffer, dtype=dtype.numpy, count=count, offset=offset))
    t.requires_grad = requires_grad
    return t


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares memory with any object that speaks DLPack (torch, NumPy, JAX, CuPy)."""
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(f"from_dlpack: expected an object with __dlpack__, got {type(ext_tensor).__name__}")
    kind = ext_tensor.__dlpack_device__()[0]
    backend = Device("cuda" if int(kind) == 2 else "cpu").backend
    if isinstance(ext_tensor, TensorBase):
        return ext_tensor.detach()  # type: ignore[attr-defined]
    array = backend.xp.from_dlpack(ext_tensor)
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        array = np.lib.stride_tricks.as_strided(array, array.shape, array.strides, writeable=True)
    t = wrap(array)
    if copy:
        t = wrap(array.copy())
    return t if device is None else t.to(device)


def is_tensor(obj: Any) -> bool:
    """True if obj is a minitorch tensor."""
    return isinstance(obj, TensorBase)


class ConvertMixin(TensorBase):
    """DLPack on the way out."""

    __slots__ = ()

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None) -> Any:
        """A DLPack capsule sharing memory with this tensor."""
        if self.requires_grad:  # type: ignore[attr-defined]
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        array = self._array
        if array.dtype.kind == "b" and not hasattr(array, "__dlpack__"):
            raise BufferError("Can't export bool tensors")
        if stream is None:
            return array.__dlpack__() if max_version is None else array.__dlpack__(max_version=max_version)
        return array.__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple:
        """(device kind, device number), by DLPack's numbering."""
        return self._array.__dlpack_device__()


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f for f in (tensor, as_tensor, asarray, from_numpy, frombuffer, from_dlpack, is_tensor)
}
