"""Layers with a table or a product of two inputs: Embedding, EmbeddingBag, Bilinear; and distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.module_spec import bad_layer, layer, module
from parity.spec import In

BOUNDS = np.array([0, 2, 2, 5])  # bags of 2, 0, 3 and the rest


def index(*shape: int) -> In:
    return In(shape, dtype="int64", low=0, high=6)


TABLE = In((6, 3), grad=False)

module(
    "nn.Embedding",
    st.sampled_from([
        layer(6, 3).on(index(2, 4)), layer(6, 3, padding_idx=2).on(index(9)), layer(6, 3, -1).on(index(3, 0)),
        layer(6, 3, max_norm=0.5).on(index(4)),
        layer(6, 3, max_norm=1.5, norm_type=1.0).on(In((2, 3), dtype="int32", low=0, high=6)),
        layer(6, 3, None, 1.0, 1.5).on(index(2, 2)),
        layer(6, 3, scale_grad_by_freq=True).on(index(9)), layer(6, 3, _weight=TABLE).on(index(4)),
        layer(6, 3, _weight=TABLE, _freeze=True).on(index(4)), layer(6, 3).on(index()),
    ]),
    order=1,
    errors=(
        bad_layer("Padding_idx must be within num_embeddings", layer(6, 3, 6)),
        bad_layer("Padding_idx must be within num_embeddings", layer(6, 3, padding_idx=-7)),
        bad_layer("Shape of weight does not match", layer(5, 3, _weight=TABLE)),
        bad_layer("index out of range", layer(2, 3).on(np.array([0, 2]))),
        bad_layer("scalar types", layer(6, 3).on(In((2,)))),
    ),
)  # fmt: skip
module(
    "nn.EmbeddingBag",
    st.sampled_from([
        layer(6, 3).on(index(2, 4)), layer(6, 3, mode="sum").on(index(8), BOUNDS),
        layer(6, 3, mode="max").on(index(8), BOUNDS), layer(6, 3).on(index(8), offsets=BOUNDS),
        layer(6, 3, mode="sum").on(index(8), BOUNDS, In((8,))), layer(6, 3, 0.5, 1.5).on(index(2, 4)),
        layer(6, 3, mode="sum").on(index(2, 3), per_sample_weights=In((2, 3))),
        layer(6, 3, padding_idx=1).on(index(3, 4)), layer(6, 3, mode="sum", padding_idx=-1).on(index(8), BOUNDS),
        layer(6, 3, max_norm=1.5, norm_type=1.0).on(In((2, 3), dtype="int32", low=0, high=6)),
        layer(6, 3, include_last_offset=True).on(index(5), BOUNDS), layer(6, 3, _weight=TABLE).on(index(2, 4)),
    ]),
    order=1,
    errors=(
        bad_layer("adding_idx must be within num_embeddings", layer(6, 3, padding_idx=6)),
        bad_layer("has to be a 1D Tensor", layer(6, 3).on(index(3))),
        bad_layer("only supported for mode='sum'", layer(6, 3).on(index(2, 3), None, In((2, 3)))),
        bad_layer("mode has to be one of", layer(6, 3, mode="min").on(index(2, 3))),
    ),
)  # fmt: skip
module(
    "nn.Bilinear",
    st.sampled_from([
        layer(3, 4, 2).on(In((5, 3)), In((5, 4))), layer(3, 4, 2, bias=False).on(In((2, 5, 3)), In((2, 5, 4))),
        layer(1, 4, 3).on(In((1,)), In((4,))),
    ]),
    errors=(
        bad_layer("in1_features must be > 0", layer(0, 4, 2)),
        bad_layer("does not match weight size", layer(3, 4, 2).on(In((5, 3)), In((5, 3)))),
    ),
)  # fmt: skip


def pair(*a: int, b: tuple[int, ...] | None = None) -> Any:
    return In(a), In(b or a, low=0.5)


module(
    "nn.CosineSimilarity",
    st.sampled_from([
        layer().on(*pair(3, 4)), layer(0, 1e-3).on(*pair(3, 2)), layer(dim=-1).on(*pair(2, 3, 4, b=(4,))),
    ]),
    errors=(bad_layer("out of range", layer(3).on(*pair(2, 3))),),
)  # fmt: skip
module(
    "nn.PairwiseDistance",
    st.sampled_from([layer().on(*pair(3, 4)), layer(1.0).on(*pair(4)), layer(3, 1e-3, True).on(*pair(2, 3, b=(3,)))]),
)
