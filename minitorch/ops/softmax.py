"""Exponentials normalized along a dimension: softmax, log_softmax, logsumexp, all with the maximum taken out first."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.elementwise import conj, exp
from minitorch.ops.reduce import keep, sum


def _shifted(x: Any, dim: int) -> Any:
    """x - max(x) along `dim`, in float32 for halves; a new array."""
    if x.dtype.char in "eE":
        x = x.astype("float32")
    return x - x.max(axis=dim, keepdims=True) if x.size else x.copy()


def _each(x: Any, dim: int) -> Any:
    """0-d tensors have one dimension here."""
    return x.reshape(1) if x.ndim == 0 else x


@op
def softmax(x: Any, *, dim: int) -> Any:
    e = _shifted(_each(x, dim), dim)
    xp_of(x).exp(e, out=e)
    e /= e.sum(axis=dim, keepdims=True)
    return e.astype(x.dtype, copy=False).reshape(x.shape)


@softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    """d softmax: out_i (g_i - sum_j g_j out_j)."""
    weighted = g * out
    return weighted - out * sum(weighted, dim=dim if out.ndim else None, keepdim=True)


@op
def log_softmax(x: Any, *, dim: int) -> Any:
    xp = xp_of(x)
    y = _shifted(_each(x, dim), dim)
    y -= xp.log(xp.exp(y).sum(axis=dim, keepdims=True))
    return y.astype(x.dtype, copy=False).reshape(x.shape)


@log_softmax.vjp("x")
def _(g: Any, out: Any, dim: int) -> Any:
    """d log_softmax: g_i - softmax_i sum_j g_j."""
    return g - exp(out) * sum(g, dim=dim if out.ndim else None, keepdim=True)


@op(promote="float")
def logsumexp(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """log(sum(e**x)); -inf where there is nothing to add up."""
    xp = xp_of(x)
    wide = x.astype("float32") if x.dtype.char in "eE" else x
    top = wide.max(axis=dim, keepdims=True, initial=-float("inf")) if wide.dtype.kind != "c" else _largest(wide, dim)
    top = xp.where(abs(top) == float("inf"), wide.dtype.type(0), top)
    total = xp.log(xp.exp(wide - top).sum(axis=dim, keepdims=True)) + top
    out = total if keepdim else total.reshape(tuple(n for i, n in enumerate(x.shape) if not _reduced(i, dim)))
    return out.astype(x.dtype, copy=False)


def _largest(x: Any, dim: Any) -> Any:
    """The largest real part, as a complex number's shift."""
    return x.real.max(axis=dim, keepdims=True, initial=-float("inf")).astype(x.dtype)


def _reduced(i: int, dim: Any) -> bool:
    return dim is None or i == dim or (isinstance(dim, tuple) and i in dim)


@logsumexp.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return keep(g, x_shape, dim, keepdim) * conj(exp(x - keep(out, x_shape, dim, keepdim)))
