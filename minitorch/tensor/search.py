"""Searching sorted sequences and distinct elements, as methods and functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import dtypes, xp_of
from minitorch.errors import explain, type_error
from minitorch.ops import search as ops
from minitorch.tensor.binding import function
from minitorch.tensor.dims import kind_name, one_dim, refuse_dtype
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class SearchMixin(TensorBase):
    __slots__ = ()

    def unique(
        self, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
    ) -> Any:
        """The distinct elements (or slices along `dim`) in order, with inverse indices and counts if asked for.

        Always sorted. Every nan is distinct.

        >>> import minitorch as mt
        >>> mt.tensor([3, 1, 3]).unique(return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
        refuse_dtype(self, "c", "unique")
        return _parts(ops.unique(self, dim=_unique_dim(self, dim, "unique")), return_inverse, return_counts)

    def unique_consecutive(
        self, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
    ) -> Any:
        """The elements without those equal to the one before, with inverse indices and counts if asked for.

        >>> import minitorch as mt
        >>> mt.tensor([1, 1, 2, 2, 1]).unique_consecutive()
        tensor([1, 2, 1])
        """
        refuse_dtype(self, "c", "unique_consecutive")
        where = _unique_dim(self, dim, "unique_consecutive")
        return _parts(ops.unique_consecutive(self, dim=where), return_inverse, return_counts)


def _unique_dim(x: Any, dim: Any, name: str) -> int | None:
    return None if dim is None or x._array.ndim == 0 else one_dim(dim, x._array.ndim, name)


def _parts(found: tuple, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = found
    result = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return result if len(result) > 1 else values


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    out: Tensor | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The index at which to insert each value of `input` so that the last dimension of `sorted_sequence` stays sorted.

    Left of equal elements, or right of them with `right` (or side="right"). `sorter` is an argsort of an unsorted
    sequence. The other dimensions must be equal, or the sequence a vector.

    >>> import minitorch as mt
    >>> mt.searchsorted(mt.tensor([1.0, 3.0, 3.0, 5.0]), mt.tensor([3.0, 6.0]))
    tensor([1, 4])
    """
    if not isinstance(sorted_sequence, TensorBase):
        raise type_error("searchsorted", "sorted_sequence", 1, "Tensor", sorted_sequence)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    values = _as_values(input, sorted_sequence)
    _check_searched(sorted_sequence, values, not isinstance(input, TensorBase))
    _check_sorter(sorted_sequence, sorter)
    found = ops.searchsorted(sorted_sequence, values, sorter, right=right or side == "right", int32=out_int32)
    return found if out is None else write_out("searchsorted", out, found)


def _as_values(input: Any, sequence: Any) -> Any:
    """A number becomes a 0-d tensor beside the sequence."""
    if isinstance(input, TensorBase):
        return input
    if not isinstance(input, (int, float)):
        raise type_error("searchsorted", "input", 2, "Tensor or Number", input)
    return wrap(xp_of(sequence._array).asarray(input, dtype=dtypes.scalar_dtype(input).numpy))


def _check_searched(sequence: Any, values: Any, number: bool) -> None:
    s, v = sequence._array, values._array
    if s.ndim == 0:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if v.ndim == 0 and s.ndim != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({s.ndim}) and input value's dim(0) numel(1)"
        )
    if s.ndim != 1 and s.shape[:-1] != v.shape[:-1]:
        raise RuntimeError(
            explain(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
                f"boundaries tensor and input value tensor must match, but we got boundaries tensor {list(s.shape)} "
                f"and input value tensor {list(v.shape)}"
            )
        )


def _check_sorter(sequence: Any, sorter: Any) -> None:
    if sorter is None:
        return
    if sorter._array.shape != sequence._array.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(sequence._array.shape)} and got sorter tensor {list(sorter._array.shape)}"
        )
    if sorter._array.dtype != "int64":
        raise RuntimeError(
            f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {kind_name(sorter)}"
        )
    if sorter._array.size and not 0 <= int(sorter._array.min()) <= int(sorter._array.max()) < sorter._array.shape[-1]:
        raise RuntimeError("torch.searchsorted(): sorter index out of range")


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The interval between sorted `boundaries` that a value is in: i with boundaries[i-1] < x <= boundaries[i].

    With `right`, boundaries[i-1] <= x < boundaries[i].

    >>> import minitorch as mt
    >>> mt.bucketize(mt.tensor([0.5, 1.0, 9.0]), mt.tensor([1.0, 2.0]))
    tensor([0, 0, 2])
    """
    if not isinstance(boundaries, TensorBase):
        raise type_error("bucketize", "boundaries", 2, "Tensor", boundaries)
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"bucketize: boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


FUNCTIONS: dict[str, Callable] = {
    "unique": function(SearchMixin.unique),
    "unique_consecutive": function(SearchMixin.unique_consecutive),
    "searchsorted": searchsorted,
    "bucketize": bucketize,
}
