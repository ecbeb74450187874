"""Specs of the dropouts: the same numbers as torch for the same seed, and the gradient through what was kept."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec


@st.composite
def dropouts(draw: Any, ranks: tuple[int, ...] | None = None, halves: bool = True) -> Call:
    s = draw(shapes(0, 3) if ranks is None else st.sampled_from([(2, 3, 4, 5, 6)[:r] for r in ranks]))
    p = draw(st.sampled_from((0.3, 0.5, 0.8, 0.0, 1.0)))
    return call(In(s), p, draw(st.sampled_from((True, True, False))))


X = In((2, 3))
BAD = (Bad(call(X, 1.5), "between 0 and 1"), Bad(call(X, -0.1), "between 0 and 1"))
_TYPE = Bad(call("a"), "must be Tensor")
spec(
    "nn.functional.dropout",
    dropouts(),
    dtypes=(*FLOATS, "float16", "bfloat16"),
    random=True,
    errors=(*BAD, _TYPE, Bad(call(X), "Float can't be cast", dtype="int64")),
)
spec("nn.functional.alpha_dropout", dropouts(), random=True, errors=BAD)
spec("nn.functional.dropout1d", dropouts((2, 3)), random=True, errors=(*BAD, Bad(call(In((3,))), "Expected 2D or 3D")))
spec(
    "nn.functional.dropout2d",
    dropouts((2, 3, 4)),
    random=True,
    errors=(*BAD, Bad(call(In((3,)), 0.5, True), "at least 2 dimensions")),
)
spec("nn.functional.dropout3d", dropouts((4, 5)), random=True, errors=BAD)
spec(
    "nn.functional.feature_alpha_dropout",
    dropouts((2, 3, 4)),
    random=True,
    errors=(*BAD, Bad(call(In((3,)), 0.5, True), "at least 2 dimensions")),
)
