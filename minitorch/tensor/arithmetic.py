"""Arithmetic methods and operators of Tensor: + - * / // % ** and the functions of the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.primitives import cast
from minitorch.autograd.views import inplace
from minitorch.backend import dtypes
from minitorch.ops import arithmetic as ops
from minitorch.ops import division, powers
from minitorch.ops.arithmetic import NO_BOOL_SUBTRACTION
from minitorch.tensor.binding import function, inplace_twin
from minitorch.tensor.operators import (
    inplace_operator,
    number_first,
    operand,
    operator,
    reflected,
    result_type,
    scaled,
    tensor_argument,
    twin,
    twin_binary,
)

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def check_sub(x: Any, y: Any) -> None:
    """torch's error for a bool operand of `-`, also where promotion would make it a number."""
    bools = [isinstance(t, bool) or (isinstance(t, TensorBase) and t._array.dtype.kind == "b") for t in (x, y)]
    if any(bools):
        raise RuntimeError(NO_BOOL_SUBTRACTION.format("two bool tensors" if all(bools) else "a bool tensor"))


def check_pow(x: Any, y: Any) -> None:
    """torch's error for negative integer powers, before an unsigned base makes the exponent positive."""
    if isinstance(y, int) and y < 0 and isinstance(x, TensorBase) and x._array.dtype.kind in "biu":
        raise RuntimeError(powers.NEGATIVE_INTEGER_POWER)


