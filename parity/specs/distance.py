"""Specs of distances and similarities between vectors."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, spec


@st.composite
def similarities(draw: Any) -> Call:
    s = draw(st.sampled_from(((4, 3), (2, 5, 3), (3,))))
    other = s if draw(st.booleans()) or len(s) == 1 else (1, *s[1:])
    return call(In(s), In(other), draw(st.integers(-len(s), len(s) - 1)), draw(st.sampled_from((1e-8, 1e-3))))


@st.composite
def distances(draw: Any) -> Call:
    s = draw(st.sampled_from(((4, 3), (3,), (2, 5, 3))))
    other = draw(st.sampled_from((s, (3,))))
    return call(
        In(s, distinct=True),
        In(other, low=3.0, high=5.0),
        draw(st.sampled_from((2.0, 1.0, 3.0))),
        1e-6,
        draw(st.booleans()),
    )


A, B = In((4, 3)), In((4, 3))
spec(
    "nn.functional.cosine_similarity",
    similarities(),
    errors=(
        Bad(call(A, In((4, 2))), "non-singleton dimension"),
        Bad(call(A, B, 2), "Dimension out of range"),
        Bad(call(A, B), "floating point", dtype="int64"),
    ),
)
spec(
    "nn.functional.pairwise_distance",
    distances(),
    errors=(Bad(call(A, In((4, 2))), "must match the size"), Bad(call(1, A), "must be Tensor")),
)
spec(
    "nn.functional.pdist",
    st.sampled_from(
        (call(In((4, 3), distinct=True)), call(In((5, 2), distinct=True), 1.0), call(In((3, 4), distinct=True), 3.0))
    ),
    order=1,
    errors=(
        Bad(call(In((3,))), "2D tensors"),
        Bad(call(A, -1.0), "non-negative p"),
        Bad(call(A), "floating-point", dtype="int64"),
    ),
)
