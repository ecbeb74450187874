"""Specs of minitorch/tensor/diagonal.py: diagonals and triangles."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, shapes, spec
from parity.specs.shape import BOTH, S, V, X, one

# -- diagonals --------------------------------------------------------------------------------------------------------


@st.composite
def diagonals(draw, least: int = 2) -> Call:
    s = draw(shapes(min_dims=2))
    a, b = draw(st.permutations(range(len(s))))[:2]
    return call(In(s), draw(st.integers(-3, 3)), a, b - len(s))


@st.composite
def diagonal_scatters(draw) -> Call:
    c = draw(diagonals())
    x, offset, a, b = c.args
    want = np.diagonal(np.empty(x.shape), offset, a, b).shape
    return call(x, In(want), offset, a, b)


SAME_DIMS = Bad(call(X, 0, 0, 0), "cannot be identical")
SRC_SIZE = "expected src to have a size equal to the slice of self"
spec(
    "diagonal",
    st.one_of(diagonals(), one(shapes(min_dims=2))),
    **BOTH,
    errors=(SAME_DIMS, Bad(call(V), "Dimension out of range")),
)
spec("diagonal_scatter", diagonal_scatters(), **BOTH, errors=(Bad(call(X, V), SRC_SIZE),))
spec(
    "diag",
    shapes(min_dims=1, max_dims=2).flatmap(lambda s: st.integers(-3, 3).map(lambda k: call(In(s), k))),
    out=True,
    **BOTH,
    errors=(Bad(call(S), "1D or 2D"), Bad(call(In((2, 2, 2))), "1D or 2D")),
)
spec(
    "diag_embed",
    shapes(min_dims=1).flatmap(lambda s: st.integers(-2, 2).map(lambda k: call(In(s), k, 0, -1))),
    **BOTH,
    errors=(SAME_DIMS,),
)
spec("diagflat", shapes(max_dims=2).flatmap(lambda s: st.integers(-2, 2).map(lambda k: call(In(s), k))), **BOTH)
TRIANGLE = {**BOTH, "out": True, "inplace": True}
triangles = shapes(min_dims=2).flatmap(lambda s: st.integers(-3, 3).map(lambda k: call(In(s), k)))
spec("tril", triangles, **TRIANGLE, errors=(Bad(call(V), "at least 2 dimensions"),))
spec("triu", triangles, **TRIANGLE, errors=(Bad(call(V), "at least 2 dimensions"),))
spec(
    "trace",
    one(shapes(min_dims=2, max_dims=2)),
    dtypes=("float64", "float32", "int64", "uint8", "complex128"),
    method=True,
    errors=(Bad(call(V), "expected a matrix"),),
)
spec(
    "Tensor.fill_diagonal_",
    st.tuples(shapes(min_dims=2, max_dims=2), st.booleans()).map(lambda c: call(In(c[0], grad=False), 3, c[1])),
    dtypes=("float64", "float32", "int64", "uint8", "bool", "complex128"),
    order=0,
    errors=(
        Bad(call(V, 1), "dimensions must larger than 1"),
        Bad(call(In((2, 3, 4)), 1), "equal length"),
        Bad(call(X, X), "must be Number, not Tensor"),
    ),
)
