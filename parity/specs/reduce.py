"""Specs of minitorch/ops/reduce.py and softmax.py: sums, products, extrema, truth, normalized exponentials."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.case import DType
from parity.spec import ANY_REAL, COMPLEX, FLOATS, Bad, Call, In, call, dim_tuples, dims, shapes, spec

NAN, INF = float("nan"), float("inf")
HALVES = ("float16", "bfloat16")
EDGE = np.array([[0.0, -0.0, 1.0], [INF, 1.0, -INF], [NAN, 2.0, 2.0], [3.0, 3.0, 3.0]])
TIES = np.array([[1.0, 2.0, 2.0], [2.0, 1.0, 2.0], [2.0, 2.0, 2.0]])
X = In((2, 3))
BAD_DIM = Bad(call(X, 2), "Dimension out of range")
BAD_DIM_TYPE = Bad(call(X, "a"), "dim")
TWICE = Bad(call(X, (0, -2)), "appears multiple times")


@st.composite
def over_dims(draw, several=True, zero=True, whole=True, **tensor) -> Call:
    """f(x), f(x, dim), f(x, dims), f(x, dim, keepdim), by position and by name."""
    s = draw(shapes(zero=zero))
    x = In(s, **tensor)
    kinds = ["one", "named"] + ["several", "empty"] * several + ["whole"] * whole
    kind = draw(st.sampled_from(kinds))
    if kind == "whole":
        return call(x)
    dim = draw(dims(len(s)) if kind != "several" else dim_tuples(len(s)))
    dim = () if kind == "empty" else dim
    keepdim = draw(st.booleans())
    return call(x, dim=dim, keepdim=keepdim) if kind == "named" else call(x, dim, keepdim)


@st.composite
def over_one(draw, zero=True, **tensor) -> Call:
    """f(x, dim)."""
    s = draw(shapes(zero=zero))
    return call(In(s, **tensor), draw(dims(len(s))))


def whole_and_rows(*tables) -> tuple:
    """f(x), f(x, 0), f(x, 1) of each table."""
    return tuple(call(t, *d) for t in tables for d in ((), (0,), (1,)))


@st.composite
def with_dtype(draw, several=True) -> Call:
    c = draw(over_dims(several=several))
    return call(*c.args, **c.kwargs, dtype=DType("float64"))


# -- sums, products, means -------------------------------------------------------------------------------------------

REDUCTION = {"method": True, "out": True}
# torch's sum, mean and prod take out= only together with dim, so whole reductions are checked as methods
spec("sum", over_dims(whole=False), dtypes=(*ANY_REAL, *COMPLEX, *HALVES), out=True)
spec(
    "Tensor.sum",
    st.one_of(over_dims(), with_dtype()),
    dtypes=(*ANY_REAL, *COMPLEX, *HALVES),
    edges=whole_and_rows(EDGE),
    errors=(BAD_DIM, BAD_DIM_TYPE, TWICE, Bad(call(X, 0, 1), "keepdim"), Bad(call(X, dtype="f"), "dtype")),
)
spec(
    "nansum",
    st.one_of(over_dims(), with_dtype()),
    dtypes=(*ANY_REAL, *HALVES),
    **REDUCTION,
    edges=whole_and_rows(EDGE),
    errors=(BAD_DIM, Bad(call(X), "complex", dtype="complex64")),
)
_NO_INTEGERS = tuple(Bad(call(X), "must be either a floating point or complex", dtype=d) for d in ("int64", "bool"))
spec("mean", over_dims(whole=False), dtypes=(*FLOATS, *COMPLEX, *HALVES), out=True)
spec(
    "Tensor.mean",
    st.one_of(over_dims(), with_dtype()),
    dtypes=(*FLOATS, *COMPLEX, *HALVES),
    edges=whole_and_rows(EDGE),
    errors=(BAD_DIM, BAD_DIM_TYPE, TWICE, *_NO_INTEGERS, Bad(call(X, dtype=DType("int64")), "Optional dtype")),
)
spec(
    "nanmean",
    over_dims(several=False),
    dtypes=(*FLOATS,),
    **REDUCTION,
    edges=whole_and_rows(EDGE),
    errors=(Bad(call(X), "nanmean()", dtype="int64"),),
)

_ZEROS = (
    np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0]]),
    np.array([0.0, 2.0]),
    np.array([0.0, 0.0]),
    np.array(0.0),
)
spec("prod", over_dims(several=False, whole=False), dtypes=(*ANY_REAL, *COMPLEX), out=True)
spec(
    "Tensor.prod",
    st.one_of(over_dims(several=False), with_dtype(several=False)),
    dtypes=(*ANY_REAL, *COMPLEX, *HALVES),
    edges=(*(call(z) for z in _ZEROS), *whole_and_rows(_ZEROS[0])),
    errors=(BAD_DIM, Bad(call(X, (0, 1)), "dim")),
)


# -- extrema ---------------------------------------------------------------------------------------------------------

NO_COMPLEX = Bad(call(X), "not implemented", dtype="complex64")
NO_COMPLEX_DIM = Bad(call(X, 0), "complex", dtype="complex64")
EMPTY = (Bad(call(In((0, 3))), "to be specified"), Bad(call(In((0, 3)), 0), "non-zero size"))


@st.composite
def extreme(draw) -> Call:
    """max(x), max(x, dim, keepdim), max(x, other)."""
    kind = draw(st.sampled_from(("whole", "dim", "dim", "other")))
    s = draw(shapes(zero=kind == "other"))
    x = In(s, distinct=True)
    if kind == "whole":
        return call(x)
    if kind == "other":
        return call(x, In(s)) if draw(st.booleans()) else call(x, other=In(s[1:]))
    return draw(over_dims(several=False, zero=False, whole=False, distinct=True))


for _name in ("max", "min"):
    spec(
        _name,
        extreme(),
        dtypes=(*ANY_REAL, *HALVES),
        method=True,
        edges=whole_and_rows(EDGE, TIES),
        ties="the whole reduction shares equally; along a dim the first index gets all",
        errors=(
            BAD_DIM,
            NO_COMPLEX,
            NO_COMPLEX_DIM,
            *EMPTY,
            Bad(call(X, (0, 1)), "dim"),
            Bad(call(X, keepdim=True), "keepdim"),
        ),
    )
for _name in ("amax", "amin"):
    spec(
        _name,
        over_dims(zero=False, distinct=True),
        dtypes=(*ANY_REAL, *HALVES),
        **REDUCTION,
        edges=whole_and_rows(EDGE, TIES),
        ties="shared equally",
        errors=(BAD_DIM, TWICE, NO_COMPLEX, *EMPTY),
    )


@st.composite
def aminmax(draw) -> Call:
    s = draw(shapes(zero=False))
    x = In(s, distinct=True)
    return call(x, dim=draw(dims(len(s))), keepdim=draw(st.booleans())) if draw(st.booleans()) else call(x)


spec(
    "aminmax",
    aminmax(),
    dtypes=ANY_REAL,
    **REDUCTION,
    edges=(call(EDGE), call(TIES), call(TIES, dim=1)),
    ties="shared equally",
    errors=(Bad(call(X, dim=2), "Dimension out of range"), NO_COMPLEX),
)
for _name in ("argmax", "argmin"):
    spec(
        _name,
        over_dims(several=False, zero=False),
        dtypes=(*FLOATS, "int64", "uint8", *HALVES),
        order=0,
        **REDUCTION,
        edges=whole_and_rows(EDGE, TIES),
        ties="the first",
        errors=(
            BAD_DIM,
            Bad(call(X), "bool", dtype="bool"),
            Bad(call(X), "complex", dtype="complex64"),
            *EMPTY,
            Bad(call(X, (0, 1)), "dim"),
        ),
    )

# -- truth and counting ----------------------------------------------------------------------------------------------

for _name in ("all", "any"):
    spec(
        _name,
        over_dims(),
        dtypes=(*ANY_REAL, *COMPLEX),
        order=0,
        **REDUCTION,
        edges=whole_and_rows(EDGE),
        errors=(BAD_DIM, TWICE),
    )


@st.composite
def counted(draw) -> Call:
    s = draw(shapes())
    kind = draw(st.sampled_from(("whole", "one", "several")))
    x = In(s)
    return call(x) if kind == "whole" else call(x, draw(dims(len(s)) if kind == "one" else dim_tuples(len(s))))


spec(
    "count_nonzero",
    counted(),
    dtypes=(*ANY_REAL, *COMPLEX),
    order=0,
    method=True,
    edges=(call(EDGE), call(EDGE, 0)),
    errors=(BAD_DIM, TWICE),
)

# -- normalized exponentials -----------------------------------------------------------------------------------------


@st.composite
def normalized(draw) -> Call:
    """softmax(x, dim, dtype)."""
    c = draw(over_one())
    choice = draw(st.sampled_from((None, None, "float64")))
    return c if choice is None else call(*c.args, dtype=DType(choice))


_BIG = np.array([[1000.0, 0.0, -1000.0], [INF, 1.0, 1.0], [-INF, 1.0, 1.0], [NAN, 1.0, 1.0], [-INF, -INF, -INF]])
# torch rounds to half precision in between, minitorch once at the end
_ROUNDING = {"tolerance": {"float16": (4e-3, 1e-3), "bfloat16": (3e-2, 1e-2)}, "why": "torch rounds halves in between"}
for _name in ("softmax", "log_softmax"):
    spec(
        _name,
        normalized(),
        dtypes=(*FLOATS, *HALVES),
        method=True,
        out=True,
        **_ROUNDING,
        edges=(call(_BIG, 1), call(_BIG, 0)),
        errors=(BAD_DIM, Bad(call(X, 0), "not implemented", dtype="int64"), Bad(call(X, None), "dim")),
    )


@st.composite
def some_dims(draw, **tensor) -> Call:
    s = draw(shapes())
    dim = draw(st.one_of(dims(len(s)), dim_tuples(len(s))))
    return call(In(s, **tensor), dim, draw(st.booleans()))


spec(
    "logsumexp",
    some_dims(),
    dtypes=(*ANY_REAL, *COMPLEX, *HALVES),
    **REDUCTION,
    **_ROUNDING,
    edges=(call(_BIG, 1), call(_BIG, 0)),
    errors=(BAD_DIM, TWICE),
)
