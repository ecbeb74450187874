"""Methods and operators of Tensor for bits: & | ^ ~ << >>."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import compare as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import inplace_operator, number_first, operand, operator, reflected, twin, twin_binary

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class BitsMixin(TensorBase):
    __slots__ = ()

    __and__ = __rand__ = operator(ops.bitwise_and)
    __or__ = __ror__ = operator(ops.bitwise_or)
    __xor__ = __rxor__ = operator(ops.bitwise_xor)
    __lshift__ = operator(ops.bitwise_left_shift)
    __rshift__ = operator(ops.bitwise_right_shift)
    __rlshift__ = reflected(ops.bitwise_left_shift)
    __rrshift__ = reflected(ops.bitwise_right_shift)
    __iand__ = inplace_operator(ops.bitwise_and)
    __ior__ = inplace_operator(ops.bitwise_or)
    __ixor__ = inplace_operator(ops.bitwise_xor)
    __ilshift__ = inplace_operator(ops.bitwise_left_shift)
    __irshift__ = inplace_operator(ops.bitwise_right_shift)

    def __invert__(self) -> Tensor:
        if self._array.dtype.kind not in "biu":
            raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
        return ops.bitwise_not(self)

    def bitwise_and(self, other: Any) -> Tensor:
        """The bits set in both. On bools, the logical operation.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).bitwise_and(mt.tensor([3, 4]))
        tensor([1, 0])
        """
        return ops.bitwise_and(self, operand("bitwise_and", "other", other))

    bitwise_and_ = twin_binary(bitwise_and, ops.bitwise_and)

    def bitwise_or(self, other: Any) -> Tensor:
        """The bits set in one or both. On bools, the logical operation.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).bitwise_or(mt.tensor([3, 4]))
        tensor([3, 6])
        """
        return ops.bitwise_or(self, operand("bitwise_or", "other", other))

    bitwise_or_ = twin_binary(bitwise_or, ops.bitwise_or)

    def bitwise_xor(self, other: Any) -> Tensor:
        """The bits set in exactly one. On bools, the logical operation.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).bitwise_xor(mt.tensor([3, 4]))
        tensor([2, 6])
        """
        return ops.bitwise_xor(self, operand("bitwise_xor", "other", other))

    bitwise_xor_ = twin_binary(bitwise_xor, ops.bitwise_xor)

    def bitwise_not(self) -> Tensor:
        """All bits inverted; on bools, not.

        >>> import minitorch as mt
        >>> mt.tensor([0, 5]).bitwise_not()
        tensor([-1, -6])
        """
        return ops.bitwise_not(self)

    bitwise_not_ = twin(bitwise_not, ops.bitwise_not)

    def bitwise_left_shift(self, other: Any) -> Tensor:
        """self * 2**other, 0 once all bits have left.

        >>> import minitorch as mt
        >>> mt.tensor([1, 3]).bitwise_left_shift(2)
        tensor([ 4, 12])
        """
        return ops.bitwise_left_shift(self, operand("bitwise_left_shift", "other", other))

    bitwise_left_shift_ = twin_binary(bitwise_left_shift, ops.bitwise_left_shift)

    def bitwise_right_shift(self, other: Any) -> Tensor:
        """self / 2**other, rounded down.

        >>> import minitorch as mt
        >>> mt.tensor([8, -3]).bitwise_right_shift(1)
        tensor([ 4, -2])
        """
        return ops.bitwise_right_shift(self, operand("bitwise_right_shift", "other", other))

    bitwise_right_shift_ = twin_binary(bitwise_right_shift, ops.bitwise_right_shift)


_NAMES = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")

FUNCTIONS: dict[str, Callable] = {
    **{n: number_first(function(getattr(BitsMixin, n), out=True)) for n in _NAMES},
    "bitwise_not": function(BitsMixin.bitwise_not, out=True),
}
