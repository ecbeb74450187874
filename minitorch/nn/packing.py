"""Sequences of different lengths as one tensor: padded, or packed without the padding, as recurrent layers read them.

Public as minitorch.nn.utils.rnn; it lies here, below the layers, because they know a PackedSequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS, Tensor
from minitorch.tensor.convert import as_tensor, tensor
from minitorch.tensor.ranges import arange

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip

cat, stack = FUNCTIONS["cat"], FUNCTIONS["stack"]


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences without padding, step by step: made by pack_padded_sequence and pack_sequence, not by hand.

    data (N, *): the first step of all sequences, longest first, then the second step of those that have one, ...
    batch_sizes (T): how many sequences have each step, on the CPU. sorted_indices (B): where each of them stood before
    sorting; unsorted_indices puts them back. Both are None where nothing was sorted.
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Tensor | None = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Any:  # fmt: skip
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU: let pack_sequence or pack_padded_sequence make PackedSequences"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data: Tensor, move: Callable[[Tensor], Tensor]) -> PackedSequence:
        moved = [None if t is None else move(t) for t in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(data, self.batch_sizes, *moved)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Cast or move the data, as Tensor.to; the indices move along. This same object if nothing changes."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._with(data, lambda t: t.to(data.device))

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On a CUDA device, the current one by default."""
        data = self.data.cuda(*args, **kwargs)
        return self if data is self.data else self._with(data, lambda t: t.to(data.device))

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """In host memory."""
        return self.to(*args, device="cpu", **kwargs)

    def pin_memory(self) -> PackedSequence:
        """In page-locked memory."""
        return self._with(self.data.pin_memory(), lambda t: t.pin_memory())

    def double(self) -> PackedSequence:
        """With data of dtype float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """With data of dtype float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """With data of dtype float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """With data of dtype int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """With data of dtype int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """With data of dtype int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """With data of dtype int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """With data of dtype uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data is in page-locked memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one; None for None."""
    return None if permutation is None else permutation.argsort()


def _running(lengths: Tensor, steps: int) -> Tensor:
    """Which sequences still run at each step: bool (T, B). Read row by row, its True places are a packed order."""
    return arange(steps).unsqueeze(1) < lengths.unsqueeze(0)


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Take the padding out of a batch of sequences.

    Shape: input (T, B, *), or (B, T, *) with batch_first; lengths (B), on the CPU. enforce_sorted: the lengths must not
    grow; without it the sequences are sorted, and pad_packed_sequence and recurrent layers undo that.
    Differs from torch in a length above T, which is refused (torch then announces rows that the data doesn't have).

    >>> import minitorch as mt
    >>> padded = mt.tensor([[1, 2, 3], [4, 5, 0]])
    >>> packed = mt.nn.utils.rnn.pack_padded_sequence(padded, [3, 2], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 5, 3]), tensor([2, 2, 1]))
    """
    counts = lengths if isinstance(lengths, Tensor) else as_tensor(lengths, dtype=dtypes.int64, device="cpu")
    counts, order = counts.to(dtype=dtypes.int64), None
    if not enforce_sorted:
        counts, order = counts.sort(descending=True)
        order = order.to(input.device)
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    _check_lengths(input, counts)
    running = _running(counts, int(counts[0]))
    data = input[: running.shape[0]][running.to(input.device)]
    return PackedSequence(data, running.sum(1), order)


def _check_lengths(input: Tensor, lengths: Tensor) -> None:
    name = "pack_padded_sequence"
    if lengths.dim() != 1 or lengths.device.type != "cpu":
        what = f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D {lengths.device.type}"
        raise RuntimeError(f"{name}: {what} tensor")
    if input.numel() == 0:
        raise RuntimeError(f"{name}: Cannot pack empty tensors.")
    if len(lengths) != input.shape[1]:
        what = (
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={input.shape[1]})"
        )
        raise RuntimeError(f"{name}: {what}")
    values = lengths.tolist()
    if min(values) <= 0:
        raise RuntimeError(
            f"{name}: Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if any(a < b for a, b in zip(values, values[1:], strict=False)):
        raise RuntimeError(
            f"{name}: `lengths` array must be sorted in decreasing order when `enforce_sorted` is True; pass "
            "`enforce_sorted=False` to have the sequences sorted"
        )
    if values[0] > input.shape[0]:
        raise RuntimeError(f"{name}: a length of {values[0]} was given, but the input has {input.shape[0]} steps only")


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded, lengths): undo pack_padded_sequence, in the order of before its sorting.

    Shape: padded (T, B, *), or (B, T, *) with batch_first, T = total_length or that of the longest; lengths (B).

    >>> import minitorch as mt
    >>> rnn = mt.nn.utils.rnn
    >>> rnn.pad_packed_sequence(rnn.pack_sequence([mt.tensor([1, 2]), mt.tensor([3])]), batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    data, sizes, _, order = sequence
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(sizes)}"
        )
    lengths = (sizes.unsqueeze(0) > arange(int(sizes[0])).unsqueeze(1)).sum(1)
    padded = data.new_full((steps, len(lengths), *data.shape[1:]), padding_value)
    padded = padded.index_put((_running(lengths, steps).to(data.device),), data)
    if order is not None:
        padded, lengths = padded.index_select(1, order), lengths[order.cpu()]
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences (T_k, *) of different lengths, filled up with padding_value after the end or ("left") in front.

    Shape: (T, B, *), or (B, T, *) with batch_first; T is the longest length. The dtype is the first one's.

    >>> import minitorch as mt
    >>> mt.nn.utils.rnn.pad_sequence([mt.tensor([1, 2, 3]), mt.tensor([4])], batch_first=True, padding_value=-1)
    tensor([[ 1,  2,  3],
            [ 4, -1, -1]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: Expected padding_side to be one of left or right, but got {padding_side}.")
    if any(s.dim() == 0 for s in sequences):
        raise RuntimeError("pad_sequence: a sequence needs at least one dimension, but a 0-dimensional tensor came")
    first, longest = sequences[0], max(s.shape[0] for s in sequences)
    rows = []
    for s in sequences:
        s = s.to(first.dtype)
        if s.shape[1:] != first.shape[1:]:
            s = s.expand(s.shape[0], *first.shape[1:])
        gap = first.new_full((longest - s.shape[0], *first.shape[1:]), padding_value)
        rows.append(cat([s, gap] if padding_side == "right" else [gap, s]))
    return stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch (T, B, *), or (B, T, *) with batch_first, each with its own length.

    Differs from torch, which without batch_first leaves the caller's `padded_sequences` transposed.
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(n)].clone() for row, n in zip(rows, lengths, strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (T_k, *); enforce_sorted as in pack_padded_sequence."""
    lengths = tensor([s.shape[0] for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences that pack_sequence packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
