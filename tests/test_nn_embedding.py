"""What the parity program can't ask of embeddings: gradients by frequency, and rows renormalized in place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt
import minitorch.nn

INDEX = np.array([[1, 2, 1], [4, 1, 0]])
TABLE = np.random.default_rng(0).normal(size=(6, 3)) * 2


@pytest.mark.parametrize("padding_idx", [None, 1])
def test_gradient_by_frequency(padding_idx: int | None) -> None:
    """Only once: torch's second derivative forgets the frequencies, ours has them."""
    found = []
    for L in (torch, mt):
        w = L.from_numpy(TABLE.copy()).requires_grad_()
        y = L.nn.functional.embedding(L.from_numpy(INDEX), w, padding_idx, scale_grad_by_freq=True)
        upstream = L.from_numpy(np.random.default_rng(1).normal(size=tuple(y.shape)))
        found.append(L.autograd.grad(y, [w], upstream)[0].numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)


def test_second_derivative_by_frequency_is_the_adjoint() -> None:
    """<embedding_grad(g), G> = <g, its adjoint(G)>."""
    rng = np.random.default_rng(2)
    w = mt.from_numpy(TABLE.copy()).requires_grad_()
    g = mt.from_numpy(rng.normal(size=(2, 3, 3))).requires_grad_()
    big = mt.from_numpy(rng.normal(size=(6, 3)))
    y = mt.nn.functional.embedding(mt.from_numpy(INDEX), w, 2, scale_grad_by_freq=True)
    (gw,) = mt.autograd.grad(y, [w], g, create_graph=True)
    (back,) = mt.autograd.grad(gw, [g], big)
    assert abs(float((gw * big).sum()) - float((g * back).sum())) < 1e-12


@pytest.mark.parametrize("norm_type", [1.0, 2.0])
def test_rows_looked_up_are_renormalized(norm_type: float) -> None:
    found = []
    for L in (torch, mt):
        w = L.from_numpy(TABLE.copy())
        y = L.nn.functional.embedding(L.from_numpy(INDEX), w, max_norm=1.5, norm_type=norm_type)
        bag = L.nn.functional.embedding_bag(L.from_numpy(INDEX), w, max_norm=1.0, norm_type=norm_type)
        found.append((w.numpy(), y.numpy(), bag.numpy()))
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_gradient_by_frequency_of_bags(mode: str) -> None:
    """Against rows that are looked up one by one: torch divides by the count of some other row."""
    index = mt.tensor([[0, 3, 3], [3, 1, 1]])
    found = []
    for bags in (True, False):
        w = mt.arange(10.0).reshape(5, 2).requires_grad_()
        if bags:
            out = mt.nn.functional.embedding_bag(index, w, mode=mode, scale_grad_by_freq=True)
        else:
            out = getattr(mt.nn.functional.embedding(index, w, scale_grad_by_freq=True), mode)(1)
        out.backward(mt.tensor([[1.0, 2.0], [10.0, 20.0]]))
        found.append(w.grad)
    assert found[0].allclose(found[1]) and found[0][3].tolist() == pytest.approx(
        [4.0, 8.0] if mode == "sum" else [4 / 3, 8 / 3]
    )
