"""Running statistics: moved in place, as torch moves them, and nothing else changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
import minitorch.nn


def run(L: Any, op: str, shape: tuple, momentum: float, calls: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    mean, var = (L.from_numpy(a) for a in (rng.normal(size=shape[1]), rng.uniform(0.5, 2, shape[1])))
    for _ in range(calls):
        x = L.from_numpy(rng.normal(size=shape))
        out = getattr(L.nn.functional, op)(x, mean, var, None, None, True, momentum)
    return [mean.numpy(), var.numpy(), out.numpy()]


@pytest.mark.parametrize("op", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("shape", [(4, 3, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("momentum", [0.1, 1.0, 0.0])
def test_running_statistics(op: str, shape: tuple, momentum: float) -> None:
    for ours, theirs in zip(run(mt, op, shape, momentum, 3), run(torch, op, shape, momentum, 3), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_statistics_count_as_changed() -> None:
    """A graph that saved the running mean must notice that a later batch moved it."""
    mean, var = mt.zeros(3), mt.ones(3)
    w = mt.ones(3, requires_grad=True)
    y = mt.nn.functional.batch_norm(mt.ones(4, 3), mean, var, w)
    mt.nn.functional.batch_norm(mt.randn(4, 3), mean, var, training=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_with_float32_parameters(dtype: str) -> None:
    """torch lets the parameters of a 16-bit input be float32; sums are taken in float32."""
    found = []
    for L in (torch, mt):
        x = (
            L.from_numpy(np.random.default_rng(0).normal(size=(6, 4, 5)).astype("float32"))
            .to(getattr(L, dtype))
            .requires_grad_()
        )
        w = L.linspace(0.5, 2, 4).requires_grad_()
        y = L.nn.functional.batch_norm(x, L.zeros(4), L.ones(4), w, L.zeros(4), True)
        y.float().pow(2).sum().backward()
        found.append((y.detach().float().numpy(), w.grad.numpy()))
    rough = 1e-3 if dtype == "float16" else 1e-2
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=rough, atol=rough)
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=rough)
