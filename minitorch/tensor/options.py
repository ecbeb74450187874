"""What all factories share: sizes, dtype, device, `out=`, and arguments that torch takes and that mean nothing here.

The latter (layout, pin_memory, memory_format) are checked rather than ignored.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import Backend, device_of, dtypes
from minitorch.backend import device as Device
from minitorch.backend.device import get_default_device
from minitorch.backend.streams import visit_axes
from minitorch.errors import type_error
from minitorch.ops.memory import C_NAMES, scalar_for
from minitorch.tensor.out import write_out


class layout:
    """torch.layout: how a tensor keeps its elements; factories make strided ones."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format:
    """torch.memory_format: accepted where torch takes it; the order of a tensor's axes in memory."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided, sparse_coo = layout("strided"), layout("sparse_coo")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
LAST = {
    channels_last: (0, 2, 3, 1),
    channels_last_3d: (0, 2, 3, 4, 1),
}  # the axes in the order in which memory has them


def as_size(op: str, size: tuple, named: dict | None = None) -> tuple[int, ...]:
    """The shape that `f(2, 3)`, `f((2, 3))` or `f(size=(2, 3))` asks for; `named`: the keyword arguments left over."""
    if named:
        named = dict(named)
        given = named.pop("size", None)
        if named:
            raise TypeError(f"{op}() got an unexpected keyword argument '{min(named)}'")
        if size:
            raise TypeError(f"{op}() got multiple values for argument 'size'")
        size = (given,)
    elif not size:
        raise TypeError(f'{op}() missing 1 required positional arguments: "size"')
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    result = []
    for k, n in enumerate(size):
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(
                f"{op}(): argument 'size' must be tuple of ints, but found element of type "
                f"{type(n).__name__} at pos {k}"
            )
        result.append(n.__index__())
    if any(n < 0 for n in result):
        raise RuntimeError(f"{op}: Trying to create tensor with negative dimension {min(result)}: {result}")
    return tuple(result)


def check_options(op: str, layout: Any = None, pin_memory: bool = False) -> None:
    """Refuse what these arguments could ask for and we don't have."""
    if layout is not None and layout is not strided:
        raise NotImplementedError(f"{op}: layout={layout!r} is not supported; tensors here are strided (dense)")


def axes_in_memory(ndim: int, memory_format: Any) -> tuple[int, ...]:
    """The axes from the one with the widest steps to the one with the narrowest; RuntimeError for another rank."""
    order = LAST.get(memory_format, tuple(range(ndim)))
    if len(order) != ndim:
        raise RuntimeError(f"required rank {len(order)} tensor to use {str(memory_format).split('.')[-1]} format")
    return order


def empty_in_order(xp: Any, shape: tuple[int, ...], axes: tuple[int, ...], dtype: Any) -> Any:
    """An uninitialized array of that shape, dense, whose axes lie in memory in the order given."""
    dense = xp.empty(tuple(shape[axis] for axis in axes), dtype=dtype)
    return dense.transpose(tuple(sorted(range(len(axes)), key=axes.__getitem__)))


def check_dtype(op: str, dtype: Any) -> dtypes.dtype | None:
    """The dtype asked for; Python's float, int and bool stand for float64, int64 and bool."""
    return None if dtype is None else dtypes.as_dtype(op, dtype)


def out_dtype(op: str, out: Any, dtype: Any, default: dtypes.dtype | None = None) -> dtypes.dtype:
    """The dtype to make: the one asked for, which must be `out`'s; else out's, else the default."""
    dtype = check_dtype(op, dtype)
    if out is None:
        return dtype or default or dtypes.get_default_dtype()
    if not isinstance(out, TensorBase):
        raise TypeError(f"{op}(): argument 'out' must be Tensor, not {type(out).__name__}")
    have = dtypes.from_numpy(out._array.dtype)
    if dtype is not None and dtype is not have:
        names = dtypes.SCALAR_NAME
        raise RuntimeError(f"{op}: dtype {names[dtype]} does not match dtype of out parameter ({names[have]})")
    return have


def place(device: Any) -> tuple[Backend, int | None]:
    """The backend and device number that a `device` argument names; None is the default device."""
    where = get_default_device() if device is None else device if isinstance(device, Device) else Device(device)
    return where.backend, where.index


def finish(array: Any, requires_grad: bool, out: Any = None, op: str = "") -> Any:
    """The tensor over a new array, or `out` filled with it."""
    if requires_grad.__class__ is not bool:
        raise TypeError(f"{op}(): argument 'requires_grad' must be bool, not {type(requires_grad).__name__}")
    t = wrap(array)
    if out is not None:
        return write_out(op, out, t)
    if requires_grad:
        t.requires_grad = True
    return t


def blank(
    op: str, shape: tuple[int, ...], out: Any, dtype: Any, layout: Any, device: Any, memory_format: Any = None
) -> Any:
    """An uninitialized tensor for a factory to fill: `out`, resized, or a new one."""
    check_options(op, layout)
    dtype = out_dtype(op, out, dtype)
    if out is not None:
        return out if out._array.shape == shape else out.resize_(shape)
    backend, index = place(device)
    with backend.at(index):
        if memory_format in LAST:
            return wrap(empty_in_order(backend.xp, shape, axes_in_memory(len(shape), memory_format), dtype.numpy))
        return wrap(backend.xp.empty(shape, dtype=dtype.numpy))


def blank_like(op: str, input: Any, dtype: Any, layout: Any, device: Any, memory_format: Any) -> Any:
    """An uninitialized tensor like `input`, dense, with its axes in the same order in memory unless told otherwise."""
    if not isinstance(input, TensorBase):
        raise type_error(op, "input", 1, "Tensor", input)
    check_options(op, layout)
    dtype = check_dtype(op, dtype)
    source = input._array
    if memory_format is None or memory_format is preserve_format:
        axes = visit_axes(source.strides, source.shape)
    else:
        axes = axes_in_memory(source.ndim, memory_format)
    backend, index = place(device_of(source) if device is None else device)
    with backend.at(index):
        return wrap(empty_in_order(backend.xp, source.shape, axes, source.dtype if dtype is None else dtype.numpy))


def number(op: str, name: str, value: Any) -> Any:
    """A Python number, from a number or a 0-d tensor; TypeError in torch's words for anything else."""
    if isinstance(value, TensorBase) and value._array.ndim == 0:
        return value.item()  # type: ignore[attr-defined]
    if isinstance(value, (bool, int, float, complex)):
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
            raise OverflowError(f"{op}(): argument '{name}': int too big to convert")
        return value
    if not isinstance(value, TensorBase) and getattr(value, "ndim", None) == 0:
        return value.item()
    raise TypeError(f"{op}(): argument '{name}' must be Number, not {type(value).__name__}")


def fill_array(array: Any, value: Any) -> None:
    """Write a Python number everywhere, by torch's rules for what a dtype can hold."""
    largest = {"e": 65504.0, "f": 3.4028234663852886e38}.get(array.dtype.char)
    try:
        value = scalar_for(array, value)
        if largest is not None and largest < abs(value) < float("inf"):
            raise OverflowError(value)
    except (OverflowError, ValueError):
        name = C_NAMES.get(array.dtype.char, array.dtype.name)
        raise RuntimeError(f"value cannot be converted to type {name} without overflow") from None
    array[...] = value
