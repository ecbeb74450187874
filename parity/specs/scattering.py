"""Specs of minitorch/tensor/scattering.py: gather and scatter, whole slices by index."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dims, shapes, spec
from parity.specs.indexing import BOTH, LONG, NUMERIC, V, X, different, places

# -- gather and scatter -----------------------------------------------------------------------------------------------


@st.composite
def along(draw, kind: str, *rest) -> Call:
    """gather(x, dim, index), or scatter(x, dim, index, src, *rest).

    A src larger than index has no derivative in torch (it raises, or reads outside); see tests/test_indexing.py.
    """
    s = draw(shapes(zero=False))
    d = draw(dims(len(s)))
    axis = d % max(len(s), 1)
    wide = draw(st.integers(1, s[axis] if kind == "different" else 5)) if s else 1
    shape = tuple(wide if i == axis else draw(st.integers(1, n)) for i, n in enumerate(s))
    n = s[axis] if s else 1
    if kind == "different":
        order = (axis, *(i for i in range(len(s)) if i != axis))

        def make(rng, shape, dtype):
            return (
                different(tuple(shape[i] for i in order), n)
                .make(rng, tuple(shape[i] for i in order), dtype)
                .transpose(np.argsort(order))
                if shape
                else np.zeros((), "int64")
            )

        index = In(shape, dtype="int64", make=make)
    else:
        index = places(shape, n)
    if kind == "gather":
        return call(In(s), d, index)
    src = In(shape, distinct=kind == "extremum", low=0.5 if kind == "product" else -2.0)
    return call(
        In(s, distinct=kind == "extremum", low=0.5 if kind == "product" else -2.0),
        d,
        index,
        src,
        *(draw(st.sampled_from(r)) for r in rest),
    )


INDEX_ERRORS = (
    Bad(call(X, 0, np.array([[2]])), "index 2 is out of bounds for dimension 0 with size 2"),
    Bad(call(X, 0, np.array([[-1]])), "index -1 is out of bounds"),
    Bad(call(X, 0, LONG), "same number of dimensions"),
    Bad(call(X, 0, X), "Expected dtype int32/int64"),
    Bad(call(X, 1, np.zeros((3, 1), int)), "no larger than self"),
    Bad(call(X, 2, np.array([[0]])), "Dimension out of range"),
)


def with_src(*rest) -> tuple:
    return tuple(Bad(call(*b.call.args, X, *rest), b.words) for b in INDEX_ERRORS)


SRC_ERRORS = (
    Bad(call(X, 0, np.array([[0, 1]]), In((2, 3), dtype="float32")), "to be equal to src.dtype"),
    Bad(call(X, 0, np.array([[0, 1]]), In((1, 1))), "no larger"),
)
spec("gather", along("gather"), out=True, **BOTH, errors=INDEX_ERRORS)
spec(
    "scatter",
    st.one_of(
        along("different"),
        along("gather").map(lambda c: call(*c.args, 1.5)),
        along("gather").map(lambda c: call(*c.args, value=2)),
    ),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    out=True,
    errors=(
        *with_src(),
        *SRC_ERRORS,
        Bad(call(X, 0, np.array([[0, 1]]), X, reduce="sum"), "must be either add or multiply"),
    ),
)
spec(
    "scatter_add",
    along("add"),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    out=True,
    errors=(*with_src(), *SRC_ERRORS, Bad(call(X, 0, np.array([[0]]), 1.0), "must be Tensor")),
)


@st.composite
def scatter_reduces(draw) -> Call:
    reduce = draw(st.sampled_from(("sum", "prod", "mean", "amax", "amin")))
    c = draw(along({"prod": "product", "amax": "extremum", "amin": "extremum"}.get(reduce, "add")))
    return call(*c.args, reduce, include_self=draw(st.booleans()))


TIED = np.array([1.0, 2.0, 2.0, 0.0])
TIED_INDEX, TIED_SRC = np.array([0, 0, 1, 2, 3, 3]), np.array([1.0, 0.5, 2.0, 2.0, 0.0, 3.0])
spec(
    "scatter_reduce",
    scatter_reduces(),
    dtypes=("float64", "float32", "int64"),
    method=True,
    inplace=True,
    out=True,
    ties="what equals the extremum shares the gradient evenly; a zero among factors sees the product of the others",
    edges=tuple(
        call(TIED, 0, TIED_INDEX, TIED_SRC, r, include_self=k)
        for r in ("sum", "prod", "mean", "amax", "amin")
        for k in (True, False)
    ),
    errors=(*with_src("sum"), Bad(call(X, 0, np.array([[0]]), X, "total"), "reduce argument must be either")),
)


@st.composite
def take_alongs(draw) -> Call:
    s = draw(shapes(min_dims=1, zero=False))
    if len(s) == 1 and draw(st.booleans()):  # torch flattens with view, which refuses most layouts
        return call(In(s), places((3,), s[0]))
    d = draw(dims(len(s)))
    axis = d % len(s)
    shape = tuple(draw(st.integers(1, 4)) if i == axis else draw(st.sampled_from((1, n))) for i, n in enumerate(s))
    return call(In(s), places(shape, s[axis]), d)


spec(
    "take_along_dim",
    take_alongs(),
    out=True,
    **BOTH,
    errors=(
        Bad(call(X, X, 0), "should be Long"),
        Bad(call(X, LONG, 0), "same number of dimensions"),
        Bad(call(X, np.zeros((4, 1), int), 1), "broadcast"),
    ),
)

# -- whole slices -----------------------------------------------------------------------------------------------------


@st.composite
def with_index(draw, kind: str = "places", source: bool = True) -> Call:
    """f(x, dim, index) or f(x, dim, index, source): index a vector of n entries, source n slices."""
    s = draw(shapes(min_dims=1, zero=False))
    d = draw(dims(len(s)))
    axis = d % len(s)
    n = draw(st.integers(1, s[axis])) if kind == "different" else draw(st.integers(0, 5))
    index = different((n,), s[axis]) if kind == "different" else places((n,), s[axis])
    if not source:
        return call(In(s), d, index)
    low, distinct = (0.5, False) if kind == "product" else (-2.0, kind == "extremum")
    part = In((*s[:axis], n, *s[axis + 1 :]), low=low, distinct=distinct)
    return call(In(s, low=low, distinct=distinct), d, index, part)


SLICE_ERRORS = (
    Bad(call(X, 0, LONG, V), ""),
    Bad(call(X, 0, np.array([2]), In((1, 3))), "out of bounds"),
    Bad(call(X, 0, np.array([-1]), In((1, 3))), "out of bounds"),
    Bad(call(X, 0, LONG, In((2, 3), dtype="float32")), "dtype"),
    Bad(call(X, 0, np.array([[0]]), X), "vector"),
    Bad(call(X, 0, np.array([0]), X), "Number of indices"),
    Bad(call(X, 0, LONG, In((2, 2))), "shape"),
)
INDEXED = {"dtypes": NUMERIC, "method": True, "inplace": True}
spec(
    "index_select",
    with_index(source=False),
    out=True,
    **BOTH,
    errors=(
        Bad(call(X, 0, np.array([2])), "index out of range in self"),
        Bad(call(X, 0, np.array([-1])), "index out of range"),
        Bad(call(X, 0, np.array([[0]])), "supposed to be a vector"),
        Bad(call(X, 0, np.array([0.0])), "Expected dtype int32 or int64"),
        Bad(call(X, 2, LONG), "Dimension out of range"),
    ),
)
spec(
    "index_add",
    st.one_of(with_index(), with_index().map(lambda c: call(*c.args, alpha=2))),
    out=True,
    **INDEXED,
    errors=SLICE_ERRORS,
)
spec("index_copy", with_index("different"), out=True, **INDEXED, errors=SLICE_ERRORS)
spec(
    "index_fill",
    with_index(source=False).flatmap(lambda c: st.sampled_from((2, 1.5, In(()))).map(lambda v: call(*c.args, v))),
    **INDEXED,
    errors=(
        Bad(call(X, 0, LONG, V), "0-dimensional value tensor"),
        Bad(call(X, 0, np.array([2]), 1.0), "out of bounds"),
        Bad(call(X, 0, np.array([[0]]), 1.0), "vector"),
        Bad(call(X, 0, np.array([0.0]), 1.0), "int64 for index"),
        Bad(call(X, 0, LONG, 1j), "without overflow"),
    ),
)


@st.composite
def index_reduces(draw) -> Call:
    reduce = draw(st.sampled_from(("prod", "mean", "amax", "amin")))
    c = draw(with_index({"prod": "product", "mean": "places"}.get(reduce, "extremum")))
    return call(*c.args, reduce, include_self=draw(st.booleans()))


spec(
    "index_reduce",
    index_reduces(),
    dtypes=("float64", "float32", "int64"),
    method=True,
    inplace=True,
    out=True,
    ties="as scatter_reduce",
    errors=(Bad(call(X, 0, LONG, X, "sum"), "one of prod, mean, amax or amin"),),
)
