"""Joining tensors and taking them apart: cat, stack and their kin; split, chunk, unbind and theirs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.failures import check_same_device
from minitorch.backend import dtypes, xp_of
from minitorch.errors import explain, type_error, wrap_dim
from minitorch.ops import joining as ops
from minitorch.ops import scattering
from minitorch.ops import shape as shape_ops
from minitorch.ops.indexing import broadcast_shape
from minitorch.tensor.binding import function, write_out
from minitorch.tensor.notice import warn_user
from minitorch.tensor.sizes import integer, ints

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class JoiningMixin(TensorBase):
    """Methods that take a tensor apart. The parts are views that may not be changed in place while tracked."""

    __slots__ = ()

    def split(self, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Parts of the given size along `dim` (the last may be smaller), or of the listed sizes.

        >>> import minitorch as mt
        >>> [p.tolist() for p in mt.tensor([1, 2, 3]).split(2)]
        [[1, 2], [3]]
        """
        if isinstance(split_size_or_sections, (tuple, list)):
            return self.split_with_sizes(split_size_or_sections, dim)
        size = integer("split", "split_size", split_size_or_sections, 1)
        n, dim = _length(self, dim, "split")
        if size < 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        if size == 0 and n:
            raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        count = max(1, -(-n // size)) if size else 1
        sizes = tuple([min(size, n - k * size) for k in range(count)])
        return ops.split(self, sizes=sizes, dim=dim, equal=True)

    def split_with_sizes(self, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Parts of the listed sizes along `dim`."""
        n, dim = _length(self, dim, "split_with_sizes")
        sizes = ints("split_with_sizes", "split_sizes", split_sizes)
        if min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
            )
        if sum(sizes) != n:
            raise RuntimeError(
                explain(
                    f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {dim}), "
                    f"but got split_sizes={list(sizes)}",
                    [("input", self._array.shape, "")],
                )
            )
        return ops.split(self, sizes=sizes, dim=dim)

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` parts of one size along `dim`, the last may be smaller.

        >>> import minitorch as mt
        >>> [p.tolist() for p in mt.tensor([1, 2, 3, 4, 5]).chunk(3)]
        [[1, 2], [3, 4], [5]]
        """
        n, dim = _length(self, dim, "chunk")
        if integer("chunk", "chunks", chunks) <= 0:
            raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
        size = -(-n // chunks)
        if size == 0:
            return ops.split(self, sizes=(0,) * chunks, dim=dim)
        return self.split(size, dim)

    def tensor_split(self, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Parts cut at the given indices, or `sections` parts of nearly one size (the first ones one longer).

        >>> import minitorch as mt
        >>> [p.tolist() for p in mt.tensor([1, 2, 3, 4, 5]).tensor_split(3)]
        [[1, 2], [3, 4], [5]]
        """
        n, dim = _length(self, dim, "tensor_split")
        wanted = indices_or_sections
        if isinstance(wanted, TensorBase):
            if wanted._array.ndim > 1 or wanted._array.dtype != "int64":
                raise RuntimeError(
                    "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional int64 "
                    f"tensor, but got a tensor with {wanted._array.ndim} dimensions"
                )
            wanted = wanted._array.tolist()
        if isinstance(wanted, int):
            if wanted <= 0:
                raise RuntimeError(f"number of sections must be larger than 0, got {wanted}")
            sizes = [n // wanted + (k < n % wanted) for k in range(wanted)]
            cuts = list(itertools.accumulate(sizes))[:-1]
        else:
            cuts = [slice(i).indices(n)[1] for i in ints("tensor_split", "indices", wanted)]
        bounds = list(zip([0, *cuts], [*cuts, n], strict=True))
        lead = (slice(None),) * dim
        return tuple(self[(*lead, slice(a, max(a, b)))] for a, b in bounds)  # type: ignore[index]

    def hsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """tensor_split along the columns (the only dimension of a vector)."""
        return _even_split(self, indices_or_sections, 1 if self._array.ndim > 1 else 0, 1, "hsplit")

    def vsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """tensor_split along the rows."""
        return _even_split(self, indices_or_sections, 0, 2, "vsplit")

    def dsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """tensor_split along the third dimension."""
        return _even_split(self, indices_or_sections, 2, 3, "dsplit")

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """The slices along `dim`, without that dimension."""
        if self._array.ndim == 0:
            raise IndexError("unbind: Dimension specified as 0 but tensor has no dimensions")
        return ops.unbind(self, dim=wrap_dim(dim, self._array.ndim, "unbind"))

    def __iter__(self) -> Any:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(ops.unbind(self, dim=0))

    def unsafe_split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """split, with parts that are copies."""
        return tuple(p.clone() for p in self.split(split_size, dim))

    def unsafe_split_with_sizes(self, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """split_with_sizes, with parts that are copies."""
        return tuple(p.clone() for p in self.split_with_sizes(split_sizes, dim))

    def unsafe_chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """chunk, with parts that are copies."""
        return tuple(p.clone() for p in self.chunk(chunks, dim))


def _length(t: TensorBase, dim: int, op: str) -> tuple[int, int]:
    """The length of dimension `dim`, and `dim` counted from the front."""
    if t._array.ndim == 0:
        raise RuntimeError(f"{op} expects at least a 1-dimensional tensor")
    dim = wrap_dim(integer(op, "dim", dim, 2), t._array.ndim, op)
    return t._array.shape[dim], dim


def _even_split(t: Any, wanted: Any, dim: int, least: int, op: str) -> tuple[Tensor, ...]:
    shape = t._array.shape
    if len(shape) < least:
        raise RuntimeError(
            f"torch.{op} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{len(shape)} dimensions!"
        )
    if isinstance(wanted, int) and (wanted <= 0 or shape[dim] % wanted):
        raise RuntimeError(
            f"torch.{op} attempted to split along dimension {dim}, but the size of the dimension {shape[dim]} is not "
            f"divisible by the split_size {wanted}!"
        )
    return t.tensor_split(wanted, dim)


# -- joining -----------------------------------------------------------------------------------------------------------


def _tensors(op: str, tensors: Any, empty: type[Exception] = RuntimeError) -> tuple:
    """`tensors` as a tuple of tensors, at least one."""
    if isinstance(tensors, TensorBase) or not hasattr(tensors, "__iter__"):
        raise type_error(op, "tensors", 1, "tuple of Tensors", tensors)
    found = tuple(tensors)
    for i, t in enumerate(found):
        if not isinstance(t, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}")
    if not found:
        raise empty(f"{op}(): expected a non-empty list of Tensors")
    return found


def _common_dtype(op: str, tensors: tuple) -> Any:
    """The NumPy dtype of the result, or None if all tensors have it."""
    first = tensors[0]._array
    for t in tensors[1:]:
        if t._array.dtype is not first.dtype and t._array.dtype != first.dtype:
            check_same_device(op, *tensors)
            operands = [(dtypes.from_numpy(t._array.dtype), 0 if t._array.ndim else 1) for t in tensors]
            return dtypes.result_dtype(operands).numpy
    return None


def cat(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """The tensors one after the other along `dim`; sizes agree in the other dimensions.

    Shape: sizes along `dim` add up. An empty vector of shape (0,) is left out, as in torch.

    >>> import minitorch as mt
    >>> mt.cat([mt.tensor([1, 2]), mt.tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = _tensors("cat", tensors, ValueError)
    dtype = _common_dtype("cat", tensors)
    for i, t in enumerate(tensors):
        if t._array.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    kept = tensors
    if any(t._array.shape == (0,) for t in tensors):
        kept = tuple(t for t in tensors if t._array.shape != (0,)) or tensors[:1]
    dim = wrap_dim(integer("cat", "dim", dim, 2), kept[0]._array.ndim, "cat")
    result = ops.cat(*kept, dim=dim, dtype=dtype)
    return result if out is None else write_out("cat", out, result, tensors)


def concat(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """cat under another name."""
    return cat(tensors, dim, out=out)


def concatenate(tensors: Any, axis: int = 0, *, dim: int | None = None, out: Any = None) -> Tensor:
    """cat under NumPy's name, and with its name for `dim`."""
    return cat(tensors, axis if dim is None else dim, out=out)


def stack(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """Tensors of one shape side by side along a new dimension `dim`.

    >>> import minitorch as mt
    >>> mt.stack([mt.tensor([1, 2]), mt.tensor([3, 4])], 1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = _tensors("stack", tensors)
    dim = wrap_dim(integer("stack", "dim", dim, 2), tensors[0]._array.ndim + 1, "stack")
    result = ops.stack(*tensors, dim=dim, dtype=_common_dtype("stack", tensors))
    return result if out is None else write_out("stack", out, result, tensors)


def hstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the columns; vectors along their only dimension."""
    tensors = atleast_1d(_tensors("hstack", tensors))
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the rows, a vector being one row."""
    return cat(atleast_2d(_tensors("vstack", tensors)), 0, out=out)


def row_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """vstack under another name."""
    return vstack(tensors, out=out)


def dstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the third dimension, added where it is missing."""
    return cat(atleast_3d(_tensors("dstack", tensors)), 2, out=out)


def column_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """hstack, a vector being one column."""
    tensors = _tensors("column_stack", tensors)
    return cat([t if t._array.ndim > 1 else t.reshape(t._array.size, 1) for t in tensors], 1, out=out)


def _each(op: str, tensors: tuple, one: Callable) -> Any:
    """`one` applied to the tensor given, or to each of several (given as arguments or as one tuple)."""
    if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
        return one(tensors[0])
    return tuple(one(t) for t in _tensors(op, tensors[0] if len(tensors) == 1 else tensors))


def atleast_1d(*tensors: Any) -> Any:
    """Views with at least one dimension."""
    return _each("atleast_1d", tensors, lambda t: t if t._array.ndim else t.reshape(1))


def atleast_2d(*tensors: Any) -> Any:
    """Views with at least two dimensions; a vector becomes one row."""

    def one(t: Any) -> Any:
        return t.reshape(1, 1) if t._array.ndim == 0 else t.unsqueeze(0) if t._array.ndim == 1 else t

    return _each("atleast_2d", tensors, one)


def atleast_3d(*tensors: Any) -> Any:
    """Views with at least three dimensions; a matrix gets the last one, a vector the middle of three."""

    def one(t: Any) -> Any:
        ndim = t._array.ndim
        if ndim == 0:
            return t.reshape(1, 1, 1)
        return t.unsqueeze(0).unsqueeze(-1) if ndim == 1 else t.unsqueeze(-1) if ndim == 2 else t

    return _each("atleast_3d", tensors, one)


# -- broadcasting and combinations ---------------------------------------------------------------------------------------


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of these shapes broadcast to.

    >>> import minitorch as mt
    >>> mt.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    from minitorch.tensor.size import Size

    found = [(s,) if isinstance(s, int) else ints("broadcast_shapes", "shapes", s) for s in shapes]
    if any(n < 0 for s in found for n in s):
        raise ValueError(f"broadcast_shapes: Attempting to broadcast a dimension with negative length: {found}")
    result = broadcast_shape(found)
    if result is None:
        rows = [(f"shape {i}", s, "") for i, s in enumerate(found)]
        raise RuntimeError(explain("Shape mismatch: objects cannot be broadcast to a single shape", rows))
    return Size(result)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of the tensors, expanded to their common shape."""
    tensors = _tensors("broadcast_tensors", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    shapes = [t._array.shape for t in tensors]
    shape = broadcast_shape(shapes)
    if shape is None:
        rows = [(f"tensors[{i}]", s, "") for i, s in enumerate(shapes)]
        raise RuntimeError(explain("broadcast_tensors: The size of the tensors must match at non-singleton dimensions", rows))
    return tuple(shape_ops.expand(t, shape=shape) for t in tensors)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Grids of coordinates: view i holds tensor i's elements along dimension i. indexing "xy" swaps the first two.

    >>> import minitorch as mt
    >>> mt.meshgrid(mt.tensor([1, 2]), mt.tensor([3, 4]), indexing="ij")[1]
    tensor([[3, 4],
            [3, 4]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    tensors = _tensors("meshgrid", tensors)
    if indexing is None:
        warn_user(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in tensors:
        if t._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t._array.shape}")
        if t._array.dtype != tensors[0]._array.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    check_same_device("meshgrid", *tensors)
    swap = indexing == "xy" and len(tensors) > 1
    order = (tensors[1], tensors[0], *tensors[2:]) if swap else tensors
    shape = tuple(t._array.size for t in order)
    grids = []
    for d, t in enumerate(order):
        column = shape_ops.reshape(t, shape=(1,) * d + (shape[d],) + (1,) * (len(shape) - 1 - d))
        grids.append(shape_ops.expand(column, shape=shape))
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of one element from each vector, one per row; a single vector as it is."""
    tensors = _tensors("cartesian_prod", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors)
    for t in tensors:
        if t._array.ndim != 1:
            raise RuntimeError(f"cartesian_prod: Expect a 1D vector, but got shape {list(t._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of r elements of a vector, in the order of itertools.combinations, one per row.

    >>> import minitorch as mt
    >>> mt.combinations(mt.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"combinations: Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    n = input._array.size
    rows = math.comb(n + r - 1, r) if with_replacement and n else math.comb(n, r)
    if r == 0:
        return input[:0]
    flat = list(itertools.chain.from_iterable(choose(range(n), r)))
    index = wrap(xp_of(input._array).asarray(flat, dtype="int64"))
    return scattering.index_select(input, index, dim=0).reshape(rows, r)


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with the given matrices along its diagonal (vectors are rows, numbers 1 x 1), zeros elsewhere.

    >>> import minitorch as mt
    >>> mt.block_diag(mt.tensor([[1, 2]]), mt.tensor([[3], [4]]))
    tensor([[1, 2, 0],
            [0, 0, 3],
            [0, 0, 4]])
    """
    tensors = _tensors("block_diag", tensors)
    for i, t in enumerate(tensors):
        if t._array.ndim > 2:
            raise RuntimeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {t._array.ndim} dimensions"
            )
    blocks = [atleast_2d(t) for t in tensors]
    width = sum(b._array.shape[1] for b in blocks)
    xp, dtype, rows, at = xp_of(blocks[0]._array), _common_dtype("block_diag", tensors), [], 0
    dtype = blocks[0]._array.dtype if dtype is None else dtype
    for b in blocks:
        height, w = b._array.shape
        left, right = (wrap(xp.zeros((height, n), dtype=dtype)) for n in (at, width - at - w))
        rows.append(ops.cat(left, b, right, dim=1, dtype=dtype))
        at += w
    return ops.cat(*rows, dim=0)


# -- repeat_interleave: with a tensor of counts it is an index_select --------------------------------------------------


def repeat_interleaved(t: Any, repeats: Any, dim: int | None, output_size: int | None) -> Tensor:
    """Tensor.repeat_interleave."""
    if dim is None:
        t, dim = t.flatten(), 0
    if t._array.ndim == 0:
        raise IndexError("repeat_interleave: Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(integer("repeat_interleave", "dim", dim, 2), t._array.ndim, "repeat_interleave")
    n = t._array.shape[dim]
    if isinstance(repeats, TensorBase):
        counts = repeats._array
        _check_counts(counts, n, dim)
        xp = xp_of(t._array)
        if counts.size == 1:
            counts = xp.broadcast_to(counts.reshape(-1), (n,))
        if int(counts.sum()) != output_size and output_size is not None:
            raise RuntimeError(f"repeat_interleave: allocated size does not match required size: {output_size}")
        return scattering.index_select(t, wrap(xp.repeat(xp.arange(n), counts)), dim=dim)
    repeats = integer("repeat_interleave", "repeats", repeats)
    if repeats < 0:
        raise RuntimeError("repeat_interleave: Repeats must be non-negative")
    if output_size is not None and output_size != n * repeats:
        raise RuntimeError(f"repeat_interleave: Invalid output_size, expected {n * repeats} but got {output_size}")
    return shape_ops.repeat_interleave(t, repeats=repeats, dim=dim)


def _check_counts(counts: Any, n: int | None, dim: int | None) -> None:
    if counts.dtype not in ("int64", "int32"):
        raise NotImplementedError(
            f'"repeat_interleave_cpu" not implemented for {dtypes.from_numpy(counts.dtype)!r}: repeats has to be Long or Int'
        )
    if counts.ndim > 1:
        raise RuntimeError("repeat_interleave: repeats must be 0-dim or 1-dim tensor")
    if n is not None and counts.size not in (1, n):
        raise RuntimeError(
            f"repeat_interleave: repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{counts.size} and input.size({dim}) = {n}"
        )
    if counts.size and int(counts.min()) < 0:
        raise RuntimeError("repeat_interleave: repeats can not be negative")


def repeat_interleave(input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Each element repeated in its place; repeat_interleave(counts) alone repeats 0, 1, 2, ... that often."""
    if repeats is not None:
        return repeat_interleaved(input, repeats, dim, output_size)
    counts = input._array
    _check_counts(counts, None, None)
    if counts.ndim != 1:
        raise RuntimeError("repeat_interleave: repeats only accept 1D vector as repeat")
    xp = xp_of(counts)
    return wrap(xp.repeat(xp.arange(counts.size), counts).astype(counts.dtype))


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts along `dim`; see Tensor.split."""
    if not isinstance(tensor, TensorBase):
        raise type_error("split", "tensor", 1, "Tensor", tensor)
    return JoiningMixin.split(tensor, split_size_or_sections, dim)  # type: ignore[arg-type]


_METHODS = (
    "split_with_sizes chunk tensor_split hsplit vsplit dsplit unbind unsafe_split unsafe_split_with_sizes unsafe_chunk"
).split()
FUNCTIONS: dict[str, Callable] = {name: function(getattr(JoiningMixin, name)) for name in _METHODS} | {
    f.__name__: f
    for f in (
        split, cat, concat, concatenate, stack, hstack, vstack, row_stack, dstack, column_stack, atleast_1d, atleast_2d, atleast_3d,
        broadcast_shapes, broadcast_tensors, meshgrid, cartesian_prod, combinations, block_diag, repeat_interleave,
    )
}  # fmt: skip
