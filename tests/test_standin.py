"""The op suite on a stand-in CUDA device, whose arrays refuse to mix with host arrays and refuse `np.*`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minitorch as mt
from parity import checks, module_checks
from parity.exempt import NO_STANDIN
from parity.runner import run_check
from parity.standin import standin

SPECS = checks.load_specs()
LAYERS = module_checks.load_modules()


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    with standin():
        yield


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in SPECS.values() if not s.random])
def test_spec(spec: Any) -> None:
    if spec.name in NO_STANDIN:
        pytest.skip(NO_STANDIN[spec.name])
    dtype = "float64" if "float64" in spec.dtypes else spec.dtypes[0]
    for name in ("forward", "second_order"):
        fn = checks.checks_for(spec, dtype).get(name)
        if fn is not None:
            outcome = run_check(spec, dtype, name, fn, 3, 0, mt.device("cuda"))
            if outcome.error is not None:
                raise outcome.error


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in LAYERS.values() if not s.random])
def test_layer(spec: Any) -> None:
    found = module_checks.checks_for(spec, "float64")
    for name in ("forward", "second_order" if spec.order == 2 else "gradient", "state", "copies"):
        if name in found:
            outcome = run_check(spec, "float64", name, found[name], 3, 0, mt.device("cuda"))
            if outcome.error is not None:
                raise outcome.error


def test_host_and_device_do_not_mix() -> None:
    x = mt.ones(3, device="cuda")
    assert str(x.device) == "cuda:0" and x.is_cuda and x.get_device() == 0
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        x + mt.ones(3)
    with pytest.raises(TypeError, match="Use Tensor.cpu"):
        x.numpy()
    with pytest.raises(TypeError):
        np.add(x._array, 1)
    assert (x * mt.tensor(2.0)).cpu().tolist() == [2, 2, 2]  # a number may come from the CPU
    assert x.cpu().tolist() == [1, 1, 1] and (x + 1.0).sum().item() == 6.0


def test_a_training_step_stays_on_the_device() -> None:
    mt.manual_seed(0)
    model = mt.nn.Sequential(
        mt.nn.Conv2d(1, 2, 3), mt.nn.ReLU(), mt.nn.MaxPool2d(2), mt.nn.Flatten(), mt.nn.Linear(18, 3)
    ).cuda()
    optimizer = mt.optim.Adam(model.parameters(), lr=0.01)
    x, y = mt.randn(4, 1, 8, 8).cuda(), mt.tensor([0, 1, 2, 1]).cuda()
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = mt.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(p.is_cuda and p.grad.is_cuda for p in model.parameters())
