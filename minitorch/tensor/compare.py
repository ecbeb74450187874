"""Methods and operators of Tensor for comparisons, tests and logic; and `where`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import compare as ops
from minitorch.ops.kinds import scalar_name
from minitorch.tensor import bits
from minitorch.tensor.binding import function
from minitorch.tensor.operators import (
    like_number,
    operand,
    operator,
    result_type,
    tensor_argument,
    twin,
    twin_binary,
)
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class CompareMixin(bits.BitsMixin):
    __slots__ = ()
    __hash__ = TensorBase.__hash__  # a class that defines __eq__ loses it

    __eq__ = operator(ops.eq)
    __ne__ = operator(ops.ne)
    __lt__ = operator(ops.lt)
    __le__ = operator(ops.le)
    __gt__ = operator(ops.gt)
    __ge__ = operator(ops.ge)

    def eq(self, other: Any) -> Tensor:
        """self == other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).eq(2)
        tensor([False,  True, False])
        """
        return ops.eq(self, operand("eq", "other", other))

    eq_ = twin_binary(eq, ops.eq_)

    def ne(self, other: Any) -> Tensor:
        """self != other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).ne(2)
        tensor([ True, False,  True])
        """
        return ops.ne(self, operand("ne", "other", other))

    ne_ = twin_binary(ne, ops.ne_)

    def lt(self, other: Any) -> Tensor:
        """self < other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).lt(2)
        tensor([ True, False, False])
        """
        return ops.lt(self, operand("lt", "other", other))

    lt_ = twin_binary(lt, ops.lt_)

    def le(self, other: Any) -> Tensor:
        """self <= other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).le(2)
        tensor([ True,  True, False])
        """
        return ops.le(self, operand("le", "other", other))

    le_ = twin_binary(le, ops.le_)

    def gt(self, other: Any) -> Tensor:
        """self > other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).gt(2)
        tensor([False, False,  True])
        """
        return ops.gt(self, operand("gt", "other", other))

    gt_ = twin_binary(gt, ops.gt_)

    def ge(self, other: Any) -> Tensor:
        """self >= other, a bool for each element.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).ge(2)
        tensor([False,  True,  True])
        """
        return ops.ge(self, operand("ge", "other", other))

    ge_ = twin_binary(ge, ops.ge_)

    def isnan(self) -> Tensor:
        """True where self is nan.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan")]).isnan()
        tensor([False,  True])
        """
        return ops.isnan(self)

    def isinf(self) -> Tensor:
        """True where self is inf or -inf.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, -float("inf")]).isinf()
        tensor([False,  True])
        """
        return ops.isinf(self)

    def isfinite(self) -> Tensor:
        """True where self is neither nan nor infinite.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan")]).isfinite()
        tensor([ True, False])
        """
        return ops.isfinite(self)

    def isposinf(self) -> Tensor:
        """True where self is inf.

        >>> import minitorch as mt
        >>> mt.tensor([float("inf"), -float("inf")]).isposinf()
        tensor([ True, False])
        """
        return ops.isposinf(self)

    def isneginf(self) -> Tensor:
        """True where self is -inf.

        >>> import minitorch as mt
        >>> mt.tensor([float("inf"), -float("inf")]).isneginf()
        tensor([False,  True])
        """
        return ops.isneginf(self)

    def isreal(self) -> Tensor:
        """True where the imaginary part is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1 + 0j, 1j]).isreal()
        tensor([ True, False])
        """
        return ops.isreal(self)

    def signbit(self) -> Tensor:
        """True where the sign bit is set, as in -0.0.

        >>> import minitorch as mt
        >>> mt.tensor([-0.0, 0.0]).signbit()
        tensor([ True, False])
        """
        return ops.signbit(self)

    def logical_and(self, other: Any) -> Tensor:
        """True where both are not zero.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 0]).logical_and(mt.tensor([3, 0, 0]))
        tensor([ True, False, False])
        """
        return ops.logical_and(self, tensor_argument("logical_and", "other", other))

    logical_and_ = twin_binary(logical_and, ops.logical_and, tensors=True)

    def logical_or(self, other: Any) -> Tensor:
        """True where one is not zero.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 0]).logical_or(mt.tensor([3, 0, 0]))
        tensor([ True,  True, False])
        """
        return ops.logical_or(self, tensor_argument("logical_or", "other", other))

    logical_or_ = twin_binary(logical_or, ops.logical_or, tensors=True)

    def logical_xor(self, other: Any) -> Tensor:
        """True where exactly one is not zero.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 0]).logical_xor(mt.tensor([3, 0, 0]))
        tensor([False,  True, False])
        """
        return ops.logical_xor(self, tensor_argument("logical_xor", "other", other))

    logical_xor_ = twin_binary(logical_xor, ops.logical_xor, tensors=True)

    def logical_not(self) -> Tensor:
        """True where self is zero.

        >>> import minitorch as mt
        >>> mt.tensor([1, 0]).logical_not()
        tensor([False,  True])
        """
        return ops.logical_not(self)

    logical_not_ = twin(logical_not, ops.logical_not)

    def isclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
        """|self - other| <= atol + rtol * |other|; equal infinities are close, nans if `equal_nan`.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 1.1]).isclose(mt.tensor([1.000001, 1.0]))
        tensor([ True, False])
        """
        tensor_argument("isclose", "other", other)
        for name, value in (("rtol", rtol), ("atol", atol)):
            if value < 0:
                raise RuntimeError(f"isclose: {name} must be greater than or equal to zero, but got {value}")
        return ops.isclose(self, other, rtol=rtol, atol=atol, equal_nan=equal_nan)

    def allclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
        """True if all elements are close, as `isclose` has it.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).allclose(mt.tensor([1.0, 2.000001]))
        True
        """
        return bool(CompareMixin.isclose(self, other, rtol, atol, equal_nan)._array.all())

    def equal(self, other: Any) -> bool:
        """True if both tensors have the same shape and equal elements.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).equal(mt.tensor([1, 2]))
        True
        """
        tensor_argument("equal", "other", other)
        return self._array.shape == other._array.shape and bool(ops.eq(self, other)._array.all())

    def where(self, condition: Any, other: Any) -> Tensor:
        """self where `condition` holds, else `other`: the function `where(condition, self, other)`.

        >>> import minitorch as mt
        >>> x = mt.tensor([-1.0, 2.0])
        >>> x.where(x > 0, 0)
        tensor([0., 2.])
        """
        return where(condition, self, other)

    greater, greater_, greater_equal, greater_equal_ = gt, gt_, ge, ge_
    less, less_, less_equal, less_equal_ = lt, lt_, le, le_
    not_equal, not_equal_ = ne, ne_


def where(condition: Any, input: Any = None, other: Any = None, *, out: Any = None) -> Any:
    """`input` where `condition` holds, else `other`; with `condition` alone, the indices where it holds.

    `input` and `other` are tensors or numbers; all three broadcast. The gradient of what is not chosen is exactly 0.

    >>> import minitorch as mt
    >>> mt.where(mt.tensor([True, False]), mt.tensor([1.0, 2.0]), 0)
    tensor([1., 0.])
    >>> mt.where(mt.tensor([0, 3, 4]))
    (tensor([1, 2]),)
    """
    tensor_argument("where", "condition", condition)
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    operand("where", "input", input, 2)
    operand("where", "other", other, 3)
    if condition._array.dtype.kind != "b":
        if condition._array.dtype.kind != "u":
            raise RuntimeError(
                "where: expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{scalar_name(condition._array)}\n    hint  write the condition out: x != 0"
            )
        warnings.warn("where received a uint8 condition tensor; use a boolean condition instead", stacklevel=2)
        condition = condition != 0
    if not isinstance(input, TensorBase) and not isinstance(other, TensorBase):
        input = like_number(input, condition, result_type(input, other))
    result = ops.where(condition, input, other)
    return result if out is None else write_out("where", out, result, (input, other))


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False, out: Any = None
) -> Any:
    """True where an element of `elements` is one of `test_elements` (where it is none, if `invert`).

    Either may be a number. `assume_unique` promises that neither has repetitions, which is faster.

    >>> import minitorch as mt
    >>> mt.isin(mt.tensor([1, 2, 3]), mt.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    operand("isin", "elements", elements)
    operand("isin", "test_elements", test_elements, 2)
    if not isinstance(elements, TensorBase):
        tensor_argument("isin", "test_elements", test_elements, 2)
        elements = like_number(elements, test_elements, result_type(elements))
    elif not isinstance(test_elements, TensorBase):
        test_elements = like_number(test_elements, elements, result_type(test_elements))
    result = ops.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)
    return result if out is None else write_out("isin", out, result)


_WITH_OUT = (
    "eq", "ne", "lt", "le", "gt", "ge", "greater", "greater_equal", "less", "less_equal", "not_equal", "isposinf",
    "isneginf", "signbit", "logical_and", "logical_or", "logical_xor", "logical_not",
)  # fmt: skip
_PLAIN = ("isnan", "isinf", "isfinite", "isreal", "isclose", "allclose", "equal")

FUNCTIONS: dict[str, Callable] = {
    **{n: function(getattr(CompareMixin, n), name=n, out=True) for n in _WITH_OUT},
    **{n: function(getattr(CompareMixin, n)) for n in _PLAIN},
    **bits.FUNCTIONS,
    "where": where,
    "isin": isin,
}
