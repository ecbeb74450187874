"""Specs of minitorch/tensor/repetition.py: expand, repeat, broadcasting."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dims, shapes, spec
from parity.specs.shape import ALL, BOTH, S, V, X

# -- repetition -------------------------------------------------------------------------------------------------------


@st.composite
def expansions(draw, keep: bool = True) -> Call:
    full = draw(shapes())
    have = tuple(1 if draw(st.booleans()) else n for n in full[draw(st.integers(0, len(full))) :])
    lead = len(full) - len(have)
    size = tuple(
        -1 if keep and i >= lead and have[i - lead] == n and draw(st.booleans()) else n for i, n in enumerate(full)
    )
    return call(In(have), size)


EXPAND_ERRORS = (
    Bad(call(X, (4, 3)), "must match the existing size"),
    Bad(call(X, (3,)), "number of sizes provided"),
    Bad(call(X, (-1, 2, 3)), "leading, non-existing dimension"),
    Bad(call(X, (2, -2)), "negative dimension"),
)
spec("Tensor.expand", expansions(), dtypes=ALL, errors=EXPAND_ERRORS)
spec("broadcast_to", expansions(), **BOTH, errors=EXPAND_ERRORS)
spec(
    "Tensor.expand_as",
    expansions(False).map(lambda c: call(c.args[0], In(c.args[1], grad=False))),
    errors=(Bad(call(X, V), ""),),
)
spec(
    "Tensor.sum_to_size",
    expansions(False).map(lambda c: call(In(c.args[1]), c.args[0].shape)),
    dtypes=("float64", "int64"),
    errors=(Bad(call(X, (4,)), "is not expandable to size"),),
)


@st.composite
def repeats(draw, fewer: bool = False) -> Call:
    s = draw(shapes(max_dims=2))
    n = draw(st.integers(0 if fewer else len(s), 3))
    return call(In(s), tuple(draw(st.integers(0, 3)) for _ in range(n)))


spec(
    "Tensor.repeat",
    repeats(),
    dtypes=ALL,
    errors=(Bad(call(X, (2,)), "can not be smaller"), Bad(call(X, (1, -1)), "negative dimension")),
)
spec("tile", repeats(True), **BOTH)


@st.composite
def interleaved(draw) -> Call:
    s = draw(shapes())
    x, dim = In(s), draw(st.none() | dims(len(s))) if s else None
    n = int(np.prod(s)) if dim is None else (s or (1,))[dim]
    if draw(st.booleans()):
        k = draw(st.integers(0, 3))
        return call(x, k, dim) if draw(st.booleans()) else call(x, k, dim=dim, output_size=k * n)
    return call(x, In(draw(st.sampled_from(((n,), (1,)))), dtype="int64", low=0, high=4), dim)


spec(
    "repeat_interleave",
    interleaved(),
    **BOTH,
    errors=(
        Bad(call(X, -1), "must be non-negative"),
        Bad(call(X, In((4,), dtype="int64", low=0, high=3), 1), "same size as input"),
        Bad(call(X, In((3,), low=0.0), 1), "Long or Int"),
        Bad(call(X, 2, 0, output_size=3), "output_size"),
    ),
)
spec(
    "Tensor.unfold",
    st.sampled_from(
        (
            call(In((5,)), 0, 2, 1),
            call(In((5, 3)), 0, 2, 2),
            call(In((3, 5)), -1, 3, 1),
            call(In((4,)), 0, 4, 1),
            call(In((4,)), 0, 0, 1),
            call(S, 0, 1, 1),
            call(In((2, 4, 3)), 1, 2, 3),
            call(S, 0, 0, 1),
        )
    ),
    dtypes=ALL,
    errors=(
        Bad(call(V, 0, 5, 1), "maximum size"),
        Bad(call(V, 0, 2, 0), "must be > 0"),
        Bad(call(V, 0, -1, 1), "must be >= 0"),
    ),
)

spec(
    "broadcast_tensors",
    st.sampled_from((call(X, In((3,))), call(In((2, 1)), In((1, 3)), S), call(X))),
    dtypes=ALL,
    errors=(Bad(call(X, V), "must match"),),
)
spec(
    "broadcast_shapes",
    st.sampled_from((call((2, 1), (3,)), call((4,), 1), call((), (2,)), call((2, 3)))),
    order=0,
    dtypes=("float64",),
    errors=(Bad(call((2,), (3,)), "Attempting to broadcast"), Bad(call((-1,), (3,)), "negative length")),
)
spec(
    "meshgrid",
    st.sampled_from(
        (
            call(In((2,)), In((3,)), indexing="ij"),
            call(In((2,)), In((3,)), In((4,)), indexing="xy"),
            call(In((2,)), indexing="xy"),
            call(In((2,)), S),
            call([In((2,)), In((3,))]),
        )
    ),
    dtypes=ALL,
    errors=(
        Bad(call(X), "0D or 1D"),
        Bad(call(V, V, indexing="no"), "must be one of"),
        Bad(call(V, In((2,), dtype="int64")), "same dtype"),
    ),
)
