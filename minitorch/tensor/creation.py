"""Making tensors: from data, filled, ranges, and like others.

All factories share `options`: dtype, device, requires_grad, and the arguments that torch takes and that mean nothing
here (layout, pin_memory, memory_format), which are checked rather than ignored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import Backend, dtypes, to_device, to_host
from minitorch.backend import device as Device
from minitorch.tensor import convert
from minitorch.tensor.binding import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class layout:
    """torch.layout: only strided tensors exist here."""

    def __repr__(self) -> str:
        return "torch.strided"


class memory_format:
    """torch.memory_format: accepted where torch takes it; only contiguous and preserve mean anything here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


strided = layout()
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")


def as_size(op: str, size: tuple, named: Any = None) -> tuple[int, ...]:
    """The shape that `f(2, 3)`, `f((2, 3))` or `f(size=(2, 3))` asks for."""
    if named is not None:
        size = (named,)
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    result = []
    for k, n in enumerate(size):
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(
                f"{op}(): argument 'size' must be tuple of ints, but found element of type {type(n).__name__} at pos {k}"
            )
        n = n.__index__()
        if n < 0:
            raise RuntimeError(f"{op}: Trying to create tensor with negative dimension {n}: {list(size)}")
        result.append(n)
    return tuple(result)


def check_options(op: str, layout: Any = None, memory_format: Any = None, pin_memory: bool = False) -> None:
    """Refuse what these arguments could ask for and we don't have."""
    if layout is not None and layout is not strided:
        raise NotImplementedError(f"{op}: layout={layout!r} is not supported; tensors here are strided (dense)")
    if memory_format in (channels_last, channels_last_3d):
        raise NotImplementedError(f"{op}: memory_format={memory_format!r} is not supported; use permute and contiguous")


def check_dtype(op: str, dtype: Any) -> None:
    if dtype is not None and not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"{op}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")


def place(device: Any) -> tuple[Backend, int | None]:
    """The backend and device number that a `device` argument names; None is the CPU."""
    where = _default_device if device is None else device if isinstance(device, Device) else Device(device)
    return where.backend, where.index


_default_device = Device("cpu")


def set_default_device(device: Any) -> None:
    """Make factories without `device=` use this device; None: the CPU."""
    global _default_device
    _default_device = Device("cpu") if device is None else Device(device)


def get_default_device() -> Device:
    return _default_device


def finish(array: Any, requires_grad: bool, out: Any = None, op: str = "") -> Any:
    """The tensor over a new array, or `out` filled with it."""
    t = wrap(array)
    if out is not None:
        return write_out(op, out, t)
    if requires_grad:
        t.requires_grad = True
    return t


def _filled(op: str, fill: Callable[[Any, tuple, Any], Any]) -> Callable:
    """A factory `op(*size, out, dtype, layout, device, requires_grad, ...)` from fill(xp, shape, numpy dtype)."""

    def factory(
        *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False, memory_format: Any = None, **named: Any,
    ) -> Any:  # fmt: skip
        if named.keys() - {"size"}:
            raise TypeError(f"{op}() got an unexpected keyword argument '{min(named.keys() - {'size'})}'")
        check_options(op, layout, memory_format)
        check_dtype(op, dtype)
        shape = as_size(op, size, named.get("size"))
        backend, index = place(device)
        with backend.at(index):
            array = fill(backend.xp, shape, (dtype or dtypes.get_default_dtype()).numpy)
        return finish(array, requires_grad, out, op)

    factory.__name__ = factory.__qualname__ = op
    factory.__doc__ = f"A tensor of shape `size`, filled with {op}; counterpart of torch.{op}."
    return factory


zeros = _filled("zeros", lambda xp, shape, d: xp.zeros(shape, dtype=d))
ones = _filled("ones", lambda xp, shape, d: xp.ones(shape, dtype=d))
empty = _filled("empty", lambda xp, shape, d: xp.empty(shape, dtype=d))


