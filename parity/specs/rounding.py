"""Specs of minitorch/ops/rounding.py: rounding, signs, parts of floating-point numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import ANY_REAL, COMPLEX, FLOATS, INTEGERS, Bad, In, binary, call, shapes, spec, unary
from parity.tables import COMPLEX_EDGES, EDGES, EVERYTHING, SMALL, pairs, refused, refused_pair, shapes_that_clash

ALL = {"method": True, "inplace": True, "out": True}
INFINITE = np.array([1 + 1j, complex(np.inf, 0), complex(0, np.nan), complex(np.nan, -np.inf)])
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
ROUNDED = (*FLOATS, *INTEGERS, "float16", "bfloat16")

for _name in ("ceil", "floor", "trunc", "fix"):
    spec(
        _name,
        unary(low=-5.0, high=5.0),
        dtypes=ROUNDED,
        **ALL,
        edges=(call(EDGES), call(HALVES)),
        ties="the gradient is 0, also at the jumps",
        errors=refused("not implemented for", "bool", "complex64"),
    )
DECIMALS = st.tuples(shapes(), st.sampled_from((0, 1, 2, -1))).map(
    lambda t: call(In(t[0], low=-50, high=50), decimals=t[1])
)
spec(
    "round",
    st.one_of(unary(low=-5.0, high=5.0), DECIMALS),
    **ALL,
    edges=(call(EDGES), call(HALVES)),
    ties="halves go to even; the gradient is 0",
    errors=(
        *refused("not implemented for", "bool", "complex64"),
        Bad(call(In((2,)), decimals=1), "not implemented for 'Long'", dtype="int64"),
    ),
)
spec("Tensor.round", unary(low=-5.0, high=5.0), dtypes=(*INTEGERS, "float16", "bfloat16"))
spec(
    "frac",
    unary(low=-5.0, high=5.0),
    dtypes=(*FLOATS, "float16"),
    **ALL,
    edges=(call(EDGES),),
    ties="the gradient is 1",
    errors=refused("not implemented for", "int64", "bool", "complex64"),
)
spec(
    "sign",
    unary(avoid=(0.0,)),
    dtypes=ANY_REAL,
    **ALL,
    edges=(call(EDGES),),
    ties="0 at 0 and for nan; the gradient is 0",
    errors=refused("not implemented for", "complex64"),
)
spec("sgn", unary(avoid=(0.0,)), dtypes=COMPLEX, **ALL, edges=(call(COMPLEX_EDGES),), ties="the gradient at 0 is 0")
# order 0: for real numbers torch's gradient is a ZeroTensor, which NumPy can't read
spec("Tensor.sgn", unary(avoid=(0.0,)), dtypes=ANY_REAL, order=0, edges=(call(EDGES),))
REPLACEMENTS = st.sampled_from(({}, {"nan": 1.0}, {"posinf": 3.0, "neginf": -2.0}, {"nan": 2.0, "posinf": 1.0}))
spec(
    "nan_to_num",
    st.tuples(shapes(), REPLACEMENTS).map(lambda t: call(In(t[0]), **t[1])),
    dtypes=(*ANY_REAL, "float16"),
    **ALL,
    edges=(call(EDGES), call(EDGES, 1.0, 2.0, 3.0)),
)
spec("Tensor.nan_to_num", unary(), dtypes=COMPLEX, order=0, edges=(call(INFINITE),))
spec(
    "frexp",
    unary(avoid=(0.0,)),
    dtypes=(*FLOATS, "float16"),
    method=True,
    out=True,
    edges=(call(SMALL[:7]),),
    errors=refused("only supports floating-point", "int64"),
)
spec(
    "ldexp",
    binary({}, {"low": -3, "high": 4}, ()),
    dtypes=EVERYTHING,
    **ALL,
    edges=(call(*pairs()),),
    errors=(shapes_that_clash(),),
)
spec(
    "nextafter",
    binary(scalars=()),
    order=1,
    **ALL,
    edges=(call(*pairs()),),
    errors=(shapes_that_clash(), *refused_pair("not implemented", "int64")),
)
spec(
    "copysign",
    binary({"avoid": (0.0,)}, {"avoid": (0.0,)}),
    dtypes=ANY_REAL,
    **ALL,
    edges=(call(*pairs()), call(SMALL, -1)),
    ties="the gradient at 0 is 0",
    errors=(shapes_that_clash(), *refused_pair("not implemented", "complex64")),
)
spec(
    "heaviside",
    binary({"low": -1, "high": 2}, {}, ()),
    dtypes=ANY_REAL,
    order=0,
    **ALL,
    edges=(call(*pairs()),),
    errors=(
        shapes_that_clash(),
        Bad(call(In((2,)), In((2,), dtype="float32")), "different dtypes"),
        *refused_pair("complex tensors", "complex64"),
    ),
)
