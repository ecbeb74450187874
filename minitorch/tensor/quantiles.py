"""Quantiles, covariance, correlation, and renorm: statistics composed of differentiable ops."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.primitives import broadcast_to, cast
from minitorch.autograd.views import inplace
from minitorch.backend import xp_of
from minitorch.ops import elementwise, matmul, shape
from minitorch.ops import reduce as sums
from minitorch.ops import statistics as ops
from minitorch.ops.along import matches, pick
from minitorch.ops.diagonal import diagonal
from minitorch.ops.sort import sort
from minitorch.tensor.binding import function
from minitorch.tensor.dims import kind_name, one_dim
from minitorch.tensor.matrices import floating

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


class QuantileMixin(TensorBase):
    __slots__ = ()

    def quantile(
        self, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """The q-quantiles along `dim` (of all elements without it); nan where there is a nan.

        q is a number from 0 to 1, or a vector of them, whose dimension then comes first. A quantile between two
        elements is interpolated: "linear", "lower", "higher", "midpoint", "nearest".

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 4.0]).quantile(0.75)
        tensor(3.)
        """
        return _quantile(self, q, dim, keepdim, interpolation, False, "quantile")

    def nanquantile(
        self, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """As `quantile`, of the elements that are not nan.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan"), 4.0]).nanquantile(0.5)
        tensor(2.5000)
        """
        return _quantile(self, q, dim, keepdim, interpolation, True, "nanquantile")

    def cov(self, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
        """The covariance matrix of variables in rows, observations in columns; the variance of a vector.

        `fweights` say how often each observation counts, `aweights` how much.

        >>> import minitorch as mt
        >>> mt.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]).cov()
        tensor([[ 1., -1.],
                [-1.,  1.]])
        """
        return _covariance(self, correction, fweights, aweights)

    def corrcoef(self) -> Tensor:
        """The matrix of Pearson's correlation coefficients of variables in rows.

        >>> import minitorch as mt
        >>> mt.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]).corrcoef()
        tensor([[ 1., -1.],
                [-1.,  1.]])
        """
        if self._array.ndim > 2:
            raise RuntimeError(
                "corrcoef(): expected input to have two or fewer dimensions but got an input with "
                f"{self._array.ndim} dimensions"
            )
        c = _covariance(self, 1, None, None)
        if c._array.ndim == 0:
            return c / c
        deviation = elementwise.sqrt(diagonal(c, offset=0, dim1=0, dim2=1))
        c = c / matmul.column(deviation) / matmul.row(deviation)
        return elementwise.clamp(c, -1, 1) if c._array.dtype.kind != "c" else c

    def renorm(self, p: float, dim: int, maxnorm: float) -> Tensor:
        """self with each slice along `dim` scaled down to p-norm `maxnorm`, where it is longer.

        >>> import minitorch as mt
        >>> mt.tensor([[3.0, 4.0], [0.3, 0.4]]).renorm(2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
        """
        return ops.renorm(self, **_renorm_arguments(self, p, dim, maxnorm))

    def renorm_(self, p: float, dim: int, maxnorm: float) -> Tensor:
        """In-place version of `renorm`."""
        return inplace(ops.renorm, self, **_renorm_arguments(self, p, dim, maxnorm))


def _renorm_arguments(x: Any, p: float, dim: int, maxnorm: float) -> dict:
    if x._array.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {x._array.ndim} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    floating(x, "linalg.vector_norm", halves=True)
    kept = one_dim(dim, x._array.ndim, "renorm", 2)
    return {"p": p, "dims": tuple(d for d in range(x._array.ndim) if d != kept), "maxnorm": maxnorm}


# -- quantiles -------------------------------------------------------------------------------------------------------


def _check_quantile(x: Any, q: Any, interpolation: str, name: str) -> None:
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if x._array.size == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if x._array.dtype.char not in "fd":
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, not {kind_name(x)}")
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        return
    if q._array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q._array.dtype != x._array.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if q._array.size and not (0 <= q._array.min() and q._array.max() <= 1):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")


def _quantile(x: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip_nan: bool, name: str) -> Any:
    _check_quantile(x, q, interpolation, name)
    ndim = x._array.ndim
    if dim is None:
        rows = shape.reshape(x, shape=(x._array.size,))
        kept = (1,) * ndim
    else:
        dim = one_dim(dim, ndim, name, 2)
        kept = tuple(1 if d == dim else n for d, n in enumerate(x._array.shape))
        order = tuple(d for d in range(ndim) if d != dim)
        rows = shape.permute(x, dims=(*order, dim)) if ndim else shape.reshape(x, shape=(1,))
    if not isinstance(q, TensorBase):
        q = wrap(xp_of(x._array).asarray(q, dtype=x._array.dtype))
    found = _between(rows, shape.reshape(q, shape=(q._array.size,)), interpolation, skip_nan)
    found = shape.permute(found, dims=(found._array.ndim - 1, *range(found._array.ndim - 1)))
    rest = kept if keepdim else rows._array.shape[:-1]
    return shape.reshape(found, shape=(*q._array.shape, *rest))


def _between(rows: Any, q: Any, interpolation: str, skip_nan: bool) -> Any:
    """The quantiles of the last dimension: (*, n), (k,) -> (*, k)."""
    ranked, _ = sort(rows, dim=rows._array.ndim - 1)
    n = rows._array.shape[-1]
    numbers = matches(rows, rows)
    if skip_nan:
        count = sums.sum(numbers, dim=rows._array.ndim - 1, keepdim=True)
        rank = elementwise.clamp_min(q * (count - 1), 0)
    else:
        clean = sums.amin(numbers, dim=rows._array.ndim - 1, keepdim=True)
        rank = elementwise.where(clean == 1, q * (n - 1), n - 1.0)  # a nan is last in order
    rounded = {"lower": elementwise.floor, "higher": elementwise.ceil, "nearest": elementwise.round}
    if interpolation in rounded:
        return _at(ranked, rounded[interpolation](rank))
    below = elementwise.floor(rank)
    low, high = _at(ranked, below), _at(ranked, elementwise.ceil(rank))
    return elementwise.lerp(low, high, 0.5 if interpolation == "midpoint" else rank - below)


def _at(ranked: Any, rank: Any) -> Any:
    last = ranked._array.ndim - 1
    index = cast(rank, dtype=xp_of(rank._array).dtype("int64"))
    index = broadcast_to(index, shape=(*ranked._array.shape[:-1], index._array.shape[-1]))
    return pick(ranked, index, dim=last, unique=False)


# -- covariance ------------------------------------------------------------------------------------------------------


def _check_weights(name: str, weights: Any, n: int, kinds: str, what: str) -> None:
    if weights is None:
        return
    if weights._array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights._array.ndim}"
        )
    if weights._array.dtype.kind not in kinds:
        raise RuntimeError(
            f"cov(): expected {name} to have {what} dtype but got {name} with {kind_name(weights)} dtype"
        )
    if weights._array.size != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights._array.size} != {n}"
        )
    if weights._array.size and weights._array.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


def _covariance(x: Any, correction: int, fweights: Any, aweights: Any) -> Any:
    """sum w (x - mean)(x - mean)^H / (sum w - correction), with aweights as NumPy and torch count them."""
    if x._array.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {x._array.ndim} dimensions"
        )
    if x._array.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = shape.reshape(x, shape=(1, x._array.size)) if x._array.ndim < 2 else x
    n = rows._array.shape[1]
    _check_weights("fweights", fweights, n, "iu", "integral")
    _check_weights("aweights", aweights, n, "fV", "floating point")
    w = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    if w is None:
        total: Any = n
        mean = sums.sum(rows, dim=1, keepdim=True) / n
    else:
        total = sums.sum(w)
        mean = sums.sum(rows * w, dim=1, keepdim=True) / total
    freedom = total - correction
    if aweights is not None and correction:
        freedom = total - correction * sums.sum(w * aweights) / total
    if (freedom if isinstance(freedom, (int, float)) else freedom.item()) <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            stacklevel=3,
        )
        freedom = 0
    off = rows - mean
    c = matmul.mm(off, matmul.adjoint(off if w is None else off * w))
    return shape.squeeze(c / freedom)


FUNCTIONS: dict[str, Callable] = {
    "quantile": function(QuantileMixin.quantile, out=True),
    "nanquantile": function(QuantileMixin.nanquantile, out=True),
    "cov": function(QuantileMixin.cov),
    "corrcoef": function(QuantileMixin.corrcoef),
    "renorm": function(QuantileMixin.renorm, out=True),
}
