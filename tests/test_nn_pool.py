"""Unpooling is the adjoint of looking the indices up: the parity program can't ask torch with strided inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt
import minitorch.nn


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling_undoes_pooling_and_its_gradient_is_torchs(n: int) -> None:
    rng = np.random.default_rng(n)
    image = rng.normal(size=(2, 3, *(4, 6, 8)[:n]))
    found = []
    for L in (torch, mt):
        F = L.nn.functional
        values, places = getattr(F, f"max_pool{n}d")(L.from_numpy(image), 2, return_indices=True)
        x = values.clone().requires_grad_()
        y = getattr(F, f"max_unpool{n}d")(x, places, 2)
        upstream = L.from_numpy(np.random.default_rng(9).normal(size=tuple(y.shape)))
        (gx,) = L.autograd.grad(y, [x], upstream)
        found.append((values.numpy(), places.numpy(), y.detach().numpy(), gx.numpy()))
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_index_outside_the_output_is_refused() -> None:
    with pytest.raises(RuntimeError, match="invalid max index"):
        mt.nn.functional.max_unpool1d(mt.ones(1, 2), mt.tensor([[0, 9]]), 2)
