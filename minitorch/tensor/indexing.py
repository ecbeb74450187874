"""Indexing: `x[index]`, `x[index] = value`, and the methods that take positions or masks.

Basic indices (ints, slices, None, ...) give views; arrays, lists and masks give copies, as in torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.autograd.primitives import alias
from minitorch.autograd.views import bump, check_inplace, check_overlap, inplace, refuse_shared
from minitorch.backend import dtypes, xp_of
from minitorch.errors import type_error, wrap_dim
from minitorch.ops import indexing as ops
from minitorch.ops import memory
from minitorch.tensor import masking, scattering
from minitorch.tensor.binding import function
from minitorch.tensor.positions import parse
from minitorch.tensor.sizes import integer, ints

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

_slice_op = ops.slice_
_NUMBERS = (bool, int, float, complex)


class IndexingMixin(scattering.ScatteringMixin, masking.MaskingMixin, TensorBase):
    """Methods that read or write some of the elements."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Tensor:
        kind = index.__class__
        if kind is int:
            return ops.select(self, index=(index, ...))
        if kind is slice:
            start, stop, step = index.start, index.stop, index.step
            if (
                (start is None or start.__class__ is int)
                and (stop is None or stop.__class__ is int)
                and (step is None or (step.__class__ is int and step > 0))
            ):
                return _slice_op(self, index=(index, ...))
        elif kind is tuple and index and _plain(index):
            return basic_view(self, (*index, ...))
        elif isinstance(index, TensorBase) and index._array.dtype.char == "l" and index._array.ndim:
            if type(index._array) is type(self._array) and self._array.ndim:
                return ops.index(self, positions=ops.Positions((index._array,), ops.watch(index)))
        basic, positions = parse(self, index)
        if basic is not None:
            self = basic_view(self, basic)
        elif positions is None:
            return alias(self)
        return self if positions is None else ops.index(self, positions=positions)  # type: ignore[return-value]

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(value, (TensorBase, *_NUMBERS)):
            kind = type(value)
            name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
            raise TypeError(
                f"can't assign a {name} to a torch.{dtypes.SCALAR_NAME[dtypes.from_numpy(self._array.dtype)]}Tensor\n"
                "    hint  minitorch.as_tensor(...) makes a tensor of lists and NumPy arrays"
            )
        if index.__class__ is int:
            basic: tuple | None = (index, ...)
            positions = None
        else:
            basic, positions = parse(self, index)
        if positions is not None:
            _put(self if basic is None else basic_view(self, basic), positions, value)
        elif state.grad and (self.requires_grad or (isinstance(value, TensorBase) and edge_of(value) is not None)):  # type: ignore[attr-defined]
            _assign_tracked(self if basic is None else basic_view(self, basic), value)
        elif isinstance(value, TensorBase) and value._counter is self._counter:  # perhaps the same memory: more checks
            _assign_tracked(self if basic is None else basic_view(self, basic), value)
        else:
            _assign(self, (...,) if basic is None else basic, value)

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (TensorBase, *_NUMBERS)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((element == self).any().item())  # type: ignore[union-attr, attr-defined]

    # -- views by index -----------------------------------------------------------------------------------------------

    def select(self, dim: int, index: int) -> Tensor:
        """A view of one slice: the tensor at `index` along `dim`, without that dimension.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 2], [3, 4]]).select(1, 0)
        tensor([1, 3])
        """
        return ops.select(self, index=_at(self, dim, index, "select"))

    def narrow(self, dim: int, start: Any, length: int) -> Tensor:
        """A view of `length` slices along `dim`, from `start` on."""
        return _slice_op(self, index=_span(self, dim, start, length, "narrow"))

    def narrow_copy(self, dim: int, start: int, length: int) -> Tensor:
        """narrow as a copy."""
        return memory.clone(_slice_op(self, index=_span(self, dim, start, length, "narrow_copy")), order="C")

    def select_scatter(self, src: Tensor, dim: int, index: int) -> Tensor:
        """A copy in which select(dim, index) is `src`."""
        return _replace(self, src, _at(self, dim, index, "select_scatter"), "Select")

    def slice_scatter(self, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
        """A copy in which the slice start:end:step along `dim` is `src`.

        >>> import minitorch as mt
        >>> mt.zeros(4).slice_scatter(mt.ones(2), 0, 1, 3)
        tensor([0., 1., 1., 0.])
        """
        if step <= 0:
            raise RuntimeError("slice step must be positive")
        dim = wrap_dim(dim, self._array.ndim, "slice_scatter")
        return _replace(self, src, (slice(None),) * dim + (slice(start, end, step), ...), "Slice")

    # -- advanced -----------------------------------------------------------------------------------------------------

    def index_put(self, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
        """A copy with `values` put at (or, with accumulate, added to) x[indices]; indices is a tuple of tensors.

        >>> import minitorch as mt
        >>> mt.zeros(3).index_put((mt.tensor([0, 0]),), mt.ones(2), accumulate=True)
        tensor([2., 0., 0.])
        """
        positions, values = _put_arguments(self, indices, values)
        return ops.index_put(self, values, positions=positions, accumulate=accumulate)

    def index_put_(self, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
        """In-place version of `index_put`."""
        positions, values = _put_arguments(self, indices, values)
        refuse_shared(self, values)
        return inplace(ops.index_put, self, values, positions=positions, accumulate=accumulate)

    def take(self, index: Tensor) -> Tensor:
        """The elements of the flattened tensor at `index`, in index's shape."""
        _check_flat("take", self, index)
        return ops.take(self, index)

    def put(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """A copy with source's elements at (or added to) the flat positions `index`."""
        _check_flat("put_", self, index, source)
        return ops.put(self, index, source, accumulate=accumulate)

    def put_(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """In-place version of `put`."""
        _check_flat("put_", self, index, source)
        refuse_shared(self, source)
        return inplace(ops.put, self, index, source, accumulate=accumulate)

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """Where the elements are not zero: one row of indices each; as_tuple: a vector per dimension, to index with.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 0], [0, 2]]).nonzero()
        tensor([[0, 0],
                [1, 1]])
        """
        array = self._array
        found = array.reshape(1).nonzero() if array.ndim == 0 else array.nonzero()
        if as_tuple:
            return tuple(wrap(xp_of(array).ascontiguousarray(a)) for a in found)
        if array.ndim == 0:
            return wrap(found[0].reshape(-1, 1)[:, :0].copy())
        return wrap(xp_of(array).stack(found).T)

    def argwhere(self) -> Tensor:
        """nonzero()."""
        return self.nonzero()


def _plain(index: tuple) -> bool:
    """True if an index needs no reading: ints, and slices of ints, their steps positive."""
    for i in index:
        if i.__class__ is slice:
            for bound in (i.start, i.stop, i.step):
                if bound is not None and bound.__class__ is not int:
                    return False
            if i.step is not None and i.step <= 0:
                return False
        elif i.__class__ is not int:
            return False
    return True


def basic_view(t: Any, basic: tuple) -> Any:
    """t[basic] as a view; the node is named after the last thing that the index does."""
    for i in reversed(basic):
        if i.__class__ is int:
            return ops.select(t, index=basic)
        if i is None:
            return ops.newaxis(t, index=basic)
        if i is not Ellipsis and (i.start is not None or i.stop is not None or i.step is not None):
            return _slice_op(t, index=basic)
    return _slice_op(t, index=basic) if len(basic) == 2 else alias(t)


# -- assignment -------------------------------------------------------------------------------------------------------


def _assign(t: Any, basic: tuple, value: Any) -> None:
    """t[basic] = value, where nothing is to be recorded."""
    check_inplace(t, False)
    array = t._array
    source = _source(t, value)
    try:
        part = array[basic]
        check_overlap(part)
        memory.copy.op.write(part, memory.scalar_for(part, source))
    except (IndexError, ValueError, OverflowError, TypeError) as error:
        raise (
            ops.explain_index((array,), {"index": basic}, error)
            or memory.scalar_failure(array, source)
            or memory.broadcast_failure(array[basic], source)
            or RuntimeError(
                f"assignment: can't store a {type(value).__name__} of {getattr(source, 'dtype', 'this kind')}"
            )
        ) from None
    bump(t)


def _source(t: Any, value: Any) -> Any:
    """What to store: a number, or an array on t's device."""
    if not isinstance(value, TensorBase):
        return value
    array = value._array
    if type(array) is not type(t._array):
        array = value.to(t.device)._array  # type: ignore[attr-defined]
    return array


def _assign_tracked(view: Any, value: Any) -> None:
    """Copy `value` into a view, recording it."""
    if not isinstance(value, TensorBase):
        check_overlap(view._array)
        inplace(memory.fill, view, value)
        return
    value = _without_leading_ones(value, view._array.ndim)
    if type(value._array) is not type(view._array):
        value = value.to(view.device)  # type: ignore[attr-defined]
    inplace(memory.copy, view, value)


def _without_leading_ones(value: Any, ndim: int) -> Any:
    """The value with no more dimensions than `ndim`, where the surplus has length one."""
    shape = value._array.shape
    surplus = len(shape) - ndim
    if surplus > 0 and all(n == 1 for n in shape[:surplus]):
        return value.reshape(shape[surplus:])
    return value


def _put(t: Any, positions: ops.Positions, value: Any) -> None:
    """t[positions] = value."""
    if isinstance(value, TensorBase):
        if value._array.dtype != t._array.dtype:
            if not (positions.unique and value._array.size == 1):
                raise _dtype_mismatch(t, value)
            value = value.to(t.dtype)  # type: ignore[attr-defined]
        if type(value._array) is not type(t._array):
            value = value.to(t.device)  # type: ignore[attr-defined]
        value = _without_leading_ones(value, _result_ndim(t, positions))
    refuse_shared(t, value)
    inplace(ops.index_put, t, value, positions=positions)


def _result_ndim(t: Any, positions: ops.Positions) -> int:
    arrays = [k for k in positions.key if not isinstance(k, slice)]
    used = sum(k.ndim if k.dtype.kind == "b" else 1 for k in arrays)
    index_ndim = max(1 if k.dtype.kind == "b" else k.ndim for k in arrays)
    return t._array.ndim - used + index_ndim


def _dtype_mismatch(t: Any, value: Any) -> RuntimeError:
    want, have = (dtypes.SCALAR_NAME[dtypes.from_numpy(x._array.dtype)] for x in (t, value))
    return RuntimeError(
        f"Index put requires the source and destination dtypes match, got {want} for the destination and {have} for "
        "the "
        "source."
    )


def _put_arguments(t: Any, indices: Any, values: Any) -> tuple[ops.Positions, Any]:
    if not isinstance(indices, (tuple, list)):
        raise type_error("index_put", "indices", 1, "tuple of Tensors", indices)
    for i, index in enumerate(indices):
        if not isinstance(index, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(index).__name__}")
    if not isinstance(values, TensorBase):
        raise type_error("index_put", "values", 2, "Tensor", values)
    if values._array.dtype != t._array.dtype:
        raise _dtype_mismatch(t, values)
    # a 0-d tensor means one position here, not a dimension less
    indices = tuple(i.reshape(1) if i._array.ndim == 0 else i for i in indices)  # type: ignore[attr-defined]
    positions = parse(t, indices)[1]
    if positions is None:
        raise IndexError("index_put(): indices must name at least one dimension")
    return positions, _without_leading_ones(values, _result_ndim(t, positions))


# -- arguments --------------------------------------------------------------------------------------------------------


def _at(t: Any, dim: int, index: Any, op: str) -> tuple:
    shape = t._array.shape
    if not shape:
        raise IndexError(f"{op}() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape), op)
    index = integer(op, "index", index, 2)
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(f"{op}(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}")
    return (slice(None),) * dim + (index, ...)


def _span(t: Any, dim: int, start: Any, length: int, op: str) -> tuple:
    shape = t._array.shape
    if not shape:
        raise RuntimeError(f"{op}() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape), op)
    if isinstance(start, TensorBase) and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    start, n = integer(op, "start", start, 2), shape[dim]
    if length < 0:
        raise RuntimeError(f"{op}(): length must be non-negative.")
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start += n if start < 0 else 0
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return (slice(None),) * dim + (slice(start, start + length), ...)


def _replace(t: Any, src: Any, index: tuple, kind: str) -> Any:
    want = t._array[index].shape
    if src._array.shape != want:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._array.shape)}, slice size "
            "= "
            f"{list(want)}"
        )
    return ops.replace(t, src, index=index, kind=kind)


def _check_flat(op: str, t: Any, index: Any, source: Any = None) -> None:
    if not isinstance(index, TensorBase):
        raise type_error(op, "index", 1, "Tensor", index)
    if index._array.dtype != "int64":
        kind = dtypes.SCALAR_NAME[dtypes.from_numpy(index._array.dtype)]
        raise RuntimeError(f"{op}(): Expected a long tensor for index, but got {kind}")
    if t._array.size == 0 and index._array.size:
        raise IndexError(f"{op}(): tried to take from an empty tensor")
    if source is None:
        return
    if source._array.dtype != t._array.dtype:
        have, came = (dtypes.SCALAR_NAME[dtypes.from_numpy(x._array.dtype)] for x in (t, source))
        raise RuntimeError(
            f"{op}(): self and source expected to have the same dtype, but got self.dtype = {have} and source.dtype = "
            f"{came}"
        )
    if source._array.size != index._array.size:
        raise IndexError(
            f"{op}(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {index._array.size}"
        )


def nonzero(input: Tensor, *, as_tuple: bool = False, out: Any = None) -> Any:
    """Where the elements are not zero; see Tensor.nonzero."""
    found = IndexingMixin.nonzero(input, as_tuple=as_tuple)  # type: ignore[arg-type]
    return found if out is None else scattering.write_out("nonzero", out, found)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Flat positions as one tensor of coordinates per dimension of `shape`.

    >>> import minitorch as mt
    >>> mt.unravel_index(mt.tensor([5]), (3, 4))
    (tensor([1]), tensor([1]))
    """
    if indices._array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {dtypes.from_numpy(indices._array.dtype)!r}")
    shape = (shape,) if isinstance(shape, int) else ints("unravel_index", "shape", shape, 2)
    if any(n < 0 for n in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    xp, places, found = xp_of(indices._array), indices._array.astype("int64"), []
    for n in reversed(shape):
        found.append(wrap(xp.asarray(places % n)))
        places = places // n
    return tuple(reversed(found))


FUNCTIONS: dict[str, Callable] = {
    name: function(getattr(IndexingMixin, name), out=name in ("take", "narrow_copy", "slice_scatter"))
    for name in "select narrow narrow_copy select_scatter slice_scatter index_put index_put_ take put argwhere".split()
}
FUNCTIONS |= {"nonzero": nonzero, "unravel_index": unravel_index}
FUNCTIONS |= scattering.FUNCTIONS | masking.FUNCTIONS
