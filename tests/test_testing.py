"""minitorch.testing beside torch.testing: what passes, and the whole text of what fails."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, refuse

NAN, INF = float("nan"), float("inf")


def pairs(L: Any) -> list[tuple]:
    """(actual, expected, options) of all kinds."""
    T = L.tensor
    return [
        (T([1.0, 2, 3]), T([1.0, 2.1, 3]), {}),
        (T([1.0, 2, 3]), T([1.0, 2.000001, 3]), {}),
        (T(1.0), T(2.0), {}),
        (T(3), T(5), {}),
        (T([1.0, 2]), T([1.0, 2, 3]), {}),
        (T([1.0, 2]), T([1.0, 2]).double(), {}),
        (T([1.0, 2]), T([1.0, 2]).double(), {"check_dtype": False}),
        (T([1.0, 2]), T([1, 2]), {"check_dtype": False}),
        (T([1.0, 2]).half(), T([1.0, 2.001]).half(), {}),
        (T([1.0, 2]), T([1.0, 2.5]).half(), {"check_dtype": False}),
        (T([[1, 2], [3, 4]]), T([[1, 2], [3, 9]]), {}),
        (T([True, False]), T([False, False]), {}),
        (T([1 + 2j, 2]), T([1 + 2j, 2j]), {}),
        (T([NAN, 1.0]), T([NAN, 1.0]), {}),
        (T([NAN, 1.0]), T([NAN, 1.0]), {"equal_nan": True}),
        (T([INF, -INF]), T([INF, INF]), {}),
        (T([INF]), T([INF]), {}),
        (T([1.0, 2]), T([1.0, 2.5]), {"rtol": 0, "atol": 0.1}),
        (T([1.0, 2]), T([1.0, 2.5]), {"rtol": 0.0, "atol": 0.6}),
        (T([0, 0]), T([0, 5]), {"rtol": 0.0, "atol": 1}),
        (T([1.0]), T([1.5]), {"msg": "hello"}),
        (T([1.0]), T([1.5]), {"msg": lambda m: "Text\n" + m}),
        (L.zeros(0, 3), L.zeros(0, 3), {}),
        (L.nn.Parameter(T([1.0])), T([1.0]), {}),
        (L.zeros(4)[::2], L.zeros(2), {"check_stride": True}),
        (L.zeros(4)[::2], L.zeros(2), {}),
        (1.0, 1.1, {}),
        (1.0, 1.0 + 1e-9, {}),
        (3, 2, {}),
        (3, 0, {}),
        (1, 1.0, {}),
        (1, 1.0, {"check_dtype": False}),
        (1 + 1j, 1 + 2j, {}),
        (NAN, NAN, {}),
        (NAN, NAN, {"equal_nan": True}),
        (INF, INF, {}),
        (True, False, {}),
        (True, True, {}),
        (None, None, {}),
        (None, 1, {}),
        ([1, 2], [1, 3], {}),
        ([1, 2], [1], {}),
        ((1, T([2.0])), (1, T([2.5])), {}),
        ([], [], {}),
        ({"a": 1}, {"b": 1}, {}),
        ({"b": 2, "a": [1, T([1.0])]}, {"a": [1, T([2.0])], "b": 2}, {}),
        (np.ones(2), np.ones(2) * 2, {}),
        (np.ones(2), np.ones(2), {}),
    ]


@pytest.mark.parametrize("k", range(len(pairs(mt))))
def test_verdict_and_text(k: int) -> None:
    said = []
    for L in LIBRARIES:
        actual, expected, options = pairs(L)[k]
        try:
            L.testing.assert_close(actual, expected, **options)
            said.append("passes")
        except AssertionError as e:
            said.append(str(e).replace("minitorch", "torch"))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.testing.assert_close(1, L.tensor(1)), "No comparison pair was able to handle inputs of type"),
        (lambda L: L.testing.assert_close("a", "a"), "No comparison pair was able to handle inputs of type"),
        (lambda L: L.testing.assert_close(L.ones(1), L.ones(1), rtol=1e-3), "but got no atol"),
        (lambda L: L.testing.assert_close(1.0, 1.0, atol=1e-3), "but got no rtol"),
        (
            lambda L: L.testing.assert_close(L.nn.Parameter(L.ones(1)), L.ones(1), allow_subclasses=False),
            "No comparison pair",
        ),
        (lambda L: L.testing.make_tensor(2, dtype=L.float32, device="cpu", low=2, high=1), "`low` must be less than"),
        (lambda L: L.testing.make_tensor(2, dtype=L.int64, device="cpu", low=2, high=2), "`low` must be less than"),
        (lambda L: L.testing.make_tensor(2, dtype=L.float32, device="cpu", low=NAN), "cannot be NaN"),
        (lambda L: L.testing.make_tensor(2, dtype=L.uint8, device="cpu", low=-5, high=-2), "The value interval"),
        (
            lambda L: L.testing.make_tensor(2, dtype=L.int64, device="cpu", requires_grad=True),
            "is not supported for bool",
        ),
        (
            lambda L: L.testing.make_tensor(
                2, dtype=L.float32, device="cpu", noncontiguous=True, memory_format=L.contiguous_format
            ),
            "mutually exclusive",
        ),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "bfloat16", "complex64", "int64", "int8", "uint8", "bool"]
)
def test_make_tensor(dtype: str) -> None:
    def program(L: Any) -> Any:
        kind, found = getattr(L, dtype), []
        for options in ({}, {"low": 0, "high": 2}, {"noncontiguous": True}, {"exclude_zero": True, "low": 0}):
            t = L.testing.make_tensor((4, 5), dtype=kind, device="cpu", **options)
            found += [t.is_contiguous(), t.float() if dtype in ("float16", "bfloat16") else t]
        scalar = L.testing.make_tensor((), dtype=kind, device="cpu")
        empty = L.testing.make_tensor(2, 0, dtype=kind, device="cpu", noncontiguous=True)
        return found, str(scalar.dtype).split(".")[1], list(empty.shape), L.rand(2)

    agree(program, rtol=1e-6)


def test_make_tensor_with_gradients_and_large_bounds() -> None:
    def program(L: Any) -> Any:
        a = L.testing.make_tensor(3, 4, dtype=L.float64, device="cpu", requires_grad=True)
        b = L.testing.make_tensor(8, dtype=L.float32, device="cpu", low=-INF, high=INF)
        c = L.testing.make_tensor(2, 3, 4, 5, dtype=L.float32, device="cpu", memory_format=L.channels_last)
        return a, a.requires_grad, a.is_leaf, b, c, c.stride()

    agree(program, rtol=1e-6)
    said = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            L.testing.make_tensor(2, dtype=L.float32, device="cpu", low=1, high=1)
        said.append([(w.category, str(w.message)) for w in caught])
    assert said[0] == said[1] and len(said[0]) == 1


def test_signatures() -> None:
    for name in mt.testing.__all__:
        ours, theirs = (inspect.signature(getattr(L.testing, name)).parameters.values() for L in (mt, torch))
        assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in theirs]
