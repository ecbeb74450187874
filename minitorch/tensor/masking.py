"""Masks: methods that fill, select or scatter where a boolean tensor is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.failures import broadcast_error
from minitorch.autograd.views import inplace
from minitorch.backend import dtypes
from minitorch.errors import type_error
from minitorch.ops import masking as ops
from minitorch.ops import shape as shape_ops
from minitorch.ops.indexing import broadcast_shape
from minitorch.tensor.binding import function

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class MaskingMixin(TensorBase):
    """Methods with a boolean mask that broadcasts against the tensor."""

    __slots__ = ()

    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """A copy with `value`, a number or 0-d tensor, where mask is true.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).masked_fill(mt.tensor([True, False]), 0)
        tensor([0., 2.])
        """
        by_tensor = _check_fill(self, mask, value)
        return ops.masked_fill(self, mask, value, by_tensor=by_tensor)

    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """In-place version of `masked_fill`."""
        by_tensor = _check_fill(self, mask, value)
        _check_expands("masked_fill_", mask._array.shape, self._array.shape)
        return inplace(ops.masked_fill, self, mask, value, by_tensor=by_tensor)

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where mask is true, as a vector.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).masked_select(mt.tensor([True, False, True]))
        tensor([1, 3])
        """
        if not isinstance(mask, TensorBase):
            raise type_error("masked_select", "mask", 1, "Tensor", mask)
        if mask._array.dtype.kind != "b":
            raise RuntimeError("masked_select: expected BoolTensor for mask")
        t, mask = _together("masked_select", self, mask)
        return ops.masked_select(t, mask)

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """A copy with the first elements of `source`, in order, where mask is true.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).masked_scatter(mt.tensor([True, False, True]), mt.tensor([8, 9]))
        tensor([8, 2, 9])
        """
        t, mask = _together("masked_scatter", self, mask)
        _check_scatter(t, mask, source)
        return ops.masked_scatter(t, mask, source)

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place version of `masked_scatter`."""
        _check_expands("masked_scatter_", mask._array.shape, self._array.shape)
        mask = _together("masked_scatter_", self, mask)[1]
        _check_scatter(self, mask, source)
        return inplace(ops.masked_scatter, self, mask, source)


C_NAMES = {"uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long int",
           "float16": "c10::Half", "float32": "float", "float64": "double"}  # fmt: skip


def _check_fill(t: Any, mask: Any, value: Any) -> bool:
    """Check masked_fill's arguments; True if the value is a tensor."""
    if not isinstance(mask, TensorBase):
        raise type_error("masked_fill", "mask", 1, "Tensor", mask)
    if mask._array.dtype.kind != "b":
        name = dtypes.from_numpy(mask._array.dtype).name
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {C_NAMES.get(name, name)}"
        )
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        if t._array.dtype.kind != "c" and complex(value._array).imag:
            raise RuntimeError(f"value cannot be converted to type {t.dtype} without overflow")
        return True
    if not isinstance(value, (bool, int, float, complex)):
        if not (hasattr(value, "item") and getattr(value, "ndim", 1) == 0):
            raise type_error("masked_fill", "value", 2, "Number or Tensor", value)
    return False


def _check_expands(op: str, have: tuple, want: tuple) -> None:
    if broadcast_shape([have, want]) != want:
        raise broadcast_error(op, [want, have]) or RuntimeError(
            f"{op}: expected self and mask to be expandable to self's shape {list(want)}, but mask has {list(have)}"
        )


def _together(op: str, t: Any, mask: Any) -> tuple[Any, Any]:
    """Both expanded to their common shape."""
    a, b = t._array.shape, mask._array.shape
    if a == b:
        return t, mask
    shape = broadcast_shape([a, b])
    if shape is None:
        raise broadcast_error(op, [a, b]) or RuntimeError(op)
    return (t if a == shape else shape_ops.expand(t, shape=shape)), (
        mask if b == shape else shape_ops.expand(mask, shape=shape)
    )


def _check_scatter(t: Any, mask: Any, source: Any) -> None:
    if not isinstance(source, TensorBase):
        raise type_error("masked_scatter", "source", 2, "Tensor", source)
    have, came, kind = (dtypes.SCALAR_NAME[dtypes.from_numpy(x._array.dtype)] for x in (t, source, mask))
    if have != came:
        raise RuntimeError(f"masked_scatter: expected self and source to have same dtypes but got {have} and {came}")
    if kind != "Bool":
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {kind}")
    if source._array.size < int(mask._array.sum()):
        raise RuntimeError("Number of elements of source < number of ones in mask")


FUNCTIONS: dict[str, Callable] = {
    "masked_fill": function(MaskingMixin.masked_fill),
    "masked_select": function(MaskingMixin.masked_select, out=True),
    "masked_scatter": function(MaskingMixin.masked_scatter),
}
