"""Scans: running sums, products and extrema along one dimension; and the linear recurrence their derivatives need."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.along import place
from minitorch.ops.elementwise import conj, exp
from minitorch.ops.powers import complex_logaddexp

_WIDE = {c: "int64" for c in "?bhiqB"} | {"e": "float32", "E": "float32"}


def _running(x: Any, dim: int, reverse: bool, name: str) -> Any:
    """x.cumsum or x.cumprod along `dim`, from the far end if `reverse`, in torch's accumulation dtype."""
    char = x.dtype.char
    if x.ndim == 0:
        return x.astype("int64") if char in "?bhiqB" else x.copy()
    flip = (slice(None),) * dim + (slice(None, None, -1),)
    out = getattr(x[flip] if reverse else x, name)(axis=dim, dtype=_WIDE.get(char))
    if char in "eE":
        out = out.astype(x.dtype)
    return out[flip].copy() if reverse else out


@op
def cumsum(x: Any, *, dim: int, reverse: bool = False) -> Any:
    return _running(x, dim, reverse, "cumsum")


@cumsum.vjp("x")
def _(g: Any, dim: int, reverse: bool) -> Any:
    return cumsum(g, dim=dim, reverse=not reverse)


@op
def shift(x: Any, *, dim: int, by: int, fill: float = 0) -> Any:
    """y_k = x_(k - by) along `dim`, and `fill` where there is no such element."""
    out = xp_of(x).full(x.shape, fill, dtype=x.dtype)
    to, from_ = (slice(by, None), slice(None, -by)) if by > 0 else (slice(None, by), slice(-by, None))
    lead = (slice(None),) * dim
    out[(*lead, to)] = x[(*lead, from_)]
    return out


@shift.vjp("x")
def _(g: Any, dim: int, by: int) -> Any:
    return shift(g, dim=dim, by=-by)


def _doublings(n: int, dim: int, reverse: bool) -> Any:
    """Steps 1, 2, 4, ... of a scan: (places that have a neighbor that far back, those neighbors)."""
    lead, by = (slice(None),) * dim, 1
    while by < n:
        ahead, behind = (*lead, slice(by, None)), (*lead, slice(None, -by))
        yield (behind, ahead) if reverse else (ahead, behind)
        by *= 2


@op
def recurrence(x: Any, a: Any, *, dim: int, reverse: bool = False) -> Any:
    """s_k = x_k + a_k s_(k-1) along `dim` (s_(k+1) if `reverse`); the a at the start has nothing to multiply.

    In log2(n) steps: two stretches (a, s) and (a', s') after each other make (a a', s' + a' s).
    """
    s, a = x.copy(), a.copy()
    for here, there in _doublings(x.shape[dim], dim, reverse):
        s[here] += a[here] * s[there]
        a[here] = a[here] * a[there]
    return s


@recurrence.vjp("x", "a")
def _(g: Any, a: Any, out: Any, dim: int, reverse: bool) -> tuple:
    """The adjoint runs the other way: t_k = g_k + conj(a_(k+1)) t_(k+1); dx = t, da_k = t_k conj(s_(k-1))."""
    step = -1 if reverse else 1
    t = recurrence(g, shift(conj(a), dim=dim, by=-step), dim=dim, reverse=not reverse)
    return t, t * shift(conj(out), dim=dim, by=step)


@op
def cumprod(x: Any, *, dim: int, reverse: bool = False) -> Any:
    return _running(x, dim, reverse, "cumprod")


@cumprod.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: int, reverse: bool) -> Any:
    """dx_k = sum over i >= k of g_i out_i / x_k. Zeros in x forbid the division: then dx_k = (product before k) S_k,
    where S_k = g_k + x_(k+1) S_(k+1) is a recurrence from the far end."""
    if not x_shape or x_shape[dim] == 1:
        return g
    if getattr(x, "_array", x).all():
        return cumsum(g * conj(out), dim=dim, reverse=not reverse) / conj(x)
    step = -1 if reverse else 1
    ahead = shift(conj(x), dim=dim, by=-step)
    return shift(conj(out), dim=dim, by=step, fill=1) * recurrence(g, ahead, dim=dim, reverse=not reverse)


# -- running extrema -------------------------------------------------------------------------------------------------


def _scanned(x: Any, dim: int, combine: Any) -> Any:
    """The running combination of the elements along `dim` by an associative function, in log2(n) steps."""
    out = x.copy()
    for here, there in _doublings(x.shape[dim], dim, False):
        out[here] = combine(out[here], out[there])
    return out


def _running_extremum(x: Any, dim: int, greatest: bool) -> tuple:
    """(values, indices): the extremum so far and where it stood, the latest of equal ones; nan stays once met."""
    xp = xp_of(x)
    if x.ndim == 0:
        return x.copy(), xp.zeros((), dtype="int64")
    values = _scanned(x, dim, xp.maximum if greatest else xp.minimum)
    place = xp.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - dim - 1))
    attained = xp.where((x == values) | (x != x), place, 0)
    return values, _scanned(attained, dim, xp.maximum)


def _running_grad(g: Any, out1: Any, x_shape: tuple, dim: int) -> Any:
    return place(g[0], out1, dim=dim, size=x_shape[dim] if x_shape else 1, unique=False)


@op(outputs=2)
def cummax(x: Any, *, dim: int) -> tuple:
    return _running_extremum(x, dim, True)


@op(outputs=2)
def cummin(x: Any, *, dim: int) -> tuple:
    return _running_extremum(x, dim, False)


cummax.vjp("x")(_running_grad)
cummin.vjp("x")(_running_grad)


@op(promote="float")
def logcumsumexp(x: Any, *, dim: int) -> Any:
    """log of the running sum of e**x, without overflow."""
    if x.ndim == 0:
        return x.copy()
    wide = x.astype("float32") if x.dtype.char in "eE" else x
    if x.dtype.kind != "c":
        return _scanned(wide, dim, xp_of(x).logaddexp).astype(x.dtype, copy=False)
    out, lead = x.copy(), (slice(None),) * dim
    for i in range(1, x.shape[dim]):  # one after the other: the order decides by which multiple of 2 pi angles differ
        out[(*lead, i)] = complex_logaddexp(out[(*lead, i - 1)], x[(*lead, i)])
    return out


@logcumsumexp.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: int) -> Any:
    """dx_k = e**(x_k - out_k) T_k, where T_k = sum over i >= k of g_i e**(out_k - out_i) is the recurrence
    g_k + e**(out_k - out_(k+1)) T_(k+1). As out never falls, no exponent is positive."""
    if not x_shape:
        return g
    decay = conj(exp(out - shift(out, dim=dim, by=-1, fill=float("inf"))))
    return conj(exp(x - out)) * recurrence(g, decay, dim=dim, reverse=True)
