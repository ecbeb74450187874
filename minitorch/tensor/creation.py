"""Making tensors: filled, uninitialized, and like others. Ranges are in ranges.py, data in convert.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.backend.device import get_default_device, set_default_device
from minitorch.errors import type_error
from minitorch.tensor import convert, ranges
from minitorch.tensor.options import (
    as_size,
    blank,
    blank_like,
    channels_last,
    channels_last_3d,
    check_dtype,
    check_options,
    contiguous_format,
    fill_array,
    finish,
    layout,
    memory_format,
    number,
    place,
    preserve_format,
    sparse_coo,
    strided,
)
from minitorch.tensor.size import Size
from minitorch.tensor.sizes import ints

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "CreationMixin", "FUNCTIONS", "channels_last", "channels_last_3d", "contiguous_format", "layout", "memory_format",
    "preserve_format", "sparse_coo", "strided",
]  # fmt: skip


def _filled(op: str, value: Any, doc: str) -> Callable:
    """A factory `op(*size, out, dtype, layout, device, requires_grad, ...)`; value None: uninitialized."""

    def factory(
        *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None, **named: Any,
    ) -> Any:  # fmt: skip
        if memory_format is not None and value is not None:
            raise TypeError(f"{op}() got an unexpected keyword argument 'memory_format'")
        if memory_format is preserve_format:
            raise RuntimeError(f"{op}: unsupported memory format Preserve")
        t = blank(op, as_size(op, size, named), out, dtype, layout, device, memory_format)
        if out is not None:
            return t if value is None else t.fill_(value)
        if value is not None:
            t._array.fill(value)
        return finish(t._array, requires_grad, None, op)

    factory.__name__ = factory.__qualname__ = op
    factory.__doc__ = doc
    return factory


zeros = _filled("zeros", 0, "Zeros of shape `size`: zeros(2, 3) or zeros((2, 3)).")
ones = _filled("ones", 1, "Ones of shape `size`: ones(2, 3) or ones((2, 3)).")
empty = _filled("empty", None, "A tensor of shape `size` whose elements are whatever the memory held.")


def full(
    size: Sequence[int], fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of shape `size` filled with one value, whose type gives the dtype.

    >>> import minitorch as mt
    >>> mt.full((2,), 7)
    tensor([7, 7])
    """
    if not isinstance(size, (tuple, list)):
        raise type_error("full", "size", 1, "tuple of ints", size)
    value = number("full", "fill_value", fill_value)
    if dtype is None and out is None:
        dtype = dtypes.scalar_dtype(value)
    t = blank("full", as_size("full", (size,)), out, dtype, layout, device)
    if out is not None:
        return t.fill_(value)
    fill_array(t._array, value)
    return finish(t._array, requires_grad, None, "full")


