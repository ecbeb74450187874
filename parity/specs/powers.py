"""Specs of minitorch/ops/powers.py: roots, exponentials, logarithms."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, In, binary, call, shapes, spec, unary
from parity.tables import (
    EDGES,
    EVERYTHING,
    HALVES,
    INF,
    NAN,
    ROUNDED_OFTEN,
    SMALL,
    pairs,
    refused,
    refused_pair,
    shapes_that_clash,
)

ALL = {"method": True, "inplace": True, "out": True}
POSITIVE = {"low": 0.2, "high": 3.0}

for _name, _domain in (
    ("sqrt", POSITIVE),
    ("rsqrt", POSITIVE),
    ("exp", {}),
    ("exp2", {}),
    ("expm1", {}),
    ("log", POSITIVE),
    ("log2", POSITIVE),
    ("log10", POSITIVE),
    ("log1p", {"low": -0.7}),
    ("sigmoid", {"low": -6.0, "high": 6.0}),
):
    spec(_name, unary(**_domain), dtypes=(*EVERYTHING, *HALVES), **ALL, **ROUNDED_OFTEN, edges=(call(EDGES),))

PROBABILITIES = st.one_of(
    unary(low=0.1, high=0.9),
    shapes().map(lambda s: call(In(s, low=-0.5, high=1.5, avoid=(0.2, 0.8)), 0.2)),
)
AROUND = np.array([-0.5, 0.0, 0.2, 0.5, 0.8, 1.0, 1.5, INF, -INF, NAN])
spec(
    "logit",
    PROBABILITIES,
    **ALL,
    edges=(call(AROUND), call(AROUND, 0.2)),
    ties="with eps, the gradient passes at eps and 1 - eps and is 0 outside; without, nan outside [0, 1]",
    errors=refused("not implemented for 'ComplexFloat'", "complex64"),
)
spec(
    "logaddexp",
    binary(scalars=()),
    dtypes=(*FLOATS, "complex128"),
    method=True,
    out=True,
    edges=(call(*pairs()),),
    errors=(
        shapes_that_clash(),
        *refused_pair("not implemented for 'Long'", "int64"),
        Bad(call(In((2,)), 1.0), "must be Tensor"),
    ),
)
spec(
    "logaddexp2",
    binary(scalars=()),
    method=True,
    out=True,
    edges=(call(*pairs()),),
    errors=(shapes_that_clash(), *refused_pair("not implemented for 'Long'", "int64")),
)
spec(
    "xlogy",
    binary({}, POSITIVE, (2, 0.5)),
    dtypes=(*FLOATS, "int64", "float16"),
    **ALL,
    ties="at x = 0 and y <= 0 the gradient of x is 0",
    edges=(call(*pairs()), call(SMALL, 2.0), call(SMALL, 0.0)),
    errors=(shapes_that_clash(), *refused_pair("not implemented", "complex64")),
)
