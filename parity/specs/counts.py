"""Specs of counts and histograms."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec
from parity.specs.reduce import NAN, X
from parity.specs.sort import _V


@st.composite
def counting(draw) -> Call:
    n = draw(st.sampled_from((6, 1, 0)))
    x = In((n,), low=0, high=7, dtype=draw(st.sampled_from(("int64", "int32", "uint8"))))
    extra = {"minlength": draw(st.sampled_from((0, 3, 12)))} if draw(st.booleans()) else {}
    return call(x, In((n,), grad=False), **extra) if draw(st.booleans()) else call(x, **extra)


_COUNT = np.array([1, 2])
spec(
    "bincount",
    counting(),
    dtypes=(*FLOATS, "int64"),
    order=0,
    method=True,
    errors=(
        Bad(call(_COUNT, minlength=-1), "minlength"),
        Bad(call(-_COUNT), "non-negative"),
        Bad(call(_COUNT[None]), "1-d"),
        Bad(call(In((3,))), "not implemented"),
        Bad(call(_COUNT, In((3,))), "same length"),
    ),
)


@st.composite
def histograms(draw) -> Call:
    x = In(draw(shapes()), distinct=True, low=-3, high=3)
    kind = draw(st.sampled_from(("plain", "bins", "range")))
    if kind == "plain":
        return call(x)
    bins = draw(st.sampled_from((1, 4, 7)))
    return call(x, bins) if kind == "bins" else call(x, bins, min=-1, max=2)


spec(
    "histc",
    histograms(),
    order=0,
    method=True,
    out=True,
    edges=(call(_V, 4, 0, 6), call(np.ones(3), 4), call(np.array([0.0, 1.0, 2.0, 4.0]), 4, 0, 4)),
    errors=(
        Bad(call(X, 0), "bins must be > 0"),
        Bad(call(X, 4, 5, 1), "max must be larger"),
        Bad(call(_V, 4), "not finite"),
        Bad(call(X, 4), "not implemented", dtype="int64"),
    ),
)


@st.composite
def histogram_calls(draw) -> Call:
    s = draw(shapes())
    bins = draw(st.sampled_from((3, 1, np.array([-1.0, 0.0, 0.5, 2.0]))))
    extra: dict = {}
    if isinstance(bins, int) and draw(st.booleans()):
        extra["range"] = (-1.0, 2.0)
    if draw(st.booleans()):
        extra["weight"] = In(s, low=0, high=2, grad=False)
    if draw(st.booleans()) and 0 not in s:
        extra["density"] = True
    return call(In(s, grad=False, distinct=True), bins, **extra)


_EDGES = np.array([1.0, 2.0, 5.0])
_S = np.array([1.0, 2.0, 3.0, 3.0, 5.0])
spec(
    "histogram",
    histogram_calls(),
    dtypes=("float64",),
    order=0,
    method=True,
    out=True,
    edges=(call(_S, _EDGES), call(_S, 3), call(_S, 3, range=(2.0, 2.0)), call(np.zeros(0), 2)),
    errors=(
        Bad(call(X, 0), "bins must be > 0"),
        Bad(call(X, 3, weight=np.ones(2)), "same shape"),
        Bad(call(X, 3), "not implemented", dtype="int64"),
        Bad(call(np.array([NAN, 1.0]), 2), "not finite"),
        Bad(call(X, 3, range=(0.0,)), "should have 2 elements"),
        Bad(call(X, 3, range=(5.0, 1.0)), "should not exceed"),
        Bad(call(X, np.ones((1, 2))), "one dimension"),
        Bad(call(X, np.array([1, 2])), "same dtype"),
        Bad(call(X, 3, weight=In((2, 3), dtype="float32")), "same dtype"),
    ),
)


@st.composite
def many_histograms(draw) -> Call:
    d = draw(st.sampled_from((2, 3, 1)))
    s = draw(st.sampled_from(((7, d), (2, 3, d))))
    bins = draw(st.sampled_from((2, [3, 2, 4][:d], [np.array([-1.0, 0.0, 1.5])] * d)))
    extra: dict = {"weight": In(s[:-1], low=0, high=2, grad=False)} if draw(st.booleans()) else {}
    if not isinstance(bins, list) and draw(st.booleans()):
        extra["range"] = [-1.0, 1.0] * d
    return call(In(s, grad=False, distinct=True), bins, **extra)


spec(
    "histogramdd",
    many_histograms(),
    dtypes=("float64",),
    order=0,
    edges=(call(np.arange(6.0).reshape(3, 2), [2, 3], density=True),),
    errors=(Bad(call(In((3,)), 3), "at least 2 dim"), Bad(call(X, [2]), "must be equal to the innermost")),
)
