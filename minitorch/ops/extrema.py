"""The larger or smaller of two elements, and clamping between bounds."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.compare import isnan, where
from minitorch.ops.kinds import REAL, matching, node_by_operand, not_complex, only


@op(broadcasts=True, promote=True, plain="np.maximum(y, x) if x.dtype.kind != 'c'")
def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y, nan if either is. At a tie each gets half of the gradient."""
    if x.dtype.kind == "c":
        not_complex("maximum", x)
    return xp_of(x).maximum(y, x)  # in this order x is the one of two zeros, as in torch


@maximum.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where(x < y, 0, where(x == y, g / 2, g))


@maximum.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return where(x > y, 0, where(x == y, g / 2, g))


@op(broadcasts=True, promote=True, plain="np.minimum(y, x) if x.dtype.kind != 'c'")
def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y, nan if either is. At a tie each gets half of the gradient."""
    if x.dtype.kind == "c":
        not_complex("minimum", x)
    return xp_of(x).minimum(y, x)


@minimum.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where(x > y, 0, where(x == y, g / 2, g))


@minimum.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return where(x < y, 0, where(x == y, g / 2, g))


@op(broadcasts=True, promote=True)
def fmax(x: Any, y: Any) -> Any:
    """The larger of x and y; a nan gives way to a number. At a tie x gets the gradient."""
    not_complex("fmax", x)
    return xp_of(x).fmax(x, y)


@fmax.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x >= y) | isnan(y), g, 0)


@fmax.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x >= y) | isnan(y), 0, g)


@op(broadcasts=True, promote=True)
def fmin(x: Any, y: Any) -> Any:
    """The smaller of x and y; a nan gives way to a number. At a tie x gets the gradient."""
    not_complex("fmin", x)
    return xp_of(x).fmin(x, y)


@fmin.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x <= y) | isnan(y), g, 0)


@fmin.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return where((x <= y) | isnan(y), 0, g)


@op(broadcasts=True, promote=True, node=node_by_operand("Clamp", second=1, both=0))
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """x brought into [min, max]; nan stays nan; max where min > max. The gradient passes at the bounds themselves."""
    only("clamp", x, REAL)
    xp = xp_of(x)
    out = x
    if min is not None:
        out = xp.maximum(min, out)  # in this order -0 stays -0
    return matching(x, out if max is None else xp.minimum(max, out))


@clamp.vjp("x")
def _(g: Any, x: Any, min: Any, max: Any) -> Any:
    if min is None:
        return where(x <= max, g, 0)
    if max is None:
        return where(x >= min, g, 0)
    return where((x >= min) & (x <= max), g, 0)


@clamp.vjp("min")
def _(g: Any, x: Any, min: Any, max: Any) -> Any:
    return where(x < min if max is None else (min < max) & (x < min), g, 0)


@clamp.vjp("max")
def _(g: Any, x: Any, min: Any, max: Any) -> Any:
    return where(x > max if min is None else (x > max) | (max < min), g, 0)


@op(broadcasts=True, promote=True)
def clamp_min(x: Any, min: Any) -> Any:
    """x, but at least `min`. At a tie x gets the gradient."""
    only("clamp_min", x, "fViub")
    return matching(x, xp_of(x).maximum(min, x))


@clamp_min.vjp("x")
def _(g: Any, x: Any, min: Any) -> Any:
    return where(x >= min, g, 0)


@clamp_min.vjp("min")
def _(g: Any, x: Any, min: Any) -> Any:
    return where(x < min, g, 0)


@op(broadcasts=True, promote=True)
def clamp_max(x: Any, max: Any) -> Any:
    """x, but at most `max`. At a tie x gets the gradient."""
    only("clamp_max", x, "fViub")
    return matching(x, xp_of(x).minimum(max, x))


@clamp_max.vjp("x")
def _(g: Any, x: Any, max: Any) -> Any:
    return where(x <= max, g, 0)


@clamp_max.vjp("max")
def _(g: Any, x: Any, max: Any) -> Any:
    return where(x > max, g, 0)
