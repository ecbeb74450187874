"""Exponentials normalized along a dimension: softmax, log_softmax, logsumexp, all with the maximum taken out first."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.along import largest
from minitorch.ops.elementwise import conj, exp
from minitorch.ops.reduce import count, keep, kept_shape, sum


def _widened(forward: Any, x: Any, dim: int) -> Any:
    """Carry out `forward` on what it can't take as it is: halves, 0-d tensors (one dimension here), no elements."""
    if not x.size:
        return x.copy()
    wide = x.astype("float32") if x.dtype.char in "eE" else x
    return forward(wide.reshape(1) if x.ndim == 0 else wide, dim=dim).astype(x.dtype).reshape(x.shape)


@op
def softmax(x: Any, *, dim: int) -> Any:
    if x.dtype.char not in "fd" or not x.size or not x.ndim:
        return _widened(softmax.op.forward, x, dim)
    xp = xp_of(x)
    e = x - largest(x, dim)
    xp.exp(e, e)
    e /= xp.add.reduce(e, dim, None, None, True)
    return e


@softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    """d softmax: out_i (g_i - sum_j g_j out_j)."""
    weighted = g * out
    return weighted - out * sum(weighted, dim=dim if out.ndim else None, keepdim=True)


@op
def log_softmax(x: Any, *, dim: int) -> Any:
    if x.dtype.char not in "fd" or not x.size or not x.ndim:
        return _widened(log_softmax.op.forward, x, dim)
    xp = xp_of(x)
    y = x - largest(x, dim)
    y -= xp.log(xp.add.reduce(xp.exp(y), dim, None, None, True))
    return y


@log_softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    """d log_softmax: g_i - softmax_i sum_j g_j."""
    return g - exp(out) * sum(g, dim=dim if out.ndim else None, keepdim=True)


@op(promote="float")
def logsumexp(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """log(sum(e**x)); -inf where there is nothing to add up."""
    xp = xp_of(x)
    wide = x.astype("float32") if x.dtype.char in "eE" else x
    if count(x.shape, dim) == 0:
        total = xp.full(kept_shape(x.shape, dim), -float("inf"), dtype=wide.dtype)
    else:
        top = wide.real.max(axis=dim, keepdims=True)
        top = xp.where(xp.isinf(top), top.dtype.type(0), top)
        total = xp.log(xp.exp(wide - top).sum(axis=dim, keepdims=True)) + top
    if not keepdim:
        total = total.reshape(tuple(n for i, n in enumerate(x.shape) if not _reduced(i, dim)))
    return total.astype(x.dtype, copy=False)


def _reduced(i: int, dim: Any) -> bool:
    return dim is None or i == dim or (isinstance(dim, tuple) and i in dim)


@logsumexp.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return keep(g, x_shape, dim, keepdim) * conj(exp(x - keep(out, x_shape, dim, keepdim)))
