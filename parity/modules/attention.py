"""Specs of MultiheadAttention and the Transformer family; masks, dropout and padding are in tests/nn."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.case import Of
from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

L, S, N, E = 4, 5, 3, 6


def small(*shape: int, **options: Any) -> In:
    """Moderate values: with large ones softmax saturates, and float32 loses digits in both libraries."""
    return In(shape, low=-0.7, high=0.7, **options)


@st.composite
def heads(draw: Any) -> Layer:
    options: dict[str, Any] = {
        "bias": draw(st.booleans()), "add_bias_kv": draw(st.booleans()), "add_zero_attn": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
    }  # fmt: skip
    if draw(st.booleans()):
        options |= {"kdim": 7, "vdim": 8}
    batch: tuple[int, ...] = draw(st.sampled_from(((N,), ())))

    def sequence(length: int, size: int) -> In:
        return small(*((*batch, length) if options["batch_first"] else (length, *batch)), size)

    inputs = sequence(L, E), sequence(S, options.get("kdim", E)), sequence(S, options.get("vdim", E))
    how: dict[str, Any] = {"average_attn_weights": draw(st.booleans())}
    mask = draw(st.sampled_from(("none", "attn", "padding")))
    if mask == "attn":
        how["attn_mask"] = small(L, S, grad=False)
    elif mask == "padding":
        how["key_padding_mask"] = small(*batch, S, grad=False)
    return layer(E, 2, **options).on(*inputs, **how)


_Q, _K = small(L, N, E), small(S, N, E)
module(
    "nn.MultiheadAttention",
    heads(),
    errors=(
        bad_layer("embed_dim must be divisible by num_heads", layer(5, 2)),
        bad_layer("must be greater than 0", layer(0, 2)),
        bad_layer("expecting embedding dimension", layer(E, 2).on(small(L, N, 4), _K, _K)),
        bad_layer("expected `key`", layer(E, 2).on(_Q, small(S, E), small(S, E))),
        bad_layer("Need attn_mask", layer(E, 2).on(_Q, _K, _K, is_causal=True)),
        bad_layer("2D attn_mask", layer(E, 2).on(_Q, _K, _K, attn_mask=small(L, L))),
    ),
)

PLAIN: tuple[dict[str, Any], ...] = (
    {"batch_first": True}, {"norm_first": True}, {"activation": "gelu", "layer_norm_eps": 0.1},
    {"bias": False, "norm_first": True, "batch_first": True},
)  # fmt: skip
VARIANTS = st.sampled_from((*PLAIN, {"activation": Of(lambda lib: lib.nn.SiLU(), "SiLU")}))


def sequence(length: int, options: dict[str, Any]) -> In:
    return small(N, length, E) if options.get("batch_first") else small(length, N, E)


def without_dropout(**options: Any) -> dict[str, Any]:
    return {"dim_feedforward": 8, "dropout": 0.0, **options}


def stacked(kind: str, options: dict[str, Any]) -> Of:
    """The layer that a stack copies."""

    def make(lib: Any) -> Any:
        made = {k: v.make(lib) if isinstance(v, Of) else v for k, v in without_dropout(**options).items()}
        return getattr(lib.nn, f"Transformer{kind}Layer")(E, 2, **made)

    return Of(make, f"Transformer{kind}Layer({E}, 2, **{options})")


# once only: without weights torch runs a fused kernel that it can't differentiate twice
module(
    "nn.TransformerEncoderLayer",
    VARIANTS.map(lambda o: layer(E, 2, **without_dropout(**o)).on(sequence(S, o), src_mask=small(S, S, grad=False))),
    order=1,
    errors=(
        bad_layer("relu/gelu", layer(E, 2, activation="elu")),
        bad_layer("dropout probability", layer(E, 2, dropout=1.5)),
    ),
)
module(
    "nn.TransformerDecoderLayer",
    VARIANTS.map(lambda o: layer(E, 2, **without_dropout(**o)).on(sequence(L, o), sequence(S, o))),
    order=1,
    errors=(bad_layer("relu/gelu", layer(E, 2, activation="elu")),),
)
module(
    "nn.TransformerEncoder",
    VARIANTS.map(lambda o: layer(stacked("Encoder", o), 2, enable_nested_tensor=False).on(sequence(S, o))),
    order=1,
)
# torch's copies of a decoder layer forget an activation that is a module: tests/nn/test_transformer.py
module(
    "nn.TransformerDecoder",
    st.sampled_from(PLAIN).map(lambda o: layer(stacked("Decoder", o), 2).on(sequence(L, o), sequence(S, o))),
    order=1,
)
_ONE_EACH = {"num_encoder_layers": 1, "num_decoder_layers": 1, "batch_first": True}
module(
    "nn.Transformer",
    st.sampled_from(({}, {"activation": "gelu"})).map(
        lambda o: layer(E, 2, **without_dropout(**_ONE_EACH, **o)).on(small(N, S, E), small(N, L, E))
    ),
    order=1,
    errors=(
        bad_layer("batch number", layer(E, 2, **_ONE_EACH).on(small(N, S, E), small(2, L, E))),
        bad_layer("feature number", layer(E, 2, **_ONE_EACH).on(small(N, S, 4), small(N, L, E))),
    ),
)
