"""Tensors from data that exists: numbers, lists, NumPy arrays, other tensors, DLPack, buffers."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import device as Device
from minitorch.backend import dtypes, to_device, to_host
from minitorch.backend.device import get_default_device
from minitorch.tensor.nested import array_of
from minitorch.tensor.storage import TypedStorage, UntypedStorage

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
    elif get_default_device().type != "cpu":
        t._array = to_device(t._array, get_default_device())
    return _asking(t, "tensor", requires_grad)


def _asking(t: Any, op: str, requires_grad: bool) -> Any:
    """The new tensor `t`, with requires_grad as asked."""
    if requires_grad.__class__ is not bool:
        raise TypeError(f"{op}(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}")
    if requires_grad:
        t.requires_grad = True
    return t


def host_array(data: Any, dtype: Any = None) -> np.ndarray:
    """A new host array of `data`, in torch's dtype for it or the one given."""
    if dtype is not None:
        dtype = dtypes.as_dtype("tensor", dtype)
    if isinstance(data, TensorBase):
        array = to_host(data._array)
        return np.array(array, dtype=array.dtype if dtype is None else dtype.numpy)
    if isinstance(data, (np.ndarray, np.generic)):
        own = dtypes.from_numpy(np.asarray(data).dtype)
        return np.array(data, dtype=(dtype or own).numpy)  # strides too are kept
    return array_of(data, dtype)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of `data`, sharing memory where possible (tensors and NumPy arrays of the wanted dtype and device).

    >>> import minitorch as mt, numpy as np
    >>> a = np.zeros(2)
    >>> mt.as_tensor(a)[0] = 1
    >>> print(a)
    [1. 0.]
    """
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)  # type: ignore[attr-defined]
    if isinstance(data, np.ndarray):
        t = from_numpy(data)
        if dtype is not None and t.dtype is not dtypes.as_dtype("as_tensor", dtype):
            t = wrap(t._array.astype(dtypes.as_dtype("as_tensor", dtype).numpy))
    else:
        t = wrap(host_array(data, dtype))
    if device is not None:
        t._array = to_device(t._array, Device(device))
    return t


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """As `as_tensor`, with the say over copying: True always copies, False raises if a copy would be needed.

    Also takes objects with the buffer protocol (bytes, array.array), whose memory is read as `dtype`, and with DLPack.
    requires_grad: None keeps what `obj` says; False cuts a tensor off its graph, and is written to a leaf itself.
    """
    source: Any = obj
    if isinstance(obj, (bytes, bytearray, memoryview, array)):
        source = frombuffer(obj, dtype=dtypes.get_default_dtype() if dtype is None else dtype)
    elif (
        not isinstance(obj, (TensorBase, np.ndarray)) and hasattr(obj, "__dlpack__") and not isinstance(obj, np.generic)
    ):
        source = from_dlpack(obj)
    t = as_tensor(source, dtype=dtype, device=device)
    shares = isinstance(source, (np.ndarray, TensorBase)) and np.shares_memory(
        to_host(t._array), source if isinstance(source, np.ndarray) else to_host(source._array)
    )
    if copy and shares:
        t = t.clone()
    elif copy is False and not shares:
        if not isinstance(source, (np.ndarray, TensorBase)):
            raise ValueError("asarray: can't alias arbitrary sequence into a tensor.")
        raise ValueError(
            f"asarray: can't alias tensor into dtype {t.dtype!r} on {t.device}: that needs a copy, but copy=False"
        )
    if requires_grad is None:
        return t
    if not requires_grad and t.grad_fn is not None:
        return t.detach()
    t.requires_grad_(requires_grad)
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
    if not ndarray.flags.writeable:
        import warnings

        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means "
            "writing to this tensor will result in undefined behavior. You may want to copy the array to protect its "
            "data or make it writable before converting it to a tensor.",
            stacklevel=2,
        )
    return wrap(ndarray if type(ndarray) is np.ndarray else ndarray.view(np.ndarray))


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor over the memory of an object with the buffer protocol."""
    np_dtype = dtypes.as_dtype("frombuffer", dtype).numpy
    try:
        length = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError("frombuffer: object does not implement Python buffer protocol.") from None
    size = np_dtype.itemsize
    if length == 0 or count == 0:
        raise ValueError(f"frombuffer: both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"frombuffer: offset ({offset} bytes) must be non-negative and no greater than "
            f"buffer length ({length} bytes) minus 1"
        )
    if count > 0 and offset + count * size > length:
        raise ValueError(
            f"frombuffer: requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({length} bytes)"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"frombuffer: buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({size})"
        )
    return _asking(
        wrap(np.frombuffer(buffer, np_dtype, count if count > 0 else -1, offset)), "frombuffer", requires_grad
    )


