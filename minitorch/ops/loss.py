"""Losses that are worth an op: fused with their reduction, as torch's graph shows them. The rest is in nn.functional.

`reduction` is "none", "mean" or "sum"; arguments have been checked above. Half-precision inputs are computed in
float32 and rounded once.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import broadcast_to
from minitorch.backend import kernels_of, xp_of
from minitorch.backend.kernels.softmax import classes
from minitorch.ops.activation import hardtanh, wide
from minitorch.ops.activation_smooth import logsigmoid
from minitorch.ops.along import place
from minitorch.ops.elementwise import clamp_min, log, log1p, sigmoid
from minitorch.ops.kinds import FLOAT, matching, only
from minitorch.ops.softmax import log_softmax


def reduce_loss(loss: Any, reduction: str) -> Any:
    """All elements, their mean (nan for none), or their sum."""
    if reduction == "none":
        return loss
    total = xp_of(loss).add.reduce(loss, None)
    return total / loss.size if reduction == "mean" else total


def per_element(g: Any, shape: tuple, reduction: str) -> Any:
    """The upstream gradient of each element's loss: of its shape, or a scalar for all."""
    return g / math.prod(shape) if reduction == "mean" and math.prod(shape) else g


# -- regression ------------------------------------------------------------------------------------------------------


@op(promote=True)
def mse_loss(x: Any, y: Any, *, reduction: str) -> Any:
    """(x - y)**2."""
    only("mse_loss", x, FLOAT)
    d = wide(x) - wide(y)
    d *= d
    return matching(x, reduce_loss(d, reduction))


@mse_loss.vjp("x")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str) -> Any:
    return (x - y) * (per_element(g, x_shape, reduction) * 2)


@mse_loss.vjp("y")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str) -> Any:
    return (y - x) * (per_element(g, x_shape, reduction) * 2)


@op(promote=True)
def smooth_l1_loss(x: Any, y: Any, *, reduction: str, beta: float) -> Any:
    """d**2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = x - y."""
    only("smooth_l1_loss", x, FLOAT)
    d = abs(wide(x) - wide(y))
    loss = xp_of(x).where(d < beta, d * d * (0.5 / beta), d - 0.5 * beta)
    return matching(x, reduce_loss(loss, reduction))


@smooth_l1_loss.vjp("x")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str, beta: float) -> Any:
    """d / beta, limited to [-1, 1]."""
    return hardtanh((x - y) / beta, min_val=-1.0, max_val=1.0) * per_element(g, x_shape, reduction)


@smooth_l1_loss.vjp("y")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str, beta: float) -> Any:
    return hardtanh((y - x) / beta, min_val=-1.0, max_val=1.0) * per_element(g, x_shape, reduction)


@op(promote=True)
def huber_loss(x: Any, y: Any, *, reduction: str, delta: float) -> Any:
    """d**2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - y."""
    only("huber_loss", x, FLOAT)
    d = abs(wide(x) - wide(y))
    loss = xp_of(x).where(d <= delta, d * d * 0.5, (d - 0.5 * delta) * delta)
    return matching(x, reduce_loss(loss, reduction))


@huber_loss.vjp("x")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str, delta: float) -> Any:
    """d, limited to [-delta, delta]."""
    return hardtanh(x - y, min_val=-delta, max_val=delta) * per_element(g, x_shape, reduction)


@huber_loss.vjp("y")
def _(g: Any, x: Any, y: Any, x_shape: tuple, reduction: str, delta: float) -> Any:
    return hardtanh(y - x, min_val=-delta, max_val=delta) * per_element(g, x_shape, reduction)


# -- two classes -----------------------------------------------------------------------------------------------------


def _weighted(loss: Any, weight: Any) -> Any:
    return loss if weight is None else loss * weight


@op
def binary_cross_entropy(x: Any, y: Any, weight: Any = None, *, reduction: str) -> Any:
    """-(y log x + (1 - y) log(1 - x)), with each logarithm no lower than -100."""
    only("binary_cross_entropy", x, FLOAT)
    xp, kernels, p, t = xp_of(x), kernels_of(x), wide(x), wide(y)
    loss = (t - 1) * xp.maximum(kernels.log1p(-p), -100) - t * xp.maximum(kernels.log(p), -100)
    return matching(x, reduce_loss(_weighted(loss, weight), reduction))


@binary_cross_entropy.vjp("x")
def _(g: Any, x: Any, y: Any, weight: Any, x_shape: tuple, reduction: str) -> Any:
    slope = (x - y) / clamp_min(x * (1 - x), 1e-12)
    return _weighted(slope, weight) * per_element(g, x_shape, reduction)


@binary_cross_entropy.vjp("y")
def _(g: Any, x: Any, weight: Any, x_shape: tuple, reduction: str) -> Any:
    slope = log1p(-x) - log(x)
    return _weighted(slope, weight) * per_element(g, x_shape, reduction)


@op(promote=True)
def binary_cross_entropy_with_logits(
    x: Any, y: Any, weight: Any = None, pos_weight: Any = None, *, reduction: str
) -> Any:
    """-(p y log s + (1 - y) log(1 - s)), with s = sigmoid(x) and p = pos_weight; without overflow.

    With log(1 - s) = log s - x this is (1 - y) x - (1 + (p - 1) y) log s.
    """
    only("binary_cross_entropy_with_logits", x, FLOAT)
    xp, kernels, w, t = xp_of(x), kernels_of(x), wide(x), wide(y)
    rest = kernels.log1p(kernels.exp(-abs(w)))
    if pos_weight is None:
        loss = xp.maximum(w, 0) - w * t + rest
    else:
        loss = (1 - t) * w - (1 + (wide(pos_weight) - 1) * t) * (xp.minimum(w, 0) - rest)
    return matching(x, reduce_loss(_weighted(loss, weight), reduction))


