"""Scans as methods: running sums, products and extrema along one dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.backend import dtypes
from minitorch.ops import scan as ops
from minitorch.tensor import return_types
from minitorch.tensor.binding import function
from minitorch.tensor.dims import in_dtype, one_dim, refuse_dtype, totaled

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class ScanMixin(TensorBase):
    __slots__ = ()

    def cumsum(self, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Running sum along `dim`; integers and bools add up as int64.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 3.0]).cumsum(0)
        tensor([1., 3., 6.])
        """
        dim = one_dim(dim, self._array.ndim, "cumsum")
        return _running(ops.cumsum, self, dim, dtype, "cumsum")

    def cumsum_(self, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """In-place version of `cumsum`."""
        return _running_inplace(ops.cumsum, self, dim, dtype, "cumsum")

    def cumprod(self, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """Running product along `dim`; integers and bools multiply as int64. The gradient is exact at zeros too.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 3.0]).cumprod(0)
        tensor([1., 2., 6.])
        """
        dim = one_dim(dim, self._array.ndim, "cumprod")
        return _running(ops.cumprod, self, dim, dtype, "cumprod")

    def cumprod_(self, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
        """In-place version of `cumprod`."""
        return _running_inplace(ops.cumprod, self, dim, dtype, "cumprod")

    def cummax(self, dim: int) -> Any:
        """(values, indices) of the greatest element so far along `dim`: the latest one at ties. A nan stays.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 3.0, 2.0]).cummax(0).values
        tensor([1., 3., 3.])
        """
        refuse_dtype(self, "c" if self._array.ndim else "", "cummax_cpu")
        return return_types.cummax(*ops.cummax(self, dim=one_dim(dim, self._array.ndim, "cummax")))

    def cummin(self, dim: int) -> Any:
        """(values, indices) of the least element so far along `dim`: the latest one at ties. A nan stays.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).cummin(0).indices
        tensor([0, 1, 1])
        """
        refuse_dtype(self, "c" if self._array.ndim else "", "cummin_cpu")
        return return_types.cummin(*ops.cummin(self, dim=one_dim(dim, self._array.ndim, "cummin")))

    def logcumsumexp(self, dim: int) -> Tensor:
        """log of the running sum of e**x along `dim`, without overflow.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 0.0]).logcumsumexp(0)
        tensor([0.0000, 0.6931])
        """
        refuse_dtype(self, "biu", "logcumsumexp_out_cpu")
        return ops.logcumsumexp(self, dim=one_dim(dim, self._array.ndim, "logcumsumexp"))


def _running(call: Callable, x: Any, dim: Any, dtype: Any, name: str) -> Any:
    dim = one_dim(dim, x._array.ndim, name)
    x = in_dtype(x, dtype, name)
    if dtype is dtypes.bool_ and x._array.ndim:
        refuse_dtype(x, "b", f"{name}_out_cpu")
    return totaled(call(x, dim=dim), dtype)


def _running_inplace(call: Callable, x: Any, dim: int, dtype: Any, name: str) -> Any:
    """The running sum or product written over x, in x's own dtype."""
    if dtype is not None and dtype.numpy != x._array.dtype:
        raise RuntimeError(
            f"Bad in-place call: input tensor dtype {x.dtype.name} and output tensor dtype {dtype.name} should match"
        )
    if x._array.ndim:
        refuse_dtype(x, "b", f"{name}_out_cpu")
    return inplace(call, x, dim=one_dim(dim, x._array.ndim, name))


FUNCTIONS: dict[str, Callable] = {
    name: function(getattr(ScanMixin, name), out=True)
    for name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")
}
