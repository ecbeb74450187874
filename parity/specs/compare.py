"""Specs of minitorch/ops/compare.py: comparisons, tests, logic, bits, where."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import ANY_REAL, COMPLEX, FLOATS, INTEGERS, Bad, In, binary, broadcastable, call, shapes, spec, unary
from parity.tables import EDGES, EVERYTHING, INF, NAN, SMALL, pairs, refused, refused_pair, shapes_that_clash

ALL = {"method": True, "inplace": True, "out": True}
DISCRETE = (*INTEGERS, "bool")
COMPLEX_INFINITE = np.array([1 + 1j, complex(INF, 0), complex(0, NAN), complex(NAN, INF), 2, -1j])
NEAR = {"low": -2, "high": 3}


@st.composite
def comparisons(draw):
    """f(x, y) with equal values now and then; y also of another dtype, or a number."""
    a, b = draw(broadcastable(2))
    dtype = draw(st.sampled_from(("main", "main", "int64")))
    y = In(b, dtype=dtype, **NEAR) if draw(st.booleans()) else draw(st.sampled_from((1, 0.5, True)))
    return call(In(a, **NEAR), y)


for _names, _kinds in (
    (("eq", "ne", "not_equal"), EVERYTHING),
    (("lt", "le", "gt", "ge", "less", "less_equal", "greater", "greater_equal"), ANY_REAL),
):
    for _name in _names:
        _more = () if "complex64" in _kinds else refused_pair("not implemented for 'ComplexFloat'", "complex64")
        spec(
            _name,
            comparisons(),
            dtypes=(*_kinds, "bfloat16"),
            **ALL,
            edges=(call(*pairs()), call(SMALL, 1)),
            ties="in place, the gradient is 0",
            errors=(shapes_that_clash(), Bad(call(In((2,)), "a"), "must be Tensor or"), *_more),
        )

for _name in ("isnan", "isinf", "isfinite", "isreal"):
    spec(
        _name,
        unary(),
        dtypes=(*EVERYTHING, "bfloat16"),
        order=0,
        method=True,
        edges=(call(EDGES), call(COMPLEX_INFINITE)),
    )
for _name in ("isposinf", "isneginf"):
    spec(
        _name,
        unary(),
        dtypes=ANY_REAL,
        order=0,
        method=True,
        out=True,
        edges=(call(EDGES),),
        errors=refused("complex", "complex64"),
    )
spec(
    "signbit",
    unary(),
    dtypes=(*ANY_REAL, "bfloat16"),
    order=0,
    method=True,
    out=True,
    edges=(call(EDGES),),
    errors=refused("complex", "complex64"),
)

TRUTH = binary({"low": 0, "high": 2}, {"low": 0, "high": 2}, ())
for _name in ("logical_and", "logical_or", "logical_xor"):
    spec(
        _name,
        TRUTH,
        dtypes=EVERYTHING,
        order=0,
        **ALL,
        edges=(call(*pairs()),),
        errors=(shapes_that_clash(), Bad(call(In((2,)), True), "must be Tensor")),
    )
spec("logical_not", unary(low=0, high=2), dtypes=EVERYTHING, order=0, **ALL, edges=(call(EDGES),))

BITS = binary({"low": -9, "high": 9}, {"low": -9, "high": 9}, (5, True))
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    spec(
        _name,
        BITS,
        dtypes=DISCRETE,
        order=0,
        **ALL,
        errors=(shapes_that_clash(), *refused_pair("not implemented for", "float32", "complex64")),
    )
spec(
    "bitwise_not",
    unary(low=-9, high=9),
    dtypes=DISCRETE,
    order=0,
    **ALL,
    errors=refused("not implemented for 'Float'", "float32"),
)
SHIFTS = binary({"low": -9, "high": 9}, {"low": 0, "high": 9}, (2, 70))
for _name in ("bitwise_left_shift", "bitwise_right_shift"):
    spec(
        _name,
        SHIFTS,
        dtypes=INTEGERS,
        order=0,
        **ALL,
        edges=(call(np.array([5, -5, 1, -1]), np.array([63, 64, -1, 62])),),
        errors=(shapes_that_clash(), *refused_pair("not implemented for", "float32")),
    )


@st.composite
def closeness(draw):
    a, b = draw(broadcastable(2))
    return call(
        In(a, low=0, high=2),
        In(b, low=0, high=2),
        **draw(st.sampled_from(({}, {"rtol": 0.5}, {"atol": 0.4, "rtol": 0.0}))),
    )


NOT_CLOSE = (
    Bad(call(In((2,)), In((2,), dtype="int64")), "did not match Long"),
    Bad(call(In((2,)), 2.0), "must be Tensor"),
    Bad(call(In((2,)), In((2,)), rtol=-1), "rtol must be greater"),
    Bad(call(In((2,)), In((2,)), atol=-1), "atol must be greater"),
    shapes_that_clash(),
)
spec(
    "isclose",
    closeness(),
    dtypes=EVERYTHING,
    order=0,
    method=True,
    errors=NOT_CLOSE,
    edges=(call(*pairs()), call(*pairs(), equal_nan=True)),
)
spec(
    "allclose",
    closeness(),
    dtypes=EVERYTHING,
    order=0,
    method=True,
    errors=NOT_CLOSE,
    edges=(call(SMALL, SMALL), call(SMALL, SMALL, equal_nan=True)),
)
spec(
    "equal",
    st.one_of(TRUTH, shapes().map(lambda s: call(In(s, low=0, high=0.5), In(s, low=0, high=0.5)))),
    dtypes=EVERYTHING,
    order=0,
    method=True,
    edges=(call(SMALL, SMALL), call(EDGES[:5], EDGES[:5])),
    errors=(Bad(call(In((2,)), 2), "must be Tensor"),),
)


@st.composite
def memberships(draw):
    # at most one dimension: torch 2.13's isin fails on tensors that are not contiguous ("view size is not compatible")
    a, b = draw(shapes(0, 1)), draw(shapes(0, 1))
    pair = [In(a, low=-3, high=4), In(b, low=-3, high=4)]
    number = draw(st.sampled_from((None, None, 0, 1)))
    if number is not None:
        pair[number] = 2
    return call(*pair, **draw(st.sampled_from(({}, {"invert": True}))))


spec(
    "isin",
    memberships(),
    dtypes=(*FLOATS, *INTEGERS),
    order=0,
    out=True,
    edges=(call(SMALL, np.array([1.0, NAN, INF])),),
    errors=(*refused_pair("Unsupported input type", "bool", "complex64"), Bad(call(2, 3), "must be Tensor")),
)


@st.composite
def choices(draw):
    """where(condition, x, y): tensors of the main dtype or another, or numbers."""
    c, a, b = draw(broadcastable(3))
    x = In(a) if draw(st.integers(0, 3)) else draw(st.sampled_from((1, 0.5)))
    y = In(b, dtype=draw(st.sampled_from(("main", "float64", "int64")))) if draw(st.integers(0, 3)) else 2
    return call(In(c, dtype="bool"), x, y)


MASK = np.array([True, False] * 5)
spec(
    "where",
    choices(),
    dtypes=ANY_REAL,
    edges=(call(MASK, SMALL, 0.0), call(MASK, 0.0, SMALL), call(SMALL)),
    ties="what is not chosen gets exactly 0",
    errors=(
        Bad(call(In((2,), dtype="int64"), 1, 0), "boolean tensor"),
        Bad(call(In((2,), dtype="bool"), In((2,))), "must be Tensor"),
        Bad(call(In((2,), dtype="bool"), In((3,)), 1.0), "must match"),
    ),
)
spec(
    "Tensor.where",
    broadcastable(3).map(lambda s: call(In(s[0]), In(s[1], dtype="bool"), In(s[2]))),
    dtypes=(*FLOATS, *COMPLEX),
)
