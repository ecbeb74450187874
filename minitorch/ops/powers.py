"""Powers, roots, exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from minitorch.autograd.constants import SCALARS
from minitorch.autograd.op import op
from minitorch.backend import kernels_of, special_of, xp_of
from minitorch.backend.kernels.small import SMALL, constant
from minitorch.ops.arithmetic import conj, zeros_as
from minitorch.ops.compare import where
from minitorch.ops.kinds import FLOAT, INEXACT, array_of, matching, node_by_operand, only, widened

NEGATIVE_INTEGER_POWER = (
    "pow: Integers to negative integer powers are not allowed.\n    hint  make the base floating-point: x.float() ** -1"
)


@op(broadcasts=True, promote=True, node=node_by_operand("Pow"))
def pow(x: Any, y: Any) -> Any:
    """x ** y; 0 ** 0 is 1. Integer tensors to negative powers give 0, except for bases 1 and -1."""
    like = array_of(x, y)
    if like.dtype.kind in "biu":
        if isinstance(y, bool) and like.dtype.kind == "b":
            return x | (not y)
        only("pow", like, "iu")
        return _integer_pow(x, y, xp_of(like))
    if y.__class__ is float and y == -0.5:
        return 1 / xp_of(x).sqrt(x)  # as torch: differs from C's pow at -0.0 and -inf
    if (
        y.__class__ in (int, float) and y == 3 and like.dtype.char in "fd"
    ):  # as torch; NumPy multiplies for a square only
        return x * x * x
    return x**y


def _integer_pow(x: Any, y: Any, xp: Any) -> Any:
    if not hasattr(y, "dtype"):
        if y < 0:
            raise RuntimeError(NEGATIVE_INTEGER_POWER)
        return x**y
    if y.dtype.kind == "u" or not (y < 0).any():
        return x**y
    inverse = xp.where(y % 2 == 0, 1, x) * ((x == 1) | (x == -1))
    return xp.where(y < 0, inverse, x ** xp.maximum(y, 0)).astype(y.dtype)


def _slope(x: Any, y: Any) -> Any:
    """y x**(y - 1); for arrays and the commonest exponents without the calls."""
    if (x.__class__ is ndarray or x.__class__ in SCALARS) and (y == 2 or y == 3):
        y = constant(int(y), x)
        return y * x if y == 2 else y * (x * x)
    return y * pow(x, y - 1)


@pow.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    if isinstance(y, (int, float, complex)):
        return zeros_as(g) if y == 0 else g * conj(_slope(x, y))
    return where(y == 0, 0, g * conj(y * pow(x, y - 1)))


@pow.vjp("y")
def _(g: Any, x: Any, y: Any, out: Any) -> Any:
    # d(x**y)/dy = x**y log x; at x = 0 the limit 0, where log is infinite
    if isinstance(x, (int, float, complex)):
        if x != 0:
            return g * conj(out * log(x))
        return where(real_part(y) >= 0, 0, g * conj(out * -math.inf))
    return g * where((x == 0) & (real_part(y) >= 0), 0, conj(out * log(x)))


def real_part(x: Any) -> Any:
    """x, or its real part: what says on which side of 0 an exponent is."""
    array = getattr(x, "_array", x)
    return array.real if array.dtype.kind == "c" else x


@op(promote="float", plain="np.sqrt(x)")
def sqrt(x: Any) -> Any:
    """The square root; nan for negative numbers, and an infinite derivative at 0."""
    return xp_of(x).sqrt(x)


@sqrt.vjp("x")
def _(g: Any, out: Any) -> Any:
    root = conj(out)
    return g / (root + root)


@op(promote="float")
def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return matching(x, 1 / xp_of(x).sqrt(widened(x)))


@rsqrt.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * conj(out * out * out) / -2


def _long(x: Any) -> bool:
    """True for arrays for which kernels of our own are worth a call (vjps come with Python numbers, too)."""
    return x.__class__ is np.ndarray and x.size >= SMALL


@op(promote="float", plain=f"np.exp(x) if x.size < {SMALL}")
def exp(x: Any) -> Any:
    """e ** x."""
    return kernels_of(x).exp(x) if _long(x) else xp_of(x).exp(x)


@exp.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * conj(out)


@op(promote="float", plain="np.exp2(x)")
def exp2(x: Any) -> Any:
    """2 ** x."""
    return xp_of(x).exp2(x)


@exp2.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * conj(out) * math.log(2)


@op(promote="float", plain=f"np.expm1(x) if x.size < {SMALL}")
def expm1(x: Any) -> Any:
    """e ** x - 1, exact near 0."""
    return kernels_of(x).expm1(x) if _long(x) else xp_of(x).expm1(x)


@expm1.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * (conj(out) + 1)


@op(promote="float", plain=f"np.log(x) if x.size < {SMALL}")
def log(x: Any) -> Any:
    """The natural logarithm; -inf at 0, nan below."""
    return kernels_of(x).log(x) if _long(x) else xp_of(x).log(x)


@log.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / conj(x)


@op(promote="float")
def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return xp_of(x).log2(x)


@log2.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / (conj(x) * math.log(2))


@op(promote="float")
def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return xp_of(x).log10(x)


@log10.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / (conj(x) * math.log(10))


@op(promote="float", node="Log1PBackward0")
def log1p(x: Any) -> Any:
    """log(1 + x), exact near 0."""
    return kernels_of(x).log1p(x) if _long(x) else xp_of(x).log1p(x)


@log1p.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / conj(x + 1)


@op(broadcasts=True, promote=True)
def logaddexp(x: Any, y: Any) -> Any:
    """log(e**x + e**y) without overflow."""
    only("logaddexp", x, INEXACT)
    xp = xp_of(x)
    return xp.logaddexp(x, y) if x.dtype.kind != "c" else complex_logaddexp(x, y)


def complex_logaddexp(x: Any, y: Any) -> Any:
    """log(e**x + e**y) of complex arrays. A nan in either is a nan in both parts; of -inf + ai and -inf + bi the
    second stays, as no angle means anything there."""
    xp = xp_of(x)
    below = x.real < y.real
    high, low = xp.where(below, y, x), xp.where(below, x, y)
    endless = xp.isinf(high.real) & (high.real == low.real)
    found = high + xp.log1p(xp.exp(low - xp.where(endless, 0, high)))
    found = xp.where(endless, xp.where(high.real < 0, low, xp.log(xp.exp(low) + xp.exp(high))), found)
    nan = xp.isnan(x) | xp.isnan(y)
    return xp.where(nan, x.dtype.type(complex("nan+nanj")), found)


@logaddexp.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return g / conj(1 + exp(y - x))


@logaddexp.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return g / conj(1 + exp(x - y))


@op(broadcasts=True, promote=True)
def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y) without overflow."""
    only("logaddexp2", x, FLOAT)
    return xp_of(x).logaddexp2(x, y)