def _rounded(op: str, rounding_mode: str | None) -> Callable:
    """The division op for a rounding mode."""
    modes = {None: ops.div, "floor": division.floor_quotient, "trunc": division.trunc_quotient}
    if rounding_mode not in modes:
        raise RuntimeError(
            f"{op} expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return modes[rounding_mode]


_true_division = operator(ops.div)
_floor_division = operator(division.floor_divide)
_remainder = operator(division.remainder)
_power = operator(powers.pow, check_pow)


class ArithmeticMixin(TensorBase):
    __slots__ = ()

    __add__ = __radd__ = operator(ops.add)
    __sub__ = operator(ops.sub, check_sub)
    __rsub__ = operator(ops.rsub, check_sub)
    __mul__ = __rmul__ = operator(ops.mul)
    __truediv__ = __div__ = _true_division
    __floordiv__ = _floor_division
    __mod__ = _remainder
    __pow__ = _power
    __neg__ = ops.neg
    __abs__ = ops.abs
    __rtruediv__ = __rdiv__ = reflected(lambda other, self: ops.reciprocal(self) * other)
    __rfloordiv__ = reflected(division.floor_divide)
    __rmod__ = reflected(division.remainder)
    __rpow__ = reflected(powers.pow)
    __iadd__ = inplace_operator(ops.add)
    __isub__ = inplace_operator(ops.sub, check_sub)
    __imul__ = inplace_operator(ops.mul)
    __itruediv__ = __idiv__ = inplace_operator(ops.div)
    __ifloordiv__ = inplace_operator(division.floor_divide)
    __imod__ = inplace_operator(division.remainder)
    __ipow__ = inplace_operator(powers.pow, check_pow)

    def __pos__(self) -> Tensor:
        return self.positive()

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """self + alpha * other, broadcast and promoted; on bools, or.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).add(mt.tensor([10, 20]), alpha=2)
        tensor([21, 42])
        """
        operand("add", "other", other)
        if alpha.__class__ is not int or alpha != 1:
            other = scaled("add", self, other, alpha)
        return ops.add(self, other)

    def add_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """In-place version of `add`."""
        operand("add_", "other", other)
        if alpha.__class__ is not int or alpha != 1:
            other = scaled("add", self, other, alpha)
        return inplace(ops.add, self, other)

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """self - alpha * other; bools can't be subtracted.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 2.0]).sub(1)
        tensor([2., 1.])
        """
        check_sub(self, operand("sub", "other", other))
        if alpha.__class__ is not int or alpha != 1:
            other = scaled("sub", self, other, alpha)
        return ops.sub(self, other)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """In-place version of `sub`."""
        check_sub(self, operand("sub_", "other", other))
        if alpha.__class__ is not int or alpha != 1:
            other = scaled("sub", self, other, alpha)
        return inplace(ops.sub, self, other)

    def mul(self, other: Any) -> Tensor:
        """self * other, broadcast and promoted; on bools, and.

        >>> import minitorch as mt
        >>> mt.tensor([[1], [2]]).mul(mt.tensor([3, 4]))
        tensor([[3, 4],
                [6, 8]])
        """
        return ops.mul(self, operand("mul", "other", other))

    mul_ = twin_binary(mul, ops.mul)

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """self / other; integers give the default float, unless the quotient is rounded down or towards zero.

        `rounding_mode` is None, "floor" (as Python's `//`) or "trunc" (as C's integer division).

        >>> import minitorch as mt
        >>> mt.tensor([-7, 7]).div(2)
        tensor([-3.5000,  3.5000])
        >>> mt.tensor([-7, 7]).div(2, rounding_mode="trunc")
        tensor([-3,  3])
        """
        return _rounded("div", rounding_mode)(self, operand("div", "other", other))

    def div_(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of `div`."""
        return inplace(_rounded("div", rounding_mode), self, operand("div_", "other", other))

    def true_divide(self, other: Any) -> Tensor:
        """self / other: `div` without rounding."""
        return ops.div(self, operand("true_divide", "other", other))

    true_divide_ = twin_binary(true_divide, ops.div)

    def floor_divide(self, other: Any) -> Tensor:
        """The quotient rounded down, as `//`. Not differentiable; div(rounding_mode="floor") is.

        >>> import minitorch as mt
        >>> mt.tensor([7, -7]).floor_divide(2)
        tensor([ 3, -4])
        """
        return division.floor_divide(self, operand("floor_divide", "other", other))

    floor_divide_ = twin_binary(floor_divide, division.floor_divide)

    def remainder(self, other: Any) -> Tensor:
        """self - other * floor(self / other): Python's `%`, with the sign of `other`.

        >>> import minitorch as mt
        >>> mt.tensor([-3.0, 3.0]).remainder(2)
        tensor([1., 1.])
        """
        return division.remainder(self, operand("remainder", "other", other))

    remainder_ = twin_binary(remainder, division.remainder)

    def fmod(self, other: Any) -> Tensor:
        """self - other * trunc(self / other): C's fmod, with the sign of self.

        >>> import minitorch as mt
        >>> mt.tensor([-3.0, 3.0]).fmod(2)
        tensor([-1.,  1.])
        """
        return division.fmod(self, operand("fmod", "other", other))

    fmod_ = twin_binary(fmod, division.fmod)

    def pow(self, exponent: Any) -> Tensor:
        """self ** exponent. 0 ** 0 is 1; the gradient of the exponent at self = 0 is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 3.0]).pow(2)
        tensor([1., 4., 9.])
        """
        check_pow(self, operand("pow", "exponent", exponent))
        return powers.pow(self, exponent)

    def pow_(self, exponent: Any) -> Tensor:
        """In-place version of `pow`."""
        check_pow(self, operand("pow_", "exponent", exponent))
        return inplace(powers.pow, self, exponent)

    def float_power(self, exponent: Any) -> Tensor:
        """self ** exponent in double precision, whatever the dtypes.

        >>> import minitorch as mt
        >>> mt.tensor([2]).float_power(-1)
        tensor([0.5000], dtype=torch.float64)
        """
        return powers.pow(*_doubles(self, exponent))

    def float_power_(self, exponent: Any) -> Tensor:
        """In-place version of `float_power`; self must be double already."""
        to = _double_type(self, exponent)
        if self._array.dtype != to.numpy:
            have = dtypes.SCALAR_NAME[dtypes.from_numpy(self._array.dtype)]
            raise RuntimeError(
                f"float_power_: the base given to float_power_ has dtype {have} but the operation's result requires "
                f"dtype {dtypes.SCALAR_NAME[to]}"
            )
        return inplace(powers.pow, *_doubles(self, exponent))

    def square(self) -> Tensor:
        """self ** 2.

        >>> import minitorch as mt
        >>> mt.tensor([-2.0, 3.0]).square()
        tensor([4., 9.])
        """
        return powers.pow(self, 2)

    square_ = inplace_twin("square", square, lambda self: inplace(powers.pow, self, 2))

    def neg(self) -> Tensor:
        """-self.

        >>> import minitorch as mt
        >>> mt.tensor([1, -2]).neg()
        tensor([-1,  2])
        """
        return ops.neg(self)

    neg_ = twin(neg, ops.neg)

    def positive(self) -> Tensor:
        """self itself, as unary `+`; an error for bools."""
        if self._array.dtype.kind == "b":
            raise RuntimeError("positive: The `+` operator, on a bool tensor is not supported.")
        return self  # type: ignore[return-value]

    def abs(self) -> Tensor:
        """|self|; real for complex tensors. The derivative at 0 is 0.

        >>> import minitorch as mt
        >>> mt.tensor([-1.5, 2.0]).abs()
        tensor([1.5000, 2.0000])
        """
        return ops.abs(self)

    def abs_(self) -> Tensor:
        """In-place version of `abs`; not for complex tensors, whose absolute values are real."""
        if self._array.dtype.kind == "c":
            raise RuntimeError("abs_: In-place abs is not supported for complex tensors.")
        return inplace(ops.abs, self)

    def reciprocal(self) -> Tensor:
        """1 / self.

        >>> import minitorch as mt
        >>> mt.tensor([2, 4]).reciprocal()
        tensor([0.5000, 0.2500])
        """
        return ops.reciprocal(self)

    reciprocal_ = twin(reciprocal, ops.reciprocal)

    def gcd(self, other: Any) -> Tensor:
        """The greatest common divisor of integers.

        >>> import minitorch as mt
        >>> mt.tensor([12, 18]).gcd(mt.tensor([8, 27]))
        tensor([4, 9])
        """
        return division.gcd(self, tensor_argument("gcd", "other", other))

    gcd_ = twin_binary(gcd, division.gcd, tensors=True)

    def lcm(self, other: Any) -> Tensor:
        """The least common multiple of integers.

        >>> import minitorch as mt
        >>> mt.tensor([4, 6]).lcm(mt.tensor([6, 9]))
        tensor([12, 18])
        """
        return division.lcm(self, tensor_argument("lcm", "other", other))

    lcm_ = twin_binary(lcm, division.lcm, tensors=True)

    subtract, subtract_, multiply, multiply_, divide, divide_ = sub, sub_, mul, mul_, div, div_
    negative, negative_, absolute, absolute_ = neg, neg_, abs, abs_


def _double_type(x: Any, y: Any) -> dtypes.dtype:
    operand("float_power", "exponent", y)
    return dtypes.complex128 if result_type(x, y).is_complex else dtypes.float64


def _doubles(x: Any, y: Any) -> tuple[Any, Any]:
    """Base and exponent of float_power, as doubles."""
    to = _double_type(x, y).numpy
    return tuple(  # type: ignore[return-value]
        cast(t, dtype=to) if isinstance(t, TensorBase) and t._array.dtype != to else t for t in (x, y)
    )


def rsub(input: Any, other: Any, alpha: Any = 1) -> Tensor:
    """other - alpha * input: `sub` with its operands exchanged.

    >>> import minitorch as mt
    >>> mt.rsub(mt.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
    tensor_argument("rsub", "input", input)
    check_sub(input, operand("rsub", "other", other, 2))
    if alpha.__class__ is not int or alpha != 1:
        input = scaled("rsub", other, input, alpha)
    return ops.rsub(input, other)


_WITH_NUMBERS = (
    "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide", "remainder",
    "pow", "float_power",
)  # fmt: skip
_PLAIN = (
    "fmod", "square", "neg", "negative", "abs", "absolute", "reciprocal", "gcd", "lcm",
)  # fmt: skip


FUNCTIONS: dict[str, Callable] = {
    **{n: number_first(function(getattr(ArithmeticMixin, n), name=n, out=True)) for n in _WITH_NUMBERS},
    **{n: function(getattr(ArithmeticMixin, n), name=n, out=True) for n in _PLAIN},
    "positive": function(ArithmeticMixin.positive),
    "rsub": rsub,
}
