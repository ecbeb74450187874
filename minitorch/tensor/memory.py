"""Where a tensor lies: strides, storage, copies, fills, and the in-place methods that change shape or memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of, result_at
from minitorch.autograd.primitives import alias
from minitorch.autograd.views import bump, check_inplace, inplace, move_retained
from minitorch.backend import backend_of, device_of, dtypes, xp_of
from minitorch.errors import explain, type_error, wrap_dim
from minitorch.ops import memory as ops
from minitorch.ops import shape as shape_ops
from minitorch.tensor.binding import function
from minitorch.tensor.options import LAST, axes_in_memory, contiguous_format, preserve_format
from minitorch.tensor.sizes import ints, one_or_many
from minitorch.tensor.storage import TypedStorage, UntypedStorage

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class MemoryMixin(TensorBase):
    """Methods about memory rather than values."""

    __slots__ = ()

    # -- where it is -------------------------------------------------------------------------------------------------

    def stride(self, dim: int | None = None) -> Any:
        """How many elements apart neighbors along each dimension lie in memory.

        >>> import minitorch as mt
        >>> mt.ones(2, 3).t().stride()
        (1, 3)
        """
        array = self._array
        if array.size == 0:
            strides = ops.contiguous_strides(array.shape)
        else:
            item = array.dtype.itemsize
            strides = tuple([s // item for s in array.strides])
            if 0 in strides and 1 in array.shape:
                strides = _as_torch_counts(array.shape, strides)
        return strides if dim is None else strides[wrap_dim(dim, array.ndim, "stride")]

    def storage_offset(self) -> int:
        """How many elements of the storage lie before the first one of this tensor."""
        return ops.offset_of(self._array)

    def data_ptr(self) -> int:
        """Address of the first element; 0 if there is none."""
        return backend_of(self._array).pointer(self._array) if self._array.size else 0

    def untyped_storage(self) -> UntypedStorage:
        """The memory, as bytes."""
        return UntypedStorage(self._array)

    def storage(self) -> TypedStorage:
        """The memory, as elements of this dtype."""
        return TypedStorage(self._array)

    def is_set_to(self, tensor: Tensor) -> bool:
        """True if both are the same elements of the same memory."""
        a, b = self._array, tensor._array
        pointer = backend_of(a).pointer
        return a.shape == b.shape and a.strides == b.strides and type(a) is type(b) and pointer(a) == pointer(b)

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """True if the elements lie in row-major order without gaps (or in that of another memory format)."""
        array = self._array
        if memory_format in LAST:
            order = LAST[memory_format]
            return array.ndim == len(order) and array.transpose(order).flags.c_contiguous
        _check_format("is_contiguous", memory_format)
        return array.flags.c_contiguous

    # -- copies ------------------------------------------------------------------------------------------------------

    def contiguous(self, memory_format: Any = contiguous_format) -> Tensor:
        """self if it is contiguous, else a copy that is."""
        if self.is_contiguous(memory_format):
            return self  # type: ignore[return-value]
        return self.clone(memory_format=memory_format)

    def clone(self, *, memory_format: Any = preserve_format) -> Tensor:
        """A copy, through which gradients flow."""
        if memory_format in LAST:
            order = axes_in_memory(self._array.ndim, memory_format)
            last = ops.clone(shape_ops.permute(self, dims=order), order="C")
            return shape_ops.permute(last, dims=tuple(sorted(range(len(order)), key=order.__getitem__)))
        _check_format("clone", memory_format)
        copy = ops.clone(self, order="C" if memory_format is contiguous_format else "K")
        if self._counter is None:
            bump(copy)  # torch counts the copying of an inference tensor as a write
        return copy

    def copy_(self, src: Any, non_blocking: bool = False) -> Tensor:
        """Write the elements of `src`, broadcast and cast, into this tensor. Gradients go to src."""
        if isinstance(src, TensorBase):
            _check_copy(self._array.shape, src._array.shape)
            if type(src._array) is not type(self._array) or device_of(src._array) != device_of(self._array):
                src = src.to(device_of(self._array))  # type: ignore[attr-defined]
            if src.requires_grad and src._array.dtype != self._array.dtype:
                src = src.expand(self._array.shape)  # its gradient is summed in its own dtype, as in torch
        elif not isinstance(src, (bool, int, float, complex)):
            raise type_error("copy_", "other", 1, "Tensor", src)
        return inplace(ops.copy, self, src)

    def fill_(self, value: Any) -> Tensor:
        """Set all elements to a number or the value of a 0-d tensor."""
        return inplace(ops.fill, self, _fill_value("fill_", value))

    def zero_(self) -> Tensor:
        """Set all elements to zero."""
        return inplace(ops.zero, self)

    # -- views by strides ---------------------------------------------------------------------------------------------

    def as_strided(self, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
        """A view of this tensor's whole storage with any sizes, strides and offset (in elements).

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).as_strided((2, 2), (1, 1))
        tensor([[1, 2],
                [2, 3]])
        """
        size, stride, offset = _check_strides("as_strided", self, size, stride, storage_offset)
        layout = (self.stride(), ops.offset_of(self._array))
        return ops.as_strided(self, size=size, stride=stride, storage_offset=offset, layout=layout)

    def as_strided_(self, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
        """Give this tensor other sizes, strides and offset in its storage."""
        size, stride, offset = _check_strides("as_strided_", self, size, stride, storage_offset)
        layout = (self.stride(), ops.offset_of(self._array))
        return reviewed(ops.as_strided, self, size=size, stride=stride, storage_offset=offset, layout=layout)

    def as_strided_scatter(self, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
        """A copy in which what as_strided would show is replaced by `src`.

        Difference from torch: the gradient of the replaced elements is zero; torch passes on src's there.
        """
        size, stride, offset = _check_strides("as_strided_scatter", self, size, stride, storage_offset)
        ops.view_by_strides(self._array, size, stride, offset)  # raises where the storage ends before the view
        if src._array.shape != size:
            raise RuntimeError(
                f"expected src to have a size equal to the slice of self. src size = {list(src._array.shape)}, slice "
                "size = "
                f"{list(size)}"
            )
        layout = (self._array.shape, self.stride(), ops.offset_of(self._array))
        return ops.as_strided_scatter(self, src, view=(size, stride, offset), layout=layout)

    def _view_dtype(self, dtype: dtypes.dtype) -> Tensor:
        """The same bytes as another dtype; not differentiable unless nothing changes."""
        array = self._array
        if array.dtype == dtype.numpy:
            return alias(self)
        old, new = array.dtype.itemsize, dtype.itemsize
        if old != new:
            if array.ndim == 0:
                raise RuntimeError(
                    f"self.dim() cannot be 0 to view {self.dtype!r} as {dtype!r} (different element sizes)"
                )
            if array.shape[-1] * old % new:
                raise RuntimeError(
                    f"self.size(-1) must be divisible by {new // old} to view {self.dtype!r} as {dtype!r} (different "
                    f"element sizes), but got {array.shape[-1]}"
                )
            if array.strides[-1] != old and array.shape[-1] != 1:
                raise RuntimeError(
                    f"self.stride(-1) must be 1 to view {self.dtype!r} as {dtype!r} (different element sizes)"
                )
        t = wrap(array.view(dtype.numpy))
        t._counter = self._counter
        return t

    # -- in place, on shape and memory --------------------------------------------------------------------------------

    def squeeze_(self, dim: Any = None) -> Tensor:
        """In-place version of `squeeze`."""
        ndim = self._array.ndim
        if isinstance(dim, (tuple, list)):
            return reviewed(shape_ops.squeeze, self, dims=tuple(wrap_dim(d, ndim, "squeeze_") for d in dim))
        return reviewed(shape_ops.squeeze, self, dims=None if dim is None else wrap_dim(dim, ndim, "squeeze_"))

    def unsqueeze_(self, dim: int) -> Tensor:
        """In-place version of `unsqueeze`."""
        return reviewed(shape_ops.unsqueeze, self, dim=wrap_dim(dim, self._array.ndim + 1, "unsqueeze_"))

    def transpose_(self, dim0: int, dim1: int) -> Tensor:
        """In-place version of `transpose`."""
        ndim = self._array.ndim
        dim0, dim1 = wrap_dim(dim0, ndim, "transpose_"), wrap_dim(dim1, ndim, "transpose_")
        return reviewed(shape_ops.transpose, self, dim0=dim0, dim1=dim1)

    def swapaxes_(self, axis0: int, axis1: int) -> Tensor:
        """In-place version of `swapaxes`."""
        return self.transpose_(axis0, axis1)

    def swapdims_(self, dim0: int, dim1: int) -> Tensor:
        """In-place version of `swapdims`."""
        return self.transpose_(dim0, dim1)

    def t_(self) -> Tensor:
        """In-place version of `t`."""
        if self._array.ndim > 2:
            raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self._array.ndim}D")
        return reviewed(shape_ops.t, self)

    @one_or_many
    def resize_(self, size: tuple[int, ...], *, memory_format: Any = contiguous_format) -> Tensor:
        """Give this tensor another shape, row-major from its first element; what is added is not initialized.

        Difference from torch: when the memory must grow, tensors that shared it keep the old memory.
        """
        _check_format("resize_", memory_format)
        if edge_of(self) is not None:
            raise RuntimeError("cannot resize variables that require grad")
        if any(n < 0 for n in size):
            raise RuntimeError(f"Trying to create tensor with negative dimension: {list(size)}")
        if size == self._array.shape:
            return self  # type: ignore[return-value]
        check_inplace(self, False)
        old, item = self._array, self._array.dtype.itemsize
        offset, needed = ops.offset_of(old), math.prod(size)
        if (offset + needed) * item <= ops.storage_of(old)[2] or not needed:
            self._array = ops.view_by_strides(old, size, ops.contiguous_strides(size), offset if needed else 0)
        else:
            new = xp_of(old).empty(needed, dtype=old.dtype)
            have = ops.storage_of(old)[2] // item - offset
            if have > 0:
                new[:have] = ops.view_by_strides(old, (have,), (1,), offset)
            self._array = new.reshape(size)
        bump(self)
        return self  # type: ignore[return-value]

    def resize_as_(self, the_template: Tensor, *, memory_format: Any = contiguous_format) -> Tensor:
        """resize_(the_template.shape)."""
        return self.resize_(the_template._array.shape, memory_format=memory_format)

    def set_(self, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
        """Make this tensor one on the memory of `source` (a tensor, or a storage with offset, size and stride)."""
        check_inplace(self, False)
        if source is None:
            self._array = xp_of(self._array).empty(0, dtype=self._array.dtype)
            bump(self)
            return self  # type: ignore[return-value]
        array = source._array
        if array.dtype != self._array.dtype:
            raise RuntimeError(
                f"Could not set tensor of type {dtypes.from_numpy(array.dtype)!r} to a tensor of type {self.dtype!r}"
            )
        if size is not None:
            size = ints("set_", "size", size, 3)
            stride = ops.contiguous_strides(size) if stride is None else ints("set_", "stride", stride, 4)
            array = ops.view_by_strides(array, size, stride, storage_offset)
        elif isinstance(source, UntypedStorage):
            count = source.nbytes() // array.dtype.itemsize
            array = ops.view_by_strides(array, (count,), (1,), 0)
        self._array = array
        bump(self)
        return self  # type: ignore[return-value]


def reviewed(call: Any, t: Any, **settings: Any) -> Any:
    """`t.op_()` for an op that gives a view: t itself becomes that view of its memory, and its history goes on."""
    made = call.op
    edge = edge_of(t) if state.grad else None
    check_inplace(t, edge is not None)
    array = made.forward(t._array, **settings)
    if edge is not None:
        before = result_at(edge, t._array)
        node = made.make_node((before,), settings, (edge,), (t,))
        node.shape, node.dtype = array.shape, array.dtype
        move_retained(t, node)
        t._edge, t._requires_grad = node, True
    t._array = array
    bump(t)
    return t


def _as_torch_counts(shape: tuple, strides: tuple) -> tuple:
    """NumPy gives a new dimension of length one the stride 0, torch that of a contiguous tensor."""
    found, step = list(strides), 1
    for d in reversed(range(len(shape))):
        if shape[d] == 1 and strides[d] == 0:
            found[d] = step
        step = shape[d] * found[d]
    return tuple(found)


def _check_format(op: str, memory_format: Any) -> None:
    if memory_format not in (contiguous_format, preserve_format):
        raise RuntimeError(f"{op}(): unsupported memory format option {memory_format!r}")


def _check_copy(want: tuple, have: tuple) -> None:
    for d in range(1, min(len(want), len(have)) + 1):
        if have[-d] not in (1, want[-d]):
            raise RuntimeError(
                explain(
                    f"copy_: The size of tensor a ({want[-d]}) must match the size of tensor b ({have[-d]}) at "
                    f"non-singleton dimension {max(len(want), len(have)) - d}",
                    [("self", want, ""), ("src", have, "")],
                )
            )
    if len(have) > len(want):
        raise RuntimeError(f"copy_: output with shape {list(want)} doesn't match the broadcast shape {list(have)}")


def _fill_value(op: str, value: Any) -> Any:
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"{op} only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
            )
        return value
    if not isinstance(value, (bool, int, float, complex)):
        if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
            return value.item()
        raise type_error(op, "value", 1, "Number or 0-d Tensor", value)
    return value


def _check_strides(op: str, t: Any, size: Any, stride: Any, offset: int | None) -> tuple[tuple, tuple, int]:
    size, stride = ints(op, "size", size), ints(op, "stride", stride, 2)
    if any(s < 0 and n > 1 for s, n in zip(t._array.strides, t._array.shape, strict=True)):
        raise RuntimeError(
            f"{op}: the tensor has negative strides {list(t.stride())} (it came from such a NumPy array)\n"
            "    hint  .contiguous() makes a copy without"
        )
    if len(size) != len(stride):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {op} got {len(size)} sizes and {len(stride)} strides"
        )
    if any(s < 0 for s in stride):
        raise RuntimeError(f"{op}: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if any(n < 0 for n in size):
        raise RuntimeError(f"{op}: sizes must be non-negative, got {list(size)}")
    if offset is not None and offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    return size, stride, ops.offset_of(t._array) if offset is None else offset


def fill(input: Any, value: Any) -> Tensor:
    """A tensor like `input` with all elements `value`, a number or the value of a 0-d tensor."""
    return ops.fill(input, _fill_value("fill", value))


FUNCTIONS: dict[str, Callable] = {
    "fill": fill,
    "clone": function(MemoryMixin.clone),
    "as_strided": function(MemoryMixin.as_strided),
    "as_strided_": function(MemoryMixin.as_strided_),
    "as_strided_scatter": function(MemoryMixin.as_strided_scatter),
    "fill_": function(MemoryMixin.fill_),
    "zero_": function(MemoryMixin.zero_),
    "resize_as_": function(MemoryMixin.resize_as_),
}
