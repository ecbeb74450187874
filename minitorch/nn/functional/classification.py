"""Cross entropy and negative log-likelihood over many classes, for class numbers or class probabilities as targets."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from minitorch.backend import dtypes
from minitorch.backend.later import on_host, refuse_if
from minitorch.errors import explain
from minitorch.nn.functional.linear import linear
from minitorch.nn.functional.reduction import constant, need_tensors, reduction_name, same_dtype
from minitorch.ops import loss as ops
from minitorch.ops.kinds import FLOAT, only, scalar_name
from minitorch.ops.softmax import log_softmax

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["cross_entropy", "linear_cross_entropy", "nll_loss"]


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-weight[target] input[target], of log-probabilities; the mean is divided by the sum of the weights.

    Positions whose target is `ignore_index` do not count.

    Shape: input (C), (N, C) or (N, C, d1, ...), target the same without C.

    >>> import minitorch as mt
    >>> mt.nn.functional.nll_loss(mt.tensor([[-1.0, -2.0], [-3.0, -4.0]]), mt.tensor([0, 1]))
    tensor(2.5000)
    """
    need_tensors("nll_loss", input=input, target=target)
    reduction = reduction_name("nll_loss", reduction, size_average, reduce)
    if input._array.ndim == 0:
        raise ValueError("nll_loss: Expected 1 or more dimensions (got 0)")
    target, ignored = _check_classes("nll_loss", input, target, weight, ignore_index)
    return ops.nll_loss(input, target, weight, ignore_index=ignored, reduction=reduction)


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """-weight[target] log_softmax(input)[target], of any numbers; the mean is divided by the sum of the weights.

    target: class numbers, or class probabilities in input's shape; then the mean is over all but the classes.
    label_smoothing: how much of each target is spread evenly over all classes, from 0 to 1.

    Shape: input (C), (N, C) or (N, C, d1, ...), target the same without C, or with it for probabilities.

    >>> import minitorch as mt
    >>> mt.nn.functional.cross_entropy(mt.tensor([[0.0, 0.0], [9.0, 0.0]]), mt.tensor([0, 1]), reduction="none")
    tensor([0.6931, 9.0001])
    """
    try:
        same = input._array.shape == target._array.shape
    except AttributeError:
        need_tensors("cross_entropy_loss", input=input, target=target)
        raise
    reduction = reduction_name("cross_entropy", reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if same:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    only("cross_entropy", input._array, FLOAT)
    target, ignored = _check_classes("cross_entropy", input, target, weight, ignore_index)
    if label_smoothing:
        return _smoothed(input, target, weight, ignored, reduction, label_smoothing)
    return ops.cross_entropy(input, target, weight, ignore_index=ignored, reduction=reduction)


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """cross_entropy(linear(input, linear_weight, linear_bias), target, ...).

    ignore_index: -100 if not given; it can't be given with class probabilities.
    options: how torch computes it in pieces, to save memory; without effect here.

    Shape: input (N, in) or (in), linear_weight (C, in) or (C, d1, ..., in), linear_bias the same without `in`, target
    (N, d1, ...) or (N, C, d1, ...) for probabilities.

    >>> import minitorch as mt
    >>> mt.nn.functional.linear_cross_entropy(mt.zeros(3, 4), mt.ones(2, 4), mt.tensor([0, 1, 1]))
    tensor(0.6931)
    """
    name = "linear_cross_entropy"
    need_tensors(name, input=input, linear_weight=linear_weight, target=target)
    logits = _check_linear(name, input, linear_weight, linear_bias)
    if target._array.shape == logits and ignore_index is not None:
        raise RuntimeError(f"{name}: ignore_index cannot be specified when target contains probabilities")
    if options is not None and (
        label_smoothing or len(logits) > 2 or dtypes.from_numpy(target._array.dtype) != dtypes.int64
    ):
        warnings.warn(
            f"{name}: ``options`` ignored; they need label_smoothing == 0, an int64 target and a linear_weight of two "
            "dimensions",
            stacklevel=2,
        )
    rows = (math.prod(linear_weight.shape[:-1]), input.shape[-1])
    bias = linear_bias if linear_bias is None else linear_bias.reshape(rows[0])
    scores = linear(input, linear_weight.reshape(rows), bias).reshape(logits)
    return cross_entropy(
        scores, target, weight, ignore_index=-100 if ignore_index is None else ignore_index, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def _check_linear(name: str, input: Any, weight: Any, bias: Any) -> tuple[int, ...]:
    """The shape of the scores (N, C, d1, ...); torch's errors if the shapes do not fit."""
    a, w = input._array.shape, weight._array.shape
    rows = [("input", a, "N, in"), ("linear_weight", w, "C, d1, ..., in")]
    if len(a) not in (1, 2):
        raise RuntimeError(explain(f"{name}: expected input with dimensionality 1 or 2, got {len(a)}", rows))
    if len(w) < 2:
        what = f"expected linear_weight with dimensionality at least 2, got {len(w)}"
        raise RuntimeError(explain(f"{name}: {what}", rows))
    if a[-1] != w[-1]:
        what = "expected equal input and linear_weight last dimensions (in_features)"
        raise RuntimeError(explain(f"{name}: {what}, got {a[-1]} and {w[-1]}, respectively", rows))
    if bias is not None and bias._array.shape != w[:-1]:
        raise RuntimeError(explain(f"{name}: expected linear_bias shape {w[:-1]}, got {bias._array.shape}", rows))
    if len(w) > 2 and len(a) == 1:
        raise RuntimeError(explain(f"{name}: a K-dimensional loss requires batched input (N, {a[0]})", rows))
    return (*a[:-1], *w[:-1])


def _rows(input: Any, target: Any) -> list:
    n = input._array.ndim
    letters = "N, C, *"[: 4 if n == 2 else 7] if n > 1 else "C"
    return [("input", input._array.shape, letters), ("target", target._array.shape, "class numbers")]


def _check_classes(op: str, input: Any, target: Any, weight: Any, ignore_index: int) -> tuple[Any, int | None]:
    """(the target in its right shape, ignore_index or None if no position is ignored); torch's errors otherwise."""
    shape, have = input._array.shape, target._array.shape
    if len(shape) < 2 or have != (shape[0], *shape[2:]):
        _check_target_shape(op, input, target)
    if len(shape) == 1 and have == (1,):
        target = target.reshape(())
    labels = target._array
    kind = labels.dtype.str[1:]
    if kind != "i8" and kind != "u1":
        raise RuntimeError(f"{op}: expected target dtype to be Long or Byte, but got {scalar_name(labels)}")
    classes = shape[1] if len(shape) > 1 else shape[0]
    _check_weight(op, input, weight, classes)
    if not labels.size:
        return target, None
    if not 0 <= ignore_index < classes and on_host(labels):
        unsigned = labels.view("uint64") if kind == "i8" else labels  # negative ones are the greatest
        if int(unsigned.max()) < classes:
            return target, None
    wrong = ((labels < 0) | (labels >= classes)) & (labels != ignore_index)

    def error() -> Exception:
        what = f"{op}: Target {int(labels[wrong][0])} is out of bounds."
        return IndexError(explain(what, _rows(input, target), f"0 to {classes - 1}"))

    refuse_if(wrong.any(), error)
    return target, ignore_index


def _check_target_shape(op: str, input: Any, target: Any) -> None:
    a, b = input._array.shape, target._array.shape
    rows = _rows(input, target)
    if len(a) == 1:
        if b not in ((), (1,)):
            what = f"For 1D input, 1D target must have size 1, but got target size: {b[0]}"
            raise (ValueError if len(b) == 1 else RuntimeError)(explain(f"{op}: {what}", rows))
    elif not a or not b or a[0] != b[0]:
        batches = f"({a[0] if a else 0}) to match target batch_size ({b[0] if b else 0})"
        raise ValueError(explain(f"{op}: Expected input batch_size {batches}.", rows))
    elif len(b) != len(a) - 1:
        what = f"only batches of targets with {len(a) - 1} dimensions supported but got targets of dimension: {len(b)}"
        raise RuntimeError(explain(f"{op}: {what}", rows))
    elif b[1:] != a[2:]:
        raise RuntimeError(explain(f"{op}: size mismatch: Expected target size {[a[0], *a[2:]]}, got {list(b)}", rows))


def _check_weight(op: str, input: Any, weight: Any, classes: int) -> None:
    if weight is None:
        return
    constant(op, "weight", weight)
    if weight._array.shape != (classes,):
        raise RuntimeError(
            f"{op}: weight tensor should be defined either for all {classes} classes or no classes but got weight "
            f"tensor of shape: {list(weight._array.shape)}"
        )
    same_dtype(op, input, weight)


def _along_classes(weight: Any, ndim: int) -> Any:
    """A weight per class, shaped to broadcast against (N, C, d1, ...)."""
    return weight if ndim == 1 else weight.reshape((1, -1) + (1,) * (ndim - 2))


def _smoothed(input: Any, target: Any, weight: Any, ignored: int | None, reduction: str, smoothing: float) -> Any:
    """(1 - smoothing) nll + smoothing times the mean over classes of -weight log_softmax."""
    dim, ndim = ops.class_dim(input._array), input.dim()
    logs = log_softmax(input, dim=dim)
    picked = ops.nll_loss(logs, target, weight, ignore_index=ignored, reduction=reduction)
    each = -(logs if weight is None else logs * _along_classes(weight, ndim)).sum(dim)
    if ignored is not None:
        counted = target != ignored
        target, each = target.masked_fill(~counted, 0), each.masked_fill(~counted, 0.0)
    if reduction == "mean":
        shares = each.new_ones(target.shape) if weight is None else weight[target.long()]
        each = each.sum() / (shares if ignored is None else shares * counted).sum()
    elif reduction == "sum":
        each = each.sum()
    return picked * (1 - smoothing) + each * (smoothing / input.shape[dim])


def _of_probabilities(input: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float) -> Any:
    """-sum over classes of weight target log_softmax(input)."""
    if not target.is_floating_point():
        kind = scalar_name(target._array)
        raise RuntimeError(
            f"cross_entropy: Expected floating point type for target with class probabilities, got {kind}"
        )
    only("cross_entropy", input._array, FLOAT)
    if ignore_index >= 0:
        raise RuntimeError("cross_entropy: ignore_index is not supported for floating point target")
    dim, ndim = ops.class_dim(input._array), input.dim()
    classes = input.shape[dim] if ndim else 1
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    terms = log_softmax(input, dim=dim) * target
    if weight is not None:
        if weight._array.shape != (classes,):
            raise RuntimeError(
                f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but "
                f"got weight tensor of shape: {list(weight._array.shape)}"
            )
        terms = terms * _along_classes(weight, ndim)
    if reduction == "none":
        return -terms.sum(dim)
    total = -terms.sum()
    positions = input.numel() // classes if classes else 0
    return total / positions if reduction == "mean" else total
