"""Methods of Tensor for error, gamma and Bessel functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.ops import special as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import tensor_argument, twin, twin_binary

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class SpecialMixin(TensorBase):
    __slots__ = ()

    def erf(self) -> Tensor:
        """The error function: 2/sqrt(pi) times the integral of e**-t**2 from 0 to self.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).erf()
        tensor([0.0000, 0.8427])
        """
        return ops.erf(self)

    erf_ = twin(erf, ops.erf)

    def erfc(self) -> Tensor:
        """1 - erf(self), exact for large self.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).erfc()
        tensor([1.0000, 0.1573])
        """
        return ops.erfc(self)

    erfc_ = twin(erfc, ops.erfc)

    def erfinv(self) -> Tensor:
        """The inverse of erf on (-1, 1).

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 0.5]).erfinv()
        tensor([0.0000, 0.4769])
        """
        return ops.erfinv(self)

    erfinv_ = twin(erfinv, ops.erfinv)

    def lgamma(self) -> Tensor:
        """log|gamma(self)|.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 5.0]).lgamma()
        tensor([0.0000, 3.1781])
        """
        return ops.lgamma(self)

    lgamma_ = twin(lgamma, ops.lgamma)

    def digamma(self) -> Tensor:
        """The derivative of lgamma.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 0.5]).digamma()
        tensor([-0.5772, -1.9635])
        """
        return ops.digamma(self)

    digamma_ = twin(digamma, ops.digamma)

    def i0(self) -> Tensor:
        """The modified Bessel function of the first kind, order 0.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1.0]).i0()
        tensor([1.0000, 1.2661])
        """
        return ops.i0(self)

    i0_ = twin(i0, ops.i0)

    def polygamma(self, n: int) -> Tensor:
        """The n-th derivative of digamma, n >= 0. As a function: polygamma(n, input).

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 0.5]).polygamma(1)
        tensor([1.6449, 4.9348])
        """
        return ops.digamma(self) if _order(n) == 0 else ops.polygamma(self, n=n)

    def polygamma_(self, n: int) -> Tensor:
        """In-place version of `polygamma`."""
        return inplace(ops.digamma, self) if _order(n) == 0 else inplace(ops.polygamma, self, n=n)

    def mvlgamma(self, p: int) -> Tensor:
        """The logarithm of the p-dimensional gamma function: p(p-1)/4 log(pi) + sum over j < p of lgamma(self - j/2).

        >>> import minitorch as mt
        >>> mt.tensor([1.5, 3.0]).mvlgamma(2)
        tensor([0.4516, 1.5502])
        """
        return ops.mvlgamma(self, p=_dimension(p))

    def mvlgamma_(self, p: int) -> Tensor:
        """In-place version of `mvlgamma`."""
        return inplace(ops.mvlgamma, self, p=_dimension(p))

    def igamma(self, other: Any) -> Tensor:
        """The regularized lower incomplete gamma function: of t**(self-1) e**-t from 0 to `other`, over gamma(self).

        Differentiable in `other` only, as in torch.

        >>> import minitorch as mt
        >>> mt.tensor([4.0]).igamma(mt.tensor([3.0]))
        tensor([0.3528])
        """
        return ops.igamma(self, tensor_argument("igamma", "other", other))

    igamma_ = twin_binary(igamma, ops.igamma, tensors=True)

    def igammac(self, other: Any) -> Tensor:
        """The regularized upper incomplete gamma function, 1 - igamma(self, other).

        >>> import minitorch as mt
        >>> mt.tensor([4.0]).igammac(mt.tensor([3.0]))
        tensor([0.6472])
        """
        return ops.igammac(self, tensor_argument("igammac", "other", other))

    igammac_ = twin_binary(igammac, ops.igammac, tensors=True)


def _order(n: int) -> int:
    if n < 0:
        raise RuntimeError(f"polygamma: polygamma(n, x) does not support negative n, got {n}")
    return n


def _dimension(p: int) -> int:
    if p < 1:
        raise RuntimeError(f"mvlgamma: p has to be greater than or equal to 1, got {p}")
    return p


def polygamma(n: int, input: Any, *, out: Any = None) -> Tensor:
    """The n-th derivative of digamma at `input`; see Tensor.polygamma."""
    return _polygamma(input, n, out=out)


_polygamma = function(SpecialMixin.polygamma, out=True)
_NAMES = ("erf", "erfc", "erfinv", "lgamma", "digamma", "i0", "igamma", "igammac")

FUNCTIONS: dict[str, Callable] = {
    **{n: function(getattr(SpecialMixin, n), out=True) for n in _NAMES},
    "mvlgamma": function(SpecialMixin.mvlgamma, out=True),
    "polygamma": polygamma,
}
