"""Specs of scaled dot-product attention and its multi-head form."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, spec


@st.composite
def products(draw: Any) -> Call:
    lead = draw(st.sampled_from(((), (2,), (2, 4))))
    q, k, v = In((*lead, 5, 6)), In((*lead, 3, 6)), In((*lead, 3, 7))
    options: dict[str, Any] = {}
    kind = draw(st.sampled_from(("none", "bool", "float", "causal", "gqa")))
    if kind == "bool":
        options["attn_mask"] = In((5, 3), "bool")
    elif kind == "float":
        options["attn_mask"] = In((5, 3), grad=False)
    elif kind == "causal":
        options["is_causal"] = True
    elif kind == "gqa":
        q, k, v = In((2, 4, 5, 6)), In((2, 2, 3, 6)), In((2, 2, 3, 7))
        options["enable_gqa"] = True
    if draw(st.booleans()):
        options["scale"] = 0.7
    return call(q, k, v, **options)


Q, K, V = In((2, 4, 5, 8)), In((2, 4, 6, 8)), In((2, 4, 6, 7))
spec(
    "nn.functional.scaled_dot_product_attention",
    products(),
    errors=(
        Bad(call(In((8,)), K, V), "at least 2 dimensional"),
        Bad(call(Q, In((2, 4, 6, 8), "float32"), V), "same dtype"),
        Bad(call(Q, K, V, In((5, 6), "int64")), "attn_mask dtype"),
        Bad(call(Q, K, V, dropout_p=1.5), "between 0 and 1"),
        Bad(call(Q, K, V, In((5, 6)), is_causal=True), "should not be set when is_causal=True"),
        Bad(call(Q, In((2, 3, 6, 8)), In((2, 3, 6, 7)), enable_gqa=True), "must divide"),
    ),
)


def small(shape: tuple[int, ...]) -> In:
    """Moderate values: with large ones softmax saturates, and float32 loses digits in both libraries."""
    return In(shape, low=-0.7, high=0.7)


@st.composite
def heads(draw: Any) -> Call:
    batch = draw(st.sampled_from(((3,), ())))
    length, source, size, count = 4, 5, 6, 2
    q = In((length, *batch, size))
    options: dict[str, Any] = {}
    masks = draw(st.sampled_from(("none", "attn", "float", "both", "causal")))
    if masks in ("float", "both"):
        options["attn_mask"] = In((length, source), grad=False)
    if masks == "attn":
        options["attn_mask"] = In(
            (length, source), "bool", make=lambda rng, s, d: rng.random(s) < 0.3 * (rng.random(s[-1]) > 0)
        )
    if masks == "both":
        options["key_padding_mask"] = In((*batch, source), low=-1, high=1, grad=False)
    if masks == "causal":  # any mask: where the hint is taken, it is not read
        options |= {"attn_mask": In((length, source), grad=False), "is_causal": True}
    options["need_weights"] = draw(st.booleans()) or masks == "attn"
    options["average_attn_weights"] = draw(st.booleans())
    options["training"] = False
    bias = small((3 * size,)) if draw(st.booleans()) else None
    extra = (small((1, 1, size)), small((1, 1, size))) if draw(st.booleans()) else (None, None)
    out = (small((size, size)), small((size,)))
    zero = draw(st.booleans())
    if draw(st.booleans()):
        weights = {
            "use_separate_proj_weight": True,
            "q_proj_weight": small((size, size)),
            "k_proj_weight": small((size, 7)),
            "v_proj_weight": small((size, 8)),
        }
        k, v = small((source, *batch, 7)), small((source, *batch, 8))
        return call(q, k, v, size, count, None, bias, *extra, zero, 0.0, *out, **weights, **options)
    k, v = small((source, *batch, size)), small((source, *batch, size))
    return call(q, k, v, size, count, small((3 * size, size)), bias, *extra, zero, 0.0, *out, **options)


def _bad(q: In, k: In, v: In, size: int = 6, count: int = 2, **options: Any) -> Call:
    return call(q, k, v, size, count, small((18, 6)), None, None, None, False, 0.0, small((6, 6)), None, **options)


_Q, _K = small((4, 3, 6)), small((5, 3, 6))
# once only: without weights torch runs a fused kernel that it can't differentiate twice
spec(
    "nn.functional.multi_head_attention_forward",
    heads(),
    order=1,
    errors=(
        Bad(_bad(_Q, _K, _K, size=8), "embedding dimension"),
        Bad(_bad(_Q, _K, _K, count=4), "not divisible"),
        Bad(_bad(In((6,)), _K, _K), "query should be"),
        Bad(_bad(_Q, _K, In((4, 3, 6))), "does not match"),
        Bad(_bad(_Q, _K, _K, is_causal=True), "Need attn_mask"),
        Bad(_bad(_Q, _K, _K, attn_mask=In((4, 4))), "2D attn_mask"),
        Bad(_bad(_Q, In((5, 6)), In((5, 6))), "expected `key`"),
        Bad(_bad(_Q, _K, _K, key_padding_mask=In((3, 4), "bool")), "key_padding_mask"),
    ),
)
