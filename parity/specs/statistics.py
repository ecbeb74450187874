"""Specs of minitorch/ops/statistics.py: variance, standard deviation, norms."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.case import DType
from parity.spec import COMPLEX, FLOATS, Bad, Call, In, broadcastable, call, dim_tuples, dims, shapes, spec
from parity.specs.reduce import BAD_DIM, EDGE, HALVES, INF, NAN, TWICE, X, whole_and_rows


@st.composite
def spreads(draw, out=False) -> Call:
    """var(x), var(x, unbiased), var(x, dim, unbiased, keepdim), var(x, dim, correction=, keepdim=)."""
    s = tuple(6 if n == 1 else n for n in draw(shapes(1, zero=False)))
    x = In(s, distinct=True)
    dim = draw(st.one_of(dims(len(s)), dim_tuples(len(s))))
    kind = draw(st.sampled_from(("plain", "bool", "positions", "correction", "whole"))) if not out else "correction"
    if kind == "plain":
        return call(x)
    if kind == "bool":
        return call(x, draw(st.booleans())) if draw(st.booleans()) else call(x, unbiased=draw(st.booleans()))
    if kind == "positions":
        return call(x, dim, draw(st.booleans()), draw(st.booleans()))
    correction = draw(st.sampled_from((0, 1, 0.5)))
    if kind == "whole":
        return call(x, correction=correction)
    return call(x, dim=dim, correction=correction, keepdim=draw(st.booleans()))


_INTEGERS = Bad(call(X), "floating point and complex", dtype="int64")
_BOTH = Bad(call(X, unbiased=False, correction=1), "unbiased")
_FLAT = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
_NANS = np.array([[NAN, 1.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, -0.0]])
_ERRORS = (BAD_DIM, TWICE, _INTEGERS, _BOTH)
_ROUNDING = {
    "tolerance": {"float16": (4e-3, 1e-3), "bfloat16": (3e-2, 1e-2)},
    "why": "gradients of halves are rounded at every step",
}
for _name in ("var", "std"):
    spec(
        _name,
        spreads(out=True),
        dtypes=(*FLOATS, *COMPLEX, *HALVES),
        method=True,
        out=True,
        errors=_ERRORS,
        **_ROUNDING,
    )
    spec(
        f"Tensor.{_name}",
        spreads(),
        dtypes=(*FLOATS, *COMPLEX, *HALVES),
        edges=whole_and_rows(_NANS, _FLAT),
        errors=_ERRORS,
        ties="the gradient of std is 0 where std is 0",
        **_ROUNDING,
    )
for _name in ("var_mean", "std_mean"):
    spec(_name, spreads(), dtypes=(*FLOATS, *COMPLEX), edges=whole_and_rows(_NANS), errors=_ERRORS)

ORDERS = (2, 1, 0, 3, 0.5, 1.5, -1, INF, -INF)


@st.composite
def norms(draw) -> Call:
    """norm(x), norm(x, p), norm(x, p, dim, keepdim), norm(x, p=, dim=, dtype=)."""
    s = draw(shapes(zero=False))
    x = In(s, distinct=True, avoid=(0.0,))
    p = draw(st.sampled_from((*ORDERS, "fro", None)))
    dim = draw(st.one_of(dims(len(s)), dim_tuples(len(s))))
    kind = draw(st.sampled_from(("plain", "p", "dim", "named", "dtype")))
    if kind == "plain":
        return call(x)
    if kind == "p":
        return call(x, p)
    if kind == "dtype":
        return call(x, p=p, dim=dim, dtype=DType("float64"))
    return call(x, p, dim, draw(st.booleans())) if kind == "dim" else call(x, p=p, dim=dim)


_ZERO = np.array([[0.0, 0.0, 0.0], [3.0, -4.0, 0.0]])
_NORM_ERRORS = (BAD_DIM, Bad(call(X), "Expected a floating point or complex", dtype="int64"))
_AT_ZERO = tuple(call(_ZERO, p, *d) for p in (2, 1, 0, 3, 1.5, INF) for d in ((), (1,)))
spec(
    "norm",
    norms(),
    dtypes=FLOATS,
    method=True,
    edges=(*_AT_ZERO, call(EDGE), call(EDGE, 1, 1)),
    errors=(
        Bad(call(X, 2, 2), "Dimension out of range"),
        _NORM_ERRORS[1],
        Bad(call(X, "abc"), "not supported"),
        Bad(call(X, "nuc", 0), "2-tuple"),
    ),
    ties="the 2-norm's gradient is 0 at 0; the inf norm shares equally",
)
spec(
    "dist",
    broadcastable(zero=False).flatmap(
        lambda s: st.sampled_from((2, 1, 3, INF)).map(
            lambda p: call(In(s[0], low=3, high=5), In(s[1], distinct=True), p)
        )
    ),
    dtypes=FLOATS,
    method=True,
)
