"""Softmax and cross entropy, plain and compiled, along every dimension: against float64, nan and inf, in threads."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from minitorch.backend import threads
from minitorch.backend.compiled.kernels import CompiledKernels
from minitorch.backend.device import CPU
from minitorch.backend.kernels.base import Kernels

PLAIN = Kernels(CPU)
HAS_NUMBA = importlib.util.find_spec("numba") is not None
KERNELS = pytest.mark.parametrize("kernels", [PLAIN, *([CompiledKernels(CPU)] if HAS_NUMBA else [])])


def values(seed: int, *shape: int, dtype: str = "float32") -> np.ndarray:
    return (3 * np.random.default_rng(seed).standard_normal(shape)).astype("float32").astype(dtype)


def close(ours: Any, true: Any) -> None:
    """float32 is within 1e-6 of float64, relative to the largest number."""
    assert ours.dtype == "float32" and ours.shape == true.shape
    np.testing.assert_allclose(ours, true, rtol=0, atol=1e-6 * max(1.0, np.abs(true).max()))


@KERNELS
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    ("shape", "dim"), [((2, 4), 1), ((2, 4), 0), ((7,), 0), ((3, 300), -1), ((3, 5, 300), 1), ((3, 2, 4, 5), -3)]
)
def test_softmax(kernels: Any, name: str, shape: tuple[int, ...], dim: int) -> None:
    x, g = (values(k, *shape, dtype="float64") for k in (0, 1))
    true = getattr(PLAIN, name)(x, dim)
    slope = getattr(PLAIN, name + "_grad")(g, true, dim)
    x, g, y = (a.astype("float32") for a in (x, g, true))
    for layout in (lambda a: a, lambda a: np.asfortranarray(a)):
        close(getattr(kernels, name)(layout(x), dim), true)
        close(getattr(kernels, name + "_grad")(layout(g), layout(y), dim), slope)


@KERNELS
@pytest.mark.parametrize("shape", [(5,), (6, 9), (700, 5), (3, 4, 300), (2, 3, 4, 5)])
def test_cross_entropy(kernels: Any, shape: tuple[int, ...]) -> None:
    x = values(0, *shape, dtype="float64")
    rest, classes = (shape[:1] + shape[2:], shape[1]) if len(shape) > 1 else ((), shape[0])
    target = np.asarray(np.random.default_rng(1).integers(0, classes, rest))
    share = np.asarray(values(2, *rest, dtype="float64"))
    true = PLAIN.cross_entropy(x, target)
    # its definition, as a second opinion
    logs = PLAIN.log_softmax(x, 1 if x.ndim > 1 else 0)
    picked = np.take_along_axis(logs, np.expand_dims(target, 1 if x.ndim > 1 else 0), 1 if x.ndim > 1 else 0)
    np.testing.assert_allclose(true[0], -picked.reshape(rest), atol=1e-12)
    slope = PLAIN.cross_entropy_grad(x, target, *true[1:], share)
    one = PLAIN.cross_entropy_grad(x, target, *true[1:], np.asarray(0.5))
    small = x.astype("float32"), target
    found = kernels.cross_entropy(*small)
    for ours, exact in zip(found, true, strict=True):
        close(ours, exact)
    close(kernels.cross_entropy_grad(*small, *found[1:], share.astype("float32")), slope)
    close(kernels.cross_entropy_grad(*small, *found[1:], np.asarray(0.5, "float32")), one)


@KERNELS
@pytest.mark.parametrize("dim", [0, 1])
def test_nan_and_inf_stay_in_their_row(kernels: Any, dim: int) -> None:
    x = values(0, 40, 40)
    x[0, 3], x[1, 39], x[2, 17], x[3] = np.nan, np.inf, -np.inf, -np.inf
    x = x if dim else np.ascontiguousarray(x.T)
    y = kernels.softmax(x, dim)
    y = y if dim else y.T
    assert np.isnan(y[[0, 1, 3]]).all() and not np.isnan(y[4:]).any() and y[2, 17] == 0
    loss = kernels.cross_entropy(x if dim else np.ascontiguousarray(x.T), np.zeros(40, "int64"))[0]
    assert np.isnan(loss[[0, 1, 3]]).all() and np.isfinite(loss[4:]).all()


@pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not installed: there are no compiled kernels to test")
def test_several_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LEAST", 64)
    kernels, before, results = CompiledKernels(CPU), threads.number(), []
    x, target = values(0, 50, 33, 3), np.random.default_rng(1).integers(0, 33, (50, 3))
    try:
        for n in (1, 3):
            threads.set_number(n)
            loss, top, total = kernels.cross_entropy(x, target)
            grad = kernels.cross_entropy_grad(x, target, top, total, loss)
            rows = kernels.cross_entropy(np.ascontiguousarray(x[..., 0]), target[:, 0])
            results.append((loss, grad, *rows, kernels.softmax(x, 1)))
    finally:
        threads.set_number(before)
    for one, three in zip(*results, strict=True):
        np.testing.assert_array_equal(one, three)


def _mask(kind: str, heads: int, L: int, S: int, dtype: str) -> Any:
    if kind == "none":
        return None
    mask = values(5, *((L, S) if kind == "shared" else (heads, L, S)), dtype=dtype)
    mask[..., 1, :] = -np.inf  # a row with nothing to attend to
    mask[..., 2, 3] = -np.inf
    return mask


@KERNELS
@pytest.mark.parametrize("kind", ["none", "shared", "own"])
@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize(("L", "S"), [(5, 9), (9, 5), (40, 40)])
def test_attention_weights(kernels: Any, kind: str, is_causal: bool, L: int, S: int) -> None:
    heads = 3
    true = values(0, heads, L, S, dtype="float64")
    x = true.astype("float32")
    # its definition, as a second opinion
    scores = true * 0.3 + (0 if kind == "none" else _mask(kind, heads, L, S, "float64"))
    if is_causal:
        scores[:, np.arange(L)[:, None] < np.arange(S)] = -np.inf
    e = np.exp(scores)
    expected = e / np.where(e.sum(2, keepdims=True) == 0, 1, e.sum(2, keepdims=True))
    PLAIN.attention_weights(true, _mask(kind, heads, L, S, "float64"), 0.3, is_causal)
    np.testing.assert_allclose(true, expected, atol=1e-12)
    kernels.attention_weights(x, _mask(kind, heads, L, S, "float32"), 0.3, is_causal)
    close(x, true)


@KERNELS
def test_nan_among_masked_scores_is_not_taken_for_a_row_without_scores(kernels: Any) -> None:
    x, mask = np.zeros((1, 2, 20), "float32"), np.full((2, 20), -np.inf, "float32")
    x[0, 0, 4] = np.nan
    kernels.attention_weights(x, mask, 1.0, False)
    assert np.isnan(x[0, 0]).all() and (x[0, 1] == 0).all()
