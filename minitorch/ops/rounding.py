"""Rounding, the parts of floating-point numbers, and what bounds and bumps leave of them."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import dtypes, xp_of
from minitorch.ops.arithmetic import conj, zeros_as
from minitorch.ops.compare import isfinite, where
from minitorch.ops.kinds import FLOAT, REAL, matching, not_complex, only, scalar_name
from minitorch.ops.powers import exp2


@op
def ceil(x: Any) -> Any:
    """The smallest integer not below x. The derivative is 0 everywhere, as for all roundings."""
    only("ceil", x, REAL)
    return xp_of(x).ceil(x)


@op
def floor(x: Any) -> Any:
    """The largest integer not above x."""
    only("floor", x, REAL)
    return xp_of(x).floor(x)


@op
def trunc(x: Any) -> Any:
    """x without its fractional part."""
    only("trunc", x, REAL)
    return xp_of(x).trunc(x)


@op(node=lambda s: "RoundBackward1" if s["decimals"] else "RoundBackward0")
def round(x: Any, *, decimals: int = 0) -> Any:
    """The nearest number with `decimals` decimals; halves go to the even neighbor."""
    only("round", x, FLOAT if decimals else REAL)
    xp = xp_of(x)
    if not decimals:
        return xp.rint(x) if x.dtype.kind in FLOAT else x.copy()
    scale = x.dtype.type(10.0 ** math.fabs(decimals))
    return xp.rint(x * scale) / scale if decimals > 0 else xp.rint(x / scale) * scale


@ceil.vjp("x")
def _(g: Any) -> Any:
    return zeros_as(g)


@floor.vjp("x")
def _(g: Any) -> Any:
    return zeros_as(g)


@trunc.vjp("x")
def _(g: Any) -> Any:
    return zeros_as(g)


@round.vjp("x")
def _(g: Any) -> Any:
    return zeros_as(g)


@op
def frac(x: Any) -> Any:
    """The fractional part, with the sign of x: x - trunc(x)."""
    only("frac", x, FLOAT)
    return x - xp_of(x).trunc(x)


@frac.vjp("x")
def _(g: Any) -> Any:
    return g


@op
def nan_to_num(x: Any, *, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with nan and the infinities replaced; by 0 and the dtype's largest and smallest numbers unless given."""
    if x.dtype.kind in "biu":
        return x.copy()
    xp = xp_of(x)
    if x.dtype.kind == "c":
        out = xp.empty_like(x)
        for part, into in ((x.real, out.real), (x.imag, out.imag)):
            into[...] = _replaced(part, nan, posinf, neginf, xp)
        return out
    return _replaced(x, nan, posinf, neginf, xp)


def _replaced(x: Any, nan: float | None, posinf: float | None, neginf: float | None, xp: Any) -> Any:
    info = dtypes.finfo(dtypes.from_numpy(x.dtype))
    number = x.dtype.type
    infinite = xp.isinf(x)
    out = xp.where(xp.isnan(x), number(0.0 if nan is None else nan), x)
    out = xp.where(infinite & (x > 0), number(info.max if posinf is None else posinf), out)
    return xp.where(infinite & (x < 0), number(info.min if neginf is None else neginf), out)


@nan_to_num.vjp("x")
def _(g: Any, x: Any) -> Any:
    if getattr(x, "_array", x).dtype.kind == "c":
        raise RuntimeError("nan_to_num does not support automatic differentiation for outputs with complex dtype.")
    return g * isfinite(x)


@op(outputs=2)
def frexp(x: Any) -> tuple:
    """(mantissa, exponent) with x = mantissa * 2**exponent and 0.5 <= |mantissa| < 1."""
    if x.dtype.kind not in FLOAT:
        raise RuntimeError(f"frexp: only supports floating-point dtypes, not {scalar_name(x)}")
    mantissa, exponent = xp_of(x).frexp(x)
    return mantissa, exponent.astype("int32")


@frexp.vjp("x")
def _(g: Any, out1: Any) -> Any:
    return None if g[0] is None else g[0] / exp2(out1)


@op(broadcasts=True, promote="float")
def ldexp(x: Any, y: Any) -> Any:
    """x * 2**y."""
    return x * xp_of(y).exp2(y)


@ldexp.vjp("x")
def _(g: Any, y: Any) -> Any:
    return g * conj(exp2(y))


@ldexp.vjp("y")
def _(g: Any, out: Any) -> Any:
    return g * conj(out) * math.log(2)


@op(broadcasts=True, promote=True)
def nextafter(x: Any, y: Any) -> Any:
    """The floating-point number next to x towards y; y itself if they are equal."""
    only("nextafter", x, FLOAT)
    return xp_of(x).nextafter(x, y)


@nextafter.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where(x != y, g, 0)


@nextafter.vjp("y")
def _(g: Any) -> Any:
    return zeros_as(g)


@op(broadcasts=True, promote="float")
def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign bit of y. The derivative at x = 0 is 0."""
    only("copysign", x, FLOAT)
    return matching(x, xp_of(x).copysign(x, y))


@copysign.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    return g * where(x == 0, 0, out / x)


@copysign.vjp("y")
def _(g: Any) -> Any:
    return zeros_as(g)


@op(broadcasts=True, node="NotImplemented")
def heaviside(x: Any, values: Any) -> Any:
    """0 below 0, 1 above, and `values` at 0."""
    not_complex("heaviside", x)
    if x.dtype != values.dtype:
        raise RuntimeError(
            "heaviside: not yet implemented for tensors with different dtypes: "
            f"{scalar_name(x)} and {scalar_name(values)}"
        )
    xp = xp_of(x)
    return xp.where(x == 0, values, (x > 0).astype(x.dtype))


@heaviside.vjp("x", "values")
def _(g: Any) -> Any:
    raise NotImplementedError("derivative for heaviside is not implemented\n    hint  use it on x.detach()")