@binary_cross_entropy_with_logits.vjp("x")
def _(g: Any, x: Any, y: Any, weight: Any, pos_weight: Any, x_shape: tuple, reduction: str) -> Any:
    slope = sigmoid(x) - y if pos_weight is None else (1 - y) - (1 + (pos_weight - 1) * y) * sigmoid(-x)
    return _weighted(slope, weight) * per_element(g, x_shape, reduction)


@binary_cross_entropy_with_logits.vjp("y")
def _(g: Any, x: Any, weight: Any, pos_weight: Any, x_shape: tuple, reduction: str) -> Any:
    slope = -x if pos_weight is None else -x - (pos_weight - 1) * logsigmoid(x)
    return _weighted(slope, weight) * per_element(g, x_shape, reduction)


# -- many classes ----------------------------------------------------------------------------------------------------
# x is (C,), (N, C) or (N, C, d1, ...); target lacks the class dimension; weight is (C,) or None.


def class_dim(x: Any) -> int:
    return 1 if x.ndim > 1 else 0


def _targets(x: Any, target: Any, weight: Any, ignore_index: int | None) -> tuple:
    """(the class at each position, its weight or None for 1, which count or None for all).

    ignore_index None: no position is ignored. Ignored ones get class 0 and weight 0.
    """
    xp, counted = xp_of(x), None
    if ignore_index is not None:
        counted = target != ignore_index
        target = xp.where(counted, target, 0)
    target = target.astype("int64", copy=False)
    if weight is not None:
        chosen = wide(weight)[target]
        chosen = chosen if counted is None else chosen * counted
    else:
        chosen = None if counted is None else counted.astype(wide(x).dtype)
    return target, chosen, counted


def _reduce_positions(loss: Any, chosen: Any, counted: Any, reduction: str) -> tuple:
    """(the reduced loss, d loss / d position: of its shape, or 0-d for all the same)."""
    xp = xp_of(loss)
    if chosen is not None:
        loss = loss * chosen
    if counted is not None:
        loss = xp.where(counted, loss, loss.dtype.type(0))
    slope = xp.asarray(1.0, dtype=loss.dtype) if chosen is None else chosen
    if reduction == "none":
        return loss, slope
    total = xp.add.reduce(loss, None)
    if reduction == "sum":
        return total, slope
    count = loss.size if chosen is None else chosen.sum()
    slope = xp.asarray(slope / count)
    return total / count, slope if counted is None else xp.where(counted, slope, loss.dtype.type(0))


def _nll_node(settings: dict, inputs: tuple) -> str:
    """torch sees more than two dimensions as an image of four; losses that aren't reduced are then viewed back."""
    ndim = inputs[0]._array.ndim
    if ndim > 2 and ndim != 4 and settings["reduction"] == "none":
        return "ViewBackward0"
    return "NllLoss2DBackward0" if ndim > 2 else "NllLossBackward0"


@op(aux=("index", "slope"), node=_nll_node)
def nll_loss(x: Any, target: Any, weight: Any = None, *, ignore_index: int | None, reduction: str) -> Any:
    """-weight[target] x[target]; the mean is divided by the sum of the weights."""
    only("nll_loss", x, FLOAT)
    target, chosen, counted = _targets(x, target, weight, ignore_index)
    loss, slope = _reduce_positions(-wide(x[classes(xp_of(x), target)]), chosen, counted, reduction)
    return matching(x, loss), target[:, None] if class_dim(x) else target[None], slope


@nll_loss.vjp("x")
def _(g: Any, index: Any, slope: Any, target_shape: tuple, x_shape: tuple) -> Any:
    dim = 1 if len(x_shape) > 1 else 0
    each = broadcast_to(-(g * slope), shape=target_shape)
    return place(each.reshape(index.shape), index, dim=dim, size=x_shape[dim])


@op(node=_nll_node, aux=("target1", "slope", "top", "total"))
def cross_entropy(x: Any, target: Any, weight: Any = None, *, ignore_index: int | None, reduction: str) -> Any:
    """-weight[target] log_softmax(x)[target]: it is not stored, backward makes it again from x."""
    only("cross_entropy", x, FLOAT)
    target, chosen, counted = _targets(x, target, weight, ignore_index)
    each, top, total = kernels_of(x).cross_entropy(wide(x), target)
    loss, slope = _reduce_positions(each, chosen, counted, reduction)
    return matching(x, loss), target, slope, top, total


@cross_entropy.vjp("x")
def _(g: Any, x: Any, target1: Any, slope: Any, top: Any, total: Any) -> Any:
    """(softmax(x) - one_hot(target)) times each position's share of the loss."""
    return kernels_of(x).cross_entropy_grad(wide(x), target1, top, total, g * slope)


@cross_entropy.composed_as
def _(x: Any, target: Any, weight: Any, ignore_index: int | None, reduction: str) -> Any:
    logs = log_softmax(x, dim=class_dim(x))
    return nll_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