def scalar_tensor(s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
                  requires_grad: bool = False) -> Tensor:  # fmt: skip
    """A 0-d tensor."""
    dtype = check_dtype("scalar_tensor", dtype) or dtypes.get_default_dtype()
    return full((), s, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def _like(op: str, value: Any) -> Callable:
    def factory(
        input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
        requires_grad: bool = False, memory_format: Any = None,
    ) -> Any:  # fmt: skip
        t = blank_like(op, input, dtype, layout, device, memory_format)
        if value is not None:
            t._array[...] = value
        return finish(t._array, requires_grad, None, op)

    factory.__name__ = factory.__qualname__ = op
    factory.__doc__ = f"As `{op.removesuffix('_like')}`, with the shape, dtype, device and memory order of `input`."
    return factory


zeros_like = _like("zeros_like", 0)
ones_like = _like("ones_like", 1)
empty_like = _like("empty_like", None)


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """As `full`, with the shape, dtype, device and memory order of `input`."""
    t = blank_like("full_like", input, dtype, layout, device, memory_format)
    fill_array(t._array, number("full_like", "fill_value", fill_value))
    return finish(t._array, requires_grad, None, "full_like")


def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialized tensor with the given strides, counted in elements."""
    check_options("empty_strided", layout)
    dtype = check_dtype("empty_strided", dtype)
    shape, stride = as_size("empty_strided", (tuple(size),)), ints("empty_strided", "stride", stride, 2)
    if len(shape) != len(stride):
        raise RuntimeError(
            f"empty_strided: dimensionality of sizes ({len(shape)}) must match "
            f"dimensionality of strides ({len(stride)})"
        )
    if any(s < 0 for s in stride):
        raise RuntimeError(
            f"empty_strided: strides must not be negative, got sizes={list(shape)}, strides={list(stride)}"
        )
    np_dtype = (dtype or dtypes.get_default_dtype()).numpy
    span = 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True))
    backend, index = place(device)
    with backend.at(index):
        flat = backend.xp.empty(span, dtype=np_dtype)
        array = backend.xp.lib.stride_tricks.as_strided(flat, shape, tuple(s * np_dtype.itemsize for s in stride))
    return finish(array, requires_grad, None, "empty_strided")


def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialized dense tensor whose dims lie in memory in the order `physical_layout`, outermost first."""
    shape, order = (
        as_size("empty_permuted", (tuple(size),)),
        ints("empty_permuted", "physical_layout", physical_layout, 2),
    )
    if len(order) != len(shape):
        raise RuntimeError(
            f"empty_permuted: Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for d in order:
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"empty_permuted: Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d})"
            )
    if len(set(order)) != len(order):
        raise RuntimeError("empty_permuted: Duplicate dim not allowed")
    t = blank("empty_permuted", tuple(shape[d] for d in order), None, dtype, layout, device)
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return finish(t._array.transpose(back), requires_grad, None, "empty_permuted")


class CreationMixin(TensorBase):
    """`x.new_zeros(...)` and its kin: x's dtype and device, unless others are named."""

    __slots__ = ()

    @property
    def layout(self) -> Any:
        """Always strided."""
        return strided

    def _new_options(self, options: dict) -> dict:
        if options.get("dtype") is None:
            options["dtype"] = dtypes.from_numpy(self._array.dtype)
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
        """A copy of `data`, with this tensor's dtype and device.

        >>> import minitorch as mt
        >>> mt.ones(1).new_tensor([1, 2])
        tensor([1., 2.])
        """
        return convert.tensor(data, **self._new_options(options))

    def new_empty_strided(self, size: Any, stride: Any, **options: Any) -> Tensor:
        """Uninitialized, with the given strides and this tensor's dtype and device."""
        return empty_strided(size, stride, **self._new_options(options))

    def new(self, *args: Any, device: Any = None, **named: Any) -> Tensor:
        """Legacy: `new(2, 3)` is uninitialized, `new([1, 2])` a copy of data, in this tensor's dtype."""
        options = self._new_options({"device": device})
        return legacy_new(options["dtype"], options["device"], args, named)


def legacy_new(dtype: dtypes.dtype, device: Any, args: tuple, named: dict, any_dtype: bool = False) -> Any:
    """torch's old constructors: sizes give uninitialized memory, a sequence its data, a tensor an alias of it.

    any_dtype: the alias may have another dtype (the constructor of Tensor itself).
    """
    if named.keys() - {"size", "data"}:
        raise TypeError(f"new() got an unexpected keyword argument '{min(named.keys() - {'size', 'data'})}'")
    if "size" in named:
        return empty(tuple(named["size"]), dtype=dtype, device=device)
    args = args or ((named["data"],) if "data" in named else ())
    first = args[0] if len(args) == 1 else 0
    if isinstance(first, TensorBase):
        have = dtypes.from_numpy(first._array.dtype)
        if have is not dtype and not any_dtype:
            raise TypeError(f"new(): expected a tensor of {dtype!r}, got {have!r}\n    hint  .to({dtype!r}) converts")
        return first.detach()
    if isinstance(first, (bool, float, complex)):
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    if isinstance(first, Size):
        return empty(first, dtype=dtype, device=device)
    if hasattr(first, "__index__") and not hasattr(first, "__array__"):
        return empty(*(args or (0,)), dtype=dtype, device=device)
    return convert.tensor(first, dtype=dtype, device=device)


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f
    for f in (
        zeros,
        ones,
        empty,
        full,
        scalar_tensor,
        zeros_like,
        ones_like,
        empty_like,
        full_like,
        empty_strided,
        empty_permuted,
        set_default_device,
        get_default_device,
    )  # fmt: skip
} | ranges.FUNCTIONS
