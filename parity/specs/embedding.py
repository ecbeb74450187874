"""Specs of tables looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec


@st.composite
def embeddings(draw: Any) -> Call:
    index = In(draw(shapes(0, 3, zero=False)), draw(st.sampled_from(("int64", "int32"))), low=0, high=7)
    padding = draw(st.sampled_from((None, 2, -1)))
    return call(index, In((7, 3)), padding)  # scale_grad_by_freq: tests/test_nn_embedding.py


@st.composite
def bags(draw: Any) -> Call:
    mode = draw(st.sampled_from(("sum", "mean", "max")))
    options: dict[str, Any] = {"mode": mode}
    w = In((7, 3), distinct=True)
    if draw(st.booleans()):
        index = In((4, 3), "int64", low=0, high=7)
    else:
        index = In((9,), "int64", low=0, high=7)
        options["include_last_offset"] = draw(st.booleans())
        starts = [_at(0, 2, 5, 9), _at(0, 0, 4, 9), _at(0, 9)]
        # where the last offset is not the end, torch's last bag has the rest in it, or only its length, or neither
        starts += [_at(0, 0, 4, 4)] * (not options["include_last_offset"])
        options["offsets"] = draw(st.sampled_from(starts))
    if mode == "sum" and draw(st.booleans()):
        options["per_sample_weights"] = In(index.shape)
    if draw(st.booleans()):
        options["padding_idx"] = draw(st.sampled_from((2, -1)))
    return call(index, w, **options)


def _at(*starts: int) -> In:
    return In((len(starts),), "int64", make=lambda rng, shape, dtype: np.array(starts))


@st.composite
def one_hots(draw: Any) -> Call:
    s = draw(shapes(0, 3, zero=False))
    return call(In(s, "int64", low=0, high=5), draw(st.sampled_from((-1, 5, 8))))


I, W = In((2, 2), "int64", low=1, high=5), In((7, 3))
BEYOND = In((2, 2), "int64", low=7, high=9)
spec(
    "nn.functional.embedding",
    embeddings(),
    dtypes=FLOATS,
    errors=(
        Bad(call(In((2, 2), "float32"), W), "Long, Int"),
        Bad(call(BEYOND, W), "index out of range"),
        Bad(call(In((2,), "int64", low=-3, high=-1), W), "index out of range"),
        Bad(call(I, In((3,))), "must be 2-D"),
        Bad(call(I, W, 9), "within num_embeddings"),
        Bad(call(I, W, -9), "within num_embeddings"),
    ),
    edges=(call(np.zeros((0, 2), "int64"), np.ones((7, 3))),),
)
FLAT = In((2,), "int64", low=0, high=5)
spec(
    "nn.functional.embedding_bag",
    bags(),
    order=1,
    errors=(
        Bad(call(FLAT, W), "offsets has to be a 1D Tensor"),
        Bad(call(I, W, _at(0)), "if input is 2D"),
        Bad(call(FLAT, W, _at(1)), "has to be 0"),
        Bad(call(FLAT, W, _at(0, 3)), "can not be greater"),
        Bad(call(I, W, mode="foo"), "mode has to be"),
        Bad(call(I, W, mode="max", per_sample_weights=In((2, 2))), "mode='sum'"),
        Bad(call(I, W, mode="sum", per_sample_weights=In((2, 3))), "same shape"),
        Bad(call(I, W, mode="max", scale_grad_by_freq=True), "max mode"),
        Bad(call(In((1, 2, 2), "int64", low=0, high=5), W), "1D or 2D"),
        Bad(call(In((2, 2), "float32"), W), "Long, Int"),
        Bad(call(BEYOND, W), "not in the valid range"),
    ),
)
spec(
    "nn.functional.one_hot",
    one_hots(),
    dtypes=("int64",),
    order=0,
    errors=(
        Bad(call(In((2,), "float32")), "LongTensor"),
        Bad(call(I, 1), "smaller than num_classes"),
        Bad(call(In((2,), "int64", low=-3, high=-1)), "non-negative"),
        Bad(call(In((0,), "int64")), "empty tensor"),
    ),
)
