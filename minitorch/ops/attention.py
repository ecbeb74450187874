"""Scaled dot-product attention as one op: its matrix of weights is made, used and differentiated a few heads at a time,
while it is cached."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.base import wrap
from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.arithmetic import add, mul
from minitorch.ops.masking import masked_fill
from minitorch.ops.matmul import matmul
from minitorch.ops.shape import transpose
from minitorch.ops.softmax import softmax

CACHED = 1 << 16  # weights computed at a time


def _heads(x: Any) -> Any:
    """(*, n, k) -> (heads, n, k)."""
    return x.reshape((math.prod(x.shape[:-2]), *x.shape[-2:]))


def _some_heads(weights: Any) -> list[slice]:
    """The heads to compute together, some after some."""
    n, step = len(weights), max(1, CACHED // (weights.shape[1] * weights.shape[2]))
    return [slice(i, i + step) for i in range(0, n, step)]


@op(node="ScaledDotProductFlashAttentionForCpuBackward0", broadcasts=True, aux=("weights",))
def attention(q: Any, k: Any, v: Any, mask: Any = None, *, scale: float, is_causal: bool) -> Any:
    """softmax(q k^T scale + mask) v: q (*, L, E), k (*, S, E), v (*, S, V), all * equal -> (*, L, V).

    mask broadcasts to (*, L, S): numbers to add. is_causal: row i has weights in its first i + 1 columns only. Rows
    where everything is masked have none at all.
    """
    xp, kernels = xp_of(q), kernels_of(q)
    lead, L, S = q.shape[:-2], q.shape[-2], k.shape[-2]
    q, k, v = _heads(q), _heads(k), _heads(v)
    weights = xp.empty((len(q), L, S), dtype=q.dtype)
    out = xp.empty((len(q), L, v.shape[-1]), dtype=q.dtype)
    if mask is not None and math.prod(mask.shape[:-2]) != 1:
        mask = _heads(xp.broadcast_to(mask, (*lead, L, S)))
    elif mask is not None:
        mask = xp.broadcast_to(mask.reshape(mask.shape[-2:]), (L, S))
    for s in _some_heads(weights):
        part = mask if mask is None or mask.ndim == 2 else mask[s]
        xp.matmul(q[s], k[s].swapaxes(-1, -2), out=weights[s])
        kernels.attention_weights(weights[s], part, scale, is_causal)
        xp.matmul(weights[s], v[s], out=out[s])
    return out.reshape((*lead, L, v.shape[-1])), weights


@attention.vjp("q", "k", "v", "mask")
def _(g: Any, q: Any, k: Any, v: Any, weights: Any, scale: float, needs: Any) -> Any:
    """With the weights w: dv = w^T g, ds = softmax's gradient of g v^T, dq = scale ds k, dk = scale ds^T q."""
    xp, kernels, shape = xp_of(q), kernels_of(q), (*q.shape[:-2], *weights.shape[1:])
    shapes = q.shape, k.shape, v.shape
    g, q, k, v = map(_heads, (g, q, k, v))
    dq, dk, dv = (xp.empty(x.shape, dtype=x.dtype) for x in (q, k, v))
    mask_grad = len(needs) > 3 and needs[3]
    dmask = xp.empty(weights.shape, dtype=q.dtype) if mask_grad else None
    for s in _some_heads(weights):
        w = weights[s]
        if needs[2]:
            xp.matmul(w.swapaxes(-1, -2), g[s], out=dv[s])
        if not (needs[0] or needs[1] or mask_grad):
            continue
        ds = kernels.softmax_grad(xp.matmul(g[s], v[s].swapaxes(-1, -2)), w, 2)
        if dmask is not None:
            dmask[s] = ds
        xp.matmul(ds, k[s], out=dq[s])
        xp.matmul(ds.swapaxes(-1, -2), q[s], out=dk[s])
    dq *= scale
    dk *= scale
    found = (*(d.reshape(n) for d, n in zip((dq, dk, dv), shapes, strict=True)), dmask)
    return tuple(
        d.reshape(shape) if i == 3 and d is not None else d if needed else None
        for i, (d, needed) in enumerate(zip(found, (*needs, False)[:4], strict=True))
    )


@attention.composed_as
def _(q: Any, k: Any, v: Any, mask: Any, scale: float, is_causal: bool) -> Any:
    scores = matmul(mul(q, scale), transpose(k, dim0=k.ndim - 2, dim1=k.ndim - 1))
    return matmul(masked_softmax(scores, mask, is_causal), v)


def masked_softmax(scores: Any, mask: Any, is_causal: bool) -> Any:
    """softmax of a tensor's last dimension where the masks allow; 0 in rows where they allow nothing."""
    xp, dim = xp_of(scores._array), scores._array.ndim - 1
    if is_causal:
        future = ~xp.tril(xp.ones(scores._array.shape[-2:], dtype=bool))
        scores = masked_fill(scores, wrap(future), -math.inf)
    if mask is not None:
        scores = add(scores, mask)
    if mask is None and not is_causal:
        return softmax(scores, dim=dim)
    dead = wrap((scores._array == -math.inf).all(axis=-1, keepdims=True))
    if not dead._array.any():
        return softmax(scores, dim=dim)
    return masked_fill(softmax(masked_fill(scores, dead, 0.0), dim=dim), dead, 0.0)
