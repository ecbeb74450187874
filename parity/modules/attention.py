"""Specs of MultiheadAttention and the Transformer family, with masks of every kind; dropout is in tests/nn."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.case import Of
from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

L, S, N, E = 4, 5, 3, 6


def small(*shape: int, **options: Any) -> In:
    """Moderate values: with large ones softmax saturates, and float32 loses digits in both libraries."""
    return In(shape, low=-0.7, high=0.7, **options)


def causal(rows: int, columns: int, kind: str = "bool") -> In:
    """What the later positions hides, as words or as numbers."""

    def make(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
        later = np.triu(np.ones(shape, bool), 1)
        return later if kind == "bool" else np.where(later, -np.inf, 0.0).astype(dtype)

    return In((rows, columns), kind, make=make, grad=False)


def padding(*shape: int) -> In:
    """Some keys are padding, never the first."""
    return In(shape, "bool", make=lambda rng, s, dtype: (rng.random(s) < 0.4) & (np.arange(s[-1]) > 0))


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
    how |= draw(st.sampled_from(({}, {"need_weights": True}, {"need_weights": False})))
    how |= draw(st.sampled_from((
        {}, {"attn_mask": small(L, S, grad=False)}, {"key_padding_mask": small(*batch, S, grad=False)},
        {"attn_mask": small(2 * N if batch else 2, L, S, grad=False)}, {"attn_mask": causal(L, S), "is_causal": True},
        {"attn_mask": causal(L, S), "key_padding_mask": padding(*batch, S)},
    )))  # fmt: skip
    return layer(E, 2, **options).on(*inputs, **how)


_Q, _K = small(L, N, E), small(S, N, E)
# once only: without weights torch runs a fused kernel that it can't differentiate twice
module(
    "nn.MultiheadAttention",
    heads(),
    order=1,
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


def words(*shape: int) -> In:
    """Padding at the end of sequences of different lengths."""
    ends = [[shape[1] - k] for k in range(shape[0])]
    return In(shape, "bool", make=lambda rng, s, dtype: np.arange(s[1]) >= np.array(ends))


def masks(name: str, length: int, hint: str) -> tuple[dict[str, Any], ...]:
    """None, numbers, the later positions hidden with and without the hint that they are."""
    return (
        {}, {name: small(length, S, grad=False)}, {name: causal(length, S, "main")},
        {name: causal(length, S, "main"), hint: True},
    )  # fmt: skip


def targets(name: str, hint: str) -> tuple[dict[str, Any], ...]:
    """The same for the target's own attention."""
    return {}, {name: small(L, L, grad=False)}, {name: causal(L, L)}, {name: causal(L, L, "main"), hint: True}


def some(*choices: tuple[dict[str, Any], ...]) -> st.SearchStrategy[dict[str, Any]]:
    """One of each of the choices, together."""
    return st.tuples(*(st.sampled_from(c) for c in choices)).map(
        lambda found: {k: v for o in found for k, v in o.items()}
    )


TARGETS = some(
    targets("tgt_mask", "tgt_is_causal"), masks("memory_mask", L, "memory_is_causal"),
    ({}, {"tgt_key_padding_mask": words(N, L), "memory_key_padding_mask": words(N, S)}),
)  # fmt: skip

# once only: without weights torch runs a fused kernel that it can't differentiate twice
module(
    "nn.TransformerEncoderLayer",
    st.builds(
        lambda o, how: layer(E, 2, **without_dropout(**o)).on(sequence(S, o), **how),
        VARIANTS | st.sampled_from(({"dim_feedforward": 11}, {"batch_first": True})),
        some(masks("src_mask", S, "is_causal"), ({}, {"src_key_padding_mask": words(N, S)})),
    ),
    order=1,
    errors=(
        bad_layer("relu/gelu", layer(E, 2, activation="elu")),
        bad_layer("dropout probability", layer(E, 2, dropout=1.5)),
    ),
)
module(
    "nn.TransformerDecoderLayer",
    st.builds(
        lambda o, how: layer(E, 2, **without_dropout(**o)).on(sequence(L, o), sequence(S, o), **how),
        VARIANTS | st.sampled_from(({"dim_feedforward": 11}, {"batch_first": True})),
        TARGETS,
    ),
    order=1,
    errors=(bad_layer("relu/gelu", layer(E, 2, activation="elu")),),
)
NORM = Of(lambda lib: lib.nn.LayerNorm(E), f"LayerNorm({E})")
module(
    "nn.TransformerEncoder",
    st.builds(
        lambda o, norm, nested, how: layer(stacked("Encoder", o), 2, norm, *nested).on(sequence(S, o), **how),
        VARIANTS,
        st.sampled_from((None, NORM)),
        st.sampled_from(((False,), (True,), (True, False))),
        some(masks("mask", S, "is_causal"), ({}, {"src_key_padding_mask": words(N, S)})),
    ),
    order=1,
)
# torch's copies of a decoder layer forget an activation that is a module: tests/nn/test_transformer.py
module(
    "nn.TransformerDecoder",
    st.builds(
        lambda o, norm, how: layer(stacked("Decoder", o), 2, norm).on(sequence(L, o), sequence(S, o), **how),
        st.sampled_from(PLAIN),
        st.sampled_from((None, NORM)),
        TARGETS,
    ),
    order=1,
)
_ONE_EACH = {"num_encoder_layers": 1, "num_decoder_layers": 1, "batch_first": True}
module(
    "nn.Transformer",
    st.builds(
        lambda o, src, how: layer(E, **without_dropout(**o)).on(sequence(S, o), sequence(L, o), **src, **how),
        st.sampled_from((
            {"nhead": 2, **_ONE_EACH}, {"nhead": 3, **_ONE_EACH, "activation": "gelu", "num_encoder_layers": 2},
            {"nhead": 2, **_ONE_EACH, "batch_first": False, "norm_first": True, "dim_feedforward": 11},
            {"nhead": 1, **_ONE_EACH, "bias": False, "layer_norm_eps": 0.1, "num_decoder_layers": 2},
        )),
        some(masks("src_mask", S, "src_is_causal"), ({}, {"src_key_padding_mask": words(N, S)})),
        TARGETS,
    ),
    order=1,
    errors=(
        bad_layer("batch number", layer(E, 2, **_ONE_EACH).on(small(N, S, E), small(2, L, E))),
        bad_layer("feature number", layer(E, 2, **_ONE_EACH).on(small(N, S, 4), small(N, L, E))),
    ),
)  # fmt: skip
