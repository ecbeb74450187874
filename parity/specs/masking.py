"""Specs of minitorch/tensor/masking.py: masks that broadcast."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, shapes, spec
from parity.specs.indexing import BOTH, NUMERIC, V, X

# -- masks ------------------------------------------------------------------------------------------------------------


@st.composite
def masked(draw, *rest, both: bool = True) -> Call:
    """f(x, mask, *rest), mask broadcasting against x (and, where both, x against mask)."""
    s = draw(shapes())
    mask = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in s[draw(st.integers(0, len(s))) :])
    x = tuple(
        1 if both and len(mask) == len(s) and mask[i] == n and draw(st.integers(0, 5)) == 0 else n
        for i, n in enumerate(s)
    )
    return call(In(x), In(mask, dtype="bool"), *(draw(st.sampled_from(r)) for r in rest))


FLOAT_MASK = call(X, X, 1.0)
spec(
    "masked_fill",
    masked((2, 1.5, True, In(()))),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    errors=(
        Bad(FLOAT_MASK, "only supports boolean masks"),
        Bad(call(X, np.ones((2, 3)) > 0, V), "0-dimensional value tensor"),
        Bad(call(X, np.ones(2) > 0, 1.0), "must match the size"),
        Bad(call(X, np.ones(3) > 0, 1j), "without overflow"),
        Bad(call(X, np.ones(3) > 0, "a"), "must be Number or Tensor"),
    ),
)
spec(
    "masked_select",
    masked(),
    out=True,
    **BOTH,
    errors=(Bad(call(X, X), "expected BoolTensor for mask"), Bad(call(X, np.ones(2) > 0), "must match the size")),
)
spec(
    "masked_scatter",
    masked((In((60,)), In((12, 5)))),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    errors=(
        Bad(call(X, np.ones(3) > 0, V), "Number of elements of source < number of ones in mask"),
        Bad(call(X, X, X), "only supports boolean masks"),
        Bad(call(X, np.ones(3) > 0, In((6,), dtype="float32")), "same dtypes"),
    ),
)
