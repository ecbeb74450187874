"""Circular and hyperbolic functions, their inverses, and what is measured with them."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.constants import SCALARS
from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.backend.kernels.small import SMALL
from minitorch.ops.arithmetic import conj
from minitorch.ops.compare import where
from minitorch.ops.kinds import FLOAT, matching, not_complex, only
from minitorch.ops.powers import rsqrt


@op(promote="float", plain="np.sin(x)")
def sin(x: Any) -> Any:
    """The sine, x in radians."""
    return xp_of(x).sin(x)


@sin.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * conj(cos(x))


@op(promote="float", plain="np.cos(x)")
def cos(x: Any) -> Any:
    """The cosine, x in radians."""
    return xp_of(x).cos(x)


@cos.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * -conj(sin(x))


@op(promote="float")
def tan(x: Any) -> Any:
    """The tangent, x in radians."""
    return xp_of(x).tan(x)


@tan.vjp("x")
def _(g: Any, out: Any) -> Any:
    return g * conj(1 + out * out)


@op(promote="float")
def asin(x: Any) -> Any:
    """The angle in [-pi/2, pi/2] whose sine is x; nan outside [-1, 1]."""
    return xp_of(x).arcsin(x)


@asin.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * conj(rsqrt(1 - x * x))


@op(promote="float")
def acos(x: Any) -> Any:
    """The angle in [0, pi] whose cosine is x; nan outside [-1, 1]."""
    return xp_of(x).arccos(x)


@acos.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * -conj(rsqrt(1 - x * x))


@op(promote="float")
def atan(x: Any) -> Any:
    """The angle in (-pi/2, pi/2) whose tangent is x."""
    return xp_of(x).arctan(x)


@atan.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / conj(x * x + 1)


@op(broadcasts=True, promote="float")
def atan2(y: Any, x: Any) -> Any:
    """The angle in [-pi, pi] of the point (x, y)."""
    only("atan2", y, FLOAT)
    return xp_of(y).arctan2(y, x)


@atan2.vjp("y")
def _(g: Any, y: Any, x: Any) -> Any:
    return g * x * _inverse_square(x, y)


@atan2.vjp("x")
def _(g: Any, y: Any, x: Any) -> Any:
    return g * -y * _inverse_square(x, y)


def _inverse_square(x: Any, y: Any) -> Any:
    """1 / (x**2 + y**2), and 0 at the origin."""
    square = x * x + y * y
    origin = square == 0
    return where(origin, 0, 1 / where(origin, 1, square))


@op(promote="float")
def sinh(x: Any) -> Any:
    """The hyperbolic sine, (e**x - e**-x) / 2."""
    return xp_of(x).sinh(x)


@sinh.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * conj(cosh(x))


@op(promote="float")
def cosh(x: Any) -> Any:
    """The hyperbolic cosine, (e**x + e**-x) / 2."""
    return xp_of(x).cosh(x)


@cosh.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * conj(sinh(x))


@op(promote="float", plain=f"np.tanh(x) if x.size < {SMALL} and x.dtype.char in 'fd'")
def tanh(x: Any) -> Any:
    """The hyperbolic tangent, sinh(x) / cosh(x)."""
    return kernels_of(x).tanh(x)


@tanh.vjp("x")
def _(g: Any, out: Any) -> Any:
    return tanh_grad(g, conj(out))


@op(
    inner=True, node="TanhBackwardBackward0",
    plain=f"g * (ONE[y.dtype.char] - y * y) if y.size < {SMALL} and g.dtype is y.dtype and y.dtype.char in ONE",
)  # fmt: skip
def tanh_grad(g: Any, y: Any) -> Any:
    """g (1 - y y)."""
    if y.__class__ in SCALARS:
        return g * (1 - y * y)
    return kernels_of(y).tanh_grad(g, y) if g.dtype is y.dtype and y.dtype.char in "fd" else g * (1 - y * y)


@tanh_grad.vjp("g")
def _(u: Any, y: Any) -> Any:
    return tanh_grad(u, conj(y))


@tanh_grad.vjp("y")
def _(u: Any, g: Any, y: Any) -> Any:
    return u * conj(g * y * -2)


@op(promote="float")
def asinh(x: Any) -> Any:
    """The number whose hyperbolic sine is x."""
    return xp_of(x).arcsinh(x)


@asinh.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * conj(rsqrt(x * x + 1))


@op(promote="float")
def acosh(x: Any) -> Any:
    """The number not below 0 whose hyperbolic cosine is x; nan for x < 1."""
    return xp_of(x).arccosh(x)


@acosh.vjp("x")
def _(g: Any, x: Any) -> Any:
    if getattr(x, "_array", x).dtype.kind == "c":
        return g * conj(rsqrt(x + 1) * rsqrt(x - 1))
    return g * rsqrt(x * x - 1)


@op(promote="float")
def atanh(x: Any) -> Any:
    """The number whose hyperbolic tangent is x; infinite at -1 and 1, nan outside."""
    return xp_of(x).arctanh(x)


@atanh.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / conj(1 - x * x)


@op(broadcasts=True, promote=True)
def hypot(x: Any, y: Any) -> Any:
    """sqrt(x**2 + y**2) without overflow."""
    only("hypot", x, FLOAT)
    return xp_of(x).hypot(x, y)


@hypot.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    return g * x / out


@hypot.vjp("y")
def _(g: Any, y: Any, out: Any) -> Any:
    return g * y / out


@op(promote="float", node="Deg2RadBackward0")
def deg2rad(x: Any) -> Any:
    """Degrees in radians: x * pi / 180."""
    not_complex("deg2rad", x)
    return matching(x, x * (math.pi / 180))


@deg2rad.vjp("x")
def _(g: Any) -> Any:
    return g * (math.pi / 180)


@op(promote="float", node="Rad2DegBackward0")
def rad2deg(x: Any) -> Any:
    """Radians in degrees: x * 180 / pi."""
    not_complex("rad2deg", x)
    return matching(x, x * (180 / math.pi))


@rad2deg.vjp("x")
def _(g: Any) -> Any:
    return g * (180 / math.pi)


@op(promote="float")
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x), and 1 at 0."""
    xp = xp_of(x)
    angle = x * math.pi
    return matching(x, xp.where(x == 0, 1, xp.sin(angle) / xp.where(x == 0, 1, angle)))


@sinc.vjp("x")
def _(g: Any, x: Any) -> Any:
    # (cos(pi x) pi x - sin(pi x)) / (pi x**2), and 0 at 0
    angle, square = x * math.pi, x * x * math.pi
    return where(square == 0, 0, g * conj((angle * cos(angle) - sin(angle)) / square))