def full(
    size: Sequence[int], fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of shape `size` filled with one value, whose type gives the dtype.

    >>> import minitorch as mt
    >>> mt.full((2,), 7)
    tensor([7, 7])
    """
    check_options("full", layout)
    check_dtype("full", dtype)
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    if dtype is None:
        dtype = dtypes.from_numpy(to_host(fill_value._array).dtype) if isinstance(fill_value, TensorBase) else None
        dtype = dtype or dtypes.scalar_dtype(value)
    backend, index = place(device)
    with backend.at(index):
        array = backend.xp.full(as_size("full", (size,)), value, dtype=dtype.numpy)
    return finish(array, requires_grad, out, "full")


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor."""
    return full((), s, dtype=dtype or dtypes.get_default_dtype(), device=device, requires_grad=requires_grad)


def _like(op: str, fill: Callable[[Any, tuple, Any], Any]) -> Callable:
    def factory(
        input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
        requires_grad: bool = False, memory_format: Any = None,
    ) -> Any:  # fmt: skip
        if not isinstance(input, TensorBase):
            raise TypeError(f"{op}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        check_options(op, layout, memory_format)
        check_dtype(op, dtype)
        where = input.device if device is None else device  # type: ignore[attr-defined]
        backend, index = place(where)
        with backend.at(index):
            array = fill(backend.xp, input._array.shape, input._array.dtype if dtype is None else dtype.numpy)
        return finish(array, requires_grad)

    factory.__name__ = factory.__qualname__ = op
    factory.__doc__ = f"As `{op.removesuffix('_like')}`, with the shape, dtype and device of `input`."
    return factory


zeros_like = _like("zeros_like", lambda xp, shape, d: xp.zeros(shape, dtype=d))
ones_like = _like("ones_like", lambda xp, shape, d: xp.ones(shape, dtype=d))
empty_like = _like("empty_like", lambda xp, shape, d: xp.empty(shape, dtype=d))


def full_like(input: Any, fill_value: Any, **options: Any) -> Tensor:
    """As `full`, with the shape, dtype and device of `input`."""
    t = empty_like(input, **options)
    t._array[...] = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    return t


def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... up to but not including end; `arange(end)` starts at 0.

    int64 if all arguments are integers, else the default dtype.

    >>> import minitorch as mt
    >>> mt.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    check_options("arange", layout)
    check_dtype("arange", dtype)
    start, end, step = (_number(v) for v in (start, end, step))
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"arange: unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("arange: upper bound and lower bound inconsistent with step sign")
    if dtype is None:
        whole = all(isinstance(v, int) for v in (start, end, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    return finish(_to(_range_values(start, end, step, dtype), device), requires_grad, out, "arange")


def _range_values(start: Any, end: Any, step: Any, dtype: dtypes.dtype) -> np.ndarray:
    if dtype.category == 1:
        start, end, step = int(start), int(end), int(step)
        n = -((start - end) // step) if step > 0 else -((end - start) // -step)
        return (start + step * np.arange(max(n, 0), dtype=np.int64)).astype(dtype.numpy)
    n = math.ceil((end - start) / step)
    return (float(start) + float(step) * np.arange(n, dtype=np.float64)).astype(dtype.numpy)


def _number(v: Any) -> Any:
    return v.item() if isinstance(v, (TensorBase, np.generic)) else v


def _to(array: np.ndarray, device: Any) -> Any:
    """Move a host array to where a `device` argument (or the default device) says."""
    where = _default_device if device is None else Device(device)
    return array if where.type == "cpu" else to_device(array, where)


def linspace(
    start: Any, end: Any, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from start to end, both included, evenly spaced."""
    check_options("linspace", layout)
    check_dtype("linspace", dtype)
    values = _spaced("linspace", _number(start), _number(end), steps, dtype)
    return finish(_to(values, device), requires_grad, out, "linspace")


def _spaced(op: str, start: Any, end: Any, steps: int, dtype: Any) -> np.ndarray:
    if steps < 0:
        raise RuntimeError(f"{op}: number of steps must be non-negative")
    if dtype is None:
        is_complex = isinstance(start, complex) or isinstance(end, complex)
        dtype = dtypes.get_default_dtype().to_complex() if is_complex else dtypes.get_default_dtype()
    if dtype.category == 1:
        step = (end - start) / (steps - 1) if steps > 1 else 0.0
        k = np.arange(steps)
        values = np.where(k < steps // 2, start + step * k, end - step * (steps - 1 - k))
        return (values if steps != 1 else np.array([start])).astype(dtype.numpy)
    work = dtype.numpy if dtype.itemsize >= 4 else np.dtype("float32")
    if steps == 1:
        return np.array([start]).astype(dtype.numpy)
    scalar = work.type
    step = (scalar(end) - scalar(start)) / scalar(max(steps - 1, 1))
    k = np.arange(steps).astype(work)
    # from both ends towards the middle, as torch: symmetric rounding
    values = np.where(np.arange(steps) < steps // 2, scalar(start) + step * k, scalar(end) - step * k[::-1])
    return values.astype(dtype.numpy)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """base ** linspace(start, end, steps)."""
    check_options("logspace", layout)
    check_dtype("logspace", dtype)
    dtype = dtype or dtypes.get_default_dtype()
    exponents = _spaced("logspace", _number(start), _number(end), steps, dtypes.float64 if dtype.category < 3 else dtype)
    return finish(_to(np.power(base, exponents).astype(dtype.numpy), device), requires_grad, out, "logspace")


def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """n x m (n x n) with ones on the diagonal."""
    check_options("eye", layout)
    check_dtype("eye", dtype)
    for name, value in (("n", n), ("m", m)):
        if value is not None and value < 0:
            raise RuntimeError(f"eye: {name} must be greater or equal to 0, got {value}")
    array = np.eye(n, n if m is None else m, dtype=(dtype or dtypes.get_default_dtype()).numpy)
    return finish(_to(array, device), requires_grad, out, "eye")


def _triangle(name: str, indices: Callable) -> Callable:
    def factory(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None) -> Any:
        check_options(name, layout)
        if row < 0 or col < 0:
            raise RuntimeError(f"{name}: row and col must be non-negative, got {row} and {col}")
        found = np.stack(indices(row, offset, col)) if row and col else np.zeros((2, 0))
        return finish(_to(found.astype((dtype or dtypes.int64).numpy), device), False)

    factory.__name__ = factory.__qualname__ = name
    factory.__doc__ = f"Indices of a triangle of a row x col matrix, 2 x n; counterpart of torch.{name}."
    return factory


tril_indices = _triangle("tril_indices", np.tril_indices)
triu_indices = _triangle("triu_indices", np.triu_indices)


def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialized tensor with the given strides, counted in elements."""
    shape = as_size("empty_strided", (tuple(size),))
    if len(shape) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {len(shape)} and {len(stride)}")
    np_dtype = (dtype or dtypes.get_default_dtype()).numpy
    span = 1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True) if n)
    backend, index = place(device)
    with backend.at(index):
        flat = backend.xp.empty(span if 0 not in shape else 0, dtype=np_dtype)
        steps = tuple(s * np_dtype.itemsize for s in stride)
        array = backend.xp.lib.stride_tricks.as_strided(flat, shape, steps)
    return finish(array, requires_grad)


class CreationMixin(TensorBase):
    """`x.new_zeros(...)` and its kin: x's dtype and device, unless others are named."""

    __slots__ = ()

    def _new_options(self, options: dict) -> dict:
        options.setdefault("dtype", None)
        options["dtype"] = options["dtype"] or dtypes.from_numpy(self._array.dtype)
        if options.get("device") is None:
            options["device"] = self.device  # type: ignore[attr-defined]
        return options

    def new_zeros(self, *size: Any, **options: Any) -> Tensor:
        """Zeros of shape `size`, with this tensor's dtype and device."""
        return zeros(*size, **self._new_options(options))

    def new_ones(self, *size: Any, **options: Any) -> Tensor:
        """Ones of shape `size`, with this tensor's dtype and device."""
        return ones(*size, **self._new_options(options))

    def new_empty(self, *size: Any, **options: Any) -> Tensor:
        """Uninitialized, of shape `size`, with this tensor's dtype and device."""
        return empty(*size, **self._new_options(options))

    def new_full(self, size: Any, fill_value: Any, **options: Any) -> Tensor:
        """`fill_value` everywhere, of shape `size`, with this tensor's dtype and device."""
        return full(size, fill_value, **self._new_options(options))

    def new_tensor(self, data: Any, **options: Any) -> Tensor:
        """A copy of `data`, with this tensor's dtype and device."""
        return convert.tensor(data, **self._new_options(options))

    def new_empty_strided(self, size: Any, stride: Any, **options: Any) -> Tensor:
        """Uninitialized, with the given strides and this tensor's dtype and device."""
        return empty_strided(size, stride, **self._new_options(options))


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f
    for f in (
        zeros, ones, empty, full, scalar_tensor, zeros_like, ones_like, empty_like, full_like, arange, linspace, logspace,
        eye, tril_indices, triu_indices, empty_strided, set_default_device, get_default_device,
    )  # fmt: skip
}
