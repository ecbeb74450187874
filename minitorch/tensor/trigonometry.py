"""Methods of Tensor for circular and hyperbolic functions and their inverses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import trigonometry as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import tensor_argument, twin, twin_binary

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class TrigonometryMixin(TensorBase):
    __slots__ = ()

    def sin(self) -> Tensor:
        """The sine, self in radians.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).sin()
        tensor([0.0000, 0.8415])
        """
        return ops.sin(self)

    sin_ = twin(sin, ops.sin)

    def cos(self) -> Tensor:
        """The cosine, self in radians.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).cos()
        tensor([1.0000, 0.5403])
        """
        return ops.cos(self)

    cos_ = twin(cos, ops.cos)

    def tan(self) -> Tensor:
        """The tangent, self in radians.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).tan()
        tensor([0.0000, 1.5574])
        """
        return ops.tan(self)

    tan_ = twin(tan, ops.tan)

    def asin(self) -> Tensor:
        """The angle in [-pi/2, pi/2] whose sine is self; nan outside [-1, 1].

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).asin()
        tensor([0.0000, 1.5708])
        """
        return ops.asin(self)

    asin_ = twin(asin, ops.asin)

    def acos(self) -> Tensor:
        """The angle in [0, pi] whose cosine is self; nan outside [-1, 1].

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).acos()
        tensor([1.5708, 0.0000])
        """
        return ops.acos(self)

    acos_ = twin(acos, ops.acos)

    def atan(self) -> Tensor:
        """The angle in (-pi/2, pi/2) whose tangent is self.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).atan()
        tensor([0.0000, 0.7854])
        """
        return ops.atan(self)

    atan_ = twin(atan, ops.atan)

    def sinh(self) -> Tensor:
        """The hyperbolic sine, (e**self - e**-self) / 2.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).sinh()
        tensor([0.0000, 1.1752])
        """
        return ops.sinh(self)

    sinh_ = twin(sinh, ops.sinh)

    def cosh(self) -> Tensor:
        """The hyperbolic cosine, (e**self + e**-self) / 2.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).cosh()
        tensor([1.0000, 1.5431])
        """
        return ops.cosh(self)

    cosh_ = twin(cosh, ops.cosh)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent: from -1 to 1.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).tanh()
        tensor([0.0000, 0.7616])
        """
        return ops.tanh(self)

    tanh_ = twin(tanh, ops.tanh)

    def asinh(self) -> Tensor:
        """The number whose hyperbolic sine is self.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).asinh()
        tensor([0.0000, 0.8814])
        """
        return ops.asinh(self)

    asinh_ = twin(asinh, ops.asinh)

    def acosh(self) -> Tensor:
        """The number not below 0 whose hyperbolic cosine is self; nan below 1.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).acosh()
        tensor([0.0000, 1.3170])
        """
        return ops.acosh(self)

    acosh_ = twin(acosh, ops.acosh)

    def atanh(self) -> Tensor:
        """The number whose hyperbolic tangent is self; nan outside [-1, 1].

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 0.5]).atanh()
        tensor([0.0000, 0.5493])
        """
        return ops.atanh(self)

    atanh_ = twin(atanh, ops.atanh)

    def deg2rad(self) -> Tensor:
        """Degrees in radians: self * pi / 180.

        >>> import minitorch as mt
        >>> mt.tensor([180.0, 90.0]).deg2rad()
        tensor([3.1416, 1.5708])
        """
        return ops.deg2rad(self)

    deg2rad_ = twin(deg2rad, ops.deg2rad)

    def rad2deg(self) -> Tensor:
        """Radians in degrees: self * 180 / pi.

        >>> import minitorch as mt
        >>> mt.tensor([1.0]).rad2deg()
        tensor([57.2958])
        """
        return ops.rad2deg(self)

    rad2deg_ = twin(rad2deg, ops.rad2deg)

    def sinc(self) -> Tensor:
        """sin(pi self) / (pi self), and 1 at 0.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 0.5]).sinc()
        tensor([1.0000, 0.6366])
        """
        return ops.sinc(self)

    sinc_ = twin(sinc, ops.sinc)

    def atan2(self, other: Any) -> Tensor:
        """The angle in [-pi, pi] of the point (other, self). The gradient at (0, 0) is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, -1.0]).atan2(mt.tensor([1.0, -1.0]))
        tensor([ 0.7854, -2.3562])
        """
        return ops.atan2(self, tensor_argument("atan2", "other", other))

    atan2_ = twin_binary(atan2, ops.atan2, tensors=True)

    def hypot(self, other: Any) -> Tensor:
        """sqrt(self**2 + other**2), without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([3.0]).hypot(mt.tensor([4.0]))
        tensor([5.])
        """
        return ops.hypot(self, tensor_argument("hypot", "other", other))

    hypot_ = twin_binary(hypot, ops.hypot, tensors=True)

    arcsin, arcsin_, arccos, arccos_, arctan, arctan_ = asin, asin_, acos, acos_, atan, atan_
    arcsinh, arcsinh_, arccosh, arccosh_, arctanh, arctanh_ = asinh, asinh_, acosh, acosh_, atanh, atanh_
    arctan2, arctan2_ = atan2, atan2_


_NAMES = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg2rad",
    "rad2deg", "sinc", "atan2", "hypot", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "arctan2",
)  # fmt: skip

FUNCTIONS: dict[str, Callable] = {n: function(getattr(TrigonometryMixin, n), name=n, out=True) for n in _NAMES}
