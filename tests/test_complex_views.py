"""view_as_complex: memory shared with the pairs, gradients to second order, torch's refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

PAIRS = np.random.default_rng(0).normal(size=(3, 4, 2))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_gradients_and_second_derivatives(dtype: str) -> None:
    found = []
    for library in (mt, torch):
        x = library.tensor(PAIRS.astype(dtype), requires_grad=True)
        z = library.view_as_complex(x)
        y = z * z.abs()
        (g,) = library.autograd.grad((y * y.conj()).real.sum() + y.imag.sum(), x, create_graph=True)
        (second,) = library.autograd.grad((g * g).sum(), x)
        found.append([z, g, second])
        assert tuple(z.shape) == (3, 4) and "ViewAsComplex" in type(z.grad_fn).__name__
    for ours, theirs in zip(*found, strict=True):
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4)


@pytest.mark.parametrize("pick", [lambda x: x, lambda x: x.transpose(0, 1), lambda x: x[::2], lambda x: x[:, 1]])
def test_a_write_is_seen_on_both_sides(pick: Any) -> None:
    x, y = mt.tensor(PAIRS), torch.tensor(PAIRS)
    for library, t in ((mt, x), (torch, y)):
        z = library.view_as_complex(pick(t))
        z[0] = 1 - 2j
        z.mul_(2)
    np.testing.assert_array_equal(x.numpy(), y.numpy())
    assert mt.view_as_complex(x)._base is x
    np.testing.assert_array_equal(mt.view_as_real(mt.view_as_complex(x)).numpy(), x.numpy())


def test_in_place_on_the_view_rewrites_the_history_of_its_base() -> None:
    found = []
    for library in (mt, torch):
        leaf = library.tensor(PAIRS, requires_grad=True)
        x = leaf * 1
        library.view_as_complex(x).mul_(2j)
        (x * x * x).sum().backward()
        found.append(leaf.grad.numpy())
    np.testing.assert_allclose(*found)


BAD = [
    (lambda lib: lib.zeros(3, 3), "last dimension of size 2"),
    (lambda lib: lib.zeros(4, 2, dtype=lib.int64), "only supported for"),
    (lambda lib: lib.tensor(1.0), "one or more dimensions"),
    (lambda lib: lib.zeros(2, 4)[:, ::2], "last dimension with stride 1"),
    (lambda lib: lib.zeros(3, 2, 3)[:, :, :2], "stride divisible by 2"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_refusals(make: Any, words: str) -> None:
    for library in (mt, torch):
        with pytest.raises(RuntimeError, match=words):
            library.view_as_complex(make(library))


@pytest.mark.parametrize("name", ["real", "imag", "view_as_real"])
def test_in_place_on_the_parts_rewrites_the_history_of_the_whole(name: str) -> None:
    found = []
    for library in (mt, torch):
        leaf = library.tensor([[1 + 2j, 3 - 1j], [0.5j, -2.0]], dtype=library.complex128, requires_grad=True)
        x = (leaf * 1j).t()
        part = getattr(library, name)(x)[1:]
        part.mul_(part * 2)
        (x * x * x.conj()).abs().sum().backward()
        found.append(leaf.grad.numpy())
    np.testing.assert_allclose(*found)
