"""Losses of one prediction against one target: regression, two classes, many classes, distributions.

Fused ones have their op in minitorch/ops/loss.py; the others are composed here. margin.py has the losses with margins,
ctc.py that of sequences. All end in `reduction`: "none", "mean" or "sum".
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from minitorch.autograd.modes import no_grad
from minitorch.backend.later import refuse_if
from minitorch.errors import explain
from minitorch.nn.functional.reduction import (
    check_broadcast,
    constant,
    need_tensors,
    reduced,
    reduction_name,
    same_shape,
    with_weight,
)
from minitorch.ops import loss as ops
from minitorch.ops.compare import where
from minitorch.ops.kinds import scalar_name
from minitorch.ops.powers import xlogy
from minitorch.tensor.creation import full_like

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss",
    "mse_loss", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip

# -- regression ------------------------------------------------------------------------------------------------------


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """(input - target)**2; with weights, the mean is divided by their sum.

    >>> import minitorch as mt
    >>> mt.nn.functional.mse_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(2.)
    """
    need_tensors("mse_loss", input=input, target=target)
    x, y = same_shape("mse_loss", input, target)
    if weight is not None:
        if size_average is not None or reduce is not None:
            reduction = reduction_name("mse_loss", reduction, size_average, reduce)
        return with_weight("mse_loss", (x - y) ** 2, input, weight, reduction, True)
    return ops.mse_loss(x, y, reduction=reduction_name("mse_loss", reduction, size_average, reduce))


def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """|input - target|; the derivative at 0 is 0. With weights, the mean is divided by their sum.

    >>> import minitorch as mt
    >>> mt.nn.functional.l1_loss(mt.tensor([1.0, 2.0]), mt.tensor([1.0, 4.0]))
    tensor(1.)
    """
    need_tensors("l1_loss", input=input, target=target)
    x, y = same_shape("l1_loss", input, target)
    if weight is not None:
        if size_average is not None or reduce is not None:
            reduction = reduction_name("l1_loss", reduction, size_average, reduce)
        return with_weight("l1_loss", (x - y).abs(), input, weight, reduction, True)
    return reduced((x - y).abs(), reduction_name("l1_loss", reduction, size_average, reduce))


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """d**2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = input - target.

    >>> import minitorch as mt
    >>> mt.nn.functional.smooth_l1_loss(mt.tensor([1.5, 2.0]), mt.tensor([1.0, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    need_tensors("smooth_l1_loss", input=input, target=target)
    x, y = same_shape("smooth_l1_loss", input, target)
    reduction = reduction_name("smooth_l1_loss", reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss: smooth_l1_loss does not support negative values for beta, got {beta}.")
    return ops.smooth_l1_loss(x, y, reduction=reduction, beta=beta) if beta else reduced((x - y).abs(), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d**2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = input - target.

    >>> import minitorch as mt
    >>> mt.nn.functional.huber_loss(mt.tensor([1.5, 2.0]), mt.tensor([1.0, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    need_tensors("huber_loss", input=input, target=target)
    x, y = same_shape("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss: huber_loss does not support non-positive values for delta, got {delta}.")
    if weight is not None:
        each = ops.huber_loss(x, y, reduction="none", delta=delta).to(input.dtype)
        return with_weight("huber_loss", each, input, weight, reduction, False)
    return ops.huber_loss(x, y, reduction=reduction_name("huber_loss", reduction), delta=delta).to(input.dtype)


# -- two classes -----------------------------------------------------------------------------------------------------


def _same_size(message: str, input: Any, target: Any) -> None:
    if input._array.shape != target._array.shape:
        rows = [("input", input._array.shape, ""), ("target", target._array.shape, "")]
        raise ValueError(explain(message, rows))


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(y log p + (1 - y) log(1 - p)) of probabilities p; the logarithms are kept from falling below -100.

    >>> import minitorch as mt
    >>> mt.nn.functional.binary_cross_entropy(mt.tensor([0.5, 0.25]), mt.tensor([1.0, 0.0]), reduction="none")
    tensor([0.6931, 0.2877])
    """
    name = "binary_cross_entropy"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    a, b = list(input._array.shape), list(target._array.shape)
    _same_size(
        f"{name}: Using a target size (torch.Size({b})) that is different to the input size (torch.Size({a})) is "
        "deprecated. Please ensure they have the same size.",
        input,
        target,
    )  # fmt: skip
    constant(name, "weight", weight)
    p = input._array
    if p.dtype.kind in "fV":
        message = (
            f"{name}: all elements of input should be between 0 and 1\n"
            "    hint  binary_cross_entropy_with_logits takes any numbers"
        )
        refuse_if(~((p >= 0) & (p <= 1)).all(), lambda: RuntimeError(message))
    for other in (target, weight):
        if other is not None and p.dtype.kind in "fV" and other._array.dtype != p.dtype:
            raise RuntimeError(f"{name}: Found dtype {scalar_name(other._array)} but expected {scalar_name(p)}")
    if weight is not None:
        check_broadcast(name, p.shape, weight._array.shape)
    return ops.binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """-(w y log s + (1 - y) log(1 - s)), with s = sigmoid(input) and w = pos_weight; exact for large inputs too.

    >>> import minitorch as mt
    >>> logits, truth = mt.tensor([0.0, 100.0]), mt.tensor([1.0, 0.0])
    >>> mt.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    tensor([  0.6931, 100.0000])
    """
    name = "binary_cross_entropy_with_logits"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    a, b = list(input._array.shape), list(target._array.shape)
    _same_size(f"{name}: Target size (torch.Size({b})) must be the same as input size (torch.Size({a}))", input, target)
    constant(name, "weight", weight)
    constant(name, "pos_weight", pos_weight)
    for w in (weight, pos_weight):
        if w is not None:
            check_broadcast(name, input._array.shape, w._array.shape)
    if target._array.dtype.kind in "biu" and input._array.dtype.kind in "fV":
        kinds = f"{scalar_name(input._array)} can't be cast to the desired output type {scalar_name(target._array)}"
        raise RuntimeError(f"{name}: result type {kinds}\n    hint  target.to(input.dtype)")
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=reduction)


# -- distributions ---------------------------------------------------------------------------------------------------


def kl_div(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """target (log target - input), pointwise; input holds log-probabilities, and so does target with `log_target`.

    reduction: also "batchmean", the sum divided by the batch size: this is the divergence as it is defined.

    >>> import minitorch as mt
    >>> mt.nn.functional.kl_div(mt.tensor([[0.5, 0.5]]).log(), mt.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    need_tensors("kl_div", input=input, target=target)
    legacy = size_average is not None or reduce is not None
    by_batch = reduction == "batchmean" and not legacy
    if reduction == "mean" and not legacy:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    how = "sum" if by_batch else reduction_name("kl_div", reduction, size_average, reduce)
    for t in (input, target):
        if t._array.dtype.kind in "biuc":
            kind = "Complex" if t._array.dtype.kind == "c" else "Integral"
            raise RuntimeError(f"kl_div: {kind} inputs not supported.")
    loss = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    total = reduced(loss, how)
    return total / input.shape[0] if by_batch and input.dim() else total


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
    eps: float = 1e-8, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """e**input - target input, or with `log_input=False` input - target log(input + eps), for counts in target.

    full: add Stirling's approximation of log(target!) where target > 1.

    >>> import minitorch as mt
    >>> mt.nn.functional.poisson_nll_loss(mt.tensor([0.0, 1.0]), mt.tensor([1.0, 2.0]), reduction="none")
    tensor([1.0000, 0.7183])
    """
    name = "poisson_nll_loss"
    need_tensors(name, input=input, target=target)
    reduction = reduction_name(name, reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + where(target <= 1, 0, stirling)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log var + (input - target)**2 / var) / 2, with var no smaller than eps.

    var: of input's shape, or with 1 for one dimension, or without the last one; or one number.
    full: add log(2 pi) / 2. The bound eps is not differentiated.

    >>> import minitorch as mt
    >>> mt.nn.functional.gaussian_nll_loss(mt.tensor([1.0]), mt.tensor([3.0]), mt.tensor([2.0]))
    tensor(1.3466)
    """
    name = "gaussian_nll_loss"
    need_tensors(name, input=input, target=target)
    if isinstance(var, float):
        negative, var = var < 0, full_like(input, var)
    else:
        need_tensors(name, input=input, target=target, var=var)
        negative = bool((var._array < 0).any())
    if negative:
        raise ValueError(f"{name}: var has negative entry/entries")
    var = _fit_variance(name, input, var).clone()
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}: {reduction} is not valid\n    hint  'none', 'mean' or 'sum'")
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def _fit_variance(name: str, input: Any, var: Any) -> Tensor:
    """var, with a last dimension of 1 where it lacks input's."""
    a, b = input._array.shape, var._array.shape
    if a == b:
        return var
    if a[:-1] == b:
        return var.unsqueeze(-1)
    if len(a) == len(b) and sum(y for x, y in zip(a, b, strict=True) if x != y) == 1:
        return var
    raise ValueError(explain(f"{name}: var is of incorrect size", [("input", a, ""), ("var", b, "")]))
