"""Specs of the norms of minitorch.linalg, and of what is measured with them: condition and rank."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.case import DType
from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec
from parity.specs.linalg import (
    INEXACT,
    INTEGERS,
    NOT_MATRIX,
    ONE_SINGULAR,
    ROUNDED,
    SINGULAR,
    A,
    R,
    V,
    rectangles,
    regular,
)
from parity.specs.reduce import INF

# -- norms -----------------------------------------------------------------------------------------------------------


@st.composite
def vector_norms(draw) -> Call:
    s = draw(shapes(zero=False))
    x = In(s, distinct=True, avoid=(0.0,))
    p = draw(st.sampled_from((2, 1, 0, 3, 0.5, 1.5, -1, INF, -INF)))
    kind = draw(st.sampled_from(("plain", "dim", "dims", "dtype")))
    if kind == "plain" or not s:
        return call(x, p)
    if kind == "dtype":
        return call(x, ord=p, dtype=DType("float64")) if p else call(x, p)
    dim = (
        draw(st.integers(-len(s), len(s) - 1))
        if kind == "dim"
        else tuple(draw(st.permutations(range(len(s)))))[: draw(st.integers(1, len(s)))]
    )
    return call(x, p, dim, draw(st.booleans()))


_ZERO = np.array([[0.0, 0.0, 0.0], [3.0, -4.0, 0.0]])
spec(
    "linalg.vector_norm",
    vector_norms(),
    dtypes=FLOATS,
    out=True,
    edges=tuple(call(_ZERO, p, 1) for p in (2, 1, 0, 3, 1.5, INF)),
    errors=(
        INTEGERS,
        Bad(call(A, "x"), "must be Number"),
        Bad(call(A, 2, (0, 5)), "Dimension out of range"),
        Bad(call(In((0, 3)), INF), "identity"),
    ),
)

_ORDERS = ("fro", "nuc", 1, -1, 2, -2, INF, -INF)


@st.composite
def matrix_norms(draw) -> Call:
    c = draw(rectangles(zero=False))
    x = c.args[0]
    dims = draw(st.sampled_from(((-2, -1), (-1, -2), (0, 1))))
    if dims == (0, 1) and len(x.shape) != 2:
        dims = (-2, -1)
    return call(x, draw(st.sampled_from(_ORDERS)), dims, draw(st.booleans()))


spec(
    "linalg.matrix_norm",
    matrix_norms(),
    dtypes=INEXACT,
    out=True,
    errors=(
        NOT_MATRIX,
        INTEGERS,
        Bad(call(A, 3), "not supported"),
        Bad(call(A, "x"), "not supported"),
        Bad(call(A, 1, (0, 0)), "must be different"),
        Bad(call(A, 1, (0,)), "2-tuple"),
    ),
    **ROUNDED,
)


@st.composite
def any_norms(draw) -> Call:
    kind = draw(st.sampled_from(("plain", "vector", "matrix", "dim", "dims")))
    if kind == "plain":
        return call(In(draw(shapes(zero=False)), distinct=True))
    if kind == "vector":
        return call(In((3,), distinct=True, avoid=(0.0,)), draw(st.sampled_from((1, 2, 3, INF, 0))))
    x = draw(rectangles(zero=False)).args[0]
    if kind == "matrix":
        return call(In(x.shape[-2:], make=regular), draw(st.sampled_from(_ORDERS)))
    if kind == "dim":
        return call(x, 2, dim=-1, keepdim=True)
    return call(x, draw(st.sampled_from(_ORDERS)), dim=(-2, -1))


spec(
    "linalg.norm",
    any_norms(),
    dtypes=FLOATS,
    out=True,
    errors=(
        INTEGERS,
        Bad(call(In((2, 3, 4)), 2), "1D or 2D"),
        Bad(call(In((2, 3, 4)), 2, (0, 1, 2)), "length 1 or 2"),
        Bad(call(A, 3), "not supported"),
        Bad(call(A, "fro", 0), "2-tuple"),
    ),
    **ROUNDED,
)
spec("Tensor.norm", st.sampled_from(("nuc", "fro")).map(lambda p: call(In((3, 2), make=regular), p)), **ROUNDED)


@st.composite
def conditions(draw) -> Call:
    n = draw(st.sampled_from((3, 2)))
    if draw(st.booleans()):
        return call(In(draw(st.sampled_from(((3, 2), (2, 4), (2, 3, 3)))), make=regular))
    return call(In((n, n), make=regular), draw(st.sampled_from((2, -2, 1, -1, "fro", "nuc", INF, -INF))))


# torch can't differentiate most of the orders: it changes a saved value in place
spec(
    "linalg.cond",
    conditions(),
    out=True,
    dtypes=INEXACT,
    order=0,
    edges=(call(ONE_SINGULAR, 1), call(SINGULAR, INF)),
    errors=(Bad(call(V), "at least 2 dim"), Bad(call(A, 3), "invalid norm type"), Bad(call(R, 1), "square matrices")),
    **ROUNDED,
)
spec(
    "linalg.matrix_rank",
    rectangles(),
    dtypes=INEXACT,
    order=0,
    out=True,
    errors=(NOT_MATRIX,),
    edges=(
        call(SINGULAR),
        call(np.diag([3.0, 2.0, 0.1]), 0.5),
        call(np.diag([3.0, 2.0, 0.1]), rtol=0.5),
        call(np.diag([3.0, 2.0, 0.1]), atol=0.5, rtol=0.01),
        call(np.diag([3.0, -2.0]), hermitian=True),
    ),
)
