"""`minitorch.summary` against numbers computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

import minitorch as mt
from minitorch import nn
from minitorch.summaries import ModelSummary


def lenet() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


class Block(nn.Module):
    """The first block of a ResNet stage: two 3x3 convolutions and a 1x1 on the short way."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.down(x))


def row(found: ModelSummary, path: str) -> Any:
    return next(r for r in found.rows if r.path == path)


def test_lenet() -> None:
    found = mt.summary(lenet(), (1, 1, 28, 28))
    assert found.total_parameters == found.trainable_parameters == 61706  # LeCun et al. (1998), with all of C3 joined
    convolutions = 6 * 28 * 28 * 25 + 16 * 10 * 10 * 150
    assert found.multiply_adds == convolutions + 400 * 120 + 120 * 84 + 84 * 10 == 416_520
    outputs = 2 * 6 * 28 * 28 + 6 * 14 * 14 + 2 * 16 * 10 * 10 + 16 * 5 * 5 + 400 + 2 * 120 + 2 * 84 + 10
    assert found.activation_bytes == 4 * outputs
    assert (found.input_bytes, found.parameter_bytes, found.buffer_bytes) == (4 * 784, 4 * 61706, 0)
    assert found.total_bytes == 4 * (784 + 61706 + outputs)
    assert row(found, "3").output == "[1, 16, 10, 10]" and row(found, "3").multiply_adds == 240_000


def test_resnet_block() -> None:
    found = mt.summary(Block(64, 128, 2), (2, 64, 56, 56))
    spots = 2 * 28 * 28
    assert found.total_parameters == 128 * 64 * 9 + 128 * 128 * 9 + 128 * 64 + 3 * 256 == 230_144
    products = spots * 128 * (64 * 9 + 128 * 9 + 64)
    norms = 3 * spots * 128
    assert found.multiply_adds == products + norms == 360_263_680
    assert found.activation_bytes == 4 * 6 * spots * 128  # the activation in place takes none
    assert found.buffer_bytes == 3 * (2 * 128 * 4 + 8)
    assert row(found, "relu").calls == 2
    assert row(found, "down").multiply_adds == 0 and row(found, "down.0").multiply_adds == spots * 128 * 64
    assert mt.summary(Block(64, 128, 2), (2, 64, 56, 56), depth=1).rows[-1].multiply_adds == spots * 128 * 65


@pytest.mark.parametrize(
    ("layer", "shapes", "wanted"),
    [
        (lambda: nn.Linear(3, 5), [(4, 2, 3)], 4 * 2 * 15),
        (lambda: nn.Conv1d(4, 6, 3, groups=2), [(2, 4, 9)], 2 * 7 * 6 * 2 * 3),
        (lambda: nn.Conv3d(1, 2, (1, 2, 3)), [(1, 1, 4, 4, 4)], 2 * 4 * 3 * 2 * 6),
        (lambda: nn.ConvTranspose2d(4, 6, (2, 3), stride=2, groups=2), [(2, 4, 5, 3)], 2 * 4 * 15 * 3 * 6),
        (lambda: nn.Bilinear(2, 3, 4), [(5, 2), (5, 3)], 5 * 4 * (2 * 3 + 3)),
        (lambda: nn.BatchNorm1d(6), [(4, 6)], 24),
        (lambda: nn.BatchNorm1d(6, track_running_stats=False), [(4, 6)], 48),
        (lambda: nn.LayerNorm(6), [(4, 6)], 48),
        (lambda: nn.GroupNorm(2, 6), [(4, 6, 3)], 144),
        (lambda: nn.RNN(3, 5), [(7, 2, 3)], 14 * 5 * (3 + 5)),
        (lambda: nn.GRU(3, 5, 2, bidirectional=True), [(7, 2, 3)], 14 * 2 * 15 * ((3 + 5) + (10 + 5))),
        (lambda: nn.LSTM(3, 5, proj_size=2), [(7, 2, 3)], 14 * (20 * (3 + 2) + 2 * 5)),
        (lambda: nn.LSTMCell(3, 5), [(2, 3)], 2 * 20 * 8),
        (lambda: nn.Embedding(10, 4), [(2, 3)], 0),
        (lambda: nn.MultiheadAttention(8, 2), [(5, 3, 8), (7, 3, 8), (7, 3, 8)],
         3 * 64 * (2 * 5 + 2 * 7) + 2 * 3 * 5 * 7 * 8),
        (lambda: nn.MultiheadAttention(8, 2, batch_first=True, kdim=4, vdim=6), [(3, 5, 8), (3, 7, 4), (3, 7, 6)],
         3 * 8 * (2 * 5 * 8 + 7 * 4 + 7 * 6) + 2 * 3 * 5 * 7 * 8),
        (lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True), [(5, 8), (7, 8), (7, 8)], 64 * 24 + 2 * 5 * 8 * 8),
        (lambda: nn.Sequential(nn.ReLU(), nn.Dropout(), nn.Softmax(-1), nn.Identity()), [(3, 4)], 0),
    ],
)  # fmt: skip
def test_multiply_adds_of_layers(layer: Any, shapes: list, wanted: int) -> None:
    built = layer()
    dtype = mt.int64 if isinstance(built, nn.Embedding) else None
    assert mt.summary(built, shapes, dtypes=dtype).multiply_adds == wanted


