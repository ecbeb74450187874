"""Division with a rounded quotient, and the remainders and divisors that go with it.

Integers divided by zero raise torch's `ZeroDivisionError` (a RuntimeError); floats give inf and nan.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.arithmetic import zeros_as
from minitorch.ops.kinds import INTEGER, REAL, array_of, node_by_operand, only


def _check(name: str, x: Any, y: Any) -> Any:
    """The array module for two operands that can be divided with a remainder."""
    like = array_of(x, y)
    only(name, like, REAL)
    if like.dtype.kind in INTEGER and ((y == 0).any() if hasattr(y, "dtype") else y == 0):
        raise RuntimeError(f"ZeroDivisionError: {name}: an integer tensor is divided by zero")
    return xp_of(like)


@op(broadcasts=True, promote=True, node="DivBackward2")
def floor_quotient(x: Any, y: Any) -> Any:
    """The quotient rounded down: div(rounding_mode="floor")."""
    _check("div", x, y)
    return x // y


@floor_quotient.vjp("x", "y")
def _(g: Any) -> Any:
    return zeros_as(g), zeros_as(g)


@op(broadcasts=True, promote=True, node="DivBackward2")
def trunc_quotient(x: Any, y: Any) -> Any:
    """The quotient rounded towards zero: div(rounding_mode="trunc")."""
    xp = _check("div", x, y)
    if array_of(x, y).dtype.kind not in INTEGER:
        return xp.trunc(x / y)
    down = x // y
    return down + ((down < 0) & (down * y != x))


@trunc_quotient.vjp("x", "y")
def _(g: Any) -> Any:
    return zeros_as(g), zeros_as(g)


@op(broadcasts=True, promote=True, node="NotImplemented")
def floor_divide(x: Any, y: Any) -> Any:
    """The quotient rounded down, as `//`. As in torch it can't be differentiated; div(rounding_mode="floor") can."""
    _check("floor_divide", x, y)
    return x // y


@floor_divide.vjp("x", "y")
def _(g: Any) -> Any:
    raise NotImplementedError(
        "derivative for floor_divide is not implemented\n    hint  div(..., rounding_mode='floor') has one: it is zero"
    )


@op(broadcasts=True, promote=True, node=node_by_operand("Remainder"))
def remainder(x: Any, y: Any) -> Any:
    """x - y * floor(x / y): the remainder with the sign of y; a zero has the sign of x."""
    xp = _check("remainder", x, y)
    out = x % y
    if out.dtype.kind not in INTEGER and (out == 0).any():
        out = xp.where(out == 0, xp.copysign(out, x), out)
    return out


@remainder.vjp("x")
def _(g: Any) -> Any:
    return g


@remainder.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return -g * floor_quotient(x, y)


@op(broadcasts=True, promote=True, node=node_by_operand("Fmod"))
def fmod(x: Any, y: Any) -> Any:
    """x - y * trunc(x / y): the remainder with the sign of x."""
    return _check("fmod", x, y).fmod(x, y)


@fmod.vjp("x")
def _(g: Any) -> Any:
    return g


@fmod.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return -g * trunc_quotient(x, y)


@op(broadcasts=True, promote=True)
def gcd(x: Any, y: Any) -> Any:
    """The greatest common divisor, not negative; gcd(0, n) is |n|."""
    only("gcd", x, INTEGER)
    return xp_of(x).gcd(x, y)


@op(broadcasts=True, promote=True)
def lcm(x: Any, y: Any) -> Any:
    """The least common multiple, not negative; 0 if either is 0."""
    only("lcm", x, INTEGER)
    return xp_of(x).lcm(x, y)
