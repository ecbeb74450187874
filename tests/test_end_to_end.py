"""Three trainings, each written once: from one seed both libraries give the same loss in each of a hundred steps.

A seed fixes the first weights, the order of the DataLoader's batches and every dropout mask, so nothing is handed
over from one library to the other. All is float32; the losses stay within 1e-5 of each other (1e-4 for the LSTM,
where Adam divides rounding errors by small second moments), which leaves room for sums in another order only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

STEPS = 100


def loader(L: Any, x: np.ndarray, y: np.ndarray, batch: int) -> Any:
    data = L.utils.data.TensorDataset(L.from_numpy(x), L.from_numpy(y))
    return L.utils.data.DataLoader(data, batch_size=batch, shuffle=True)


def train(L: Any, net: Any, batches: Any, optimizer: Any, criterion: Callable, scheduler: Any = None) -> list[float]:
    losses: list[float] = []
    while True:
        for x, y in batches:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
            losses.append(loss.item())
            if len(losses) == STEPS:
                return losses


def mlp(L: Any) -> list[float]:
    """Regression with weight decay, noise on the outputs and a cosine schedule."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)).astype("float32")
    y = (np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:3]).astype("float32")
    L.manual_seed(1)
    net = L.nn.Sequential(
        L.nn.Linear(6, 24), L.nn.LayerNorm(24), L.nn.GELU(), L.nn.Linear(24, 24), L.nn.Tanh(), L.nn.Linear(24, 1)
    )
    optimizer = L.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.05)
    scheduler = L.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    noisy = lambda out, y: L.nn.functional.mse_loss(out + 0.1 * L.randn_like(out), y)  # noqa: E731
    return train(L, net, loader(L, x, y, 16), optimizer, noisy, scheduler)


def cnn(L: Any) -> list[float]:
    """Images with batch norm and both kinds of dropout; the class is where the bright patch is."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 4, 120)
    x = rng.normal(size=(120, 1, 10, 12)).astype("float32")
    for image, k in zip(x, y, strict=True):
        image[0, 5 * (k // 2) : 5 * (k // 2) + 5, 6 * (k % 2) : 6 * (k % 2) + 6] += 0.8
    L.manual_seed(2)
    net = L.nn.Sequential(
        L.nn.Conv2d(1, 8, 3, padding=1, bias=False), L.nn.BatchNorm2d(8), L.nn.ReLU(), L.nn.MaxPool2d(2),
        L.nn.Dropout2d(0.2), L.nn.Conv2d(8, 12, 3), L.nn.ReLU(), L.nn.AdaptiveAvgPool2d((2, 2)), L.nn.Flatten(),
        L.nn.Dropout(0.5), L.nn.Linear(48, 4),
    )  # fmt: skip
    optimizer = L.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    return train(L, net, loader(L, x, y, 12), optimizer, L.nn.CrossEntropyLoss())


def lstm(L: Any) -> list[float]:
    """Sequences of symbols through an embedding and two layers of LSTM: does symbol 3 come before symbol 5?"""
    rng = np.random.default_rng(2)
    x = rng.integers(0, 8, (150, 9))
    first = lambda s: np.where((x == s).any(1), (x == s).argmax(1), 9)  # noqa: E731
    y = (first(3) < first(5)).astype("int64")

    class Net(L.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = L.nn.Embedding(8, 6)
            self.rnn = L.nn.LSTM(6, 10, num_layers=2, dropout=0.3, batch_first=True, bidirectional=True)
            self.head = L.nn.Linear(20, 2)

        def forward(self, x: Any) -> Any:
            out, _ = self.rnn(self.embedding(x))
            return self.head(out.mean(dim=1))

    L.manual_seed(3)
    net = Net()
    optimizer = L.optim.Adam(net.parameters(), lr=0.005)

    def criterion(out: Any, y: Any) -> Any:
        loss = L.nn.functional.cross_entropy(out, y, label_smoothing=0.1)
        return loss + 1e-3 * sum((p * p).sum() for p in net.parameters() if p.ndim > 1)

    return train(L, net, loader(L, x, y, 10), optimizer, criterion)


@pytest.mark.parametrize(("program", "tolerance"), [(mlp, 1e-5), (cnn, 1e-5), (lstm, 1e-4)])
def test_the_same_losses_for_a_hundred_steps(program: Callable, tolerance: float) -> None:
    theirs, ours = program(torch), program(mt)
    assert len(set(theirs)) > 90 and theirs[0] > 1.3 * np.mean(theirs[-10:])  # it draws batches, and it learns
    np.testing.assert_allclose(ours, theirs, rtol=tolerance)
