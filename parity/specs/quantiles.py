"""Specs of quantiles, covariance, renorm, and of differences, derivatives and integrals along a dimension."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.case import DType  # noqa: F401
from parity.spec import COMPLEX, FLOATS, INTEGERS, Bad, Call, In, call, dims, shapes, spec
from parity.specs.reduce import INF, NAN, X

MODES = ("linear", "lower", "higher", "midpoint", "nearest")
NANS = np.array([[1.0, NAN, 3.0], [4.0, 0.0, 2.0], [NAN, NAN, NAN]])


@st.composite
def quantiles(draw) -> Call:
    """quantile(x, q, dim, keepdim, interpolation=...), q a number or a vector."""
    s = draw(shapes(zero=False))
    x = In(s, distinct=True)
    q = In((3,), low=0.05, high=0.95) if draw(st.booleans()) else draw(st.sampled_from((0.3, 0.5, 0.0, 1.0, 0.8)))
    extra = {"interpolation": draw(st.sampled_from(MODES))} if draw(st.booleans()) else {}
    return call(x, q, draw(dims(len(s))), draw(st.booleans()), **extra) if draw(st.booleans()) else call(x, q, **extra)


_ERRORS = (
    Bad(call(X, 2.0), "range [0, 1]"),
    Bad(call(X, 0.5, interpolation="x"), "interpolation must be"),
    Bad(call(X, 0.5), "float or double", dtype="int64"),
    Bad(call(X, In((2,), low=0, high=1, dtype="float32")), "same dtype"),
    Bad(call(X, In((1, 2), low=0, high=1)), "1D"),
    Bad(call(In((0,)), 0.5), "non-empty"),
    Bad(call(X, 0.5, 2), "Dimension out of range"),
)
for _name in ("quantile", "nanquantile"):
    spec(
        _name,
        quantiles(),
        method=True,
        out=True,
        errors=_ERRORS,
        edges=(call(NANS, 0.3, 1), call(NANS, np.array([0.3, 0.9]), 1, True), call(NANS, 0.5)),
    )

# -- covariance ------------------------------------------------------------------------------------------------------


@st.composite
def covariances(draw) -> Call:
    n = draw(st.sampled_from((5, 4)))
    x = In(draw(st.sampled_from(((3, n), (n,), (1, n)))))
    extra = {"correction": draw(st.sampled_from((0, 1, 2)))} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        extra["fweights"] = In((n,), dtype="int64", low=1, high=4)
    if draw(st.booleans()):
        extra["aweights"] = In((n,), low=0.5, high=2, dtype="float64", grad=False)
    return call(x, **extra)


_MANY = Bad(call(In((2, 3, 4))), "two or fewer dimensions")
spec(
    "cov",
    covariances(),
    dtypes=("float64", "complex128"),
    method=True,
    errors=(
        _MANY,
        Bad(call(X, fweights=In((3,))), "integral"),
        Bad(call(X, fweights=np.array([-1, 1, 1])), "negative"),
        Bad(call(X, fweights=np.array([1, 1])), "same numel"),
        Bad(call(X, aweights=np.array([1, 1, 1])), "floating point"),
        Bad(call(X), "bool", dtype="bool"),
    ),
)
spec(
    "corrcoef",
    st.sampled_from(((3, 5), (5,), (2, 4))).map(lambda s: call(In(s))),
    dtypes=(*FLOATS, "complex128"),
    method=True,
    errors=(_MANY,),
    tolerance={"float32": (1e-5, 1e-4)},
    why="gradients are differences of nearly equal numbers",
)


@st.composite
def renormed(draw) -> Call:
    s = draw(shapes(2, 3, zero=False))
    return call(
        In(s, distinct=True, avoid=(0.0,)),
        draw(st.sampled_from((2, 1, 3, INF))),
        draw(st.integers(-len(s), len(s) - 1)),
        draw(st.sampled_from((1.0, 2.5, 100.0))),
    )


spec(
    "renorm",
    renormed(),
    method=True,
    inplace=True,
    out=True,
    errors=(
        Bad(call(In((3,)), 2, 0, 1.0), "at least 2"),
        Bad(call(X, -1, 0, 1.0), "non-positive"),
        Bad(call(X, 2, 0, -1.0), "maxnorm"),
    ),
)

# -- differences, integrals, derivatives -----------------------------------------------------------------------------


@st.composite
def differences(draw) -> Call:
    s = draw(shapes(1, 3, zero=False))  # with out=, torch refuses a dim of size 0 by accident
    dim = draw(st.integers(-len(s), len(s) - 1))
    n = draw(st.sampled_from((1, 1, 2, 3, 0, 7)))
    extra = {}
    for name in ("prepend", "append"):
        if draw(st.booleans()):
            extra[name] = In(tuple(2 if d == dim % len(s) else m for d, m in enumerate(s)))
    return call(In(s), n, dim, **extra) if draw(st.booleans()) else call(In(s))


spec(
    "diff",
    differences(),
    dtypes=(*FLOATS, *INTEGERS, "bool", *COMPLEX),
    method=True,
    out=True,
    errors=(
        Bad(call(In(())), "at least one-dim"),
        Bad(call(X, -1), "non-negative"),
        Bad(call(X, prepend=In((1, 1))), "match that of input"),
        Bad(call(X, append=In((1,))), "same dimension"),
    ),
)


@st.composite
def integrals(draw) -> Call:
    s = draw(shapes(1, 3))
    dim = draw(st.integers(-len(s), len(s) - 1))
    kind = draw(st.sampled_from(("plain", "dx", "vector", "full")))
    if kind == "plain":
        return call(In(s), dim=dim)
    if kind == "dx":
        return call(In(s), dx=draw(st.sampled_from((2, 0.5))), dim=dim)
    return call(In(s), In((s[dim],) if kind == "vector" else s), dim=dim)


for _name in ("trapezoid", "trapz", "cumulative_trapezoid"):
    spec(
        _name,
        integrals(),
        dtypes=(*FLOATS, "int64", "complex128"),
        errors=(Bad(call(X, In((2,))), "one `x` value"), Bad(call(In(())), "no dimensions")),
    )


@st.composite
def gradients(draw) -> Call:
    s = draw(st.sampled_from(((5,), (4, 3), (3, 5, 4))))
    extra: dict = {}
    dim = draw(st.sampled_from((None, "one", "several")))
    axes = list(range(len(s)))
    if dim == "one":
        axes = [draw(st.integers(0, len(s) - 1))]
        extra["dim"] = axes[0]
    elif dim == "several":
        axes = axes[::-1]
        extra["dim"] = tuple(axes)
    kind = draw(st.sampled_from(("none", "number", "numbers", "coordinates")))
    if kind == "number":
        extra["spacing"] = 2.0
    elif kind == "numbers":
        extra["spacing"] = [0.5 + a for a in axes]
    elif kind == "coordinates":
        extra["spacing"] = tuple(
            In((s[a],), make=lambda rng, shape, dtype: np.cumsum(rng.uniform(0.5, 2, shape)).astype(dtype), grad=False)
            for a in axes
        )
    if draw(st.booleans()):
        extra["edge_order"] = draw(st.sampled_from((1, 2)))
    return call(In(s), **extra)


spec(
    "gradient",
    gradients(),
    dtypes=FLOATS,
    errors=(
        Bad(call(In((1,))), "at least edge_order+1"),
        Bad(call(In((5,)), edge_order=3), "edge_order"),
        Bad(call(X, spacing=(1.0, 2.0), dim=1), "same length"),
    ),
)
