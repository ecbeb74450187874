"""torch._foreach_*: every operation of ours on lists gives what torch's gives, in every form of its operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.foreach import FUNCTIONS

PAIR, OTHER = ([[0.5, 1.5], [2.0, 0.25]], [[2.0, 0.5], [1.0, 3.0]])
ADDED = [
    lambda L, x, y: (x, y),
    lambda L, x, y: (x, y, 2),
    lambda L, x, y: (x, y, [2, 0.5]),
    lambda L, x, y: (x, y, L.tensor([2, 0.5])),
]
FORMS: dict[str, list] = {  # name -> the operands after the first list
    **dict.fromkeys(
        "add sub mul div maximum minimum clamp_max clamp_min pow".split(),
        [lambda L, x, y: (2,), lambda L, x, y: ([2, 0.5],), lambda L, x, y: (y,)],
    ),
    "copy": [lambda L, x, y: (y,), lambda L, x, y: (y, True)],
    "lerp": [lambda L, x, y: (y, 0.3), lambda L, x, y: (y, [0.3, 0.6]), lambda L, x, y: (y, x)],
    "addcmul": ADDED,
    "addcdiv": ADDED,
    "norm": [lambda L, x, y: (), lambda L, x, y: (1,), lambda L, x, y: (float("inf"), L.float64)],
}


def outcome(L: Any, name: str, operands: Any, **named: Any) -> list:
    if name == "_foreach_mm":
        lists = [[L.tensor([one]) for one in PAIR], [L.tensor([one]).T for one in OTHER]]
        return [t.numpy() for t in L._foreach_mm(*lists)]
    x, y = ([L.tensor(one) for one in rows] for rows in (PAIR, OTHER))
    found = getattr(L, name)(x, *operands(L, x, y), **named)
    assert found is x if name.endswith("_") else isinstance(found, tuple)
    return [t.numpy() for t in found] + [t.numpy() for t in x]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_form(name: str) -> None:
    for operands in FORMS.get(name.removeprefix("_foreach_").rstrip("_"), [lambda L, x, y: ()]):
        ours, theirs = (outcome(L, name, operands) for L in (mt, torch))
        for a, b in zip(ours, theirs, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=2e-6)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("_foreach_add", {"scalar": 2}),
        ("_foreach_add_", {"scalars": [1, 2]}),
        ("_foreach_pow", {"exponent": 2}),
        ("_foreach_norm", {"ord": 1}),
    ],
)
def test_by_keyword(name: str, named: dict[str, Any]) -> None:
    ours, theirs = (outcome(L, name, lambda L, x, y: (), **named) for L in (mt, torch))
    np.testing.assert_allclose(np.hstack(ours), np.hstack(theirs), rtol=1e-6)


def test_other_operands() -> None:
    for call in (
        lambda L, x: L._foreach_add(x, x, alpha=3),
        lambda L, x: L._foreach_sub_(x, [x[1], x[0]], alpha=2),
        lambda L, x: L._foreach_mul(x, L.tensor(2.0)),
        lambda L, x: L._foreach_pow(2.0, x),
        lambda L, x: L._foreach_addcdiv(x, x, x, value=2),
    ):
        ours, theirs = ([t.numpy() for t in call(L, [L.tensor(one) for one in PAIR])] for L in (mt, torch))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_the_operations_are_on_the_tape() -> None:
    grads = []
    for L in (mt, torch):
        x = [L.tensor(one, requires_grad=True) for one in PAIR]
        sum(t.sum() for t in L._foreach_mul(L._foreach_exp(x), [2, 3])).backward()
        grads.append([t.grad.numpy() for t in x])
    np.testing.assert_allclose(*grads, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda L, x: L._foreach_add([], 1), RuntimeError, "at least one tensor"),
        (lambda L, x: L._foreach_add_(x, x[:1]), RuntimeError, "same number of tensors, got 2 and 1"),
        (lambda L, x: L._foreach_mul(x, [1.0, 2.0, 3.0]), RuntimeError, "same number of elements as scalar list"),
        (lambda L, x: L._foreach_mul(x, x[0]), RuntimeError, "expected to be 0 dim but it has 1 dimensions and 2 el"),
        (lambda L, x: L._foreach_add(x, 1, alpha=2), TypeError, "alpha"),
        (lambda L, x: L._foreach_mul(x, x, alpha=2), TypeError, "alpha"),
        (lambda L, x: L._foreach_add(1, x), TypeError, "_foreach_add"),
        (lambda L, x: L._foreach_mul(x[0], 2), TypeError, "_foreach_mul"),
        (lambda L, x: L._foreach_mul(x), TypeError, "_foreach_mul"),
        (lambda L, x: L._foreach_sqrt(x, 2), TypeError, "_foreach_sqrt"),
    ],
)
def test_errors(call: Any, error: type, words: str) -> None:
    for L in (mt, torch):
        with pytest.raises(error, match=words):
            call(L, [L.tensor(one) for one in PAIR])