class _Writable:
    """The memory of a read-only array (NumPy takes a capsule of the protocol's old form as such), to be written to."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array  # keeps the memory alive
        described = array.__array_interface__
        self.__array_interface__ = {**described, "data": (described["data"][0], False)}


class _Capsule:
    """A bare DLPack capsule of host memory, as an object that speaks the protocol."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares memory with any object that speaks DLPack (torch, NumPy, JAX, CuPy), or with a capsule.

    >>> import minitorch as mt, numpy as np
    >>> mt.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if isinstance(ext_tensor, TensorBase):
        ext_tensor.__dlpack__()  # type: ignore[attr-defined]  # refuses tensors that require grad
        t = wrap(ext_tensor._array)
    else:
        if not hasattr(ext_tensor, "__dlpack__"):
            if type(ext_tensor).__name__ != "PyCapsule":
                raise RuntimeError(
                    f"from_dlpack: expected an object with __dlpack__ or a capsule, got {type(ext_tensor).__name__}"
                )
            ext_tensor = _Capsule(ext_tensor)
        kind = int(ext_tensor.__dlpack_device__()[0])
        shared = Device("cuda" if kind == 2 else "cpu").backend.xp.from_dlpack(ext_tensor)
        if isinstance(shared, np.ndarray) and not shared.flags.writeable:
            shared = np.asarray(_Writable(shared))
        t = wrap(shared)
    if copy:
        t = t.clone()
    elif copy is False and device is not None and Device(device) != t.device:
        raise ValueError(f"from_dlpack: cannot move from {t.device} to {device} without a copy, but copy=False")
    return t if device is None else t.to(device)


def is_storage(obj: Any) -> bool:
    """True for what `untyped_storage()` and `storage()` give.

    >>> import minitorch as mt
    >>> mt.is_storage(mt.ones(2).untyped_storage()), mt.is_storage(mt.ones(2))
    (True, False)
    """
    return isinstance(obj, (TypedStorage, UntypedStorage))


def is_tensor(obj: Any) -> bool:
    """True if obj is a minitorch tensor."""
    return isinstance(obj, TensorBase)


class ConvertMixin(TensorBase):
    """Ways out: a truth value, DLPack."""

    __slots__ = ()

    def is_nonzero(self) -> bool:
        """The truth value of a tensor with one element."""
        return bool(self)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        """A DLPack capsule sharing memory with this tensor."""
        if self.requires_grad:  # type: ignore[attr-defined]
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        array = self._array
        if array.dtype.name == "bfloat16":
            raise BufferError("bfloat16 has no DLPack type in NumPy\n    hint  .view(int16) exports the bits")
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return array.__dlpack__(**{name: value for name, value in options.items() if value is not None})

    def __dlpack_device__(self) -> tuple:
        """(device kind, device number), by DLPack's numbering."""
        return self._array.__dlpack_device__()


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f for f in (tensor, as_tensor, asarray, from_numpy, frombuffer, from_dlpack, is_storage, is_tensor)
}
