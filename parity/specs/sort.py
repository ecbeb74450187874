"""Specs of minitorch/ops/sort.py and search.py: sorting, medians, searching, distinct elements, counts."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import ANY_REAL, FLOATS, INTEGERS, Bad, Call, In, call, dims, shapes, spec
from parity.specs.reduce import HALVES, INF, NAN, X

REAL = (*FLOATS, *INTEGERS)
ROWS = np.array([[3.0, 1.0, NAN], [-0.0, INF, 0.5], [NAN, -INF, 2.0]])
EQUAL = np.array([[2.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0], [3.0, 2.0, 1.0, 2.0]])
BAD_LAST = Bad(call(X, 2), "Dimension out of range")
NO_COMPLEX = Bad(call(X), "complex", dtype="complex64")


@st.composite
def sorting(draw) -> Call:
    """f(x), f(x, dim, descending), f(x, stable=...), with ties: every order is stable."""
    s = draw(shapes())
    x = In(s, distinct=draw(st.booleans()))
    dim, descending = draw(dims(len(s))), draw(st.booleans())
    kind = draw(st.sampled_from(("plain", "positions", "named", "stable")))
    if kind == "plain":
        return call(x)
    if kind == "positions":
        return call(x, dim, descending)
    if kind == "named":
        return call(x, dim=dim, descending=descending)
    return call(x, stable=True, dim=dim, descending=descending)


_TABLES = tuple(call(t, d, down) for t in (ROWS, EQUAL) for d in (0, 1) for down in (False, True))
spec(
    "sort",
    sorting(),
    dtypes=(*ANY_REAL, *HALVES),
    method=True,
    out=True,
    edges=_TABLES,
    ties="stable: in their order",
    errors=(BAD_LAST, NO_COMPLEX),
)
spec(
    "argsort",
    sorting(),
    dtypes=(*ANY_REAL, *HALVES),
    order=0,
    method=True,
    edges=_TABLES,
    errors=(BAD_LAST, NO_COMPLEX),
)
spec(
    "msort",
    shapes().map(lambda s: call(In(s))),
    dtypes=ANY_REAL,
    method=True,
    out=True,
    edges=(call(ROWS), call(EQUAL)),
)


@st.composite
def top(draw) -> Call:
    """topk(x, k), topk(x, k, dim, largest, sorted)."""
    s = draw(shapes())
    x = In(s, distinct=True)
    dim = draw(dims(len(s)))
    kind = draw(st.sampled_from(("plain", "positions", "named")))
    n = (s[-1 if kind == "plain" else dim] if s else 1) or 0
    k = draw(st.integers(0 if s else 1, n))
    if kind == "plain":
        return call(x, k)
    largest = draw(st.booleans())
    return call(x, k, dim, largest) if kind == "positions" else call(x, k=k, dim=dim, largest=largest, sorted=True)


_LONG = np.random.default_rng(0).permutation(60).reshape(3, 20).astype("float64")
spec(
    "topk",
    top(),
    dtypes=(*REAL, *HALVES),
    method=True,
    out=True,
    edges=(call(ROWS, 2), call(ROWS, 2, 0, False), call(_LONG, 3), call(_LONG, 3, 1, False), call(_LONG, 0)),
    errors=(
        Bad(call(X, 4), "out of range"),
        Bad(call(X, -1), "out of range"),
        Bad(call(X, 1, 2), "Dimension out of range"),
        Bad(call(X, 1), "bool", dtype="bool"),
        Bad(call(X, 1), "complex", dtype="complex64"),
    ),
)


@st.composite
def kth(draw) -> Call:
    s = draw(shapes(zero=False))
    x = In(s, distinct=True)
    dim = draw(dims(len(s)))
    if draw(st.booleans()):
        return call(x, draw(st.integers(1, s[-1] if s else 1)))
    return call(x, draw(st.integers(1, s[dim] if s else 1)), dim, draw(st.booleans()))


spec(
    "kthvalue",
    kth(),
    dtypes=(*REAL, *HALVES),
    method=True,
    out=True,
    edges=(call(ROWS[:2], 3), call(ROWS[:2], 1)),
    errors=(
        Bad(call(X, 0), "out of range"),
        Bad(call(X, 4), "out of range"),
        Bad(call(X, 1), "not implemented", dtype="bool"),
    ),
)


@st.composite
def chosen(draw, whole=True, distinct=True) -> Call:
    """median(x), median(x, dim, keepdim)."""
    s = draw(shapes(zero=False))
    x = In(s, distinct=distinct)
    if draw(st.integers(0, 3)) == 0:
        return call(x)
    return call(x, draw(dims(len(s))), draw(st.booleans()))


_EMPTY = (
    Bad(call(In((0, 3)), 0), "non-zero size"),
    Bad(call(X, 2), "Dimension out of range"),
    Bad(call(X, 0), "not implemented", dtype="complex64"),
)
_NAN_ROWS = np.array([[1.0, NAN, 3.0, NAN], [4.0, 0.0, 2.0, 1.0], [5.0, 1.0, NAN, 2.0]])
_MEDIANS = (
    call(_NAN_ROWS),
    call(_NAN_ROWS, 1),
    call(_NAN_ROWS, 1, True),
    call(np.array([NAN, NAN])),
    call(np.zeros(0)),
    call(np.zeros((3, 0)), 0),
    call(np.array([2.0, 1.0, 2.0, 2.0])),
)
for _name in ("median", "nanmedian"):
    spec(
        _name,
        chosen(),
        dtypes=(*REAL, *HALVES),
        method=True,
        edges=_MEDIANS,
        errors=_EMPTY,
        ties="the whole median shares equally; along a dim the first of equal elements, torch leaves it open",
    )
spec(
    "mode",
    chosen(distinct=False),
    dtypes=(*REAL, "bool"),
    order=1,
    method=True,
    out=True,
    edges=(call(EQUAL), call(EQUAL, 0), call(np.zeros((2, 0)), 0)),
    errors=_EMPTY,
    ties="the last index of the least of the most frequent elements",
)

# -- searching -------------------------------------------------------------------------------------------------------


def ascending(rng, shape, dtype):
    return np.sort(rng.integers(-4, 5, shape), axis=-1).astype(dtype)


def descending(rng, shape, dtype):
    return ascending(rng, shape, dtype)[..., ::-1]


def backwards(rng, shape, dtype):
    return np.broadcast_to(np.arange(shape[-1])[::-1], shape).astype(dtype)


@st.composite
def searches(draw) -> Call:
    batch = draw(shapes(0, 2, zero=False))
    n, m = draw(st.sampled_from((5, 1, 0))), draw(st.sampled_from((4, 1, 0)))
    flags = draw(st.sampled_from(({}, {"right": True}, {"side": "right"}, {"side": "left"}, {"out_int32": True})))
    kind = draw(st.sampled_from(("same", "vector", "number", "sorter")))
    if kind == "number":
        return call(In((n,), make=ascending), draw(st.sampled_from((2, -0.5))), **flags)
    if kind == "vector":
        return call(In((n,), make=ascending), In((*batch, m)), **flags)
    if kind == "sorter":
        order = In((*batch, n), dtype="int64", make=backwards)
        return call(In((*batch, n), make=descending), In((*batch, m)), sorter=order, **flags)
    return call(In((*batch, n), make=ascending), In((*batch, m), low=-5, high=5), **flags)


_S, _V = np.array([1.0, 2.0, 3.0, 3.0, 5.0]), np.array([0.0, 3.0, 6.0, NAN, INF, -INF])
_SEARCH_ERRORS = (
    Bad(call(In((2, 3)), In((4,))), "must match"),
    Bad(call(In((2, 3)), 3.0), "scalar"),
    Bad(call(In(()), In((4,))), "positive dimension"),
    Bad(call(In((3,)), In((4,)), side="x"), "side can only be"),
    Bad(call(In((3,)), In((4,)), side="left", right=True), "opposites"),
    Bad(call(In((3,)), In((4,)), sorter=np.array([0, 1])), "same size"),
    Bad(call(In((3,)), In((4,)), sorter=np.array([0, 1, 9])), "out of range"),
    Bad(call(In((3,)), In((4,)), sorter=np.array([0.0, 1, 2])), "long dtype"),
)
spec(
    "searchsorted",
    searches(),
    dtypes=REAL,
    order=0,
    out=False,
    edges=(call(_S, _V), call(_S, _V, right=True)),
    errors=_SEARCH_ERRORS,
)


@st.composite
def buckets(draw) -> Call:
    flags = draw(st.sampled_from(({}, {"right": True}, {"out_int32": True})))
    return call(In(draw(shapes()), low=-5, high=5), In((draw(st.sampled_from((4, 1, 0))),), make=ascending), **flags)


spec(
    "bucketize",
    buckets(),
    dtypes=REAL,
    order=0,
    out=True,
    edges=(call(_V, _S), call(_V, _S, right=True), call(3, _S), call(2.5, _S)),
    errors=(Bad(call(X, X), "must be 1 dimension"),),
)

# -- distinct elements, counts ---------------------------------------------------------------------------------------


@st.composite
def distinct(draw, consecutive=False) -> Call:
    s = draw(shapes(max_dims=2))
    x = In(s, make=lambda rng, shape, dtype: rng.integers(0, 2 if dtype == "bool" else 3, shape).astype(dtype))
    flags = {name: True for name in ("return_inverse", "return_counts") if draw(st.booleans())}
    if draw(st.booleans()) and s:
        flags["dim"] = draw(dims(len(s)))
        if 0 in s and s[flags["dim"]]:  # torch refuses slices without elements
            del flags["dim"]
    return call(x, **flags)


_NANS = call(np.array([NAN, 1.0, NAN, 1.0, -0.0, 0.0]), return_inverse=True, return_counts=True)
spec(
    "unique",
    distinct(),
    dtypes=ANY_REAL,
    order=0,
    method=True,
    edges=(_NANS,),
    errors=(Bad(call(X, dim=2), "Dimension out of range"), Bad(call(X), "not implemented", dtype="complex64")),
)
spec(
    "unique_consecutive",
    distinct(),
    dtypes=ANY_REAL,
    order=0,
    method=True,
    edges=(_NANS,),
    errors=(Bad(call(X, dim=2), "Dimension out of range"),),
)