@logaddexp2.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return g / (1 + exp2(y - x))


@logaddexp2.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return g / (1 + exp2(x - y))


@op(broadcasts=True, promote="float", node=node_by_operand("Xlogy", second=2, both=0, first=1))
def xlogy(x: Any, y: Any) -> Any:
    """x * log(y), and 0 where x is 0 (unless y is nan)."""
    like = array_of(x, y)
    only("xlogy", like, FLOAT)
    x, y = (widened(a) if hasattr(a, "dtype") else a for a in (x, y))
    return matching(like, special_of(like).xlogy(x, y))


@xlogy.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x == 0) & (y <= 0), 0, xlogy(g, y))


@xlogy.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return g * x / y


@op(promote="float")
def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x); e**-x may overflow to inf, which gives 0."""
    if x.dtype.char not in "fd":
        xp = xp_of(x)
        return xp.reciprocal(xp.exp(-widened(x)) + 1).astype(x.dtype)
    return kernels_of(x).sigmoid(x)


@sigmoid.vjp("x")
def _(g: Any, out: Any) -> Any:
    return sigmoid_grad(g, conj(out))


@op(
    inner=True, node="SigmoidBackwardBackward0",
    plain=f"g * ((ONE[y.dtype.char] - y) * y) if y.size < {SMALL} and g.dtype is y.dtype and y.dtype.char in ONE",
)  # fmt: skip
def sigmoid_grad(g: Any, y: Any) -> Any:
    """g y (1 - y)."""
    if y.__class__ in SCALARS:
        return g * ((1 - y) * y)
    return kernels_of(y).sigmoid_grad(g, y) if g.dtype is y.dtype and y.dtype.char in "fd" else g * ((1 - y) * y)


@sigmoid_grad.vjp("g")
def _(u: Any, y: Any) -> Any:
    return sigmoid_grad(u, conj(y))


@sigmoid_grad.vjp("y")
def _(u: Any, g: Any, y: Any) -> Any:
    return u * conj(g * (1 - 2 * y))


@op(promote="float")
def logit(x: Any, *, eps: float | None = None) -> Any:
    """log(x / (1 - x)), the inverse of sigmoid; x is first clamped to [eps, 1 - eps] if eps is given."""
    only("logit", x, FLOAT)
    xp, wide = xp_of(x), widened(x)
    if eps is not None:
        wide = xp.minimum(xp.maximum(wide, eps), 1 - eps)
    return matching(x, xp.log(wide / (1 - wide)))


@logit.vjp("x")
def _(g: Any, x: Any, eps: float | None) -> Any:
    # nan outside [0, 1]; with eps, 0 outside [eps, 1 - eps]
    low = 0 if eps is None else eps
    outside = (x < low) | (x > 1 - low)
    return where(outside, math.nan if eps is None else 0.0, g / (x * (1 - x)))
