"""RNN, LSTM, GRU and their cells beside torch's: outputs, gradients, weights, random numbers, words."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, leaves, numbers, refuse, weighted

T, B, I, H = 5, 3, 2, 4  # noqa: E741 - the shape letters of recurrent layers

VARIANTS: list[tuple[str, dict]] = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu", "bidirectional": True, "num_layers": 2}),
    ("RNN", {"bias": False, "batch_first": True}),
    ("GRU", {}),
    ("GRU", {"num_layers": 2, "bidirectional": True, "batch_first": True}),
    ("GRU", {"bias": False, "num_layers": 2, "dropout": 0.4}),
    ("LSTM", {}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "dropout": 0.3}),
    ("LSTM", {"bias": False, "batch_first": True}),
    ("LSTM", {"proj_size": 3}),
    ("LSTM", {"proj_size": 3, "num_layers": 2, "bidirectional": True, "bias": False, "batch_first": True}),
]
IDS = [f"{kind}-{'-'.join(options) or 'plain'}" for kind, options in VARIANTS]


def layer(L: Any, kind: str, options: dict) -> Any:
    return getattr(L.nn, kind)(I, H, dtype=L.float64, **options)


def states(L: Any, kind: str, options: dict, batch: tuple[int, ...] = (B,)) -> Any:
    """Initial states that require grad."""
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    h = numbers(L, count, *batch, options.get("proj_size", H), seed=1, grad=True)
    return (h, numbers(L, count, *batch, H, seed=2, grad=True)) if kind == "LSTM" else h


def flat(hidden: Any) -> list:
    return list(hidden) if isinstance(hidden, tuple) else [hidden]


def results(L: Any, net: Any, x: Any, hx: Any, outputs: list) -> list:
    """Outputs and the gradients of everything that has one."""
    weighted(L, outputs).backward()
    inputs = [x, *([] if hx is None else flat(hx)), *net.parameters()]
    return [*outputs, *(t.grad for t in inputs)]


@pytest.mark.parametrize("given_states", [False, True])
@pytest.mark.parametrize(("kind", "options"), VARIANTS, ids=IDS)
def test_batch(kind: str, options: dict, given_states: bool) -> None:
    def program(L: Any) -> Any:
        net = layer(L, kind, options)
        x = numbers(L, *((B, T, I) if options.get("batch_first") else (T, B, I)), grad=True)
        hx = states(L, kind, options) if given_states else None
        y, hidden = net(x, hx)
        after = L.rand(3)  # the dropout between layers drew as many numbers
        return repr(net), list(net.state_dict()), after, results(L, net, x, hx, [y, *flat(hidden)])

    agree(program)


@pytest.mark.parametrize(("kind", "options"), VARIANTS, ids=IDS)
def test_one_sequence(kind: str, options: dict) -> None:
    def program(L: Any) -> Any:
        net, x, hx = layer(L, kind, options), numbers(L, T, I, grad=True), states(L, kind, options, ())
        y, hidden = net(x, hx)
        return results(L, net, x, hx, [y, *flat(hidden)])

    agree(program)


@pytest.mark.parametrize("lengths", [[5, 3, 1], [2, 5, 4]])
@pytest.mark.parametrize(("kind", "options"), VARIANTS, ids=IDS)
def test_packed(kind: str, options: dict, lengths: list[int]) -> None:
    def program(L: Any) -> Any:
        rnn = L.nn.utils.rnn
        net, x, hx = layer(L, kind, options), numbers(L, T, B, I, grad=True), states(L, kind, options)
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=lengths == [5, 3, 1])
        y, hidden = net(packed, hx)
        padded, _ = rnn.pad_packed_sequence(y)
        without = net(packed)[0].data  # from zero states
        return tuple(y), without, L.rand(3), results(L, net, x, hx, [padded, *flat(hidden)])

    agree(program)


@pytest.mark.parametrize(("kind", "options"), [v for v in VARIANTS if not v[1].get("dropout")])
def test_second_derivative_of_packed_sequences(kind: str, options: dict) -> None:
    def program(L: Any) -> Any:
        net, x, hx = layer(L, kind, options), numbers(L, T, B, I, grad=True), states(L, kind, options)
        packed = L.nn.utils.rnn.pack_padded_sequence(x, [4, 5, 2], enforce_sorted=False)
        y, hidden = net(packed, hx)
        wanted = [x, *flat(hx), *net.parameters()]
        first = L.autograd.grad(weighted(L, [y.data, *flat(hidden)]), wanted, create_graph=True)
        return L.autograd.grad(weighted(L, [g * g for g in first]), wanted)

    agree(program, rtol=1e-8)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_float32_weights_are_bit_equal(kind: str) -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(3)
        found.append(leaves(list(getattr(L.nn, kind)(7, 6, 2, bidirectional=True).parameters())))
    assert all(a.dtype == np.float32 and np.array_equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"])
def test_halves(kind: str, dtype: str) -> None:
    """Computed in float32 and rounded once, where torch rounds at each step."""

    def program(L: Any) -> Any:
        net = getattr(L.nn, kind)(I, H, dtype=L.float64)
        net, x = net.to(getattr(L, dtype)), numbers(L, B, I) if "Cell" in kind else numbers(L, T, B, I)
        y = net(x.to(getattr(L, dtype)))
        y = y if isinstance(y, L.Tensor) else y[0]
        y.sum().backward()
        kinds = {str(t.dtype).split(".")[1] for t in (y, *(p.grad for p in net.parameters()))}
        return kinds == {dtype}, y.float(), [p.grad.float() for p in net.parameters()]

    assert agree(program, rtol=0.04, atol=0.02 if dtype == "bfloat16" else 0.003)[0]


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_some_gradients_only(kind: str) -> None:
    """Frozen weights and inputs that need no gradient don't change the others' gradients."""

    def program(L: Any) -> Any:
        net = layer(L, kind, {"num_layers": 2})
        net.weight_hh_l0.requires_grad_(False)
        net.bias_ih_l1.requires_grad_(False)
        y, hidden = net(numbers(L, T, B, I))
        flat(hidden)[-1].sum().backward()  # the outputs themselves get no gradient
        return [None if p.grad is None else p.grad for p in net.parameters()]

    agree(program)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_empty_batch(kind: str) -> None:
    agree(lambda L: layer(L, kind, {})(numbers(L, T, 0, I)))


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_evaluation_has_no_dropout(kind: str) -> None:
    agree(lambda L: layer(L, kind, {"num_layers": 3, "dropout": 0.9}).eval()(numbers(L, T, B, I)))


def test_all_weights_and_copies() -> None:
    net = mt.nn.LSTM(I, H, 2, proj_size=3, bidirectional=True)
    theirs = torch.nn.LSTM(I, H, 2, proj_size=3, bidirectional=True)
    assert [[tuple(p.shape) for p in ps] for ps in net.all_weights] == [
        [tuple(p.shape) for p in ps] for ps in theirs.all_weights
    ]
    assert net.all_weights[1][0] is net.weight_ih_l0_reverse
    assert net.flatten_parameters() is None
    twin = copy.deepcopy(net)
    assert twin.weight_hh_l0 is not net.weight_hh_l0
    twin.weight_ih_l0 = mt.nn.Parameter(mt.zeros_like(net.weight_ih_l0))
    assert twin.all_weights[0][0] is twin.weight_ih_l0
    x = mt.ones(2, 1, I)
    assert not np.array_equal(twin(x)[0].detach().numpy(), net(x)[0].detach().numpy())


def test_dropout_with_one_layer_warns() -> None:
    for L in LIBRARIES:
        with pytest.warns(UserWarning, match="dropout option adds dropout after all but last") as caught:
            L.nn.GRU(I, H, dropout=0.5)
        assert caught[0].filename == __file__ or L is torch  # torch names its own file


def make(**options: Any) -> Any:
    kind = options.pop("kind", "LSTM")
    return lambda L: getattr(L.nn, kind)(*options.pop("args", (I, H)), **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout": 1.5}, "number in range"),
        ({"dropout": True}, "number in range"),
        ({"num_layers": 0}, "num_layers must be greater than zero"),
        ({"args": (I, 0)}, "hidden_size must be greater than zero"),
        ({"args": (0, H)}, "input_size must be greater than zero"),
        ({"args": (2.0, H)}, "input_size should be of type int, got: float"),
        ({"args": (I, 4.0)}, "hidden_size should be of type int, got: float"),
        ({"bias": 1}, "bias should be of type bool"),
        ({"batch_first": 1}, "batch_first should be of type bool"),
        ({"proj_size": -1}, "positive integer or zero"),
        ({"proj_size": 4}, "has to be smaller than hidden_size"),
        ({"kind": "GRU", "proj_size": 1}, "only supported for LSTM"),
        ({"kind": "RNN", "proj_size": 1}, "only supported for LSTM"),
        ({"kind": "RNN", "nonlinearity": "gelu"}, "Unknown nonlinearity 'gelu'"),
        ({"kind": "RNNBase", "args": ("TREE", I, H)}, "Unrecognized RNN mode: TREE"),
    ],
)
def test_bad_options(options: dict, words: str) -> None:
    for L in LIBRARIES:  # each builds from its own copy of the options
        with pytest.raises((ValueError, TypeError), match=words):
            make(**options)(L)
    refuse(lambda L: make(**options)(L), words)


def run(kind: str, *shape: int, hx: Any = None, dtype: str = "float64", **options: Any) -> Any:
    def program(L: Any) -> Any:
        make_states = None if hx is None else tuple(L.zeros(*s, dtype=L.float64) for s in hx)
        start = make_states[0] if make_states is not None and kind != "LSTM" else make_states
        return layer(L, kind, options)(numbers(L, *shape, dtype=dtype), start)

    return program


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (run("RNN", T, B, I + 1), r"input.size\(-1\) must be equal to input_size. Expected 2, got 3"),
        (run("GRU", I), "GRU: Expected input to be 2D or 3D, got 1D instead"),
        (run("RNN", T, B, I, dtype="float32"), "does not match weight dtype"),
        (run("LSTM", 0, B, I), "Expected sequence length to be larger than 0 in RNN"),
        (run("GRU", T, B, I, hx=[(1, B, 3)]), r"Expected hidden size \(1, 3, 4\), got \[1, 3, 3\]"),
        (run("RNN", T, B, I, hx=[(1, 2, H)], batch_first=True), r"Expected hidden size \(1, 5, 4\), got \[1, 2, 4\]"),
        (run("GRU", T, B, I, hx=[(1, H)]), "For batched 3-D input, hx should also be 3-D but got 2-D tensor"),
        (run("RNN", T, I, hx=[(1, 1, H)]), "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor"),
        (run("LSTM", T, B, I, hx=[(1, B, 3), (1, B, H)]), r"Expected hidden\[0\] size \(1, 3, 4\), got \[1, 3, 3\]"),
        (run("LSTM", T, B, I, hx=[(1, B, H), (1, B, 3)]), r"Expected hidden\[1\] size \(1, 3, 4\), got \[1, 3, 3\]"),
        (run("LSTM", T, B, I, hx=[(1, B, 3), (1, B, 3)], proj_size=3), r"Expected hidden\[1\] size \(1, 3, 4\)"),
        (run("LSTM", T, B, I, hx=[(1, H), (1, H)]), r"hx and cx should also be 3-D but got \(2-D, 2-D\) tensors"),
        (run("LSTM", T, I, hx=[(1, H), (1, 1, H)]), r"hx and cx should also be 2-D but got \(2-D, 3-D\) tensors"),
    ],
)
def test_bad_input(program: Any, words: str) -> None:
    refuse(program, words)


def test_packed_input_is_checked_by_lstm_too() -> None:
    """torch's LSTM leaves it to the kernel, whose words are about a product; ours are the other layers'."""
    rnn = mt.nn.utils.rnn
    packed = rnn.pack_sequence([mt.zeros(3, I + 1)])
    with pytest.raises(RuntimeError, match=r"input.size\(-1\) must be equal to input_size"):
        mt.nn.LSTM(I, H)(packed)
    with pytest.raises(RuntimeError, match=r"Expected hidden\[0\] size"):
        mt.nn.LSTM(I, H)(rnn.pack_sequence([mt.zeros(3, I)]), (mt.zeros(1, 2, H), mt.zeros(1, 2, H)))


def test_base_has_no_forward() -> None:
    refuse(lambda L: L.nn.RNNBase("GRU", I, H)(L.zeros(T, B, I)), 'missing the required "forward" function')


CELLS = [
    ("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu", "bias": False}), ("GRUCell", {}),
    ("GRUCell", {"bias": False}),
    ("LSTMCell", {}), ("LSTMCell", {"bias": False}),
]  # fmt: skip


@pytest.mark.parametrize("batch", [(B,), ()])
@pytest.mark.parametrize(("kind", "options"), CELLS)
def test_cell(kind: str, options: dict, batch: tuple) -> None:
    """Three steps, the first from zero states; gradients through all of them."""

    def program(L: Any) -> Any:
        cell = getattr(L.nn, kind)(I, H, dtype=L.float64, **options)
        x, hx = numbers(L, 3, *batch, I, grad=True), None
        for k in range(3):
            hx = cell(x[k]) if hx is None else cell(x[k], hx)
        return repr(cell), list(cell.state_dict()), results(L, cell, x, None, flat(hx))

    agree(program)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.nn.GRUCell(I, H)(L.zeros(B, 3)), "input has inconsistent input_size: got 3 expected 2"),
        (lambda L: L.nn.GRUCell(I, H)(L.zeros(B, I), L.zeros(2, H)), "Input batch size 3 doesn't match hidden0"),
        (lambda L: L.nn.RNNCell(I, H)(L.zeros(B, I), L.zeros(B, 3)), "hidden0 has inconsistent hidden_size: got 3"),
        (lambda L: L.nn.RNNCell(I, H)(L.zeros(I), L.zeros(1, H)), "hidden0 has inconsistent hidden_size"),
        (
            lambda L: L.nn.LSTMCell(I, H)(L.zeros(B, I), (L.zeros(B, H), L.zeros(B, 3))),
            "hidden1 has inconsistent hidden_size: got 3, expected 4",
        ),
        (lambda L: L.nn.RNNCell(I, H)(L.zeros(B, I, dtype=L.float64)), "same dtype"),
        (lambda L: L.nn.RNNCell(I, H)(L.zeros(1, B, I)), "RNNCell: Expected input to be 1D or 2D, got 3D instead"),
        (lambda L: L.nn.GRUCell(I, H)(L.zeros(B, I), L.zeros(1, B, H)), "GRUCell: Expected hidden to be 1D or 2D"),
        (
            lambda L: L.nn.LSTMCell(I, H)(L.zeros(B, I), (L.zeros(B, H), L.zeros(1, B, H))),
            r"LSTMCell: Expected hx\[1\] to be 1D or 2D, got 3D instead",
        ),
        (lambda L: L.nn.RNNCell(I, H, nonlinearity="elu")(L.zeros(B, I)), "Unknown nonlinearity: elu"),
    ],
)
def test_bad_input_of_cells(program: Any, words: str) -> None:
    refuse(program, words)


def test_a_language_model_trains_alike() -> None:
    """Embedded characters, a packed LSTM, a linear map: the same losses, step by step."""

    def program(L: Any) -> Any:
        rnn = L.nn.utils.rnn
        table = L.nn.Parameter(numbers(L, 6, I, seed=4))
        net, head = L.nn.LSTM(I, 8, 2, dropout=0.2, dtype=L.float64), L.nn.Linear(8, 6, dtype=L.float64)
        optimizer = L.optim.Adam([table, *net.parameters(), *head.parameters()], lr=0.02)
        words = [L.tensor([1, 2, 3, 4, 5]), L.tensor([5, 3, 1]), L.tensor([2, 4])]
        losses = []
        for _ in range(6):
            optimizer.zero_grad()
            y, _ = net(rnn.pack_sequence([table[w[:-1]] for w in words]))
            target = rnn.pack_sequence([w[1:] for w in words]).data
            loss = L.nn.functional.cross_entropy(head(y.data), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses[0] > losses[-1], L.tensor(losses, dtype=L.float64)

    assert agree(program)[0]


def test_no_warning_of_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mt.nn.LSTM(I, H, 2, dropout=0.5)
