"""gather, scatter and the index_* methods: reading and writing along one dimension by an index tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.failures import check_same_device
from minitorch.autograd.primitives import broadcast_to
from minitorch.autograd.views import inplace, refuse_shared
from minitorch.backend import dtypes
from minitorch.errors import explain, type_error, wrap_dim
from minitorch.ops import scattering as ops
from minitorch.ops.indexing import broadcast_shape
from minitorch.ops.scatter_reduce import scatter_reduce
from minitorch.tensor.binding import function
from minitorch.tensor.dims import refuse_dtype
from minitorch.tensor.notice import warn_user
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["FUNCTIONS", "ScatteringMixin", "write_out"]


class ScatteringMixin(TensorBase):
    """Methods with an index tensor along one dimension. Negative indices are errors here, as in torch."""

    __slots__ = ()

    # -- gather and scatter ------------------------------------------------------------------------------------------

    def gather(self, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
        """out[i, j, k] = self[i, index[i, j, k], k] for dim 1, and likewise for the others.

        Shape: index has as many dimensions as self, and is no larger except along `dim`; out has index's shape.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 2], [3, 4]]).gather(1, mt.tensor([[1], [0]]))
        tensor([[2],
                [3]])
        """
        if sparse_grad:
            raise NotImplementedError("gather: sparse_grad=True is not supported: there are no sparse tensors here")
        dim = _check_index("gather", self, dim, index)
        return ops.gather(self, index, dim=dim)

    def take_along_dim(self, indices: Tensor, dim: int | None = None) -> Tensor:
        """gather with broadcasting; without `dim`, from the flattened tensor."""
        if indices._array.dtype != "int64":
            raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {_kind(indices)}")
        if dim is None:
            return self.reshape(-1).gather(0, indices.reshape(-1))  # type: ignore[attr-defined]
        shape, wanted = self._array.shape, indices._array.shape
        if len(shape) != len(wanted):
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
                f"{len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
            )
        dim = wrap_dim(dim, len(shape), "take_along_dim")
        common = broadcast_shape([(*shape[:dim], 1, *shape[dim + 1 :]), (*wanted[:dim], 1, *wanted[dim + 1 :])])
        if common is None:
            raise RuntimeError(
                explain(
                    "torch.take_along_dim(): input and indices don't broadcast against each other",
                    [("input", shape, ""), ("indices", wanted, "")],
                )
            )
        source = broadcast_to(self, shape=(*common[:dim], *shape[dim : dim + 1], *common[dim + 1 :]))
        index = broadcast_to(indices, shape=(*common[:dim], *wanted[dim : dim + 1], *common[dim + 1 :]))
        # as torch's: any index counts, modulo the length
        return source.gather(dim, index % shape[dim] if shape and shape[dim] else index)

    def scatter(
        self, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
    ) -> Tensor:
        """A copy with out[i, index[i, j, k], k] = src[i, j, k] for dim 1; src is a tensor or a number.

        Where several elements meet, one of them is kept; reduce="add" or "multiply" combines them instead.

        >>> import minitorch as mt
        >>> mt.zeros(3).scatter(0, mt.tensor([2, 0]), mt.tensor([5.0, 6.0]))
        tensor([6., 0., 5.])
        """
        return _scatter(self, dim, index, src, value, reduce, lambda call, *a, **s: call(*a, **s))

    def scatter_(
        self, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
    ) -> Tensor:
        """In-place version of `scatter`."""
        return _scatter(self, dim, index, src, value, reduce, _inplace)

    def scatter_add(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """A copy with out[i, index[i, j, k], k] += src[i, j, k] for dim 1.

        >>> import minitorch as mt
        >>> mt.zeros(2).scatter_add(0, mt.tensor([1, 1]), mt.ones(2))
        tensor([0., 2.])
        """
        return ops.scatter_add(self, index, src, dim=_check_scatter("scatter_add", self, dim, index, src))

    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """In-place version of `scatter_add`."""
        return _inplace(ops.scatter_add, self, index, src, dim=_check_scatter("scatter_add", self, dim, index, src))

    def scatter_reduce(self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
        """A copy in which all elements of src that index sends to one place are reduced there.

        reduce: "sum", "prod", "mean", "amax" or "amin". include_self: self's own element takes part. Ties of amax and
        amin share the gradient evenly.

        >>> import minitorch as mt
        >>> mt.zeros(2).scatter_reduce(0, mt.tensor([0, 0, 1]), mt.tensor([1.0, 3.0, 5.0]), "mean", include_self=False)
        tensor([2., 5.])
        """
        settings = _reduce_settings(self, dim, index, src, reduce, include_self)
        return scatter_reduce(self, index, src, **settings)

    def scatter_reduce_(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """In-place version of `scatter_reduce`."""
        settings = _reduce_settings(self, dim, index, src, reduce, include_self)
        return _inplace(scatter_reduce, self, index, src, **settings)

    # -- whole slices -------------------------------------------------------------------------------------------------

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The slices along `dim` that a vector of indices names, in its order.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).index_select(0, mt.tensor([2, 0, 2]))
        tensor([3, 1, 3])
        """
        dim = wrap_dim(dim, self._array.ndim, "index_select")
        if not isinstance(index, TensorBase):
            raise type_error("index_select", "index", 2, "Tensor", index)
        if index._array.ndim > 1:
            raise IndexError("index_select(): Index is supposed to be a vector")
        _check_integer("index_select(): Expected dtype int32 or int64 for index", index)
        n = self._array.shape[dim] if self._array.ndim else 1
        if self._array.ndim == 0 and index._array.size != 1:
            raise IndexError(f"index_select(): Index to scalar can have only 1 value, got {index._array.size} value(s)")
        if out_of_range(index._array, n) is not None:
            raise IndexError("index out of range in self")
        return ops.index_select(self, index, dim=dim)

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """A copy with alpha * source's slices added to the slices along `dim` that `index` names.

        >>> import minitorch as mt
        >>> mt.zeros(2).index_add(0, mt.tensor([1, 1]), mt.ones(2))
        tensor([0., 2.])
        """
        dim = _check_slices("index_add_", self, dim, index, source)
        return ops.index_add(self, index, source, dim=dim, alpha=_alpha(self, alpha))

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """In-place version of `index_add`."""
        dim = _check_slices("index_add_", self, dim, index, source)
        return _inplace(ops.index_add, self, index, source, dim=dim, alpha=_alpha(self, alpha))

    def index_copy(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """A copy with source's slices in place of those along `dim` that `index` names."""
        return ops.index_copy(self, index, source, dim=_check_slices("index_copy_", self, dim, index, source))

    def index_copy_(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """In-place version of `index_copy`."""
        return _inplace(ops.index_copy, self, index, source, dim=_check_slices("index_copy_", self, dim, index, source))

    def index_fill(self, dim: int, index: Tensor, value: Any) -> Tensor:
        """A copy with `value`, a number or 0-d tensor, in the slices along `dim` that `index` names."""
        dim, by_tensor = _check_index_fill(self, dim, index, value)
        return ops.index_fill(self, index, value, dim=dim, by_tensor=by_tensor)

    def index_fill_(self, dim: int, index: Tensor, value: Any) -> Tensor:
        """In-place version of `index_fill`."""
        dim, by_tensor = _check_index_fill(self, dim, index, value)
        return inplace(ops.index_fill, self, index, value, dim=dim, by_tensor=by_tensor)

    def index_reduce(
        self, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """scatter_reduce for whole slices; reduce: "prod", "mean", "amax" or "amin"."""
        settings, index = _index_reduce(self, dim, index, source, reduce, include_self)
        return scatter_reduce(self, index, source, **settings)

    def index_reduce_(
        self, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """In-place version of `index_reduce`."""
        settings, index = _index_reduce(self, dim, index, source, reduce, include_self)
        return _inplace(scatter_reduce, self, index, source, **settings)


def _inplace(call: Any, t: Any, index: Any, source: Any, **settings: Any) -> Any:
    """inplace(), for a source that must not lie on the memory that is written."""
    refuse_shared(t, source)
    return inplace(call, t, index, source, **settings)


# -- checks -----------------------------------------------------------------------------------------------------------


def out_of_range(index: Any, n: int) -> int | None:
    """An entry of `index` that is negative or not below n; None if there is none."""
    if index.size == 0:
        return None
    # one pass: as unsigned numbers, negative ones are huge
    if index.dtype.kind == "i" and index.flags.c_contiguous:
        if int(index.view(f"uint{8 * index.dtype.itemsize}").max()) < n:
            return None
    low, high = int(index.min()), int(index.max())
    return low if low < 0 else high if high >= n else None


def _kind(t: Any) -> str:
    return dtypes.SCALAR_NAME[dtypes.from_numpy(t._array.dtype)]


def _check_integer(message: str, index: Any) -> None:
    if index._array.dtype not in ("int64", "int32"):
        raise RuntimeError(f"{message}, but got {_kind(index)}")


def _check_index(op: str, t: Any, dim: int, index: Any, what: str = "input") -> int:
    """Check the index of gather and scatter; gives `dim` counted from the front."""
    shape = t._array.shape
    dim = wrap_dim(dim, len(shape), op)
    if not isinstance(index, TensorBase):
        raise type_error(op, "index", 2, "Tensor", index)
    wanted = index._array.shape
    if index._array.size == 0:
        return dim
    _check_integer(f"{op}(): Expected dtype int32/int64 for index", index)
    check_same_device(op, t, index)
    if max(len(shape), 1) != max(len(wanted), 1):
        raise RuntimeError(
            explain(
                f"Index tensor must have the same number of dimensions as {what} tensor",
                [(what, shape, ""), ("index", wanted, "")],
            )
        )
    for d, (n, have) in enumerate(zip(wanted, shape, strict=False)):
        if d != dim and n > have:
            raise RuntimeError(
                f"{op}: Size does not match at dimension {d} expected index {list(wanted)} to be no larger than self "
                f"{list(shape)} apart from dimension {dim}"
            )
    n = shape[dim] if shape else 1
    bad = out_of_range(index._array, n)
    if bad is not None:
        raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {n}")
    return dim


def _check_scatter(op: str, t: Any, dim: int, index: Any, src: Any) -> int:
    if not isinstance(src, TensorBase):
        raise type_error(op, "src", 3, "Tensor", src)
    dim = _check_index(op, t, dim, index, "self")
    if src._array.dtype != t._array.dtype:
        raise RuntimeError(
            f"scatter(): Expected self.dtype to be equal to src.dtype, but got {_kind(t)} and {_kind(src)}"
        )
    wanted, have = index._array.shape, src._array.shape
    if index._array.size == 0:
        return dim
    if max(len(wanted), 1) != max(len(have), 1):
        raise RuntimeError(
            explain(
                "Index tensor must have the same number of dimensions as src tensor",
                [("index", wanted, ""), ("src", have, "")],
            )
        )
    if any(n > m for n, m in zip(wanted, have, strict=False)):
        raise RuntimeError(
            f"Expected index {list(wanted)} to be no larger than self {list(t._array.shape)} apart from dimension "
            f"{dim} and "
            f"to be no larger size than src {list(have)}"
        )
    return dim


def _scatter(t: Any, dim: int, index: Any, src: Any, value: Any, reduce: str | None, run: Callable) -> Any:
    """scatter and scatter_, `run` calling the op."""
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter(): needs src (a Tensor or a number) or value=")
    by_number = not isinstance(src, TensorBase)
    if by_number:
        dim = _check_index("scatter", t, dim, index, "self")
    else:
        dim = _check_scatter("scatter", t, dim, index, src)
    if reduce is None:
        return run(ops.scatter, t, index, src, dim=dim, by_number=by_number)
    if reduce not in ("add", "multiply"):
        raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce}.")
    if by_number:
        src = t.new_full(index._array.shape, src)
    else:
        warn_user(
            "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future "
            "PyTorch "
            "release. Use torch.scatter_reduce instead for more reduction options.",
        )
    if reduce == "add":
        return run(ops.scatter_add, t, index, src, dim=dim)
    return run(scatter_reduce, t, index, src, dim=dim, reduce="prod")


def _reduce_settings(t: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> dict:
    reduce = {"max": "amax", "min": "amin"}.get(reduce, reduce)
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    kinds = {"amax": "c", "amin": "c", "mean": "b"}.get(reduce, "")
    refuse_dtype(t, kinds, f"scatter_gather_tensor_cpu_reduce_{reduce}")
    dim = _check_scatter("scatter_reduce", t, dim, index, src)
    return {"dim": dim, "reduce": reduce, "include_self": include_self}


def _alpha(t: Any, alpha: Any) -> Any:
    if t._array.dtype.kind in "iu":
        return int(alpha)
    return alpha


def _check_slices(op: str, t: Any, dim: int, index: Any, source: Any) -> int:
    """Check index_add and index_copy; gives `dim` counted from the front."""
    kind = IndexError if op == "index_copy_" else RuntimeError
    shape, have = t._array.shape, source._array.shape
    dim = wrap_dim(dim, len(shape), op)
    if index._array.ndim > 1:
        raise IndexError(
            f"{op}: Index is supposed to be a vector, but got dim: {index._array.ndim} with type: {_kind(index)} and "
            "size: "
            f"{list(index._array.shape)}"
        )
    if op == "index_copy_" and index._array.dtype != "int64":
        raise RuntimeError(f"{op}: Expected a long tensor for index, but got {_kind(index)}")
    _check_integer(f"{op}: Expected dtype int32/int64 for index", index)
    if source._array.dtype != t._array.dtype:
        raise RuntimeError(
            f"{op}: self and source expected to have the same dtype, but got (self) {_kind(t)} and (source) "
            f"{_kind(source)}"
        )
    count = have[dim] if dim < len(have) else 1
    if len(have) == len(shape) and count != index._array.size:
        raise kind(
            f"{op}: Number of indices ({index._array.size}) should be equal to source.size(dim) ({count}), for dim: "
            f"{dim}"
        )
    scalar = op == "index_copy_" and (not have or not shape) and source._array.size == index._array.size
    if len(have) != len(shape) and not scalar:
        raise kind(f"{op}: the number of dimensions must match: self has {len(shape)}, source has {len(have)}")
    if not scalar and [n for d, n in enumerate(shape) if d != dim] != [n for d, n in enumerate(have) if d != dim]:
        raise RuntimeError(
            f"{op}: source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            "self.shape = "
            f"{list(shape)} source.shape = {list(have)}"
        )
    bad = out_of_range(index._array, shape[dim] if shape else 1)
    if bad is not None:
        raise kind(f"{op}: index {bad} is out of bounds for dimension {dim} with size {shape[dim] if shape else 1}")
    return dim


def _check_index_fill(t: Any, dim: int, index: Any, value: Any) -> tuple[int, bool]:
    dim = wrap_dim(dim, t._array.ndim, "index_fill_")
    by_tensor = isinstance(value, TensorBase)
    if by_tensor and value._array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    if index._array.dtype != "int64":
        raise IndexError(f"index_fill_(): Expected dtype int64 for index, but got {_kind(index)}")
    if index._array.ndim > 1:
        raise RuntimeError("index_fill_: Index has to be a vector/scalar")
    n = t._array.shape[dim] if t._array.ndim else 1
    places = index._array
    if places.size and (int(places.min()) < -n or int(places.max()) >= n):
        bad = int(places.min()) if int(places.min()) < -n else int(places.max())
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {n}")
    return dim, by_tensor


def _index_reduce(t: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool) -> tuple[dict, Any]:
    warn_user("index_reduce() is in beta and the API may change at any time.")
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    refuse_dtype(t, "bc", "index_func_")
    dim = _check_slices("index_reduce()", t, dim, index, source)
    shape = source._array.shape
    column = index.reshape((-1,) + (1,) * (len(shape) - 1 - dim)) if shape else index.reshape(())
    wide = broadcast_to(column, shape=shape)
    return {"dim": dim, "reduce": reduce, "include_self": include_self, "node": "IndexReduce"}, wide


FUNCTIONS: dict[str, Callable] = {
    name: function(getattr(ScatteringMixin, name), out=name != "index_fill")
    for name in (
        "gather take_along_dim scatter scatter_add scatter_reduce index_select index_add index_copy index_fill "
        "index_reduce"
    ).split()
}
