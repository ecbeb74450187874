"""Methods of Tensor for roots, exponentials and logarithms. Powers themselves are with the operators, in arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.ops import powers as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import number_first, operand, tensor_argument, twin, twin_binary

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class PowersMixin(TensorBase):
    __slots__ = ()

    def sqrt(self) -> Tensor:
        """The square root: nan below 0; its derivative at 0 is infinite.

        >>> import minitorch as mt
        >>> mt.tensor([4.0, 9.0]).sqrt()
        tensor([2., 3.])
        """
        return ops.sqrt(self)

    sqrt_ = twin(sqrt, ops.sqrt)

    def rsqrt(self) -> Tensor:
        """1 / sqrt(self).

        >>> import minitorch as mt
        >>> mt.tensor([4.0]).rsqrt()
        tensor([0.5000])
        """
        return ops.rsqrt(self)

    rsqrt_ = twin(rsqrt, ops.rsqrt)

    def exp(self) -> Tensor:
        """e ** self.

        >>> import minitorch as mt
        >>> mt.tensor([0, 1]).exp()
        tensor([1.0000, 2.7183])
        """
        return ops.exp(self)

    exp_ = twin(exp, ops.exp)

    def exp2(self) -> Tensor:
        """2 ** self.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, -1.0]).exp2()
        tensor([8.0000, 0.5000])
        """
        return ops.exp2(self)

    exp2_ = twin(exp2, ops.exp2)

    def expm1(self) -> Tensor:
        """e ** self - 1, exact where self is small.

        >>> import minitorch as mt
        >>> mt.tensor([1e-9]).expm1()
        tensor([1.0000e-09])
        """
        return ops.expm1(self)

    expm1_ = twin(expm1, ops.expm1)

    def log(self) -> Tensor:
        """The natural logarithm: -inf at 0, nan below.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).log()
        tensor([0.0000, 0.6931])
        """
        return ops.log(self)

    log_ = twin(log, ops.log)

    def log2(self) -> Tensor:
        """The logarithm to base 2.

        >>> import minitorch as mt
        >>> mt.tensor([8.0, 0.5]).log2()
        tensor([ 3., -1.])
        """
        return ops.log2(self)

    log2_ = twin(log2, ops.log2)

    def log10(self) -> Tensor:
        """The logarithm to base 10.

        >>> import minitorch as mt
        >>> mt.tensor([10.0]).log10()
        tensor([1.])
        """
        return ops.log10(self)

    log10_ = twin(log10, ops.log10)

    def log1p(self) -> Tensor:
        """log(1 + self), exact where self is small.

        >>> import minitorch as mt
        >>> mt.tensor([1e-9]).log1p()
        tensor([1.0000e-09])
        """
        return ops.log1p(self)

    log1p_ = twin(log1p, ops.log1p)

    def logaddexp(self, other: Any) -> Tensor:
        """log(e**self + e**other), without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([1000.0]).logaddexp(mt.tensor([1000.0]))
        tensor([1000.6932])
        """
        return ops.logaddexp(self, tensor_argument("logaddexp", "other", other))

    def logaddexp2(self, other: Any) -> Tensor:
        """log2(2**self + 2**other), without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([2.0]).logaddexp2(mt.tensor([2.0]))
        tensor([3.])
        """
        return ops.logaddexp2(self, tensor_argument("logaddexp2", "other", other))

    def xlogy(self, other: Any) -> Tensor:
        """self * log(other), and 0 where self is 0 (unless `other` is nan).

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 2.0]).xlogy(mt.tensor([0.0, 1.0]))
        tensor([0., 0.])
        """
        return ops.xlogy(self, operand("xlogy", "other", other))

    xlogy_ = twin_binary(xlogy, ops.xlogy)

    def sigmoid(self) -> Tensor:
        """1 / (1 + e**-self): from 0 to 1, with 1/2 at 0.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 2.0]).sigmoid()
        tensor([0.5000, 0.8808])
        """
        return ops.sigmoid(self)

    sigmoid_ = twin(sigmoid, ops.sigmoid)

    def logit(self, eps: float | None = None) -> Tensor:
        """log(self / (1 - self)), the inverse of sigmoid.

        With `eps`, self is first clamped to [eps, 1 - eps]; without, the result is nan outside [0, 1].

        >>> import minitorch as mt
        >>> mt.tensor([0.5, 0.75]).logit()
        tensor([0.0000, 1.0986])
        """
        return ops.logit(self, eps=eps)

    def logit_(self, eps: float | None = None) -> Tensor:
        """In-place version of `logit`."""
        return inplace(ops.logit, self, eps=eps)


_NAMES = (
    "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "sigmoid",
    "logit",
)  # fmt: skip

FUNCTIONS: dict[str, Callable] = {name: function(getattr(PowersMixin, name), out=True) for name in _NAMES}
FUNCTIONS["xlogy"] = number_first(function(PowersMixin.xlogy, out=True))
