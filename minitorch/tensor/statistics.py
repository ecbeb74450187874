"""Statistics as methods: variance, standard deviation, norms, and what is built from them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.ops import reduce as sums
from minitorch.ops import statistics as ops
from minitorch.tensor import norms
from minitorch.tensor.binding import function
from minitorch.tensor.dims import reduced_dims

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def spread_arguments(x: Any, name: str, dim: Any, unbiased: bool, correction: Any) -> tuple[Any, float]:
    """(dim, correction) from torch's two ways to call std and var, of which `std(unbiased)` comes as `dim`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if not unbiased and correction is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: give unbiased or correction, not both")
    if x._array.dtype.kind in "biu":
        raise RuntimeError("std and var only support floating point and complex dtypes\n    hint  x.float()")
    if hasattr(correction, "item"):
        correction = correction.item()  # a NumPy number, a tensor with one element
    if correction is None:
        correction = int(unbiased)
    if not isinstance(correction, (int, float)):
        raise TypeError(f"{name}(): argument 'correction' must be Number, not {type(correction).__name__}")
    dim = reduced_dims(dim, x._array.ndim, name)
    if sums.count(x._array.shape, dim) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel).",
            stacklevel=3,
        )
    return dim, correction


class StatisticsMixin(TensorBase):
    __slots__ = ()

    def var(
        self, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
    ) -> Tensor:
        """Variance over `dim`: sum((x - mean)**2) / (n - correction), correction being 1 (unbiased) unless given.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 3.0]).var(), mt.tensor([1.0, 2.0, 3.0]).var(correction=0)
        (tensor(1.), tensor(0.6667))
        """
        dim, correction = spread_arguments(self, "var", dim, unbiased, correction)
        return ops.var(self, dim=dim, correction=correction, keepdim=keepdim)

    def std(
        self, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
    ) -> Tensor:
        """Standard deviation over `dim`: the square root of `var`. Its gradient is 0 where it is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 3.0]).std()
        tensor(1.)
        """
        dim, correction = spread_arguments(self, "std", dim, unbiased, correction)
        return ops.std(self, dim=dim, correction=correction, keepdim=keepdim)

    def norm(
        self, p: float | str | None = "fro", dim: Any = None, keepdim: bool = False, dtype: dtypes.dtype | None = None
    ) -> Tensor:
        """The p-norm of the elements over `dim`; "fro": the 2-norm, "nuc": the sum of a matrix's singular values.

        `linalg.vector_norm` and `linalg.matrix_norm` are the newer names.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 4.0]).norm(), mt.tensor([3.0, 4.0]).norm(1)
        (tensor(5.), tensor(7.))
        """

        return norms.legacy_norm(self, p, dim, keepdim, dtype)

    def dist(self, other: Tensor, p: float = 2) -> Tensor:
        """The p-norm of self - other.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).dist(mt.tensor([4.0, 6.0]))
        tensor(5.)
        """
        return (self - other).norm(p)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) over `dim`.

    >>> import minitorch as mt
    >>> mt.std_mean(mt.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    dim, correction = spread_arguments(input, "std_mean", dim, unbiased, correction)
    deviation = ops.std(input, dim=dim, correction=correction, keepdim=keepdim)
    return deviation, sums.mean(input, dim=dim, keepdim=keepdim)


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(variance, mean) over `dim`.

    >>> import minitorch as mt
    >>> mt.var_mean(mt.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    dim, correction = spread_arguments(input, "var_mean", dim, unbiased, correction)
    variance = ops.var(input, dim=dim, correction=correction, keepdim=keepdim)
    return variance, sums.mean(input, dim=dim, keepdim=keepdim)


FUNCTIONS: dict[str, Callable] = {
    "var": function(StatisticsMixin.var, out=True),
    "std": function(StatisticsMixin.std, out=True),
    "norm": function(StatisticsMixin.norm, out=True),
    "dist": function(StatisticsMixin.dist),
    "std_mean": std_mean,
    "var_mean": var_mean,
}
