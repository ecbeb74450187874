"""Methods of Tensor for rounding, the parts of floating-point numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.ops import arithmetic
from minitorch.ops import rounding as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import operand, tensor_argument, twin, twin_binary
from minitorch.tensor.return_types import named
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

FrexpResult = named("frexp", ("mantissa", "exponent"))


class RoundingMixin(TensorBase):
    __slots__ = ()

    def ceil(self) -> Tensor:
        """The smallest integer not below self.

        >>> import minitorch as mt
        >>> mt.tensor([1.2, -1.2]).ceil()
        tensor([ 2., -1.])
        """
        return ops.ceil(self)

    ceil_ = twin(ceil, ops.ceil)

    def floor(self) -> Tensor:
        """The largest integer not above self.

        >>> import minitorch as mt
        >>> mt.tensor([1.2, -1.2]).floor()
        tensor([ 1., -2.])
        """
        return ops.floor(self)

    floor_ = twin(floor, ops.floor)

    def trunc(self) -> Tensor:
        """self without its fractional part.

        >>> import minitorch as mt
        >>> mt.tensor([1.2, -1.2]).trunc()
        tensor([ 1., -1.])
        """
        return ops.trunc(self)

    trunc_ = twin(trunc, ops.trunc)

    def frac(self) -> Tensor:
        """The fractional part, with the sign of self.

        >>> import minitorch as mt
        >>> mt.tensor([1.25, -1.25]).frac()
        tensor([ 0.2500, -0.2500])
        """
        return ops.frac(self)

    frac_ = twin(frac, ops.frac)

    def round(self, *, decimals: int = 0) -> Tensor:
        """The nearest number with `decimals` decimals; halves go to the even neighbor.

        >>> import minitorch as mt
        >>> mt.tensor([0.5, 1.5, 2.675]).round()
        tensor([0., 2., 3.])
        >>> mt.tensor([1234.0]).round(decimals=-2)
        tensor([1200.])
        """
        return ops.round(self, decimals=integer("round", "decimals", decimals))

    round_ = twin(round, ops.round)

    def sign(self) -> Tensor:
        """-1, 0 or 1; 0 for nan.

        >>> import minitorch as mt
        >>> mt.tensor([-2.0, 0.0, 3.0]).sign()
        tensor([-1.,  0.,  1.])
        """
        return arithmetic.sign(self)

    sign_ = twin(sign, arithmetic.sign)

    def sgn(self) -> Tensor:
        """self / |self|, and 0 at 0: the sign of real numbers, the direction of complex ones.

        >>> import minitorch as mt
        >>> mt.tensor([3 + 4j]).sgn()
        tensor([0.6000+0.8000j])
        """
        return arithmetic.sgn(self)

    sgn_ = twin(sgn, arithmetic.sgn)

    def nan_to_num(self, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """self with nan and infinities replaced: by 0 and the largest and smallest numbers of the dtype unless given.

        >>> import minitorch as mt
        >>> mt.tensor([float("nan"), float("inf"), 1.0]).nan_to_num(posinf=9.0)
        tensor([0., 9., 1.])
        """
        return ops.nan_to_num(self, nan=nan, posinf=posinf, neginf=neginf)

    def nan_to_num_(self, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """In-place version of `nan_to_num`."""
        return inplace(ops.nan_to_num, self, nan=nan, posinf=posinf, neginf=neginf)

    def frexp(self) -> Any:
        """(mantissa, exponent) with self = mantissa * 2**exponent and 0.5 <= |mantissa| < 1.

        >>> import minitorch as mt
        >>> mt.tensor([8.0]).frexp()
        torch.return_types.frexp(
        mantissa=tensor([0.5000]),
        exponent=tensor([4], dtype=torch.int32))
        """
        return FrexpResult(*ops.frexp(self))

    def ldexp(self, other: Any) -> Tensor:
        """self * 2**other.

        >>> import minitorch as mt
        >>> mt.tensor([1.5]).ldexp(mt.tensor([4]))
        tensor([24.])
        """
        return ops.ldexp(self, tensor_argument("ldexp", "other", other))

    ldexp_ = twin_binary(ldexp, ops.ldexp, tensors=True)

    def nextafter(self, other: Any) -> Tensor:
        """The floating-point number next to self in the direction of `other`.

        >>> import minitorch as mt
        >>> (mt.tensor([1.0]).nextafter(mt.tensor([2.0])) - 1) * 2**23
        tensor([1.])
        """
        return ops.nextafter(self, tensor_argument("nextafter", "other", other))

    nextafter_ = twin_binary(nextafter, ops.nextafter, tensors=True)

    def copysign(self, other: Any) -> Tensor:
        """|self| with the sign of `other`, a tensor or number. The gradient at self = 0 is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, -2.0]).copysign(mt.tensor([-0.0, 1.0]))
        tensor([-1.,  2.])
        """
        return ops.copysign(self, operand("copysign", "other", other))

    copysign_ = twin_binary(copysign, ops.copysign)

    def heaviside(self, values: Any) -> Tensor:
        """0 where self < 0, 1 where self > 0, and `values` where self is 0.

        >>> import minitorch as mt
        >>> mt.tensor([-1.5, 0.0, 2.0]).heaviside(mt.tensor(0.5))
        tensor([0.0000, 0.5000, 1.0000])
        """
        return ops.heaviside(self, tensor_argument("heaviside", "values", values))

    def heaviside_(self, values: Any) -> Tensor:
        """In-place version of `heaviside`."""
        return inplace(ops.heaviside, self, tensor_argument("heaviside_", "values", values))

    fix, fix_ = trunc, trunc_


_NAMES = (
    "ceil", "floor", "trunc", "fix", "frac", "round", "sign", "sgn", "nan_to_num", "frexp", "ldexp", "nextafter",
    "copysign", "heaviside",
)  # fmt: skip

FUNCTIONS: dict[str, Callable] = {n: function(getattr(RoundingMixin, n), name=n, out=True) for n in _NAMES}
