"""Exponentials normalized along a dimension: softmax, log_softmax, logsumexp, all with the maximum taken out first."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.elementwise import conj, exp
from minitorch.ops.reduce import count, keep, kept_shape, sum


def _widened(forward: Any, x: Any, dim: int) -> Any:
    """Carry out `forward` on what it can't take as it is: halves, 0-d tensors (one dimension here), no elements."""
    if not x.size:
        return x.copy()
    wide = x.astype("float32") if x.dtype.char in "eE" else x
    return forward(wide.reshape(1) if x.ndim == 0 else wide, dim=dim).astype(x.dtype).reshape(x.shape)


def _fused(g: Any, y: Any) -> bool:
    """True if both are what the kernels take."""
    return g.dtype is y.dtype and y.dtype.char in "fd" and y.ndim > 0 and y.size > 0


@op
def softmax(x: Any, *, dim: int) -> Any:
    if x.dtype.char not in "fd" or not x.size or not x.ndim:
        return _widened(softmax.op.forward, x, dim)
    return kernels_of(x).softmax(x, dim)


@softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    return softmax_grad(g, out, dim=dim)


@op(inner=True, node="SoftmaxBackwardDataBackward0")
def softmax_grad(g: Any, y: Any, *, dim: int) -> Any:
    """y_i (g_i - sum_j g_j y_j)."""
    if _fused(g, y):
        return kernels_of(y).softmax_grad(g, y, dim)
    weighted = g * y
    return weighted - y * sum(weighted, dim=dim if y.ndim else None, keepdim=True)


@softmax_grad.vjp("g")
def _(u: Any, y: Any, dim: int) -> Any:
    return softmax_grad(u, y, dim=dim)


@softmax_grad.vjp("y")
def _(u: Any, g: Any, y: Any, dim: int) -> Any:
    over = dim if y.ndim else None
    return g * (u - sum(u * y, dim=over, keepdim=True)) - u * sum(g * y, dim=over, keepdim=True)


@op
def log_softmax(x: Any, *, dim: int) -> Any:
    if x.dtype.char not in "fd" or not x.size or not x.ndim:
        return _widened(log_softmax.op.forward, x, dim)
    return kernels_of(x).log_softmax(x, dim)


@log_softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    return log_softmax_grad(g, out, dim=dim)


@op(inner=True, node="LogSoftmaxBackwardDataBackward0")
def log_softmax_grad(g: Any, y: Any, *, dim: int) -> Any:
    """g_i - e**y_i sum_j g_j."""
    if _fused(g, y):
        return kernels_of(y).log_softmax_grad(g, y, dim)
    return g - exp(y) * sum(g, dim=dim if y.ndim else None, keepdim=True)


@log_softmax_grad.vjp("g")
def _(u: Any, y: Any, dim: int) -> Any:
    return u - sum(u * exp(y), dim=dim if y.ndim else None, keepdim=True)


@log_softmax_grad.vjp("y")
def _(u: Any, g: Any, y: Any, dim: int) -> Any:
    return -u * exp(y) * sum(g, dim=dim if y.ndim else None, keepdim=True)


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
        total = xp.log(kernels_of(x).exp(wide - top).sum(axis=dim, keepdims=True)) + top
    if not keepdim:
        total = total.reshape(tuple(n for i, n in enumerate(x.shape) if not _reduced(i, dim)))
    return total.astype(x.dtype, copy=False)


def _reduced(i: int, dim: Any) -> bool:
    return dim is None or i == dim or (isinstance(dim, tuple) and i in dim)


@logsumexp.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return keep(g, x_shape, dim, keepdim) * conj(exp(x - keep(out, x_shape, dim, keepdim)))
