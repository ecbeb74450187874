"""Specs of minitorch/ops/arithmetic.py and division.py: + - * / // % ** and fused combinations."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, INTEGERS, Bad, In, binary, broadcastable, call, shapes, spec, unary
from parity.tables import (
    COMPLEX_EDGES,
    EDGES,
    EVERYTHING,
    NUMERIC,
    SMALL,
    pairs,
    refused,
    refused_pair,
    shapes_that_clash,
)

BOTH = {"method": True, "out": True}
ALL = {"method": True, "inplace": True, "out": True}


@st.composite
def mixed(draw, kwargs=None, numbers=(2, -1.5, True)):
    """f(x, y): y a tensor of the main dtype or another one, or a number."""
    a, b = draw(broadcastable(2))
    other = draw(st.sampled_from(("main", "main", "float64", "int64", "float32")))
    y = In(b, dtype=other) if draw(st.integers(0, 3)) else draw(st.sampled_from(numbers))
    return call(In(a), y, **(draw(kwargs) if kwargs is not None else {}))


ALPHAS = st.sampled_from(({}, {}, {"alpha": 2}, {"alpha": -1}))
NO_TENSOR = Bad(call(In((2,)), "a"), "must be Tensor", label="a string")
FRACTION = Bad(call(In((2,)), In((2,)), alpha=0.5), "must not be a floating point number", dtype="int64")

spec(
    "add",
    mixed(ALPHAS),
    dtypes=(*EVERYTHING, "float16", "bfloat16"),
    **ALL,
    edges=(call(*pairs()),),
    errors=(
        shapes_that_clash(),
        FRACTION,
        NO_TENSOR,
        Bad(call(In((2,)), In((2,)), alpha=True), "Boolean alpha only supported", dtype="int64"),
    ),
)
for _name in ("sub", "subtract"):
    spec(
        _name,
        mixed(ALPHAS, (2, -1.5)),
        dtypes=(*NUMERIC, "float16", "bfloat16"),
        **ALL,
        edges=(call(*pairs()),),
        errors=(
            shapes_that_clash(),
            FRACTION,
            NO_TENSOR,
            *refused_pair("two bool tensors", "bool"),
            Bad(call(In((2,)), In((2,), dtype="bool")), "a bool tensor"),
            Bad(call(In((2,)), True), "a bool tensor"),
        ),
    )
spec(
    "rsub",
    mixed(ALPHAS, (2, -1.5)),
    dtypes=NUMERIC,
    edges=(call(*pairs()),),
    errors=(shapes_that_clash(), *refused_pair("bool tensor", "bool")),
)
for _name in ("mul", "multiply"):
    spec(
        _name,
        mixed(),
        dtypes=(*EVERYTHING, "float16", "bfloat16"),
        **ALL,
        edges=(call(*pairs()),),
        errors=(shapes_that_clash(), NO_TENSOR),
    )

NONZERO = {"low": 0.3, "high": 3.0}
INTEGER_ZERO = Bad(call(In((2, 3)), 0), "ZeroDivisionError", dtype="int64")
INTEGER_ZEROS = Bad(call(In((2, 3)), In((3,), low=0, high=1)), "ZeroDivisionError", dtype="int64")
MODES = st.sampled_from(({}, {}, {"rounding_mode": None}))
for _name in ("div", "divide"):
    spec(
        _name,
        st.one_of(binary(None, {"low": 1.0, "high": 4.0}, (2, -1.5)), mixed(MODES, (2, -1.5))),
        dtypes=EVERYTHING,
        **ALL,
        edges=(call(*pairs()), call(*pairs(), rounding_mode="floor"), call(*pairs(), rounding_mode="trunc")),
        errors=(
            shapes_that_clash(),
            NO_TENSOR,
            Bad(call(In((2,)), 2, rounding_mode="up"), "rounding_mode to be one of"),
            Bad(call(In((2, 3)), 0, rounding_mode="floor"), "ZeroDivisionError", dtype="int64"),
            Bad(call(In((2, 3)), 0, rounding_mode="trunc"), "ZeroDivisionError", dtype="int64"),
            Bad(call(In((2, 3)), 2, rounding_mode="floor"), "not implemented", dtype="complex64"),
        ),
    )
spec("true_divide", binary(None, {"low": 1.0, "high": 4.0}), dtypes=EVERYTHING, **ALL, edges=(call(*pairs()),))


@st.composite
def rounded(draw):
    """div(x, y, rounding_mode) with integers or away from where the quotient jumps."""
    a, b = draw(broadcastable(2))
    return call(In(a, low=-9, high=9), In(b, low=2, high=5), rounding_mode=draw(st.sampled_from(("floor", "trunc"))))


spec("Tensor.div", rounded(), dtypes=(*FLOATS, *INTEGERS), ties="a rounded quotient has gradient 0, also at its jumps")
spec(
    "floor_divide",
    binary({"low": -9, "high": 9}, {"low": 1.0, "high": 4.0}, (2, -1.5)),
    dtypes=(*FLOATS, *INTEGERS),
    order=0,
    **ALL,
    edges=(call(*pairs()),),
    errors=(INTEGER_ZERO, INTEGER_ZEROS, shapes_that_clash(), *refused_pair("not implemented", "bool", "complex64")),
)
REMAINDERS = binary({"low": -9, "high": 9}, {"low": 1.0, "high": 4.0}, (2, -1.5))
for _name in ("remainder", "fmod"):
    spec(
        _name,
        REMAINDERS,
        dtypes=(*FLOATS, *INTEGERS),
        **ALL,
        edges=(call(*pairs()),),
        ties="the gradient of the first is 1 and of the second -quotient, also at the jumps",
        errors=(
            INTEGER_ZERO,
            INTEGER_ZEROS,
            shapes_that_clash(),
            *refused_pair("not implemented", "bool", "complex64"),
        ),
    )

NEGATIVE_POWER = Bad(call(In((2,), low=1, high=4), -1), "negative integer powers", dtype="uint8")
POWERS = st.one_of(
    binary({"low": 0.2, "high": 2.5}, {"low": -2, "high": 2}, ()),
    st.tuples(shapes(), st.sampled_from((0, 1, 2, 3, 0.5, 2.5))).map(lambda t: call(In(t[0], low=0.2, high=2.5), t[1])),
)
spec(
    "pow",
    POWERS,
    dtypes=NUMERIC,
    **ALL,
    ties="the gradient of the exponent is 0 at base 0; exponent 0 gives base gradient 0",
    edges=(
        call(*pairs()),
        *(call(SMALL, e) for e in (0, 1, 2, 3, -1, 0.5, -0.5, 0.0)),
        call(np.array([0, 1, -1, 2, 5]), np.array([-1, -2, -3, 2, 0])),
        call(COMPLEX_EDGES, 2),
    ),
    errors=(NEGATIVE_POWER, shapes_that_clash(), *refused_pair("not implemented", "bool")),
)
spec(
    "Tensor.__rpow__",
    st.tuples(shapes(), st.sampled_from((2, 0.5, 3))).map(lambda t: call(In(t[0], low=0.1), t[1])),
    dtypes=(*FLOATS, "int64"),
    edges=(call(SMALL, 2), call(SMALL, 0), call(SMALL, 0.5), call(SMALL, -1.5)),
)
spec("float_power", POWERS, dtypes=NUMERIC, **BOTH, inplace=True)
spec("square", unary(), dtypes=(*EVERYTHING, "float16"), **ALL, edges=(call(EDGES),))

for _name in ("neg", "negative"):
    spec(
        _name,
        unary(),
        dtypes=(*NUMERIC, "bfloat16"),
        **ALL,
        edges=(call(EDGES),),
        errors=refused("Negation, the `-` operator, on a bool", "bool"),
    )
spec("positive", unary(), dtypes=NUMERIC, method=True, errors=refused("on a bool tensor is not supported", "bool"))
for _name in ("abs", "absolute"):
    spec(
        _name,
        unary(avoid=(0.0,)),
        dtypes=NUMERIC,
        **ALL,
        ties="the gradient at 0 is 0",
        edges=(call(EDGES), call(COMPLEX_EDGES)),
        errors=refused("not implemented for 'Bool'", "bool"),
    )
spec("reciprocal", unary(**NONZERO), dtypes=EVERYTHING, **ALL, edges=(call(EDGES), call(COMPLEX_EDGES)))


@st.composite
def lerps(draw):
    a, b, c = draw(broadcastable(3))
    weight = In(c, low=-1, high=2, avoid=(0.5,)) if draw(st.booleans()) else draw(st.sampled_from((0, 1, 0.3, 0.7, -2)))
    return call(In(a), In(b), weight)


spec(
    "lerp",
    lerps(),
    dtypes=(*FLOATS, "complex128"),
    **ALL,
    edges=(call(*pairs(), 0.25), call(*pairs(), 1.0), call(*pairs(), np.full(100, 0.75))),
    errors=(
        Bad(call(In((2,)), In((2,), dtype="float32"), 0.5), "expected dtype float64 for `end`"),
        Bad(call(In((2,)), In((2,)), In((2,), dtype="float32")), "for `weight`"),
        Bad(call(In((2,)), In((2,)), 1), "not implemented for 'Long'", dtype="int64"),
        Bad(call(In((2,)), 1.0, 0.5), "must be Tensor"),
        shapes_that_clash(0.5),
    ),
)


@st.composite
def fused(draw, divisor=None):
    a, b, c = draw(broadcastable(3))
    return call(In(a), In(b), In(c, **(divisor or {})), **draw(st.sampled_from(({}, {"value": 2}, {"value": -3}))))


VALUES = (call(np.array([1.0, np.inf]), np.array([0.0, 2.0]), np.array([np.inf, -1.0]), value=2),)
spec(
    "addcmul",
    fused(),
    dtypes=NUMERIC,
    **ALL,
    edges=VALUES,
    errors=(Bad(call(In((2,)), In((2,)), In((2,))), "not implemented for 'Bool'", dtype="bool"),),
)
spec(
    "addcdiv",
    fused(NONZERO),
    dtypes=(*FLOATS, "complex128"),
    **ALL,
    edges=VALUES,
    errors=(
        Bad(call(In((2,)), In((2,)), In((2,))), "Integer division with addcdiv", dtype="int64"),
        Bad(call(In((2,)), 1, In((2,))), "must be Tensor"),
    ),
)

WHOLE = binary({"low": -12, "high": 13}, {"low": -12, "high": 13}, ())
for _name in ("gcd", "lcm"):
    spec(
        _name,
        WHOLE,
        dtypes=INTEGERS,
        order=0,
        **ALL,
        errors=(
            *refused_pair("not implemented", "float32", "bool"),
            Bad(call(In((2,)), 3), "must be Tensor", dtype="int64"),
        ),
    )
