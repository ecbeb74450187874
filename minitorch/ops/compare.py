"""Comparisons, tests, logic and bits: one bool (or integer) out for each element; and `where`, which chooses by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import dtypes, xp_of
from minitorch.ops.arithmetic import zeros_as
from minitorch.ops.kinds import DISCRETE, INTEGER, array_of, not_complex, only, scalar_name


@op(broadcasts=True, promote=True, plain="np.equal(x, y)")
def eq(x: Any, y: Any) -> Any:
    """x == y."""
    return x == y


@op(broadcasts=True, promote=True, plain="np.not_equal(x, y)")
def ne(x: Any, y: Any) -> Any:
    """x != y."""
    return x != y


@op(broadcasts=True, promote=True)
def lt(x: Any, y: Any) -> Any:
    """x < y."""
    only("lt", array_of(x, y), "fViub")
    return x < y


@op(broadcasts=True, promote=True)
def le(x: Any, y: Any) -> Any:
    """x <= y."""
    only("le", array_of(x, y), "fViub")
    return x <= y


@op(broadcasts=True, promote=True)
def gt(x: Any, y: Any) -> Any:
    """x > y."""
    only("gt", array_of(x, y), "fViub")
    return x > y


@op(broadcasts=True, promote=True)
def ge(x: Any, y: Any) -> Any:
    """x >= y."""
    only("ge", array_of(x, y), "fViub")
    return x >= y


def _stored(call: Callable) -> Callable:
    """The comparison as its in-place twin runs it: 0 and 1 take the place of x, and its history ends, gradient 0."""
    name, forward = call.__name__, call.op.forward  # type: ignore[attr-defined]
    twin = op(name=name + "_", broadcasts=True, promote=True, node=f"{name.capitalize()}Backward0")(forward)
    twin.vjp("x")(lambda g: zeros_as(g))
    return twin


eq_, ne_, lt_, le_, gt_, ge_ = (_stored(call) for call in (eq, ne, lt, le, gt, ge))


@op
def isnan(x: Any) -> Any:
    """True where x is nan."""
    return xp_of(x).isnan(x)


@op
def isinf(x: Any) -> Any:
    """True where x is inf or -inf (in either part, if complex)."""
    return xp_of(x).isinf(x)


@op
def isfinite(x: Any) -> Any:
    """True where x is neither nan nor infinite."""
    return xp_of(x).isfinite(x)


@op
def isposinf(x: Any) -> Any:
    """True where x is inf."""
    not_complex("isposinf", x)
    return xp_of(x).isinf(x) & (x > 0)


@op
def isneginf(x: Any) -> Any:
    """True where x is -inf."""
    not_complex("isneginf", x)
    return xp_of(x).isinf(x) & (x < 0)


@op
def isreal(x: Any) -> Any:
    """True where the imaginary part is 0."""
    return x.imag == 0 if x.dtype.kind == "c" else xp_of(x).ones(x.shape, dtype=bool)


@op
def signbit(x: Any) -> Any:
    """True where the sign bit is set: negative numbers and -0.0."""
    only("signbit", x, "fViub")
    return xp_of(x).signbit(x) if x.dtype.kind in "fV" else x < 0


@op(broadcasts=True)
def logical_and(x: Any, y: Any) -> Any:
    """x and y, as truth values."""
    return xp_of(x).logical_and(x, y)


@op(broadcasts=True)
def logical_or(x: Any, y: Any) -> Any:
    """x or y, as truth values."""
    return xp_of(x).logical_or(x, y)


@op(broadcasts=True)
def logical_xor(x: Any, y: Any) -> Any:
    """Exactly one of x and y, as truth values."""
    return xp_of(x).logical_xor(x, y)


@op
def logical_not(x: Any) -> Any:
    """Not x, as a truth value."""
    return xp_of(x).logical_not(x)


@op(broadcasts=True, promote=True)
def bitwise_and(x: Any, y: Any) -> Any:
    """Bit by bit, and."""
    only("bitwise_and", array_of(x, y), DISCRETE)
    return x & y


@op(broadcasts=True, promote=True)
def bitwise_or(x: Any, y: Any) -> Any:
    """Bit by bit, or."""
    only("bitwise_or", array_of(x, y), DISCRETE)
    return x | y


@op(broadcasts=True, promote=True)
def bitwise_xor(x: Any, y: Any) -> Any:
    """Bit by bit, exactly one."""
    only("bitwise_xor", array_of(x, y), DISCRETE)
    return x ^ y


@op
def bitwise_not(x: Any) -> Any:
    """All bits inverted: -x - 1 for signed integers, not x for bools."""
    only("bitwise_not", x, DISCRETE)
    return ~x


@op(broadcasts=True, promote=True)
def bitwise_left_shift(x: Any, y: Any) -> Any:
    """x * 2**y; 0 once all bits have left."""
    only("bitwise_left_shift", array_of(x, y), INTEGER)
    return x << y


@op(broadcasts=True, promote=True)
def bitwise_right_shift(x: Any, y: Any) -> Any:
    """x / 2**y rounded down: the sign bit is repeated."""
    only("bitwise_right_shift", array_of(x, y), INTEGER)
    return x >> y


@op(broadcasts=True)
def isclose(x: Any, y: Any, *, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """|x - y| <= atol + rtol * |y|; equal infinities are close, and nans if `equal_nan`."""
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"isclose: {scalar_name(x)} did not match {scalar_name(y)}\n"
            "    hint  bring both to one dtype with .to(dtype)"
        )
    xp = xp_of(x)
    close = x == y
    if equal_nan and x.dtype.kind in "fVc":
        close = close | (xp.isnan(x) & xp.isnan(y))
    if x.dtype.kind in DISCRETE:
        x, y = (a.astype(dtypes.get_default_dtype().numpy) for a in (x, y))
    distance = xp.abs(x - y)
    return close | (xp.isfinite(distance) & (distance <= atol + xp.abs(rtol * y)))


@op(promote=("elements", "test_elements"))
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """True where an element is one of `test_elements`."""
    like = array_of(elements, test_elements)
    if like.dtype.kind in "bc":
        raise RuntimeError(f"isin: Unsupported input type encountered for isin(): {scalar_name(like)}")
    elements, test_elements = (a.astype("float32") if like.dtype.kind == "V" else a for a in (elements, test_elements))
    return xp_of(like).isin(elements, test_elements, assume_unique=assume_unique, invert=invert)


@op(broadcasts=True, promote=("x", "y"), inner=True)
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where `condition` holds, else y. The gradient goes to the one chosen; the other gets exactly 0, never nan."""
    return xp_of(condition).where(condition, x, y)


@where.vjp("x")
def _(g: Any, condition: Any) -> Any:
    return where(condition, g, 0)


@where.vjp("y")
def _(g: Any, condition: Any) -> Any:
    return where(condition, 0, g)
