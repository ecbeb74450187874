"""Error functions, gamma functions and Bessel functions, from scipy.special (or its counterpart on the device).

SciPy has no half-precision loops: float16 and bfloat16 are computed in float32 and rounded at the end.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, special_of, xp_of
from minitorch.ops.compare import where
from minitorch.ops.kinds import FLOAT, matching, only, widened
from minitorch.ops.powers import exp, log


def compute(name: str, function: str, *arrays: Any) -> Any:
    """scipy.special.<function> of floating arrays, in the dtype of the last."""
    x = arrays[-1]
    only(name, x, FLOAT)
    return matching(x, getattr(special_of(x), function)(*(widened(a) for a in arrays)))


@op(promote="float")
def erf(x: Any) -> Any:
    """The error function: 2/sqrt(pi) times the integral of e**-t**2 from 0 to x."""
    if x.dtype.char not in "fd":
        return compute("erf", "erf", x)
    return kernels_of(x).erf(x)


@erf.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * exp(-(x * x)) * (2 / math.sqrt(math.pi))


@op(promote="float")
def erfc(x: Any) -> Any:
    """1 - erf(x), exact for large x."""
    return compute("erfc", "erfc", x)


@erfc.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * exp(-(x * x)) * (-2 / math.sqrt(math.pi))


@op(promote="float")
def erfinv(x: Any) -> Any:
    """The inverse of erf; infinite at -1 and 1, nan outside."""
    return xp_of(x).copysign(compute("erfinv", "erfinv", x), x)  # SciPy forgets the sign of -0


@erfinv.vjp("x")
def _(g: Any, x: Any) -> Any:
    y = erfinv(x)
    return g * exp(y * y) * (math.sqrt(math.pi) / 2)


@op(promote="float")
def lgamma(x: Any) -> Any:
    """log|gamma(x)|; infinite at 0, the negative integers and both infinities (SciPy: -inf at the lower)."""
    xp = xp_of(x)
    return compute("lgamma", "gammaln", xp.where(x == -math.inf, -x, x))


@lgamma.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * digamma(x)


@op(promote="float")
def digamma(x: Any) -> Any:
    """The derivative of lgamma; -inf at 0, inf at -0.0, nan at the negative integers."""
    only("digamma", x, FLOAT)
    xp = xp_of(x)
    pole = (x < 0) & (x == xp.floor(x))
    out = xp.where(pole, x.dtype.type(math.nan), compute("digamma", "psi", x))
    return xp.where(x == 0, xp.copysign(x.dtype.type(math.inf), -x), out)


@digamma.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * polygamma(x, n=1)


@op(promote="float")
def polygamma(x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma."""
    # (-1)**(n+1) n! zeta(n+1, x), Hurwitz' zeta; for x <= 0 the reflection formula serves n = 1
    if n == 1:
        return _trigamma(x)
    only("polygamma", x, FLOAT)
    xp, special = xp_of(x), special_of(x)
    wide = widened(x)
    order = xp.asarray(n + 1, dtype=wide.dtype)
    return matching(x, special.zeta(order, wide) * wide.dtype.type(math.factorial(n) * (-1) ** (n + 1)))


def _trigamma(x: Any) -> Any:
    """psi'(x) = zeta(2, x); below 1/2 by reflection: psi'(1 - x) + psi'(x) = (pi / sin(pi x))**2."""
    only("polygamma", x, FLOAT)
    xp, special = xp_of(x), special_of(x)
    wide = widened(x)
    two = xp.asarray(2, dtype=wide.dtype)
    low = wide < 0.5
    mirrored = special.zeta(two, xp.where(low, 1 - wide, wide))
    sine = xp.sin(wide * math.pi)
    return matching(x, xp.where(low, (math.pi / xp.where(low, sine, 1)) ** 2 - mirrored, mirrored))


@polygamma.vjp("x")
def _(g: Any, x: Any, n: int) -> Any:
    return g * polygamma(x, n=n + 1)


@op(promote="float")
def mvlgamma(x: Any, *, p: int) -> Any:
    """The logarithm of the p-dimensional gamma function: p(p-1)/4 log(pi) + sum of lgamma(x - j/2) for j < p."""
    total = compute("mvlgamma", "gammaln", x) + p * (p - 1) / 4 * math.log(math.pi)
    for j in range(1, p):
        total = total + compute("mvlgamma", "gammaln", x - j / 2)
    return matching(x, xp_of(total).where(xp_of(total).isneginf(x), math.inf, total))


@mvlgamma.vjp("x")
def _(g: Any, x: Any, p: int) -> Any:
    total = digamma(x)
    for j in range(1, p):
        total = total + digamma(x - j / 2)
    return g * total


@op(promote="float", node="I0Backward0")
def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind, order 0."""
    return compute("i0", "i0", x)


@i0.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * i1(x)


@op(promote="float", node="SpecialI1Backward0")
def i1(x: Any) -> Any:
    """The modified Bessel function of the first kind, order 1."""
    return compute("i1", "i1", x)


@i1.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    # i0(x) - i1(x) / x, whose limit at 0 is 1/2
    zero = x == 0
    return g * where(zero, 0.5, i0(x) - out / where(zero, 1, x))


@op(broadcasts=True, promote=True)
def igamma(x: Any, y: Any) -> Any:
    """The regularized lower incomplete gamma function: the integral of t**(x-1) e**-t from 0 to y, over gamma(x)."""
    return _at_nan(x, y, compute("igamma", "gammainc", x, y), False)


@op(broadcasts=True, promote=True)
def igammac(x: Any, y: Any) -> Any:
    """The regularized upper incomplete gamma function, 1 - igamma(x, y)."""
    return _at_nan(x, y, compute("igammac", "gammaincc", x, y), True)


def _at_nan(x: Any, y: Any, out: Any, upper: bool) -> Any:
    """torch looks for the ends of the range first: the whole integral is that to inf whatever x, and so on."""
    xp = xp_of(out)
    if not xp.isnan(out).any():
        return out
    none = (xp.isnan(x) & (y == 0)) | (xp.isposinf(x) & xp.isnan(y))
    whole = xp.isnan(x) & xp.isposinf(y)
    return xp.where(none | whole, (whole ^ upper).astype(out.dtype), out)


def _density(x: Any, y: Any) -> Any:
    """The derivative of igamma with respect to y: y**(x-1) e**-y / gamma(x)."""
    return exp((x - 1) * log(y) - y - lgamma(x))


@igamma.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return g * _density(x, y)


@igammac.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return -g * _density(x, y)


@igamma.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'igamma: input' is not implemented")


@igammac.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'igammac: input' is not implemented")
