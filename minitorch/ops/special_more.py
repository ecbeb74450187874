"""More special functions that have derivatives: scaled Bessel functions, the normal distribution, zeta, entropy."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import special_of, xp_of
from minitorch.ops.arithmetic import sign
from minitorch.ops.compare import where
from minitorch.ops.kinds import FLOAT, array_of, matching, only, widened
from minitorch.ops.powers import exp, log, log1p
from minitorch.ops.special import compute

ROOT_TWO_PI = math.sqrt(2 * math.pi)


@op(promote="float", node="SpecialI0EBackward0")
def i0e(x: Any) -> Any:
    """e**-|x| i0(x)."""
    return compute("i0e", "i0e", x)


@i0e.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    return g * (i1e(x) - sign(x) * out)


@op(promote="float", node="SpecialI1EBackward0")
def i1e(x: Any) -> Any:
    """e**-|x| i1(x)."""
    return compute("i1e", "i1e", x)


@i1e.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    zero = x == 0  # there the derivative is 1/2
    return g * where(zero, 0.5, i0e(x) - out * sign(x) - out / where(zero, 1, x))  # 1 / x may overflow


@op(promote="float", node="SpecialEntrBackward0")
def entr(x: Any) -> Any:
    """-x log x; 0 at 0, -inf below."""
    return compute("entr", "entr", x)


@entr.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * -(1 + log(x))


@op(promote="float", node="SpecialErfcxBackward0")
def erfcx(x: Any) -> Any:
    """e**(x**2) erfc(x)."""
    return compute("erfcx", "erfcx", x)


@erfcx.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    return g * (2 * x * out - 2 / math.sqrt(math.pi))


@op(promote="float", node="MulBackward1")
def ndtr(x: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    return compute("ndtr", "ndtr", x)


@ndtr.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * exp(x * x * -0.5) * (1 / ROOT_TWO_PI)


@op(promote="float", node="SpecialNdtriBackward0")
def ndtri(x: Any) -> Any:
    """The inverse of ndtr."""
    return compute("ndtri", "ndtri", x)


@ndtri.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * exp(out * out * 0.5) * ROOT_TWO_PI


@op(promote="float", node="SpecialLogNdtrBackward0")
def log_ndtr(x: Any) -> Any:
    """log(ndtr(x)), exact far to the left."""
    return compute("log_ndtr", "log_ndtr", x)


@log_ndtr.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi)


@op(broadcasts=True, promote="float", node="SpecialXlog1PyBackward0")
def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), and 0 where x is 0 (unless y is nan)."""
    like = array_of(x, y)
    only("xlog1py", like, FLOAT)
    x, y = (widened(a) if hasattr(a, "dtype") else a for a in (x, y))
    return matching(like, special_of(like).xlog1py(x, y))


@xlog1py.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x == 0) & (y <= -1), 0, g * log1p(y))


@xlog1py.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return g * x / (y + 1)


@op(broadcasts=True, promote="float", node="SpecialZetaBackward0")
def zeta(x: Any, q: Any) -> Any:
    """Hurwitz' zeta function: the sum over k >= 0 of (k + q)**-x."""
    like = array_of(x, q)
    only("zeta", like, "f")
    xp = xp_of(like)
    x, q = (a if hasattr(a, "dtype") else xp.asarray(a, dtype=like.dtype) for a in (x, q))
    return matching(like, special_of(like).zeta(x, q))


@zeta.vjp("q")
def _(g: Any, x: Any, q: Any) -> Any:
    return g * -x * zeta(x + 1, q)


@zeta.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'zeta' is not implemented")
