"""Tables looked up by number: embeddings, bags of them, one-hot vectors. ops/embedding.py computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes, xp_of
from minitorch.backend.later import refuse_if
from minitorch.errors import explain
from minitorch.nn.functional.spatial import need_tensor
from minitorch.ops import embedding as ops

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["embedding", "embedding_bag", "one_hot"]


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` that `input` numbers.

    padding_idx: a row that takes no gradient. max_norm: rows looked up that are longer (in the norm_type norm) are
    scaled to it, in place. scale_grad_by_freq: divide gradients by how often a row came in. sparse: accepted; gradients
    are always dense here.
    Shape: input (*) of integers, weight (V, D) -> (*, D).

    >>> import minitorch as mt
    >>> mt.nn.functional.embedding(mt.tensor([1, 0]), mt.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    need_tensor("embedding", "input", 1, input)
    need_tensor("embedding", "weight", 2, weight)
    _check_index("embedding", "indices", input)
    _check_weight("embedding", weight)
    rows = weight._array.shape[0]
    padding_idx = _padding("embedding", padding_idx, rows)
    _check_range("embedding", input._array, weight)
    if max_norm is not None:
        _renormalize(weight, input._array, max_norm, norm_type)
    return ops.embedding(weight, input, padding_idx=padding_idx, by_freq=scale_grad_by_freq)


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Sums, means or maxima of bags of embeddings.

    offsets: where each bag starts in a 1-D input; the rows of a 2-D input are bags of equal size.
    per_sample_weights: factors of the rows (mode "sum"). padding_idx: rows that are left out. scale_grad_by_freq:
    gradients are divided by how often their row came in (torch divides by the count of some other row).
    Shape: input (n) and offsets (B), or input (B, n); weight (V, D) -> (B, D).

    >>> import minitorch as mt
    >>> table = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> mt.nn.functional.embedding_bag(mt.tensor([0, 1, 1]), table, mt.tensor([0, 2]), mode="sum")
    tensor([[4., 6.],
            [3., 4.]])
    """
    need_tensor("embedding_bag", "input", 1, input)
    need_tensor("embedding_bag", "weight", 2, weight)
    if not weight.is_floating_point():
        raise RuntimeError(f"embedding_bag: Expected weight to be of a floating dtype, but got {weight.dtype}")
    _check_bag(input, weight, offsets, mode, per_sample_weights, scale_grad_by_freq)
    rows = weight._array.shape[0]
    padding_idx = _padding("embedding_bag", padding_idx, rows)
    index, bags, count = _bags(input, offsets, include_last_offset)
    _check_range("embedding_bag", index, weight)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    if max_norm is not None:
        _renormalize(weight, index, max_norm, norm_type)
    if padding_idx is not None:  # left out altogether: they neither count nor take a gradient
        kept = xp_of(index).flatnonzero(index != padding_idx)
        index, bags = index[kept], bags[kept]
        factors = None if factors is None else factors[wrap(kept)]
    found = ops.embedding(weight, wrap(index), padding_idx=None, by_freq=scale_grad_by_freq)
    if mode == "max":
        return _maxima(found, bags, count)
    if factors is not None:
        found = found * factors.unsqueeze(1)
    total = weight.new_zeros(count, weight.shape[1]).index_add(0, wrap(bags), found)
    if mode == "sum":
        return total
    sizes = xp_of(bags).bincount(bags, minlength=count).astype(weight._array.dtype)
    return total / wrap(xp_of(bags).maximum(sizes, 1)[:, None].astype(weight._array.dtype))


def _bags(input: Any, offsets: Any, include_last: bool) -> tuple[Any, Any, int]:
    """(row numbers, the bag that each belongs to, how many bags), as flat arrays."""
    index = input._array
    xp = xp_of(index)
    if index.ndim == 2:
        return index.reshape(-1), xp.repeat(xp.arange(index.shape[0]), index.shape[1]), index.shape[0]
    starts = offsets._array.astype("int64")
    count = starts.size - 1 if include_last else starts.size
    if starts.size and int(starts[0]) != 0:
        what = "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0"
        raise RuntimeError(f"embedding_bag: {what}. However, got {int(starts[0])}")
    if starts.size and int(starts[-1]) > index.size:
        what = (
            f"offsets[-1] can not be greater than input's length {index.size} but got offsets[-1] of {int(starts[-1])}"
        )
        raise RuntimeError(f"embedding_bag: {what}")
    ends = xp.concatenate([starts[1:], xp.asarray([index.size])]) if not include_last else starts[1:]
    lengths = ends - starts[:count]
    if bool((lengths < 0).any()):
        raise RuntimeError("embedding_bag: offsets must not decrease")
    bags = xp.repeat(xp.arange(count), lengths)
    return index[: bags.size], bags, count


