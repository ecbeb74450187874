"""Repetition and broadcasting: expand, repeat, tile, repeat_interleave, meshgrid.

expand repeats without copying, by strides of zero; the others copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.failures import check_same_device
from minitorch.autograd.primitives import cast, sum_to
from minitorch.backend import dtypes, xp_of
from minitorch.errors import explain, wrap_dim
from minitorch.ops import scattering
from minitorch.ops import shape as ops
from minitorch.ops.indexing import broadcast_shape
from minitorch.tensor.binding import function
from minitorch.tensor.joining import tensors_of
from minitorch.tensor.notice import warn_user
from minitorch.tensor.size import Size
from minitorch.tensor.sizes import integer, ints, one_or_many

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class RepetitionMixin(TensorBase):
    """Methods that repeat elements, and the one that sums repetitions up again."""

    __slots__ = ()

    @one_or_many
    def expand(self, size: tuple[int, ...], *, implicit: bool = False) -> Tensor:
        """A view that repeats dimensions of length one; -1 keeps a length; new dimensions come first.

        >>> import minitorch as mt
        >>> mt.tensor([[1], [2]]).expand(-1, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
        """
        return ops.expand(self, shape=expanded(self._array.shape, size))

    def expand_as(self, other: Tensor) -> Tensor:
        """expand(other.shape)."""
        return ops.expand(self, shape=expanded(self._array.shape, other._array.shape))

    @one_or_many
    def broadcast_to(self, size: tuple[int, ...]) -> Tensor:
        """expand under NumPy's name."""
        return ops.expand(self, shape=expanded(self._array.shape, size))

    @one_or_many
    def repeat(self, repeats: tuple[int, ...]) -> Tensor:
        """Copies laid side by side, repeats[i] times along dimension i; new dimensions come first.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        if len(repeats) < self._array.ndim:
            raise RuntimeError(
                "repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
            )
        if min(repeats, default=0) < 0:
            raise RuntimeError(f"repeat: Trying to create tensor with negative dimension, got repeats {list(repeats)}")
        return ops.repeat(self, repeats=repeats)

    @one_or_many
    def tile(self, dims: tuple[int, ...]) -> Tensor:
        """repeat, with missing counts taken as 1."""
        return self.repeat((1,) * (self._array.ndim - len(dims)) + dims)

    def repeat_interleave(self, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
        """Each element (or slice along `dim`) repeated in its place; `repeats` is an int or a tensor of ints.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).repeat_interleave(mt.tensor([1, 3]))
        tensor([1, 2, 2, 2])
        """
        return repeat_interleaved(self, repeats, dim, output_size)

    @one_or_many
    def sum_to_size(self, size: tuple[int, ...]) -> Tensor:
        """Sum over the dimensions along which `size` would have to be expanded to give this shape."""
        shape = self._array.shape
        lead = len(shape) - len(size)
        if lead < 0 or any(n not in (1, shape[lead + i]) for i, n in enumerate(size)):
            raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.")
        whole = self._array.dtype.kind in "biu"
        if size == shape and (size or not whole):
            return self  # type: ignore[return-value]
        return sum_to(cast(self, dtype="int64") if whole else self, shape=size)


def expanded(shape: tuple, size: tuple) -> tuple:
    """`size` with each -1 replaced by the length that `shape` has there; torch's errors where shape doesn't expand."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise RuntimeError(
            explain(
                f"expand: the number of sizes provided ({len(size)}) must be greater or equal to the number of "
                "dimensions "
                f"in the tensor ({len(shape)})",
                [("tensor", shape, ""), ("size", size, "")],
            )
        )
    result = list(size)
    for i, n in enumerate(size):
        have = shape[i - lead] if i >= lead else 1
        if n == -1 and i >= lead:
            result[i] = have
        elif n < 0:
            raise RuntimeError(
                f"expand: The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
                if n == -1
                else f"expand: Trying to create tensor with negative dimension {n}: {list(size)}"
            )
        elif have not in (1, n):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at non-singleton "
                "dimension "
                f"{i}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
    return tuple(result)


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
    return ops.repeat_interleave(t, repeats=repeats, dim=dim)


def _check_counts(counts: Any, n: int | None, dim: int | None) -> None:
    if counts.dtype not in ("int64", "int32"):
        raise NotImplementedError(
            f'"repeat_interleave_cpu" not implemented for {dtypes.from_numpy(counts.dtype)!r}: '
            "repeats has to be Long or Int"
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


def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated in its place; repeat_interleave(counts) alone repeats 0, 1, 2, ... that often."""
    if repeats is not None:
        return repeat_interleaved(input, repeats, dim, output_size)
    counts = input._array
    _check_counts(counts, None, None)
    if counts.ndim != 1:
        raise RuntimeError("repeat_interleave: repeats only accept 1D vector as repeat")
    xp = xp_of(counts)
    return wrap(xp.repeat(xp.arange(counts.size), counts).astype(counts.dtype))


# -- several tensors --------------------------------------------------------------------------------------------------


def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of these shapes broadcast to.

    >>> import minitorch as mt
    >>> mt.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    for s in shapes:
        if not (isinstance(s, int) or isinstance(s, (tuple, list)) and all(hasattr(n, "__index__") for n in s)):
            raise RuntimeError(f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {s}")
    found = [(s,) if isinstance(s, int) else ints("broadcast_shapes", "shapes", s) for s in shapes]
    if any(n < 0 for s in found for n in s):
        raise ValueError(f"broadcast_shapes: Attempting to broadcast a dimension with negative length: {found}")
    result = broadcast_shape(found)
    if result is None:
        k = next(k for k in range(len(found)) if broadcast_shape(found[: k + 1]) is None)
        before = broadcast_shape(found[:k]) or ()
        d = next(
            d for d in range(1, 1 + len(found[k])) if broadcast_shape([before[-d:][:1], found[k][-d:][:1]]) is None
        )
        raise RuntimeError(
            f"Attempting to broadcast a dimension of length {found[k][-d]} at -{d}! Mismatching argument at index {k} "
            f"had {tuple(found[k])}; but expected shape should be broadcastable to {list(before)}"
        )
    return Size(result)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of the tensors, expanded to their common shape; one that has it already is given back itself."""
    tensors = tensors_of(
        "broadcast_tensors", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    )
    shapes = [t._array.shape for t in tensors]
    shape = broadcast_shape(shapes)
    if shape is None:
        rows = [(f"tensors[{i}]", s, "") for i, s in enumerate(shapes)]
        raise RuntimeError(
            explain("broadcast_tensors: The size of the tensors must match at non-singleton dimensions", rows)
        )
    return tuple(t if t._array.shape == shape else ops.expand(t, shape=shape) for t in tensors)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Grids of coordinates: view i holds tensor i's elements along dimension i. indexing "xy" swaps the first two.

    >>> import minitorch as mt
    >>> mt.meshgrid(mt.tensor([1, 2]), mt.tensor([3, 4]), indexing="ij")[1]
    tensor([[3, 4],
            [3, 4]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    tensors = tensors_of("meshgrid", tensors)
    if indexing is None:
        warn_user("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
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
        column = ops.reshape(t, shape=(1,) * d + (shape[d],) + (1,) * (len(shape) - 1 - d))
        grids.append(ops.expand(column, shape=shape))
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


FUNCTIONS: dict[str, Callable] = {
    "broadcast_to": function(RepetitionMixin.broadcast_to),
    "tile": function(RepetitionMixin.tile),
    "repeat_interleave": repeat_interleave,
    "broadcast_shapes": broadcast_shapes,
    "broadcast_tensors": broadcast_tensors,
    "meshgrid": meshgrid,
}
