"""Compiled recurrent layers against the plain ones, and both against float64: alone, packed, backwards, projected."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from minitorch.backend.compiled.kernels import CompiledKernels
from minitorch.backend.device import CPU
from minitorch.backend.kernels.base import Kernels

if importlib.util.find_spec("numba") is None:
    pytest.skip("Numba is not installed: there are no compiled kernels to test", allow_module_level=True)

PLAIN, BY_STEPS, WHOLE = Kernels(CPU), CompiledKernels(CPU), CompiledKernels(CPU)
BY_STEPS.least_in_steps = WHOLE.least_in_steps = 1
BY_STEPS.own_product, WHOLE.own_product = 0, 1 << 40
COMPILED = pytest.mark.parametrize("compiled", [BY_STEPS, WHOLE], ids=["by steps", "whole"])

SIZES = {"one": [3], "even": [4] * 5, "packed": [5, 5, 3, 1]}
LAYOUTS = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
WAYS = pytest.mark.parametrize("backwards", [False, True])
H = 9  # no multiple of the lanes of a vector unit, nor of the four rows of a product


def steps_of(sizes: list[int], backwards: bool) -> list[tuple[int, int]]:
    ends = np.cumsum(sizes)
    steps = [(int(b) - n, int(b)) for n, b in zip(sizes, ends, strict=True)]
    return steps[::-1] if backwards else steps


def values(seed: int, *shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32").astype(dtype)


def agree(kernels: Any, run: Any) -> None:
    """float32 is within 2e-6 of float64, relative to the largest number, compiled or plain."""
    exact = run(PLAIN, "float64")
    for k in (PLAIN, kernels):
        for ours, true in zip(run(k, "float32"), exact, strict=True):
            assert (ours is None) == (true is None)
            if true is not None:
                assert ours.dtype == "float32" and ours.shape == true.shape
                np.testing.assert_allclose(ours, true, rtol=0, atol=2e-6 * max(1.0, np.abs(true).max()))


@COMPILED
@LAYOUTS
@WAYS
@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("upstream", [True, False])
def test_lstm(compiled: Any, sizes: list[int], backwards: bool, projected: bool, upstream: bool) -> None:
    steps, N, B, P = steps_of(sizes, backwards), sum(sizes), sizes[0], 4 if projected else H

    def run(kernels: Any, dtype: str) -> tuple:
        z, h, c, before, gy = (
            values(k, *shape, dtype=dtype) for k, shape in enumerate([(N, 4 * H), (B, P), (B, H), (N, H), (N, P)])
        )
        w_hh = values(5, 4 * H, P, dtype=dtype) / 2
        w_hr = values(6, P, H, dtype=dtype) / 2 if projected else None
        y, cells = kernels.lstm(z, h, c, w_hh, w_hr, steps)
        dh, dc = np.ones_like(h), np.ones_like(c)
        grads = kernels.lstm_grad(gy if upstream else None, dh, dc, z, cells, before, w_hh, w_hr, steps)
        return y, cells, z, h, c, *grads, dh, dc

    agree(compiled, run)


@COMPILED
@LAYOUTS
@WAYS
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("upstream", [True, False])
def test_gru(compiled: Any, sizes: list[int], backwards: bool, biased: bool, upstream: bool) -> None:
    steps, N, B = steps_of(sizes, backwards), sum(sizes), sizes[0]

    def run(kernels: Any, dtype: str) -> tuple:
        z, h, before, gy = (
            values(k, *shape, dtype=dtype) for k, shape in enumerate([(N, 3 * H), (B, H), (N, H), (N, H)])
        )
        w_hh, b_hh = values(5, 3 * H, H, dtype=dtype) / 2, values(6, 3 * H, dtype=dtype) if biased else None
        y, news = kernels.gru(z, h, w_hh, b_hh, steps)
        dh = np.ones_like(h)
        grads = kernels.gru_grad(gy if upstream else None, dh, z, news, before, w_hh, steps)
        return y, news, z, h, *grads, dh

    agree(compiled, run)


@COMPILED
def test_nan_and_inf_pass_through(compiled: Any) -> None:
    steps, z = steps_of([2, 2], False), values(0, 4, 4 * H)
    z[0, 3], z[1, 30], z[1, 12] = np.nan, np.inf, -np.inf
    results = []
    for kernels in (compiled, PLAIN):
        gates, h, c = z.copy(), np.zeros((2, H), "float32"), np.zeros((2, H), "float32")
        results.append((*kernels.lstm(gates, h, c, values(1, 4 * H, H), None, steps), gates, h, c))
    for ours, plain in zip(*results, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)
