"""Connectionist temporal classification (Graves et al. 2006): the forward-backward algorithm, over a whole batch.

Shapes: T time steps, N samples, C classes, S longest target, L = 2 S + 1 for the target with blanks around each label.
Everything is in logarithms. alpha[t, n, s] is the probability of having emitted the extended target up to s by time t,
beta that of emitting it from s on, both including what is emitted at t.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.kinds import only

IMPOSSIBLE = -math.inf


def _with_blanks(targets: Any, blank: int) -> Any:
    """(N, S) labels -> (N, L): blank, label, blank, label, ..., blank."""
    n, s = targets.shape
    extended = xp_of(targets).full((n, 2 * s + 1), blank, dtype="int64")
    extended[:, 1::2] = targets
    return extended


def _emitted(log_probs: Any, extended: Any) -> Any:
    """(T, N, L): the log-probability of each extended label at each time."""
    rows = xp_of(log_probs).arange(extended.shape[0])
    return log_probs[:, rows[:, None], extended]


def _may_skip(extended: Any) -> Any:
    """(N, L - 2): whether s + 2 can follow s: labels that differ can, across the blank between them."""
    skip = extended[:, 2:] != extended[:, :-2]
    skip[:, 0::2] = False
    return skip


def _log_sum(x: Any) -> Any:
    """log(sum(e**x)) over the first axis; -inf where all are -inf."""
    xp = xp_of(x)
    top = x.max(axis=0)
    top = xp.where(top == IMPOSSIBLE, x.dtype.type(0), top)
    return xp.log(xp.exp(x - top).sum(axis=0)) + top


def _alphas(emitted: Any, skip: Any) -> Any:
    """alpha[t, s] = emitted[t, s] (alpha[t-1, s] + alpha[t-1, s-1] + alpha[t-1, s-2] if s-2 may be skipped from)."""
    xp = xp_of(emitted)
    alpha = xp.full(emitted.shape, IMPOSSIBLE, dtype=emitted.dtype)
    alpha[0, :, :2] = emitted[0, :, :2]
    ways = xp.full((3, *emitted.shape[1:]), IMPOSSIBLE, dtype=emitted.dtype)
    for t in range(1, emitted.shape[0]):
        before = alpha[t - 1]
        ways[0] = before
        ways[1, :, 1:] = before[:, :-1]
        ways[2, :, 2:] = xp.where(skip, before[:, :-2], IMPOSSIBLE)
        alpha[t] = _log_sum(ways) + emitted[t]
    return alpha


def _betas(emitted: Any, skip: Any, last_time: Any, end: Any) -> Any:
    """As `_alphas` backwards in time; each sample starts at its own last time step, at its end or the label before."""
    xp = xp_of(emitted)
    beta = xp.full(emitted.shape, IMPOSSIBLE, dtype=emitted.dtype)
    ways = xp.full((3, *emitted.shape[1:]), IMPOSSIBLE, dtype=emitted.dtype)
    place = xp.arange(emitted.shape[2])
    at_end = (place == end[:, None]) | (place == end[:, None] - 1)
    for t in range(emitted.shape[0] - 1, -1, -1):
        if t + 1 < emitted.shape[0]:
            after = beta[t + 1]
            ways[0] = after
            ways[1, :, :-1] = after[:, 1:]
            ways[2, :, :-2] = xp.where(skip, after[:, 2:], IMPOSSIBLE)
            beta[t] = _log_sum(ways) + emitted[t]
        beta[t] = xp.where((last_time == t)[:, None] & at_end, emitted[t], beta[t])
    return beta


@op(aux=("alpha",))
def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, *, blank: int, zero_infinity: bool
) -> tuple:
    """-log of the probability of each target (N,): the sum over all alignments. targets are padded to (N, S)."""
    only("ctc_loss", log_probs, "f")
    if log_probs.dtype.itemsize == 2:
        raise NotImplementedError("half precision")
    xp = xp_of(log_probs)
    extended = _with_blanks(targets, blank)
    alpha = _alphas(_emitted(log_probs, extended), _may_skip(extended))
    rows, last, end = xp.arange(targets.shape[0]), xp.maximum(input_lengths - 1, 0), 2 * target_lengths
    after_label = xp.where(end > 0, alpha[last, rows, xp.maximum(end - 1, 0)], IMPOSSIBLE)
    loss = -xp.logaddexp(alpha[last, rows, end], after_label)
    loss = xp.where(input_lengths > 0, loss, xp.where(end > 0, math.inf, 0.0)).astype(log_probs.dtype)
    return xp.where(loss == math.inf, loss.dtype.type(0), loss) if zero_infinity else loss, alpha


@ctc_loss.vjp("log_probs")
def _(
    g: Any,
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    alpha: Any,
    blank: int,
    zero_infinity: bool,
) -> Any:
    return ctc_loss_grad(
        g, log_probs, targets, input_lengths, target_lengths, alpha, blank=blank, zero_infinity=zero_infinity
    )


@op(node="CtcLossBackwardBackward0")
def ctc_loss_grad(
    g: Any, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, alpha: Any, *, blank: int,
    zero_infinity: bool,
) -> Any:  # fmt: skip
    """g (e**log_probs - posterior), where posterior[t, n, c] is the probability that label c is emitted at time t.

    As in torch, this is the derivative with respect to the logits whose log_softmax `log_probs` is: -posterior alone
    would be that for log_probs taken by themselves. Through log_softmax both give the same.
    """
    xp = xp_of(log_probs)
    extended = _with_blanks(targets, blank)
    emitted, rows = _emitted(log_probs, extended), xp.arange(targets.shape[0])
    end = 2 * target_lengths
    beta = _betas(emitted, _may_skip(extended), input_lengths - 1, end)
    # both alpha and beta count what is emitted at t, so it is taken out once; impossible paths stay at -inf
    paths = alpha + beta
    paths = xp.where(paths == IMPOSSIBLE, paths, paths - emitted)
    evidence = _log_sum(paths[0].T)  # every alignment passes through time 0: the log-probability of the target
    posterior = xp.exp(paths - xp.where(evidence == IMPOSSIBLE, 0, evidence)[:, None])
    grad = xp.exp(log_probs)
    times = xp.arange(grad.shape[0])[:, None, None]
    xp.add.at(grad, (times, rows[:, None], extended), -posterior)
    hopeless = 0.0 if zero_infinity else math.nan  # no alignment is possible: the loss is infinite
    grad = xp.where((evidence == IMPOSSIBLE)[:, None], hopeless, grad) * g[:, None]
    running = xp.arange(grad.shape[0])[:, None] < input_lengths
    return xp.where(running[:, :, None], grad, 0).astype(log_probs.dtype)


@ctc_loss_grad.vjp("g", "log_probs")
def _(g: Any) -> Any:
    raise RuntimeError(
        "ctc_loss: derivative for aten::_ctc_loss_backward is not implemented\n"
        "    hint  ctc_loss can be differentiated once, here as in torch"
    )
