"""Compiled elementwise functions against float64 over their whole range, and at its edges against the plain ones."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from minitorch.backend.compiled.kernels import CompiledKernels
from minitorch.backend.device import CPU
from minitorch.backend.kernels.base import Kernels

if importlib.util.find_spec("numba") is None:
    pytest.skip("Numba is not installed: there are no compiled kernels to test", allow_module_level=True)

PLAIN, COMPILED = Kernels(CPU), CompiledKernels(CPU)
COMPILED.least = 1
RNG = np.random.default_rng(0)
N = 100_000
NEAR_0 = RNG.standard_normal(N) * 10.0 ** RNG.uniform(-8, 0, N)
DOMAINS = {  # where the function is tried, and how many units in the last place it may be off
    "exp": (np.concatenate([RNG.uniform(-87, 88.7, N), NEAR_0]), 1.5),
    "expm1": (np.concatenate([RNG.uniform(-20, 88.7, N), NEAR_0]), 3),
    "log": (np.exp(np.concatenate([RNG.uniform(-87, 88, N), NEAR_0])), 2),
    "log1p": (np.concatenate([np.exp(RNG.uniform(-40, 88, N)), -abs(NEAR_0[abs(NEAR_0) < 1])]), 3),
}
EDGES = np.array(
    [0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 1e-39, 1e-20, 1, -1, -2, 3e38, 88, 88.5, 88.72, 88.8, 89, -88,
     -100, -103.5, -104, -3e38, 20, 20.5, 3, -3],
    "float32",
)  # fmt: skip


@pytest.mark.parametrize("name", DOMAINS)
def test_error_in_units_of_the_last_place(name: str) -> None:
    domain, bound = DOMAINS[name]
    x = domain.astype("float32")
    true = getattr(np, name)(x.astype("float64"))
    error = np.abs(getattr(COMPILED, name)(x) - true) / np.spacing(np.abs(true).astype("float32"))
    assert error.max() <= bound


@pytest.mark.parametrize("name", DOMAINS)
def test_edges(name: str) -> None:
    with np.errstate(all="ignore"):
        ours, plain = getattr(COMPILED, name)(EDGES), getattr(PLAIN, name)(EDGES)
    np.testing.assert_allclose(ours, plain, rtol=3e-7, atol=2e-45)
    assert (np.signbit(ours) == np.signbit(plain))[~np.isnan(plain)].all()


WITH_SETTINGS = {
    "elu": [(1.0, 1.0, 1.0), (1.7, 0.5, 1.05)],
    "softplus": [(1.0, 20.0), (2.0, 5.0), (-1.0, 20.0)],
    "hardswish": [()],
}


@pytest.mark.parametrize(("name", "settings"), [(n, s) for n, each in WITH_SETTINGS.items() for s in each])
def test_functions_with_settings(name: str, settings: tuple) -> None:
    x = np.concatenate([4 * RNG.standard_normal(999), EDGES]).astype("float32")
    g = RNG.standard_normal(x.size).astype("float32")
    with np.errstate(all="ignore"):
        for method, arrays in ((name, (x,)), (name + "_grad", (g, x))):
            ours, plain = (getattr(k, method)(*arrays, *settings) for k in (COMPILED, PLAIN))
            assert ours.dtype == "float32"
            np.testing.assert_allclose(ours, plain, rtol=2e-6, atol=2e-6)


def test_zero_at() -> None:
    g = np.array([1, np.nan, np.inf, -2, np.nan], "float32")
    blocked = np.array([True, True, True, False, False])
    for kernels in (PLAIN, COMPILED):
        np.testing.assert_array_equal(kernels.zero_at(g, blocked), np.array([0, 0, 0, -2, np.nan], "float32"))
    long, mask = np.tile(g, 2000), np.tile(blocked, 2000)
    np.testing.assert_array_equal(PLAIN.zero_at(long, mask), COMPILED.zero_at(long, mask))


@pytest.mark.parametrize("name", [*DOMAINS, "sigmoid", *WITH_SETTINGS])
def test_a_single_number_without_dimensions(name: str) -> None:
    """NumPy makes scalars of it on the way."""
    x, settings = np.array(0.5, "float64"), WITH_SETTINGS.get(name, [()])[0]
    ours, alone = (getattr(k, name)(x, *settings) for k in (COMPILED, PLAIN))
    row = getattr(PLAIN, name)(np.tile(x, 2), *settings)
    assert ours.shape == alone.shape == ()
    np.testing.assert_allclose([ours, alone], row, rtol=1e-15)
    if name in WITH_SETTINGS:
        slopes = [getattr(k, name + "_grad")(np.array(2.0), x, *settings) for k in (COMPILED, PLAIN)]
        np.testing.assert_allclose(slopes, getattr(PLAIN, name + "_grad")(np.tile(2.0, 2), np.tile(x, 2), *settings))
