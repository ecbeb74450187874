"""Reductions as methods: sums, products, means, extrema, truth. Statistics and scans are mixed in from beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.ops import elementwise, softmax
from minitorch.ops import reduce as ops
from minitorch.tensor import calculus, quantiles, return_types, scan, statistics
from minitorch.tensor.binding import function
from minitorch.tensor.dims import check_keepdim, in_dtype, kind_name, one_dim, reduced_dims, refuse_dtype, totaled

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class ReduceMixin(
    statistics.StatisticsMixin, quantiles.QuantileMixin, scan.ScanMixin, calculus.CalculusMixin, TensorBase
):
    __slots__ = ()

    # -- sums and products -------------------------------------------------------------------------------------------

    def sum(self, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Sum of the elements over `dim` (an int, several, or all); integers and bools add up as int64.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 2], [3, 4]]).sum(dim=0)
        tensor([4, 6])
        """
        if dim is not None:
            dim = reduced_dims(dim, self._array.ndim, "sum")
        if keepdim is not False:
            check_keepdim("sum", keepdim)
        if dtype is None:
            return ops.sum(self, dim=dim, keepdim=keepdim)
        return totaled(ops.sum(in_dtype(self, dtype, "sum"), dim=dim, keepdim=keepdim), dtype)

    def nansum(self, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Sum over `dim`, with nan counted as zero.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan"), 2.0]).nansum()
        tensor(3.)
        """
        if self._array.dtype.kind == "c":
            raise RuntimeError("nansum on CPU does not support complex inputs")
        dim = reduced_dims(dim, self._array.ndim, "nansum")
        x = in_dtype(self, dtype, "nansum")
        total = ops.nansum if x._array.dtype.kind not in "biu" else ops.sum
        return totaled(total(x, dim=dim, keepdim=keepdim), dtype)

    def mean(self, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Sum over `dim` divided by the number of elements: floating and complex tensors only.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0], [3.0, 5.0]]).mean(1)
        tensor([1.5000, 4.0000])
        """
        if dim is not None:
            dim = reduced_dims(dim, self._array.ndim, "mean")
        if keepdim is not False:
            check_keepdim("mean", keepdim)
        x = self if dtype is None else in_dtype(self, dtype, "mean")
        if x._array.dtype.kind in "biu":
            which = "Input" if dtype is None else "Optional"
            raise RuntimeError(
                f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex "
                f"dtype. Got: {kind_name(x)}\n    hint  x.float().mean(), or mean(dtype=torch.float32)"
            )
        return ops.mean(x, dim=dim, keepdim=keepdim)

    def nanmean(self, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Mean over `dim` of the elements that are not nan.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan"), 2.0]).nanmean()
        tensor(1.5000)
        """
        if self._array.dtype.kind in "biu":
            raise RuntimeError(
                f"nanmean(): expected input to have floating point or complex dtype but got {kind_name(self)}"
            )
        total = self.nansum(dim, keepdim, dtype=dtype)
        numbers = ops.matches(self, self)
        return total / ops.sum(numbers, dim=reduced_dims(dim, self._array.ndim, "nanmean"), keepdim=keepdim)

    def prod(self, dim: int | None = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Product of the elements, over one dimension or all; integers and bools multiply as int64.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0], [3.0, 4.0]]).prod(1)
        tensor([ 2., 12.])
        """
        if dim is not None:
            dim = one_dim(dim, self._array.ndim, "prod")
            dim = dim if self._array.ndim else None
        return totaled(ops.prod(in_dtype(self, dtype, "prod"), dim=dim, keepdim=keepdim), dtype)

    # -- extrema -----------------------------------------------------------------------------------------------------

    def max(self, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """The greatest element; with `dim`, (values, indices) along it; with another tensor, the elementwise maximum.

        At ties `max()` shares the gradient equally among the greatest elements, and `max(dim)` gives it to the one
        whose index is returned, the first. A nan counts as greatest.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 3.0], [4.0, 2.0]]).max(dim=1).indices
        tensor([1, 0])
        """
        if dim is None and other is None and keepdim is False:
            if self._array.dtype.kind == "c":
                refuse_dtype(self, "c", "max_all")
            return ops.max_all(self)
        return _extremum(self, dim, keepdim, other, "max")

    def min(self, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """The least element; with `dim`, (values, indices) along it; with another tensor, the elementwise minimum.

        Ties and nan: as `max`.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).min()
        tensor(1.)
        """
        if dim is None and other is None and keepdim is False:
            if self._array.dtype.kind == "c":
                refuse_dtype(self, "c", "min_all")
            return ops.min_all(self)
        return _extremum(self, dim, keepdim, other, "min")

    def amax(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The greatest element over one or several dims; at ties the gradient is shared equally.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 3.0], [4.0, 2.0]]).amax((0, 1))
        tensor(4.)
        """
        refuse_dtype(self, "c", "max_values_cpu")
        return ops.amax(self, dim=reduced_dims(dim, self._array.ndim, "amax"), keepdim=keepdim)

    def amin(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The least element over one or several dims; at ties the gradient is shared equally.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 3.0], [4.0, 2.0]]).amin(0)
        tensor([1., 2.])
        """
        refuse_dtype(self, "c", "min_values_cpu")
        return ops.amin(self, dim=reduced_dims(dim, self._array.ndim, "amin"), keepdim=keepdim)

    def aminmax(self, *, dim: int | None = None, keepdim: bool = False) -> Any:
        """(amin, amax) along one dimension, or of all elements.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).aminmax().max
        tensor(3.)
        """
        refuse_dtype(self, "c", "aminmax_cpu")
        where = () if dim is None else one_dim(dim, self._array.ndim, "aminmax")
        if self._array.size == 0 and dim is None:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity"
            )  # noqa: F541
        return return_types.aminmax(self.amin(where, keepdim), self.amax(where, keepdim))

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the greatest element along `dim`, or in the flattened tensor; the first one at ties.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 3.0], [4.0, 2.0]]).argmax(dim=1)
        tensor([1, 0])
        """
        return ops.argmax(self, dim=_arg_dim(self, dim, "argmax"), keepdim=keepdim)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the least element along `dim`, or in the flattened tensor; the first one at ties.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 3.0], [4.0, 2.0]]).argmin()
        tensor(0)
        """
        return ops.argmin(self, dim=_arg_dim(self, dim, "argmin"), keepdim=keepdim)

    # -- truth and counting ------------------------------------------------------------------------------------------

    def all(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """True where all elements over `dim` are nonzero.

        >>> import minitorch as mt
        >>> mt.tensor([[True, False], [True, True]]).all(dim=1)
        tensor([False,  True])
        """
        return ops.all(self, dim=reduced_dims(dim, self._array.ndim, "all", False), keepdim=keepdim)

    def any(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        """True where some element over `dim` is nonzero.

        >>> import minitorch as mt
        >>> mt.tensor([[False, False], [True, False]]).any(dim=1)
        tensor([False,  True])
        """
        return ops.any(self, dim=reduced_dims(dim, self._array.ndim, "any", False), keepdim=keepdim)

    def count_nonzero(self, dim: Any = None) -> Tensor:
        """How many elements over `dim` are not zero.

        >>> import minitorch as mt
        >>> mt.tensor([[0.0, 1.0], [2.0, 3.0]]).count_nonzero(dim=0)
        tensor([1, 2])
        """
        return ops.count_nonzero(self, dim=reduced_dims(dim, self._array.ndim, "count_nonzero"))

    # -- normalized exponentials -------------------------------------------------------------------------------------

    def softmax(self, dim: int, dtype: dtypes.dtype | None = None) -> Tensor:
        """e**x_i / sum_j e**x_j along `dim`, without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 0.0]).softmax(dim=0)
        tensor([0.5000, 0.5000])
        """
        if dim.__class__ is not int or not 0 <= dim < self._array.ndim:
            dim = one_dim(dim, self._array.ndim, "softmax")
        x = self if dtype is None else in_dtype(self, dtype, "softmax")
        if x._array.dtype.char not in "fd":
            refuse_dtype(x, "biuc", "softmax_kernel_impl")
        return softmax.softmax(x, dim=dim)

    def log_softmax(self, dim: int, dtype: dtypes.dtype | None = None) -> Tensor:
        """x_i - log(sum_j e**x_j) along `dim`: log(softmax(x)), exact also where softmax underflows.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 1000.0]).log_softmax(dim=0)
        tensor([-1000.,     0.])
        """
        if dim.__class__ is not int or not 0 <= dim < self._array.ndim:
            dim = one_dim(dim, self._array.ndim, "log_softmax")
        x = self if dtype is None else in_dtype(self, dtype, "log_softmax")
        if x._array.dtype.char not in "fd":
            refuse_dtype(x, "biuc", "log_softmax_kernel_impl")
        return softmax.log_softmax(x, dim=dim)

    def logsumexp(self, dim: Any, keepdim: bool = False) -> Tensor:
        """log(sum(e**x)) over `dim`, without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([1000.0, 1000.0]).logsumexp(dim=0)
        tensor(1000.6932)
        """
        return softmax.logsumexp(self, dim=reduced_dims(dim, self._array.ndim, "logsumexp"), keepdim=keepdim)


def _extremum(x: Any, dim: Any, keepdim: bool, other: Any, name: str) -> Any:
    """max and min along a dimension, or against another tensor."""
    if isinstance(dim, TensorBase):
        dim, other = None, dim
    if other is not None:
        if dim is not None or keepdim is not False:
            raise TypeError(
                f"{name}() received an invalid combination of arguments: 'other' goes without dim and keepdim"
            )
        return (elementwise.maximum if name == "max" else elementwise.minimum)(x, other)
    if dim is None:
        raise TypeError(f"{name}() received an invalid combination of arguments: 'keepdim' needs a 'dim'")
    if x._array.dtype.kind == "c":
        raise RuntimeError(f"{name}(): does not support complex input")
    dim = one_dim(dim, x._array.ndim, name)
    check_keepdim(name, keepdim)
    call = ops.max_dim if name == "max" else ops.min_dim
    return getattr(return_types, name)(*call(x, dim=dim, keepdim=keepdim))


def _arg_dim(x: Any, dim: Any, name: str) -> Any:
    kind = x._array.dtype.kind
    if kind in "bc":
        raise RuntimeError(f"{name}(): does not support {'bool' if kind == 'b' else 'complex'} input")
    if dim is None:
        if x._array.size == 0:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        return None
    return one_dim(dim, x._array.ndim, name)


FUNCTIONS: dict[str, Callable] = {
    **{
        name: function(getattr(ReduceMixin, name), out=True)
        for name in (
            "sum", "nansum", "mean", "nanmean", "prod", "max", "min", "amax", "amin", "aminmax", "argmax", "argmin",
            "all", "any", "logsumexp",
        )
    },
    "count_nonzero": function(ReduceMixin.count_nonzero),
    "softmax": function(ReduceMixin.softmax, out=True),
    "log_softmax": function(ReduceMixin.log_softmax, out=True),
    **statistics.FUNCTIONS,
    **quantiles.FUNCTIONS,
    **scan.FUNCTIONS,
    **calculus.FUNCTIONS,
}  # fmt: skip