def test_packed_sequences_count_their_real_steps() -> None:
    packed = nn.utils.rnn.pack_sequence([mt.ones(5, 3), mt.ones(2, 3)])
    found = mt.summary(nn.RNN(3, 4), input_data=packed)
    assert found.multiply_adds == 7 * 4 * 7
    assert found.rows[0].output == "(packed [7, 4], [1, 2, 4])"


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.first = nn.Linear(4, 4)
        self.same = self.first
        self.unused = nn.Linear(2, 2)
        self.parts = nn.ModuleDict({"a": nn.ModuleList([nn.GRUCell(4, 3)])})
        self.fixed = nn.Parameter(mt.zeros(3, 3), requires_grad=False)
        self.attention = nn.MultiheadAttention(4, 2)

    def forward(self, words: Any, x: Any, factor: float = 1.0) -> dict:
        e = self.same(self.first(self.embedding(words))) * factor
        return {"e": self.attention(e, e, e)[0], "h": (self.parts["a"][0](x) @ self.fixed, mt.rand(1))}


def test_several_inputs_shared_unused_and_nested_modules() -> None:
    model = Mixed()
    model.embedding.eval()
    mt.manual_seed(0)
    found = mt.summary(model, [(2, 7), (3, 4)], dtypes=[mt.int64, mt.float32], factor=2.0)
    assert mt.rand(1).item() == pytest.approx(0.49625658988952637)  # the random numbers are where they were
    assert model.training and not model.embedding.training
    assert not any(m._forward_hooks for m in model.modules())
    assert found.total_parameters == 40 + 20 + 6 + (12 * 3 + 9 * 3 + 18) + 9 + (48 + 12 + 16 + 4)
    assert found.total_parameters - found.trainable_parameters == 9
    assert found.input_bytes == 14 * 8 + 12 * 4
    assert (row(found, "first").calls, row(found, "first").multiply_adds) == (2, 2 * 14 * 16)
    assert row(found, "same").again and row(found, "unused").calls == 0
    assert row(found, "parts.a.0").depth == 3
    assert not any(r.path.startswith("attention.") for r in found.rows)
    assert row(found, "attention").parameters == 80
    text = str(found)
    assert "│     └─ 0: GRUCell" in text and "(above)" in text and "not called" in text
    assert found.rows[0].output == "{e: [2, 7, 4], h: ([3, 3], [1])}"
    again = mt.summary(model, input_data={"words": mt.zeros(2, 7, dtype=mt.int64), "x": mt.zeros(3, 4)})
    assert again.multiply_adds == found.multiply_adds


def test_lazy_modules() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    before = mt.summary(model)
    assert (before.total_parameters, before.uninitialized, before.rows[1].parameters) == (0, 4, None)
    assert "uninitialized" in str(before) and "give input_size" in str(before)
    found = mt.summary(model, (2, 5))
    assert (found.total_parameters, found.uninitialized) == (18 + 6, 0)
    assert found.rows[1].kind == "Linear"
    assert type(model[0]) is nn.LazyLinear  # a copy was run
    assert mt.summary(model).uninitialized == 4


def test_text() -> None:
    assert str(mt.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (2, 4))) == "\n".join(
        [
            "Layer         Output shape  Parameters  Mult-adds",
            "=================================================",
            "Sequential    [2, 3]                 -          -",
            "├─ 0: Linear  [2, 3]                15         24",
            "└─ 1: ReLU    [2, 3]                 -          -",
            "=================================================",
            "Parameters                     15",
            "Trainable                      15",
            "Not trainable                  0",
            "Mult-adds                      24",
            "Input                          32 B",
            "Activations of a forward pass  48 B",
            "Memory of parameters           60 B",
            "Memory in all                  140 B",
        ]
    )
    assert "Output shape" not in str(mt.summary(nn.Linear(2, 2)))


def test_html_has_the_same_numbers() -> None:
    page = mt.summary(lenet(), (1, 1, 28, 28))._repr_html_()
    assert page.count("<tr>") == 1 + 13 + 8
    assert "416,520" in page and "0: Conv2d" in page and "61,706" in page


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mt.summary(3), TypeError, "expected a Module, got int"),
        (lambda: mt.summary(lenet(), (1, 1), mt.ones(1)), ValueError, "both given"),
        (lambda: mt.summary(lenet(), depth=-1), ValueError, "depth must be at least 0"),
        (lambda: mt.summary(lenet(), [(1, 2), 3]), TypeError, "input_size must be a shape"),
        (lambda: mt.summary(lenet(), [(1, 2)], dtypes=[mt.int64, mt.int64]), ValueError, "2 dtypes for 1 inputs"),
        (lambda: mt.summary(lenet(), (1, 2, 28, 28)), RuntimeError, "expects 1 input channels"),
    ],
)
def test_errors(call: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_failing_forward_leaves_the_model_as_it_was() -> None:
    model = lenet()
    with pytest.raises(RuntimeError):
        mt.summary(model, (1, 2, 28, 28))
    assert model.training and not any(m._forward_hooks for m in model.modules())
