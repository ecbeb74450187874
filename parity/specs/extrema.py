"""Specs of minitorch/ops/extrema.py: the larger and the smaller, and clamping."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import ANY_REAL, FLOATS, INTEGERS, Bad, In, binary, broadcastable, call, shapes, spec
from parity.tables import SMALL, pairs, refused_pair, shapes_that_clash

ALL = {"method": True, "inplace": True, "out": True}
MUST_BE_TENSOR = Bad(call(In((2,)), 1.0), "must be Tensor")

for _name in ("maximum", "minimum", "fmax", "fmin"):
    _tie = "each gets half of the gradient" if _name.endswith("imum") else "the first gets the gradient"
    spec(
        _name,
        binary(scalars=()),
        dtypes=(*ANY_REAL, "bfloat16"),
        method=True,
        out=True,
        edges=(call(*pairs()),),
        ties=_tie,
        errors=(shapes_that_clash(), MUST_BE_TENSOR, *refused_pair("complex tensors", "complex64")),
    )

for _name in ("clamp_min", "clamp_max"):
    spec(
        _name,
        binary(scalars=(1, -0.5)),
        dtypes=(*ANY_REAL, "bfloat16"),
        **ALL,
        edges=(call(*pairs()), call(SMALL, 1)),
        ties="self gets the gradient",
        errors=(shapes_that_clash(), Bad(call(In((2,)), 1), "not implemented", dtype="complex64")),
    )


@st.composite
def clamps(draw):
    """clamp(x, min, max) with numbers, tensors, or one bound only."""
    shape, low, high = draw(broadcastable(3))
    kind = draw(st.sampled_from(("tensors", "tensors", "tensors", "low", "high", "numbers", "keywords", "integers")))
    x = In(shape)
    if kind == "tensors":  # x of the full shape: torch's gradient fails where two bounds broadcast x
        x = In(np.broadcast_shapes(shape, low, high))
        return call(x, In(low, high=1), In(high, low=-1))
    if kind in ("low", "high"):
        bound = In(low) if draw(st.booleans()) else draw(st.sampled_from((-1, 0.5)))
        return call(x, **{"min" if kind == "low" else "max": bound})
    numbers = (-1, 1) if kind == "integers" else (-0.75, 0.5)
    return call(x, *numbers) if kind != "keywords" else call(x, max=numbers[1], min=numbers[0])


_CLAMP = {
    "dtypes": (*FLOATS, *INTEGERS, "bfloat16", "float16"),
    "ties": "self gets the gradient at the bounds; where min > max the maximum gets it",
    "edges": (
        call(SMALL, -1, 1),
        call(SMALL, 1, -1),
        call(SMALL, min=0),
        call(SMALL, max=0),
        call(SMALL, None, float("nan")),
        call(*pairs(), np.zeros(100)),
        call(np.zeros(100), *pairs()),
        call(pairs()[0], np.zeros(100), pairs()[1]),
    ),
    "errors": (
        Bad(call(In((2,))), "At least one of 'min' or 'max'"),
        Bad(call(In((2,)), "a"), "must be Tensor or Number"),
        Bad(call(In((2,)), 0, In((2,))), "two numbers or two tensors"),
        Bad(call(In((2,)), 0, 1), "not implemented", dtype="complex64"),
        shapes_that_clash(),
    ),
}
spec("clamp", clamps(), **ALL, **_CLAMP)
spec("clip", clamps(), **ALL, **_CLAMP)
spec("Tensor.clamp", shapes().map(lambda s: call(In(s), 0, 1)), dtypes=("bool",))
