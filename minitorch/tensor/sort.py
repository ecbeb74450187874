"""Order as methods: sorting, the k-th, the greatest, medians; searching and counting are mixed in from beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import sort as ops
from minitorch.tensor import counts, return_types, search
from minitorch.tensor.binding import function
from minitorch.tensor.dims import one_dim, refuse_dtype
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class SortMixin(search.SearchMixin, counts.CountsMixin, TensorBase):
    __slots__ = ()

    def sort(self, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Any:
        """(values, indices) of the elements in order along `dim`. Always stable: equal elements keep their order.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).sort().indices
        tensor([1, 2, 0])
        """
        return return_types.sort(*ops.sort(self, dim=_sort_dim(self, dim, "Sort"), descending=bool(descending)))

    def argsort(self, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
        """The indices that sort along `dim`.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).argsort(descending=True)
        tensor([0, 2, 1])
        """
        return ops.argsort(self, dim=_sort_dim(self, dim, "Sort"), descending=bool(descending))

    def msort(self) -> Tensor:
        """The elements in ascending order along the first dimension.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).msort()
        tensor([1., 2., 3.])
        """
        return ops.sort(self, dim=_sort_dim(self, 0, "Sort"))[0]

    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
        """(values, indices) of the k greatest (or least) elements along `dim`, in order whether `sorted` or not.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).topk(2).values
        tensor([3., 2.])
        """
        dim = _sort_dim(self, dim, "topk")
        if self._array.dtype.kind == "b":
            raise RuntimeError("topk does not support bool dtypes on CPU")
        k, n = integer("topk", "k", k), self._array.shape[dim] if self._array.ndim else 1
        if not 0 <= k <= n:
            raise RuntimeError(f"topk: selected index k out of range: k is {k}, and dimension {dim} has {n} elements")
        return return_types.topk(*ops.topk(self, k=k, dim=dim, largest=bool(largest)))

    def kthvalue(self, k: int, dim: int = -1, keepdim: bool = False) -> Any:
        """(value, index) of the k-th smallest element along `dim`, k counted from 1.

        >>> import minitorch as mt
        >>> mt.tensor([3.0, 1.0, 2.0]).kthvalue(2).values
        tensor(2.)
        """
        dim, k = one_dim(dim, self._array.ndim, "kthvalue", 2), integer("kthvalue", "k", k)
        n = self._array.shape[dim] if self._array.ndim else 1
        if not 1 <= k <= n:
            raise RuntimeError(
                f"kthvalue(): selected number k out of range for dimension {dim}: {k} is not in 1 to {n}"
            )
        refuse_dtype(self, "bc", "kthvalue_cpu")
        return return_types.kthvalue(*ops.kthvalue(self, k=k, dim=dim, keepdim=keepdim))

    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """The lower median of all elements; with `dim`, (values, indices) along it. nan if there is a nan.

        The whole median shares its gradient equally among the elements equal to it; the other gives it to the index
        returned, the first of equal elements.

        >>> import minitorch as mt
        >>> mt.tensor([4.0, 1.0, 3.0, 2.0]).median()
        tensor(2.)
        """
        return _middle(self, dim, keepdim, "median", ops.median_all, ops.median)

    def nanmedian(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """As `median`, of the elements that are not nan.

        >>> import minitorch as mt
        >>> mt.tensor([4.0, float("nan"), 3.0]).nanmedian()
        tensor(3.)
        """
        return _middle(self, dim, keepdim, "nanmedian", ops.nanmedian_all, ops.nanmedian)

    def mode(self, dim: int = -1, keepdim: bool = False) -> Any:
        """(value, index) of the most frequent element along `dim`: the least of several, and its last index.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 2, 3]).mode().values
        tensor(2)
        """
        refuse_dtype(self, "c", "mode")
        dim = nonempty_dim(self, dim, "mode")
        return return_types.mode(*ops.mode(self, dim=dim, keepdim=keepdim))


def _sort_dim(x: Any, dim: Any, name: str) -> int:
    if x._array.dtype.kind == "c":
        raise RuntimeError(f"{name} does not support complex dtypes on CPU")
    return one_dim(dim, x._array.ndim, name.lower())


def nonempty_dim(x: Any, dim: Any, name: str) -> int:
    """A dimension to choose an element along."""
    dim = one_dim(dim, x._array.ndim, name)
    if x._array.ndim and x._array.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    return dim


def _middle(x: Any, dim: Any, keepdim: bool, name: str, whole: Callable, along: Callable) -> Any:
    """median and nanmedian."""
    refuse_dtype(x, "bc", "median_cpu")
    if dim is None:
        return whole(x)
    dim = nonempty_dim(x, dim, name)
    return getattr(return_types, name)(*along(x, dim=dim, keepdim=keepdim))


FUNCTIONS: dict[str, Callable] = {
    **{
        name: function(getattr(SortMixin, name), out=True)
        for name in ("sort", "msort", "topk", "kthvalue", "median", "nanmedian", "mode")
    },
    "argsort": function(SortMixin.argsort),
    **search.FUNCTIONS,
    **counts.FUNCTIONS,
}
