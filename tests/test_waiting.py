"""A training step on a device never makes the host wait: no value is looked at; what is wrong is said when one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import minitorch as mt
from minitorch import nn, optim
from minitorch.backend import later
from minitorch.nn import functional as F
from parity import standin

ASKING = ("__bool__", "__int__", "__float__", "__complex__", "__index__", "item", "tolist")


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    with standin.standin():
        yield
    later.PENDING.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one whenever a value is taken off the device."""
    found: list[str] = []

    def counted(name: str, fn: Callable) -> Callable:
        def call(*args: Any) -> Any:
            found.append(name)
            return fn(*args)

        return call

    for name in ASKING:
        inner = getattr(standin.DeviceArray, name, None) or (lambda self, name=name: getattr(self._host, name)())
        monkeypatch.setattr(standin.DeviceArray, name, counted(name, inner), raising=False)
    monkeypatch.setattr(standin.StandIn, "to_host", counted("to_host", standin.StandIn.to_host))
    return found


class Rows(nn.Module):
    """A recurrent layer, read at its last step."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.rnn = getattr(nn, kind)(5, 8, 2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.rnn(x)[0][:, -1])


class Words(nn.Module):
    """Embedded numbers through a small transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 16)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.body(self.table(x)).mean(1))


def convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(),
        nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(), nn.ConvTranspose2d(4, 4, 2, 2), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip


def classes(n: int = 4) -> Any:
    return mt.randint(3, (n,)).cuda()


TASKS: dict[str, tuple[Callable, Callable, Callable, Callable]] = {
    "mlp": (
        lambda: nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Dropout(), nn.LayerNorm(8), nn.Linear(8, 3)),
        lambda: mt.randn(4, 5), classes, F.cross_entropy,
    ),
    "cnn": (convolutions, lambda: mt.randn(4, 1, 8, 8), classes, F.cross_entropy),
    "rnn": (lambda: Rows("RNN"), lambda: mt.randn(4, 6, 5), classes, F.cross_entropy),
    "gru": (lambda: Rows("GRU"), lambda: mt.randn(4, 6, 5), classes, F.cross_entropy),
    "lstm": (lambda: Rows("LSTM"), lambda: mt.randn(4, 6, 5), classes, F.cross_entropy),
    "transformer": (Words, lambda: mt.randint(11, (4, 6)), classes, F.cross_entropy),
    "nll": (
        lambda: nn.Sequential(nn.Linear(5, 3), nn.LogSoftmax(-1)), lambda: mt.randn(4, 5), classes, F.nll_loss,
    ),
    "probabilities": (
        lambda: nn.Sequential(nn.Linear(5, 1), nn.Sigmoid()),
        lambda: mt.randn(4, 5), lambda: mt.rand(4, 1).cuda(), F.binary_cross_entropy,
    ),
    "logits": (
        lambda: nn.Linear(5, 1),
        lambda: mt.randn(4, 5), lambda: mt.rand(4, 1).cuda(), F.binary_cross_entropy_with_logits,
    ),
    "numbers": (
        lambda: nn.Sequential(nn.Linear(5, 4), nn.GELU(), nn.Linear(4, 1)),
        lambda: mt.randn(4, 5), lambda: mt.randn(4, 1).cuda(), F.smooth_l1_loss,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
@pytest.mark.parametrize("task", TASKS)
def test_a_step_does_not_wait(task: str, rule: str, asked: list[str]) -> None:
    make, inputs, targets, criterion = TASKS[task]
    mt.manual_seed(0)
    model, x, y = make().cuda(), inputs().cuda(), targets()
    optimizer = getattr(optim, rule)(model.parameters(), lr=0.01)
    asked.clear()
    for _ in range(3):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert asked == []
    assert loss.item() > 0 and asked  # the counter counts


WRONG: dict[str, tuple[Callable, type, str]] = {
    "class": (
        lambda: F.cross_entropy(mt.randn(2, 3).cuda(), mt.tensor([0, -1]).cuda(), reduction="sum"),
        IndexError, "Target -1 is out of bounds",
    ),
    "row": (
        lambda: F.embedding(mt.tensor([1, -1]).cuda(), mt.randn(3, 2).cuda()), IndexError, "out of range in self",
    ),
    "probability": (
        lambda: F.binary_cross_entropy(mt.tensor([0.5, 1.5]).cuda(), mt.tensor([0.0, 1.0]).cuda()),
        RuntimeError, "between 0 and 1",
    ),
}  # fmt: skip


READS: dict[str, Callable[[Any], Any]] = {
    "item": lambda t: t.sum().item(),
    "cpu": lambda t: t.cpu(),
    "tolist": lambda t: t.tolist(),
    "repr": repr,
    "bool": lambda t: bool((t > 0).all()),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_when_values_are_read(case: str, read: str) -> None:
    run, error, words = WRONG[case]
    result = run()
    with pytest.raises(error, match=words):
        READS[read](result)
    READS[read](result)  # said once


def test_answers_do_not_pile_up() -> None:
    mt.manual_seed(0)
    scores, labels = mt.randn(2, 3).cuda(), mt.tensor([0, 1]).cuda()
    for _ in range(3 * later.LIMIT):
        F.cross_entropy(scores, labels)
        assert len(later.PENDING) < later.LIMIT
