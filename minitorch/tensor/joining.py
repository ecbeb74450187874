"""Joining tensors and taking them apart: cat, stack and their kin; split, chunk, unbind and theirs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.failures import check_same_device
from minitorch.backend import dtypes
from minitorch.errors import explain, type_error, wrap_dim
from minitorch.ops import joining as ops
from minitorch.tensor.binding import function
from minitorch.tensor.out import write_out
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
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={list(sizes)}"
            )
        if sum(sizes) != n:
            raise RuntimeError(
                explain(
                    f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
                    f"{dim}), "
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
                    "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional "
                    "int64 "
                    f"tensor, but got a tensor with {wanted._array.ndim} dimensions"
                )
            wanted = wanted._array.tolist()
        if hasattr(wanted, "__index__"):
            wanted = integer("tensor_split", "sections", wanted)
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


# -- joining ----------------------------------------------------------------------------------------------------------


def tensors_of(op: str, tensors: Any, empty: type[Exception] = RuntimeError) -> tuple:
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


def common_dtype(op: str, tensors: tuple) -> Any:
    """The NumPy dtype of the result, or None if all tensors have it."""
    first = tensors[0]._array
    for t in tensors[1:]:
        if t._array.dtype is not first.dtype and t._array.dtype != first.dtype:
            check_same_device(op, *tensors)
            operands = [(dtypes.from_numpy(t._array.dtype), 0 if t._array.ndim else 1) for t in tensors]
            return dtypes.result_dtype(operands).numpy
    return None


def _alike(tensors: Any, dim: int) -> bool:
    """True for a list or tuple of tensors of one dtype, all with a dimension `dim`, and none of shape (0,)."""
    if tensors.__class__ is not list and tensors.__class__ is not tuple:
        return False
    try:
        first = tensors[0]._array
        dtype, ndim = first.dtype, first.ndim
        for t in tensors:
            a = t._array
            if a.dtype is not dtype or a.ndim != ndim or not a.size:
                return False
    except (AttributeError, IndexError):
        return False
    return 0 <= dim < ndim


def cat(tensors: Any, dim: int = 0, *, out: Any = None) -> Tensor:
    """The tensors one after the other along `dim`; sizes agree in the other dimensions.

    Shape: sizes along `dim` add up. An empty vector of shape (0,) is left out, as in torch.

    >>> import minitorch as mt
    >>> mt.cat([mt.tensor([1, 2]), mt.tensor([3])])
    tensor([1, 2, 3])
    """
    if dim.__class__ is int and out is None and _alike(tensors, dim):
        return ops.cat(*tensors, dim=dim, dtype=None)
    tensors = tensors_of("cat", tensors, ValueError)
    dtype = common_dtype("cat", tensors)
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
    tensors = tensors_of("stack", tensors)
    dim = wrap_dim(integer("stack", "dim", dim, 2), tensors[0]._array.ndim + 1, "stack")
    result = ops.stack(*tensors, dim=dim, dtype=common_dtype("stack", tensors))
    return result if out is None else write_out("stack", out, result, tensors)


def hstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the columns; vectors along their only dimension."""
    tensors = atleast_1d(tensors_of("hstack", tensors))
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1, out=out)


def vstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the rows, a vector being one row."""
    return cat(atleast_2d(tensors_of("vstack", tensors)), 0, out=out)


def row_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """vstack under another name."""
    return vstack(tensors, out=out)


def dstack(tensors: Any, *, out: Any = None) -> Tensor:
    """cat along the third dimension, added where it is missing."""
    return cat(atleast_3d(tensors_of("dstack", tensors)), 2, out=out)


def column_stack(tensors: Any, *, out: Any = None) -> Tensor:
    """hstack, a vector being one column."""
    tensors = tensors_of("column_stack", tensors)
    return cat([t if t._array.ndim > 1 else t.reshape(t._array.size, 1) for t in tensors], 1, out=out)


def _each(op: str, tensors: tuple, one: Callable) -> Any:
    """`one` applied to the tensor given, or to each of several (given as arguments or as one tuple)."""
    if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
        return one(tensors[0])
    if not tensors or tensors == ([],) or tensors == ((),):
        return ()
    return tuple(one(t) for t in tensors_of(op, tensors[0] if len(tensors) == 1 else tensors))


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
        split, cat, concat, concatenate, stack, hstack, vstack, row_stack, dstack, column_stack,
        atleast_1d, atleast_2d, atleast_3d,
    )
}  # fmt: skip