def _maxima(found: Any, bags: Any, count: int) -> Tensor:
    """The maximum of every bag in each column, 0 for empty bags; the first of equals takes the gradient."""
    xp, rows = xp_of(bags), found._array
    winner = xp.zeros((count, rows.shape[1]), dtype="int64")
    filled = xp.zeros((count, 1), dtype=bool)
    for b in range(count):
        members = xp.flatnonzero(bags == b)
        if members.size:
            winner[b] = members[rows[members].argmax(axis=0)]
            filled[b] = True
    if not rows.shape[0]:
        return found.new_zeros(count, rows.shape[1])
    return found.gather(0, wrap(winner)) * wrap(filled.astype(rows.dtype))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Vectors of zeros with a 1 at the class: (*) -> (*, num_classes), by default as many as the largest class needs.

    >>> import minitorch as mt
    >>> mt.nn.functional.one_hot(mt.tensor([2, 0]))
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    need_tensor("one_hot", "self", 1, tensor)
    index = tensor._array
    if index.dtype.name != "int64":
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, but got {tensor.dtype}.")
    if index.size == 0 and num_classes <= 0:
        raise RuntimeError("one_hot: Can not infer total number of classes from empty tensor.")
    if index.size and int(index.min()) < 0:
        raise RuntimeError("one_hot: Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(index.max()) + 1
    if index.size and int(index.max()) >= num_classes:
        raise RuntimeError(f"one_hot: Class values must be smaller than num_classes, {num_classes}.")
    return wrap((index[..., None] == xp_of(index).arange(num_classes)).astype("int64"))


# -- checks ------------------------------------------------------------------------------------------------------------


def _check_index(op: str, name: str, t: Any) -> None:
    if t._array.dtype.name not in ("int64", "int32"):
        kind = dtypes.SCALAR_NAME[dtypes.from_numpy(t._array.dtype)]
        what = (
            f"Expected tensor for argument #1 '{name}' to have one of the following scalar types: "
            f"Long, Int; but got {kind}"
        )
        raise RuntimeError(f"{op}: {what}\n    hint  the arguments are (input, weight), the numbers first")


def _check_weight(op: str, weight: Any) -> None:
    if weight._array.ndim != 2:
        raise RuntimeError(
            explain(f"{op}: 'weight' must be 2-D", [("weight", weight._array.shape, "")], "(number of rows, size)")
        )


def _padding(op: str, padding_idx: int | None, rows: int) -> int | None:
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        error = AssertionError if op == "embedding" else RuntimeError
        raise error(f"{op}: Padding_idx must be within num_embeddings, {padding_idx} is not in [{-rows}, {rows})")
    return padding_idx % rows


def _check_range(op: str, index: Any, weight: Any) -> None:
    rows = weight._array.shape[0]
    if not index.size:
        return
    low, high = index.min(), index.max()

    def error() -> Exception:
        letters = [("indices", index.shape, f"{int(low)} to {int(high)}"), ("weight", weight._array.shape, "V, D")]
        if op == "embedding":
            return IndexError(
                explain(f"embedding: index out of range in self: the table has rows 0 to {rows - 1}", letters)
            )
        return RuntimeError(explain(f"{op}: an index of input is not in the valid range [0, {rows})", letters))

    refuse_if((low < 0) | (high >= rows), error)


def _renormalize(weight: Any, index: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up and longer than max_norm, in place (torch's embedding_renorm_)."""
    xp = xp_of(index)
    rows = xp.unique(index).astype("int64")
    with no_grad():
        found = weight.detach()[wrap(rows)]
        lengths = found.norm(norm_type, 1, keepdim=True)
        factors = wrap(
            xp.where(lengths._array > max_norm, max_norm / (lengths._array + 1e-7), 1).astype(found._array.dtype)
        )
        weight.index_copy_(0, wrap(rows), found * factors)


def _check_bag(input: Any, weight: Any, offsets: Any, mode: str, factors: Any, by_freq: bool) -> None:
    """torch's refusals, in its order."""
    shape = input._array.shape
    if factors is not None and factors._array.shape != shape:
        what = (
            f"If per_sample_weights ({list(factors._array.shape)}) is not None, then it must have "
            f"the same shape as the input ({list(shape)})"
        )
        raise ValueError(f"embedding_bag: {what}")
    _check_weight("embedding_bag", weight)
    if len(shape) == 2 and offsets is not None:
        what = (
            "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences"
        )
        raise ValueError(f"embedding_bag: {what}. However, found offsets of type {type(offsets)}")
    if len(shape) == 1 and (offsets is None or offsets._array.ndim != 1):
        raise ValueError(
            f"embedding_bag: offsets has to be a 1D Tensor but got {None if offsets is None else offsets.dim()}"
        )
    if len(shape) not in (1, 2):
        raise ValueError(f"embedding_bag: input has to be 1D or 2D Tensor, but got Tensor of dimension {len(shape)}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, but got {mode!r}")
    if mode == "max" and by_freq:
        raise ValueError("embedding_bag: max mode does not support scaling the gradient by the frequency")
    if factors is not None and mode != "sum":
        what = f"per_sample_weights is only supported for mode='sum' (got mode='{mode}')"
        raise NotImplementedError(f"embedding_bag: per_sample_weights was not None. {what}")
    _check_index("embedding_bag", "indices", input)
    if offsets is not None:
        _check_index("embedding_bag", "offsets", offsets)
    if factors is not None and factors._array.dtype != weight._array.dtype:
        what = (
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument "
            "#1 'per_sample_weights'"
        )
        raise RuntimeError(f"embedding_bag: {what}; but {weight.dtype} does not equal {factors.dtype}")
