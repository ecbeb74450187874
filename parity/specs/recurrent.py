"""Specs of recurrent layers and single steps: torch.lstm, torch.lstm_cell, ... against nn.functional.recurrent's."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, spec

T, B, I, H = 4, 3, 2, 5  # noqa: E741 - the shape letters of recurrent layers
GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def small(*shape: int) -> In:
    """Weights and states of moderate size: saturated gates have gradients of rounding errors."""
    return In(shape, low=-0.8, high=0.8)


@st.composite
def layers(draw: Any, name: str) -> Call:
    """A call of one or two layers in one direction or two, with or without biases and (lstm) projections."""
    gates, directions = GATES[name], draw(st.sampled_from((1, 2)))
    count, biases, batch_first = draw(st.sampled_from((1, 1, 2))), draw(st.booleans()), draw(st.booleans())
    size = 4 if name == "lstm" and draw(st.booleans()) else H  # below H: projections
    params: list[In] = []
    for layer in range(count):
        for _ in range(directions):
            params += [small(gates * H, size * directions if layer else I), small(gates * H, size)]
            params += [small(gates * H), small(gates * H)] if biases else []
            params += [small(size, H)] if size < H else []
    h = small(count * directions, B, size)
    hx = (h, small(count * directions, B, H)) if name == "lstm" else h
    x = In((B, T, I) if batch_first else (T, B, I))
    return call(x, hx, params, biases, count, 0.0, False, directions == 2, batch_first)


def _layer_errors(name: str) -> tuple[Bad, ...]:
    params = [small(GATES[name] * H, I), small(GATES[name] * H, H)]

    def bad(x: In, h: In) -> Call:
        return call(x, (h, h) if name == "lstm" else h, params, False, 1, 0.0, False, False, False)

    return (
        Bad(bad(In((0, B, I)), small(1, B, H)), "sequence length to be larger than 0"),
        Bad(bad(In((T, B, I)), In((1, B, H), "float32")), "same dtype"),
    )


def _cell(name: str) -> st.SearchStrategy[Call]:
    gates = GATES[name.removesuffix("_cell")]

    @st.composite
    def cells(draw: Any) -> Call:
        batch = draw(st.sampled_from((B, 1)))
        h = small(batch, H)
        weights = (small(gates * H, I), small(gates * H, H))
        biases = (small(gates * H), small(gates * H)) if draw(st.booleans()) else ()
        return call(In((batch, I)), (h, small(batch, H)) if name == "lstm_cell" else h, *weights, *biases)

    return cells()


def _cell_errors(name: str) -> tuple[Bad, ...]:
    gates = GATES[name.removesuffix("_cell")]
    weights = (small(gates * H, I), small(gates * H, H))

    def bad(x: In, h: In) -> Call:
        return call(x, (h, h) if name == "lstm_cell" else h, *weights)

    return (
        Bad(bad(In((B, 4)), small(B, H)), "inconsistent input_size"),
        Bad(bad(In((B, I)), small(B, 4)), "inconsistent hidden_size"),
        Bad(bad(In((B, I)), small(2, H)), "doesn't match hidden0 batch size"),
    )


for _name in GATES:
    spec(f"nn.functional.recurrent.{_name}", layers(_name), torch=_name, errors=_layer_errors(_name))
    _step = f"{_name}_cell"
    spec(f"nn.functional.recurrent.{_step}", _cell(_step), torch=_step, errors=_cell_errors(_step))
