"""Compiled kernels against the plain ones: every override, both dtypes, nan and inf, layouts, threads, the choice."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from minitorch.backend import threads
from minitorch.backend.compiled.kernels import CompiledKernels
from minitorch.backend.device import CPU
from minitorch.backend.kernels.base import DeviceKernels, Kernels

HAS_NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="Numba is not installed: there are no compiled kernels to test")

PLAIN, COMPILED = Kernels(CPU), CompiledKernels(CPU)
COMPILED.least = COMPILED.least_rows = 1  # small samples go through the loops, too
DTYPES = ("float32", "float64")


def values(seed: int, *shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def same(ours: Any, plain: Any) -> None:
    """Within 8 units in the last place of the largest number; None is None."""
    if isinstance(plain, tuple):
        assert len(ours) == len(plain)
        for a, b in zip(ours, plain, strict=True):
            same(a, b)
        return
    assert (ours is None) == (plain is None)
    if plain is not None:
        assert ours.dtype == plain.dtype and ours.shape == plain.shape
        tolerance = 8 * np.finfo(plain.dtype).eps
        finite = plain[np.isfinite(plain)]
        scale = max(1.0, float(np.abs(finite).max(initial=0)))
        np.testing.assert_allclose(ours, plain, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("cls", [CompiledKernels, DeviceKernels])
def test_overrides_have_the_names_and_signatures_of_the_plain_kernels(cls: type) -> None:
    for name, method in vars(cls).items():
        if inspect.isfunction(method) and not name.startswith("_") and name != "worth":
            assert inspect.signature(method) == inspect.signature(getattr(Kernels, name)), name


ONE = ("sigmoid", "tanh", "silu", "erf")
TWO = ("sigmoid_grad", "tanh_grad", "silu_grad")


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ONE)
def test_functions(name: str, dtype: str) -> None:
    x = 4 * values(0, 7, 33, dtype=dtype)
    for a in (x, x.T, x[::2, ::-3], x[:0]):
        same(getattr(COMPILED, name)(a), getattr(PLAIN, name)(a))


@needs_numba
@pytest.mark.parametrize("name", ONE)
def test_edges(name: str) -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 100, -100, 1e-30, -1e-30, 88.8, -88.8, 3e38, -3e38], "float32")
    ours, plain = getattr(COMPILED, name)(x), getattr(PLAIN, name)(x)
    np.testing.assert_allclose(ours, plain, rtol=1e-6, atol=1e-37)
    nonzero = ~np.isnan(plain) & (plain == 0) & (x == 0)
    assert (np.signbit(ours) == np.signbit(plain))[nonzero].all()


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TWO)
def test_gradients(name: str, dtype: str) -> None:
    g, x = values(0, 9, 21, dtype=dtype), values(1, 9, 21, dtype=dtype)
    same(getattr(COMPILED, name)(g, x), getattr(PLAIN, name)(g, x))
    spread = np.broadcast_to(g[:, :1], x.shape)
    same(getattr(COMPILED, name)(spread, x), getattr(PLAIN, name)(spread, x))


@needs_numba
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh"])
def test_gelu(name: str) -> None:
    g, x = values(0, 300), 2 * values(1, 300)
    ours, plain = getattr(COMPILED, name)(x), getattr(PLAIN, name)(x)
    same(ours[0], plain[0])
    backward = name + "_grad"
    same(getattr(COMPILED, backward)(g, x, ours[1]), getattr(PLAIN, backward)(g, x, plain[1]))


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "dim"), [((5, 40), 1), ((3, 4, 17), -1), ((6, 9), 0), ((3, 5), 1)])
def test_softmax(name: str, dtype: str, shape: tuple[int, ...], dim: int) -> None:
    x, g = 3 * values(0, *shape, dtype=dtype), values(1, *shape, dtype=dtype)
    y = getattr(PLAIN, name)(x, dim)
    same(getattr(COMPILED, name)(x, dim), y)
    same(getattr(COMPILED, name + "_grad")(g, y, dim), getattr(PLAIN, name + "_grad")(g, y, dim))


@needs_numba
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_nan_and_inf(name: str) -> None:
    x = values(0, 5, 40)
    x[0, 3], x[1, 39], x[2, 17], x[3] = np.nan, np.inf, -np.inf, -np.inf
    np.testing.assert_allclose(getattr(COMPILED, name)(x, 1), getattr(PLAIN, name)(x, 1), rtol=2e-6, atol=1e-6)


NORMS = {  # shape, axes, affine
    "layer": ((12, 33), (1,), (1, 33)),
    "batch": ((4, 5, 36), (0, 2), (1, 5, 1)),
    "narrow batch": ((40, 5, 1), (0, 2), (1, 5, 1)),
    "group": ((4, 3, 2, 25), (2, 3), (1, 3, 2, 1)),
}


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", NORMS)
@pytest.mark.parametrize("given", [(True, True), (True, False), (False, True), (False, False)])
def test_normalization(case: str, dtype: str, given: tuple[bool, bool]) -> None:
    shape, axes, affine = NORMS[case]
    z, g = 3 + values(0, *shape, dtype=dtype), values(1, *shape, dtype=dtype)
    w, b = (values(k, *affine, dtype=dtype).reshape(-1) if some else None for k, some in enumerate(given, 2))
    ours, plain = (k.standardize(z, w, b, axes, affine, 1e-5) for k in (COMPILED, PLAIN))
    same(ours, plain)
    arguments = g, z, w, plain[1], plain[3], axes, affine, (True, *given)
    for a, p, needed in zip(*(k.standardize_grad(*arguments) for k in (COMPILED, PLAIN)), (True, *given), strict=True):
        if needed:
            same(a.reshape(-1), p.reshape(-1))


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_are_added_where_places_repeat(dtype: str) -> None:
    places, rows = np.array([3, 0, 3, 3, -1]), values(0, 5, 6, dtype=dtype)
    tables = []
    for kernels in (COMPILED, PLAIN):
        out = np.ones((5, 6), dtype)
        kernels.add_rows(out, places % 5, rows)
        tables.append(out)
    same(*tables)
    with pytest.raises(IndexError):
        COMPILED.add_rows(np.zeros((3, 6), dtype), places, rows)


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("stride", "dilation", "kernel"), [((1, 1), (1, 1), (3, 3)), ((2, 1), (1, 2), (5, 2))])
def test_depthwise_convolution(dtype: str, stride: tuple, dilation: tuple, kernel: tuple) -> None:
    x, w, b = values(0, 2, 6, 13, 16, dtype=dtype), values(1, 6, 1, *kernel, dtype=dtype), values(2, 6, dtype=dtype)
    settings = stride, (2, 1), dilation, 6
    ours, plain = (k.conv_forward(x, w, *settings, b) for k in (COMPILED, PLAIN))
    same(ours, plain)
    g = values(3, *plain.shape, dtype=dtype)
    same(*(k.conv_weight_grad(g, x, kernel, *settings) for k in (COMPILED, PLAIN)))
    same(*(k.conv_input_grad(g, w, x.shape[2:], *settings) for k in (COMPILED, PLAIN)))


@needs_numba
def test_several_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LEAST", 64)
    x, g = values(0, 50, 33), values(1, 50, 33)
    w, b = values(2, 33), values(3, 33)
    before = threads.number()
    results = []
    try:
        for n in (1, 3):
            threads.set_number(n)
            norm = COMPILED.standardize(x, w, b, (1,), (1, 33), 1e-5)
            results.append((COMPILED.sigmoid(x), COMPILED.softmax(x, 1), COMPILED.silu_grad(g, x), *norm))
    finally:
        threads.set_number(before)
    for one, three in zip(*results, strict=True):
        np.testing.assert_array_equal(one, three)


def _in_a_new_process(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": os.getcwd(), **environment}
    return subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True)


WHICH = """
import sys, minitorch as mt
print(mt.device("cpu").backend.kernels.name)
mt.nn.functional.gelu(mt.ones(3)).sum()
print("numba" in sys.modules)
mt.nn.functional.gelu(mt.ones(100_000))
print("numba" in sys.modules)
"""


def test_numba_is_imported_for_long_arrays_only_and_can_be_turned_off() -> None:
    assert _in_a_new_process(WHICH, MINITORCH_KERNELS="numpy").stdout.split() == ["plain", "False", "False"]
    if HAS_NUMBA:
        assert _in_a_new_process(WHICH, MINITORCH_KERNELS="").stdout.split() == ["numba", "False", "True"]
    wrong = _in_a_new_process(WHICH, MINITORCH_KERNELS="fast")
    assert wrong.returncode != 0 and "MINITORCH_KERNELS is 'fast': expected numpy or numba" in wrong.stderr
