"""nn.init beside torch's: the same numbers from one seed, the same state of the generator after them, the errors."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, refuse

SHAPES = [(3, 5), (5, 3), (40, 7), (6, 2, 3), (4, 4, 3, 2), (6, 3, 2, 3, 4)]
RANDOM = {
    "uniform_": [(), (-1.0, 3.0)],
    "normal_": [(), (1.0, 0.1)],
    "trunc_normal_": [(), (0.5, 2.0, -1.0, 1.0), (0.0, 1.0, 1.5, 1.8), (3.0, 2.0, -1.0, 0.5)],
    "xavier_uniform_": [(), (5 / 3,)],
    "xavier_normal_": [(), (5 / 3,)],
    "kaiming_uniform_": [(), (5**0.5,), (0, "fan_out", "relu"), (0.3, "FAN_IN", "tanh")],
    "kaiming_normal_": [(), (0, "fan_out", "selu"), (0.3, "fan_in", "linear")],
    "orthogonal_": [(), (2.5,)],
}
CASES = [(name, args) for name, choices in RANDOM.items() for args in choices]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args"), CASES)
def test_numbers_and_state(name: str, args: tuple, dtype: str) -> None:
    def program(L: Any) -> Any:
        found, g = [], L.Generator().manual_seed(3)
        for k, shape in enumerate(SHAPES):
            w = L.nn.Parameter(L.full(shape, 7.0, dtype=getattr(L, dtype)))
            version = w._version
            same = getattr(L.nn.init, name)(w, *args, generator=g if k % 2 else None)
            found += [w, same is w, w.requires_grad, w.grad_fn is None, w._version > version]
        states = L.rand(3), L.rand(3, generator=g)
        return found, states

    loose = name in ("orthogonal_", "trunc_normal_")
    agree(program, rtol=2e-5 if dtype == "float32" else 1e-9, atol=2e-6 if loose and dtype == "float32" else 1e-7)


@pytest.mark.parametrize("args", RANDOM["trunc_normal_"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_truncated_normals(dtype: str, args: tuple) -> None:
    def program(L: Any) -> Any:
        w = L.nn.init.trunc_normal_(L.empty(20, 30, dtype=getattr(L, dtype)), *args)
        return w.float(), L.rand(2)

    agree(program, rtol=1e-2, atol=1e-3)


def test_strided_tensors_are_filled_in_torchs_order() -> None:
    def program(L: Any) -> Any:
        found = []
        for name in RANDOM:
            if name != "orthogonal_":
                base = L.zeros(6, 8)
                getattr(L.nn.init, name)(base.t()[::2])
                found.append(base)
        return found

    agree(program, rtol=2e-5, atol=1e-6)


def test_constants() -> None:
    def program(L: Any) -> Any:
        init, found = L.nn.init, []
        for shape in SHAPES:
            found += [init.constant_(L.empty(shape), 0.3), init.ones_(L.empty(shape)), init.zeros_(L.empty(shape))]
        for shape in [(3, 5), (5, 3), (0, 2)]:
            found.append(init.eye_(L.nn.Parameter(L.full(shape, 9.0))))
        for shape in [(6, 2, 3), (2, 6, 3), (6, 3, 4, 3), (6, 3, 2, 3, 4)]:
            found += [init.dirac_(L.nn.Parameter(L.full(shape, 9.0)), groups) for groups in (1, 2)]
        return found

    agree(program)


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 1.0])
def test_sparse(sparsity: float) -> None:
    def program(L: Any) -> Any:
        w = L.nn.Parameter(L.empty(9, 4, dtype=L.float64))
        L.nn.init.sparse_(w, sparsity, 0.5)
        g = L.Generator().manual_seed(3)
        return w, L.nn.init.sparse_(L.empty(5, 3, dtype=L.float64), sparsity, generator=g), L.rand(2)

    agree(program)


def test_gains() -> None:
    def program(L: Any) -> Any:
        names = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
        gain = L.nn.init.calculate_gain
        return [gain(n) for n in (*names, "sigmoid", "tanh", "relu", "leaky_relu", "selu")], gain("leaky_relu", 0.5)

    agree(program)


@pytest.mark.parametrize("old", sorted(n for n in mt.nn.init.__all__ if n + "_" in mt.nn.init.__all__))
def test_deprecated_names(old: str) -> None:
    results, said = [], []
    for L in LIBRARIES:
        L.manual_seed(0)
        shape = (3, 2, 3) if old == "dirac" else (3, 5)
        args = {"constant": (2.0,), "sparse": (0.5,)}.get(old, ())
        with pytest.warns(FutureWarning, match="is now deprecated in favor of") as caught:
            results.append(getattr(L.nn.init, old)(L.empty(shape, dtype=L.float64), *args).numpy())
        said.append([str(w.message) for w in caught])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-9, atol=1e-12)
    assert said[0] == said[1]


def test_warnings() -> None:
    said = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            L.nn.init.kaiming_uniform_(L.empty(0, 3))
            L.nn.init.kaiming_normal_(L.empty(3, 0))
            L.nn.init.trunc_normal_(L.empty(3), 9.0)
            L.nn.init.orthogonal_(L.empty(0, 3))
            L.nn.init.xavier_uniform_(L.empty(0, 3))
        said.append([str(w.message) for w in caught])
    assert said[0] == said[1] and len(said[0]) == 3


def test_signatures_and_names() -> None:
    assert sorted(mt.nn.init.__all__) == sorted(torch.nn.init.__all__)
    for name in mt.nn.init.__all__:
        if name.endswith("_") or name == "calculate_gain":
            ours, theirs = (inspect.signature(getattr(L.nn.init, name)).parameters for L in (mt, torch))
            assert [(p.name, p.default, p.kind) for p in ours.values()] == [
                (p.name, p.default, p.kind) for p in theirs.values()
            ], name


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.nn.init.xavier_uniform_(L.empty(3)), "fewer than 2 dimensions"),
        (lambda L: L.nn.init.xavier_normal_(L.empty(())), "fewer than 2 dimensions"),
        (lambda L: L.nn.init.kaiming_uniform_(L.empty(3)), "fewer than 2 dimensions"),
        (lambda L: L.nn.init.kaiming_normal_(L.empty(3, 2), mode="fan"), "Mode fan not supported"),
        (lambda L: L.nn.init.kaiming_normal_(L.empty(3, 2), nonlinearity="swish"), "Unsupported nonlinearity swish"),
        (lambda L: L.nn.init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
        (lambda L: L.nn.init.calculate_gain("leaky_relu", "x"), "negative_slope x not a valid number"),
        (lambda L: L.nn.init.eye_(L.empty(3)), "Only tensors with 2 dimensions are supported"),
        (lambda L: L.nn.init.sparse_(L.empty(3), 0.1), "Only tensors with 2 dimensions are supported"),
        (lambda L: L.nn.init.dirac_(L.empty(3, 2)), "Only tensors with 3, 4, or 5 dimensions"),
        (lambda L: L.nn.init.dirac_(L.empty(3, 2, 3), 2), "dim 0 must be divisible by groups"),
        (lambda L: L.nn.init.orthogonal_(L.empty(3)), "Only tensors with 2 or more dimensions"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)
