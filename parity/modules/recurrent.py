"""Specs of the recurrent layers and cells; packed sequences and dropout are in tests/nn/test_rnn.py."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

T, B, I, H = 4, 3, 2, 5  # noqa: E741 - the shape letters of recurrent layers


@st.composite
def layers(draw: Any, kind: str) -> Layer:
    """Layers on layers in one direction or two, on a batch or one sequence, from given states or zeros."""
    options: dict[str, Any] = {
        "num_layers": draw(st.sampled_from((1, 1, 2))), "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()), "bidirectional": draw(st.booleans()),
    }  # fmt: skip
    size = H
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(("tanh", "relu")))
    if kind == "LSTM" and draw(st.booleans()):
        size = options["proj_size"] = 3
    batch: tuple[int, ...] = (B,) if draw(st.booleans()) else ()
    x = In((*batch, T, I) if options["batch_first"] else (T, *batch, I))
    made = layer(I, H, **options)
    if draw(st.booleans()):
        return made.on(x)
    count = options["num_layers"] * (2 if options["bidirectional"] else 1)
    h = In((count, *batch, size))
    return made.on(x, (h, In((count, *batch, H))) if kind == "LSTM" else h)


_X = In((T, B, I))
for _kind in ("RNN", "GRU", "LSTM"):
    _h = In((1, B, H + 1))
    module(
        f"nn.{_kind}",
        layers(_kind),
        errors=(
            bad_layer("number in range", layer(I, H, dropout=2.0)),
            bad_layer("hidden_size must be greater than zero", layer(I, 0)),
            bad_layer("must be equal to input_size", layer(I, H).on(In((T, B, I + 1)))),
            bad_layer("Expected input to be 2D or 3D", layer(I, H).on(In((I,)))),
            bad_layer("Expected hidden", layer(I, H).on(_X, (_h, _h) if _kind == "LSTM" else _h)),
            bad_layer("sequence length to be larger than 0", layer(I, H).on(In((0, B, I)))),
        ),
    )


@st.composite
def cells(draw: Any, kind: str) -> Layer:
    """A step of a batch or a single input, from given states or zeros."""
    options: dict[str, Any] = {"bias": draw(st.booleans())}
    if kind == "RNNCell":
        options["nonlinearity"] = draw(st.sampled_from(("tanh", "relu")))
    batch: tuple[int, ...] = draw(st.sampled_from(((B,), ())))
    made, x, h = layer(I, H, **options), In((*batch, I)), In((*batch, H))
    if draw(st.booleans()):
        return made.on(x)
    return made.on(x, (h, In((*batch, H))) if kind == "LSTMCell" else h)


for _kind in ("RNNCell", "GRUCell", "LSTMCell"):
    _h = In((B, H + 1))
    module(
        f"nn.{_kind}",
        cells(_kind),
        errors=(
            bad_layer("inconsistent input_size", layer(I, H).on(In((B, I + 1)))),
            bad_layer("inconsistent hidden_size", layer(I, H).on(In((B, I)), (_h, _h) if _kind == "LSTMCell" else _h)),
            bad_layer("Expected input to be 1D or 2D", layer(I, H).on(_X)),
        ),
    )

module("nn.RNNCellBase", st.booleans().map(lambda bias: layer(I, H, bias, 3)))
module(
    "nn.RNNBase",
    st.sampled_from(("LSTM", "GRU", "RNN_TANH")).map(lambda mode: layer(mode, I, H, bidirectional=True)),
    errors=(bad_layer("Unrecognized RNN mode", layer("TREE", I, H)),),
)
