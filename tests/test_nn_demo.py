"""A network written with either library: same seed, same weights, same losses, same words."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
import minitorch.nn

LIBRARIES = (torch, mt)


def convolutional(L: Any) -> Any:
    return L.nn.Sequential(
        L.nn.Conv2d(2, 5, 3, padding=1), L.nn.ReLU(), L.nn.MaxPool2d(2), L.nn.Dropout(0.3), L.nn.Flatten(),
        L.nn.Linear(5 * 3 * 4, 7), L.nn.ReLU(), L.nn.Linear(7, 3),
    )  # fmt: skip


def data(L: Any) -> tuple:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 2, 6, 8)).astype("float32")
    return L.from_numpy(x), L.from_numpy(rng.integers(0, 3, 6))


def state(module: Any) -> dict[str, np.ndarray]:
    return {name: t.detach().numpy().copy() for name, t in module.state_dict().items()}


OPTIMIZERS = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "maximize": True}), ("Adam", {"lr": 0.01}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_training_gives_the_same_losses_and_weights(name: str, options: dict) -> None:
    losses, weights, words = [], [], []
    for L in LIBRARIES:
        L.manual_seed(0)
        net = convolutional(L)
        weights.append([state(net)])
        optimizer = getattr(L.optim, name)(net.parameters(), **options)
        words.append((repr(net), repr(optimizer)))
        x, y = data(L)
        run = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = L.nn.CrossEntropyLoss()(net(x), y)
            loss.backward()
            optimizer.step()
            run.append(loss.item())
        losses.append(run)
        weights[-1].append(state(net))
    assert words[0] == words[1]
    assert all(np.array_equal(weights[0][0][k], weights[1][0][k]) for k in weights[0][0])
    assert list(weights[0][0]) == list(weights[1][0])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-6)
    for k in weights[0][1]:
        np.testing.assert_allclose(weights[1][1][k], weights[0][1][k], rtol=1e-4, atol=2e-6)


def test_evaluation_switches_dropout_off() -> None:
    net = convolutional(mt).eval()
    x, _ = data(mt)
    assert np.array_equal(net(x).detach().numpy(), net(x).detach().numpy())


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_states_of_one_library_go_on_in_the_other(name: str) -> None:
    """Two steps in torch, then both go on from there, weights and optimizer state handed over by value."""
    torch.manual_seed(3)
    theirs = convolutional(torch)
    options = {"lr": 0.02, "momentum": 0.9} if name == "SGD" else {"lr": 0.02}
    theirs_opt = getattr(torch.optim, name)(theirs.parameters(), **options)
    ours = convolutional(mt)
    ours_opt = getattr(mt.optim, name)(ours.parameters(), **options)

    def step(L: Any, net: Any, opt: Any) -> float:
        x, y = data(L)
        opt.zero_grad()
        loss = L.nn.CrossEntropyLoss()(net(x), y)
        loss.backward()
        opt.step()
        return loss.item()

    step(torch, theirs, theirs_opt)
    step(torch, theirs, theirs_opt)
    ours.load_state_dict({k: mt.from_numpy(v) for k, v in state(theirs).items()})
    saved = copy.deepcopy(theirs_opt.state_dict())
    for values in saved["state"].values():
        values.update({k: mt.from_numpy(v.numpy().copy()) for k, v in values.items() if isinstance(v, torch.Tensor)})
    ours_opt.load_state_dict(saved)
    torch.manual_seed(5)
    mt.manual_seed(5)
    for _ in range(3):
        np.testing.assert_allclose(step(mt, ours, ours_opt), step(torch, theirs, theirs_opt), rtol=2e-6)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_lstm(batch_first: bool, bidirectional: bool) -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(1)
        net = L.nn.LSTM(3, 4, 2, batch_first=batch_first, dropout=0.3, bidirectional=bidirectional)
        x = L.from_numpy(np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")).requires_grad_()
        y, (h, c) = net(x)
        g = np.random.default_rng(1).normal(size=tuple(y.shape)).astype("float32")
        ((y * L.from_numpy(g)).sum() + (c * c).sum() - h.sum()).backward()
        gradients = [p.grad.numpy() for p in net.parameters()]
        found.append(
            (
                repr(net),
                list(net.state_dict()),
                [y.detach().numpy(), h.detach().numpy(), c.detach().numpy(), x.grad.numpy(), *gradients],
            )
        )
    assert found[0][:2] == found[1][:2]
    for a, b in zip(found[0][2], found[1][2], strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=2e-6)


def test_lstm_second_derivative() -> None:
    """The derivative of a gradient of the fused layer, against torch's."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 2, 3))
    weights = [rng.normal(size=s) * 0.5 for s in ((16, 3), (16, 4), (16,), (16,))]
    found = []
    for L in LIBRARIES:
        net = L.nn.LSTM(3, 4, dtype=L.float64)
        with L.no_grad():
            for p, w in zip(net.parameters(), weights, strict=True):
                p.copy_(L.from_numpy(w))
        x = L.from_numpy(start).requires_grad_()
        y, _ = net(x)
        (gx,) = L.autograd.grad((y * y).sum(), [x], create_graph=True)
        (gx * gx).sum().backward()
        found.append([x.grad.numpy(), *(p.grad.numpy() for p in net.parameters())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12)


def test_channel_mismatch_is_explained() -> None:
    net = convolutional(mt)
    with pytest.raises(
        RuntimeError, match=r"conv2d: weight expects 2 input channels, but the input has 3[\s\S]*N, C, H, W"
    ):
        net(mt.zeros(1, 3, 6, 8))
