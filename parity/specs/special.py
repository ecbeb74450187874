"""Specs of minitorch/ops/special.py: error, gamma and Bessel functions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import ANY_REAL, Bad, In, binary, call, shapes, spec, unary
from parity.tables import EDGES, INF, NAN, ROUNDED_OFTEN, refused, refused_pair, shapes_that_clash

ALL = {"method": True, "inplace": True, "out": True}
POSITIVE = {"low": 0.3, "high": 5.0}
REALS = (*ANY_REAL, "float16", "bfloat16")
POLES = np.array([0.0, -0.0, -1.0, -2.0, -0.5, -1.5, 1.0, 2.0, 100.0, INF, NAN])
NO_COMPLEX = refused("not implemented for 'ComplexFloat'", "complex64")

for _name in ("erf", "erfc", "i0"):
    spec(_name, unary(), dtypes=REALS, **ALL, **ROUNDED_OFTEN, edges=(call(EDGES),), errors=NO_COMPLEX)
spec(
    "erfinv",
    unary(low=-0.9, high=0.9),
    dtypes=REALS,
    **ALL,
    **ROUNDED_OFTEN,
    errors=NO_COMPLEX,
    edges=(call(np.array([0.0, 0.5, 1.0, -1.0, 1.5, INF, NAN])),),
)
spec("lgamma", unary(**POSITIVE), dtypes=REALS, **ALL, **ROUNDED_OFTEN, edges=(call(POLES),), errors=NO_COMPLEX)
spec("digamma", unary(**POSITIVE), dtypes=REALS, **ALL, **ROUNDED_OFTEN, edges=(call(POLES),), errors=NO_COMPLEX)

POLYGAMMAS = st.tuples(st.integers(0, 4), shapes()).map(lambda t: call(t[0], In(t[1], **POSITIVE)))
spec(
    "polygamma",
    POLYGAMMAS,
    dtypes=ANY_REAL,
    out=True,
    edges=(call(0, POLES), call(1, POLES[POLES != INF])),  # torch: polygamma(2, inf) is nan; ours is 0
    errors=(Bad(call(-1, In((2,))), "does not support negative n"),),
)
spec("Tensor.polygamma", shapes().map(lambda s: call(In(s, **POSITIVE), 2)), dtypes=("float64", "int64"))
spec("Tensor.polygamma_", shapes().map(lambda s: call(In(s, **POSITIVE), 1)), order=0)
spec(
    "mvlgamma",
    st.tuples(shapes(), st.integers(1, 3)).map(lambda t: call(In(t[0], low=1.3, high=5), t[1])),
    **ALL,
    dtypes=("float64", "float32", "int64"),
    errors=(Bad(call(In((2,)), 0), "greater than or equal to 1"),),
)


@st.composite
def gammas(draw):
    """igamma(x, y): differentiable in y alone."""
    made = draw(binary(POSITIVE | {"grad": False}, POSITIVE, ()))
    return made


for _name in ("igamma", "igammac"):
    spec(
        _name,
        gammas(),
        order=1,
        method=True,
        out=True,
        inplace=True,
        errors=(
            shapes_that_clash(),
            *refused_pair("not implemented", "int64"),
            Bad(call(In((2,)), 1), "must be Tensor"),
        ),
    )
