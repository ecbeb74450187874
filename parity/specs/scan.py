"""Specs of minitorch/ops/scan.py: running sums, products, extrema."""

from __future__ import annotations

import numpy as np

from parity.case import DType
from parity.spec import ANY_REAL, COMPLEX, FLOATS, INTEGERS, Bad, call, spec
from parity.specs.reduce import BAD_DIM, EDGE, HALVES, INF, NAN, TIES, X, over_one

_ROWS = tuple(call(t, d) for t in (EDGE, TIES) for d in (0, 1))
_ZEROS = np.array([[0.0, 2.0, 3.0], [2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 0.0]])
_FINITE = tuple(call(t, d) for t in (_ZEROS, TIES) for d in (0, 1))
for _name in ("cumsum", "cumprod"):
    spec(
        _name,
        over_one(),
        dtypes=(*FLOATS, *INTEGERS, *COMPLEX, *HALVES),
        method=True,
        inplace=True,
        out=True,
        edges=(*_FINITE, *(_ROWS if _name == "cumsum" else ())),
        errors=(BAD_DIM, Bad(call(X, (0, 1)), "dim")),
    )
    spec(
        f"Tensor.{_name}",
        over_one().map(lambda c: call(*c.args, dtype=DType("float64"))),
        dtypes=(*FLOATS, "bool"),
        edges=(call(np.array([[True, False], [True, True]]), 1),),
    )
    spec(
        f"Tensor.{_name}_",
        over_one(),
        dtypes=INTEGERS,
        errors=(BAD_DIM, Bad(call(X, 0), "not implemented", dtype="bool")),
    )
for _name in ("cummax", "cummin"):
    spec(
        _name,
        over_one(distinct=True),
        dtypes=ANY_REAL,
        method=True,
        out=True,
        edges=_ROWS,
        ties="the latest of equal elements",
        errors=(BAD_DIM, Bad(call(X, 0), "not implemented", dtype="complex64")),
    )
_LOW = np.array([[-INF, -INF, 1.0], [1000.0, 1.0, 1000.0], [NAN, 1.0, 2.0], [0.0, 0.0, -INF]])
spec(
    "logcumsumexp",
    over_one(),
    dtypes=(*FLOATS, *COMPLEX),
    method=True,
    out=True,
    edges=(call(_LOW, 1),),
    errors=(BAD_DIM, Bad(call(X, 0), "not implemented", dtype="int64")),
)
