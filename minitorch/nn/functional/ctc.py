"""The loss of connectionist temporal classification: checks, padding, reduction. The algorithm is in ops/ctc.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import device_of, to_device, xp_of
from minitorch.errors import explain
from minitorch.nn.functional.reduction import need_tensors, reduced, reduction_name
from minitorch.ops import ctc as ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minitorch.tensor import Tensor

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], target_lengths: Tensor | Sequence[int],
    blank: int = 0, reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """-log of the probability that a sequence of label distributions spells the target, summed over all alignments.

    log_probs: log_softmax over the classes, for each time step. The gradient is torch's: it is that of the loss with
        respect to the inputs of that log_softmax, so log_probs must come from one. It can be differentiated once.
    targets: labels in rows padded to S, or all one after the other.
    reduction: "mean" divides each loss by its target's length first.
    zero_infinity: losses are 0, and so are their gradients, where no alignment is possible.

    Shape: log_probs (T, N, C) or (T, C), targets (N, S) or (sum of target_lengths), lengths (N) or ().

    >>> import minitorch as mt
    >>> steps = mt.full((2, 1, 3), 1 / 3).log()
    >>> mt.nn.functional.ctc_loss(steps, mt.tensor([[1]]), [2], [1])  # "1 1", "1 blank" and "blank 1" spell it
    tensor(1.0986)
    """
    need_tensors("ctc_loss", log_probs=log_probs, targets=targets)
    reduction = reduction_name("ctc_loss", reduction)
    single = log_probs.dim() == 2
    if single:
        log_probs = log_probs.unsqueeze(1)
    shape = log_probs._array.shape
    rows = [("log_probs", shape, "T, N, C"), ("targets", targets._array.shape, "N, S or sum of lengths")]
    if len(shape) != 3:
        what = f"Expected 3-dimensional tensor, but got {len(shape)}-dimensional tensor for argument #1 'log_probs'"
        raise RuntimeError(explain(f"ctc_loss: {what}", rows))
    steps, samples, classes = shape
    if 0 in shape:
        raise RuntimeError(explain("ctc_loss: log_probs tensor must not be empty", rows))
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be in label range, got {blank} of {classes}")
    times = _lengths("input_lengths", input_lengths, samples, steps)
    spelled = _lengths("target_lengths", target_lengths, samples, None)
    padded = _padded(targets._array, spelled, classes, blank, rows)
    where = device_of(log_probs._array)
    arrays = [wrap(to_device(xp_of(padded).asarray(a), where)) for a in (padded, times, spelled)]
    loss = ops.ctc_loss(log_probs, *arrays, blank=blank, zero_infinity=zero_infinity)
    if reduction == "mean":
        return (loss / arrays[2].clamp_min(1).to(loss.dtype)).mean()
    return loss.squeeze(0) if single and reduction == "none" else reduced(loss, reduction)


def _lengths(argument: str, lengths: Any, samples: int, most: int | None) -> list[int]:
    """The lengths as a list of ints, one per sample."""
    if isinstance(lengths, TensorBase):
        if lengths._array.dtype.kind not in "iu":
            raise RuntimeError(f"ctc_loss: {argument} must be integral")
        lengths = lengths.reshape((-1,)).tolist()  # type: ignore[attr-defined]
    elif isinstance(lengths, int):
        lengths = [lengths]
    if len(lengths) != samples:
        raise RuntimeError(
            f"ctc_loss: {argument} must be of size batch_size, got {len(lengths)} lengths for {samples} samples"
        )
    low, high = min(lengths), max(lengths)
    if low < 0:
        raise RuntimeError(f"ctc_loss: Expected {argument} to have value at least 0, but got value {low}")
    if most is not None and high > most:
        raise RuntimeError(f"ctc_loss: Expected {argument} to have value at most {most}, but got value {high}")
    return [int(n) for n in lengths]


def _padded(targets: Any, lengths: list[int], classes: int, blank: int, rows: list) -> Any:
    """The targets as (N, S) int64, S the greatest length, the blank after each target's end."""
    if targets.ndim not in (1, 2):
        what = f"Expected 1 to 2 dimensions, but got {targets.ndim}-dimensional tensor for argument #2 'targets'"
        raise RuntimeError(explain(f"ctc_loss: {what}", rows))
    xp, most, n = xp_of(targets), max(lengths), len(lengths)
    padded = xp.full((n, most), blank, dtype="int64")
    if targets.ndim == 1:
        if targets.shape[0] != sum(lengths):
            size = f"Expected tensor to have size {sum(lengths)} at dimension 0, but got size {targets.shape[0]}"
            raise RuntimeError(explain(f"ctc_loss: {size} for argument #2 'targets'", rows))
        starts = [sum(lengths[:i]) for i in range(n)]
        parts = [targets[s : s + length] for s, length in zip(starts, lengths, strict=True)]
    else:
        if targets.shape[0] != n or targets.shape[1] < most:
            dim, want = (0, n) if targets.shape[0] != n else (1, most)
            size = f"Expected tensor to have size at least {want} at dimension {dim}, but got size {targets.shape[dim]}"
            raise RuntimeError(explain(f"ctc_loss: {size} for argument #2 'targets'", rows))
        parts = [row[:length] for row, length in zip(targets, lengths, strict=True)]
    for i, part in enumerate(parts):
        padded[i, : lengths[i]] = part
    if padded.size and (int(padded.min()) < 0 or int(padded.max()) >= classes):
        raise RuntimeError(f"ctc_loss: targets must be labels from 0 to {classes - 1}")
    return padded
