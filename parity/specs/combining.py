"""Specs of minitorch/tensor/combining.py."""

from __future__ import annotations

from hypothesis import strategies as st

from parity.spec import Bad, In, call, spec
from parity.specs.shape import ALL, S, V, X

spec(
    "cartesian_prod",
    st.sampled_from((call(V), call(V, In((2,))), call(In((2,)), In((3,)), In((1,))))),
    dtypes=ALL,
    errors=(Bad(call(X, V), "1D vector"),),
)
spec(
    "combinations",
    st.sampled_from((call(V), call(V, 3), call(V, r=2, with_replacement=True), call(In((1,))), call(V, 0), call(V, 1))),
    dtypes=ALL,
    errors=(Bad(call(X), "1D vector"), Bad(call(V, -1), "non-negative")),
)
spec(
    "block_diag",
    st.sampled_from(
        (call(X, In((3, 1))), call(V, S, X), call(X), call(In((0, 2)), X), call(X, In((2, 2), dtype="float32")))
    ),
    dtypes=ALL,
    errors=(Bad(call(X, In((2, 2, 2))), "2 or fewer"),),
)
