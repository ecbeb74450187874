"""Losses that are zero once a prediction is right by a margin: rankings, embeddings, triplets, several labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.errors import explain
from minitorch.nn.functional.reduction import check_broadcast, constant, need_tensors, reduced, reduction_name
from minitorch.ops.activation import relu
from minitorch.ops.activation_smooth import logsigmoid
from minitorch.ops.along import pick
from minitorch.ops.compare import where
from minitorch.ops.kinds import FLOAT, only, scalar_name
from minitorch.tensor.norms import vector_norm

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip

# -- pairs -----------------------------------------------------------------------------------------------------------


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin - target (input1 - input2)): input1 should be larger where target is 1, smaller where it is -1.

    >>> import minitorch as mt
    >>> mt.nn.functional.margin_ranking_loss(mt.tensor([1.0, 2.0]), mt.tensor([3.0, 1.0]), mt.tensor([1.0, 1.0]))
    tensor(1.)
    """
    name = "margin_ranking_loss"
    need_tensors(name, input1=input1, input2=input2, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        rows = [(n, t._array.shape, "") for n, t in (("input1", input1), ("input2", input2), ("target", target))]
        raise RuntimeError(explain(f"{name} : All input tensors should have same dimension", rows))
    return reduced((-target * (input1 - input2) + float(margin)).clamp_min(0), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """input where target is 1, max(0, margin - input) where it is -1: for distances of like and unlike pairs.

    >>> import minitorch as mt
    >>> mt.nn.functional.hinge_embedding_loss(mt.tensor([0.5, 0.5]), mt.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.5000])
    """
    name = "hinge_embedding_loss"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    check_broadcast(name, input._array.shape, target._array.shape)
    # where target is neither, both parts count, as in torch
    unlike = where(target == 1, 0, (margin - input).clamp_min(0))
    return reduced(unlike + where(target == -1, 0, input), reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + e**(-target input)), with targets 1 and -1; large inputs don't overflow, as they do in torch.

    >>> import minitorch as mt
    >>> mt.nn.functional.soft_margin_loss(mt.tensor([0.0, 2.0]), mt.tensor([1.0, -1.0]), reduction="none")
    tensor([0.6931, 2.1269])
    """
    name = "soft_margin_loss"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    constant(name, "target", target)
    if input._array.dtype.kind in "biu":
        raise RuntimeError(
            f"{name}: result type Float can't be cast to the desired output type {scalar_name(input._array)}"
        )
    return reduced(-logsigmoid(target.to(input.dtype) * input), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    Shape: inputs (N, D) and target (N), or (D) and ().

    >>> import minitorch as mt
    >>> mt.nn.functional.cosine_embedding_loss(mt.tensor([1.0, 0.0]), mt.tensor([0.0, 2.0]), mt.tensor(1))
    tensor(1.)
    """
    name = "cosine_embedding_loss"
    need_tensors(name, input1=input1, input2=input2, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    n = target.dim()
    if n > 1:
        raise RuntimeError(f"{name}: 0D or 1D target tensor expected, multi-target not supported")
    if input1.dim() != n + 1 or input2.dim() != n + 1:
        rows = [
            ("input1", input1._array.shape, ""),
            ("input2", input2._array.shape, ""),
            ("target", target._array.shape, ""),
        ]
        raise RuntimeError(explain(f"{name}: {n}D target tensor expects {n + 1}D input tensors", rows))
    check_broadcast(name, input1._array.shape, input2._array.shape)
    epsilon = 1e-12
    product = (input1 * input2).sum(n)
    cosine = product / (((input1 * input1).sum(n) + epsilon) * ((input2 * input2).sum(n) + epsilon)).sqrt()
    like = where(target == 1, 1 - cosine, 0)
    return reduced(like + where(target == -1, (cosine - margin).clamp_min(0), 0), reduction)


# -- triplets --------------------------------------------------------------------------------------------------------


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), with d(x, y) the p-norm of x - y + eps.

    swap: take d(positive, negative) for the second distance where it is smaller.

    >>> import minitorch as mt
    >>> mt.nn.functional.triplet_margin_loss(mt.tensor([[0.0]]), mt.tensor([[1.0]]), mt.tensor([[1.5]]))
    tensor(0.5000)
    """
    name = "triplet_margin_loss"
    need_tensors(name, anchor=anchor, positive=positive, negative=negative)
    reduction = reduction_name(name, reduction, size_average, reduce)

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return vector_norm(x - y + eps, p, -1)

    return _triplet(name, (anchor, positive, negative), distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), with any d; by default the Euclidean distance.

    >>> import minitorch as mt
    >>> a, p, n = mt.tensor([0.0]), mt.tensor([1.0]), mt.tensor([1.5])
    >>> mt.nn.functional.triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: (x - y).abs().sum())
    tensor(0.5000)
    """
    name = "triplet_margin_with_distance_loss"
    need_tensors(name, anchor=anchor, positive=positive, negative=negative)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{name}: {reduction} is not a valid value for reduction\n    hint  'none', 'mean' or 'sum'")
    distance = distance_function or (lambda x, y: vector_norm(x - y + 1e-6, 2, -1))
    return _triplet(name, (anchor, positive, negative), distance, margin, swap, reduction)


def _triplet(name: str, tensors: tuple, distance: Callable, margin: float, swap: bool, reduction: str) -> Any:
    anchor, positive, negative = tensors
    if margin <= 0:
        raise ValueError(f"{name}: margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            f"{name}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and negative {negative.dim()}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp_min(0), reduction)


# -- several labels --------------------------------------------------------------------------------------------------


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(y log s + (1 - y) log(1 - s)), with s = sigmoid(input), averaged over the classes (the last dimension).

    >>> import minitorch as mt
    >>> mt.nn.functional.multilabel_soft_margin_loss(mt.tensor([[0.0, 2.0]]), mt.tensor([[1.0, 0.0]]))
    tensor(1.4100)
    """
    name = "multilabel_soft_margin_loss"
    need_tensors(name, input=input, target=target)
    if size_average is not None or reduce is not None:
        reduction = reduction_name(name, reduction, size_average, reduce)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    if input.dim() == 0:
        raise IndexError(f"{name}: Dimension specified as -1 but tensor has no dimensions")
    loss = loss.sum(input.dim() - 1) / input.shape[-1] if input.shape[-1] else loss.sum(input.dim() - 1) * math.nan
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}: {reduction} is not valid\n    hint  'none', 'mean' or 'sum'")
    return reduced(loss, reduction)


def _vector_or_matrix(name: str, input: Any, target: Any) -> tuple[int, int]:
    """(samples, classes) of an input of one sample or a batch."""
    shape = input._array.shape
    if len(shape) > 2 or (shape and shape[-1] == 0):
        what = "Expected non-empty vector or matrix with optional 0-dim batch size, but got:"
        raise RuntimeError(
            explain(f"{name}: {what} {list(shape)}", [("input", shape, "N, C"), ("target", target._array.shape, "")])
        )
    only(name, input._array, FLOAT)
    return shape[0] if len(shape) == 2 else 1, shape[-1] if shape else 1


def _need_long(name: str, target: Any) -> None:
    if target._array.dtype.name != "int64":
        raise RuntimeError(f"{name}: expected scalar type Long but found {scalar_name(target._array)}")


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over classes i of weight[y] max(0, margin - input[y] + input[i])**p, but 0 for the target i = y.

    Shape: input (N, C) or (C), target (N) or ().

    >>> import minitorch as mt
    >>> mt.nn.functional.multi_margin_loss(mt.tensor([[0.0, 0.5]]), mt.tensor([1]))
    tensor(0.2500)
    """
    name = "multi_margin_loss"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"{name}: only p == 1 and p == 2 supported, got {p}")
    constant(name, "weight", weight)
    if weight is not None and weight.dim() != 1:
        raise ValueError(f"{name}: weight must be one-dimensional, got {weight.dim()} dimensions")
    samples, classes = _vector_or_matrix(name, input, target)
    if weight is not None and weight.shape[0] != classes:
        raise RuntimeError(f"{name}: inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    if target.dim() > 1 or target.numel() != samples:
        what = f"target tensor should be 1-D with size equal to the number of input samples. Expected [{samples}]"
        raise RuntimeError(
            explain(f"{name}: {what}", [("input", input._array.shape, "N, C"), ("target", target._array.shape, "N")])
        )
    _need_long(name, target)
    labels = target._array
    if ((labels < 0) | (labels >= classes)).any():
        raise RuntimeError(f"{name}: target out of range\n    hint  from 0 to {classes - 1}")
    rows, index = input.reshape((samples, classes)), target.reshape((samples, 1))
    excess = relu(margin - pick(rows, index, dim=1) + rows)
    excess = excess if p == 1 else excess * excess
    xp = xp_of(labels)
    excess = excess.masked_fill(wrap(xp.arange(classes) == index._array), 0.0)
    if weight is not None:
        excess = excess * weight[index]
    loss = excess.sum(1) / classes
    return reduced(loss if input.dim() == 2 else loss.reshape(target.shape), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """sum over the labels j in target and the classes i not in it of max(0, 1 - (input[j] - input[i])), divided by C.

    target: class numbers; the first -1 ends them.

    Shape: input and target (N, C) or (C).

    >>> import minitorch as mt
    >>> mt.nn.functional.multilabel_margin_loss(mt.tensor([0.1, 0.2, 0.4, 0.8]), mt.tensor([3, 0, -1, 1]))
    tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    samples, classes = _vector_or_matrix(name, input, target)
    have, want = target._array.shape, input._array.shape
    if have != want and not (have == () and want == (1,)):
        what = f"inconsistent target size: {list(have)} for input of size: {list(want)}"
        raise RuntimeError(f"{name}: {what}")
    _need_long(name, target)
    labels = target._array.reshape(samples, classes)
    if ((labels < -1) | (labels >= classes)).any():
        raise RuntimeError(
            f"{name}: argument #2 'target' is out of range\n    hint  from 0 to {classes - 1}, or -1 to end the list"
        )
    xp = xp_of(labels)
    listed = xp.logical_and.accumulate(labels >= 0, axis=1)  # up to the first -1
    is_label = ((labels[:, :, None] == xp.arange(classes)) & listed[:, :, None]).any(axis=1)
    rows = input.reshape((samples, classes))
    chosen = pick(rows, wrap(xp.where(listed, labels, 0)), dim=1, unique=False)
    excess = relu(1 - chosen.unsqueeze(2) + rows.unsqueeze(1))  # sample, label, class
    loss = excess.masked_fill(wrap(~listed[:, :, None] | is_label[:, None, :]), 0.0).sum((1, 2)) / classes
    return reduced(loss if input.dim() == 2 else loss.reshape(()), reduction)
