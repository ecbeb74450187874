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

import minitorch as mt
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


# x, w, stride, padding, dilation, groups
CONVOLUTIONS = {
    "plain": ((3, 5, 9, 12), (6, 5, 3, 3), (1, 1), (0, 0), (1, 1), 1),
    "padded, uneven": ((3, 5, 9, 12), (7, 5, 3, 2), (1, 1), (2, 1), (1, 1), 1),
    "padding beyond the kernel": ((2, 3, 6, 7), (4, 3, 2, 2), (1, 1), (3, 2), (1, 1), 1),
    "one channel": ((2, 1, 28, 28), (6, 1, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    "strided": ((2, 3, 15, 18), (5, 3, 5, 4), (2, 1), (1, 2), (1, 1), 1),
    "stride 3 with gaps": ((2, 3, 27, 28), (5, 3, 5, 4), (3, 2), (1, 0), (2, 3), 1),
    "dilated": ((2, 3, 15, 13), (5, 3, 3, 3), (1, 1), (2, 3), (2, 3), 1),
    "grouped": ((2, 6, 9, 11), (12, 2, 3, 3), (1, 1), (1, 1), (1, 1), 3),
    "depthwise": ((2, 6, 13, 16), (6, 1, 3, 3), (1, 1), (1, 1), (1, 1), 6),
    "depthwise, strided": ((2, 6, 13, 16), (6, 1, 5, 2), (2, 1), (2, 1), (1, 2), 6),
    "many small images": ((40, 3, 7, 6), (4, 3, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "one large image": ((1, 2, 60, 70), (5, 2, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "one dimension": ((3, 4, 1500), (5, 4, 7), (1,), (3,), (1,), 1),
    "one dimension, strided": ((3, 1, 900), (4, 1, 40), (4,), (5,), (1,), 1),
    "three dimensions": ((2, 3, 6, 7, 8), (5, 3, 3, 2, 3), (1, 1, 1), (1, 0, 1), (1, 1, 1), 1),
    "three dimensions, strided": ((2, 3, 8, 7, 9), (4, 3, 3, 3, 3), (2, 1, 2), (1, 1, 0), (1, 1, 1), 1),
}


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolutions(case: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x_shape, w_shape, stride, padding, dilation, groups = CONVOLUTIONS[case]
    calls = _counted(monkeypatch)
    x, w, b = (values(k, *s, dtype=dtype) for k, s in enumerate((x_shape, w_shape, w_shape[:1])))
    settings = stride, padding, dilation, groups
    ours, plain = (k.conv_forward(x, w, *settings, b) for k in (COMPILED, PLAIN))
    same(ours, plain)
    g = values(3, *plain.shape, dtype=dtype)
    same(*(k.conv_weight_grad(g, x, w_shape[2:], *settings) for k in (COMPILED, PLAIN)))
    same(*(k.conv_input_grad(g, w, x_shape[2:], *settings) for k in (COMPILED, PLAIN)))
    assert calls == {"correlate", "weight_gradient"}, "the compiled loops were meant to run"
    shorter = tuple(n - 1 for n in plain.shape[2:])
    same(*(k.conv_forward(x, w, *settings, b, shorter) for k in (COMPILED, PLAIN)))


def _counted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the loops of correlation.py that have run since."""
    from minitorch.backend.compiled import correlation

    calls: set[str] = set()
    for name in ("correlate", "weight_gradient"):
        monkeypatch.setattr(correlation, name, _noting(name, getattr(correlation, name), calls))
    return calls


def _noting(name: str, loop: Any, calls: set[str]) -> Any:
    def run(*arguments: Any) -> Any:
        calls.add(name)
        return loop(*arguments)

    return run


@needs_numba
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_convolution_keeps_nan_and_inf_where_they_belong(bad: float) -> None:
    """The columns between the images are products of zeros, but not those of an inf."""
    x, w = values(0, 2, 3, 9, 12), values(1, 5, 3, 3, 3)
    x[1, 2, 4, 11] = bad
    settings = (1, 1), (1, 1), (1, 1)
    g = values(2, 2, 5, 9, 12)
    for ours, plain in (
        [k.conv_forward(x, w, *settings) for k in (COMPILED, PLAIN)],
        [k.conv_weight_grad(g, x, (3, 3), *settings) for k in (COMPILED, PLAIN)],
        [k.conv_input_grad(x, w.swapaxes(0, 1), (9, 12), *settings) for k in (COMPILED, PLAIN)],
    ):
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(plain))
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-5)


@needs_numba
def test_convolutions_of_arrays_with_gaps() -> None:
    x, w = values(0, 9, 12, 3, 2).transpose(3, 2, 0, 1)[..., ::-1], values(1, 5, 3, 3, 3)[::-1]
    g = values(2, 9, 2, 5, 12).transpose(1, 2, 0, 3)
    settings = (1, 1), (1, 1), (1, 1)
    same(*(k.conv_forward(x, w, *settings) for k in (COMPILED, PLAIN)))
    same(*(k.conv_weight_grad(g, x, (3, 3), *settings) for k in (COMPILED, PLAIN)))
    same(*(k.conv_input_grad(g, w, (9, 12), *settings) for k in (COMPILED, PLAIN)))


WINOGRAD = {  # x, output channels, padding
    "even": ((3, 48, 12, 14), 50, (1, 1)),
    "odd, other padding": ((2, 49, 11, 9), 48, (0, 2)),
    "several blocks": ((5, 48, 40, 38), 48, (1, 0)),
}


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", WINOGRAD)
def test_the_error_of_winograd_is_bounded(case: str, dtype: str) -> None:
    """Of products of standard normal numbers, in units of eps times the root of how many are added up: at most 28 was
    measured, with 2304 terms; the sums of correlation.py, term after term, came to 73."""
    x_shape, o, padding = WINOGRAD[case]
    x, w, b = values(0, *x_shape, dtype=dtype), values(1, o, x_shape[1], 3, 3, dtype=dtype), values(2, o, dtype=dtype)
    settings = (1, 1), padding, (1, 1)
    exact = PLAIN.conv_forward(*(a.astype("longdouble") for a in (x, w)), *settings, 1, b.astype("longdouble"))
    g = values(3, *exact.shape, dtype=dtype)
    wide = g.astype("longdouble"), x.astype("longdouble")
    assert COMPILED.winograd_fits(x, o, (3, 3), exact.shape[2:], (1, 1), (1, 1), 1)
    for ours, want, terms in (
        (COMPILED.conv_forward(x, w, *settings, 1, b), exact, 9 * x_shape[1]),
        (
            COMPILED.conv_weight_grad(g, x, (3, 3), *settings),
            PLAIN.conv_weight_grad(*wide, (3, 3), *settings),
            g[:, 0].size,
        ),
    ):
        assert ours.dtype == x.dtype and ours.shape == want.shape
        assert np.abs(ours - want).max() <= 32 * np.finfo(dtype).eps * terms**0.5


@needs_numba
def test_winograd_keeps_an_inf_to_its_windows() -> None:
    x, w = values(0, 1, 48, 12, 14), values(1, 48, 48, 3, 3)
    x[0, 3, 5, 6] = np.inf
    ours = COMPILED.conv_forward(x, w, (1, 1), (1, 1), (1, 1))
    assert (~np.isfinite(ours)).sum() == 9 * 48


# shape, kernel, stride, padding, dilation, ceil_mode
POOLS = {
    "side by side": ((3, 4, 10, 13), (2, 2), (2, 2), (0, 0), (1, 1), False),
    "side by side, hanging over": ((3, 4, 9, 13), (2, 2), (2, 2), (0, 0), (1, 1), True),
    "overlapping, padded": ((2, 3, 11, 14), (3, 3), (2, 2), (1, 1), (1, 1), False),
    "every place": ((2, 3, 11, 14), (3, 2), (1, 1), (1, 1), (1, 1), False),
    "with gaps": ((2, 3, 15, 14), (3, 2), (3, 1), (1, 0), (2, 3), True),
    "one dimension": ((2, 3, 50), (3,), (2,), (1,), (1,), False),
    "three dimensions": ((2, 3, 6, 9, 8), (2, 3, 2), (2, 1, 3), (1, 1, 0), (1, 1, 1), False),
}


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOLS)
def test_maximum_pools(case: str, dtype: str) -> None:
    shape, *settings = POOLS[case]
    x = values(0, *shape, dtype=dtype)
    x.reshape(-1)[::7], x.reshape(-1)[::11], x.reshape(-1)[5::40] = 1.5, np.inf, np.nan
    x[1, 0] = -np.inf
    x[0, 1] = 0.5  # a plane of equals
    (ours, places), (plain, theirs) = (k.max_pool_forward(x, *settings) for k in (COMPILED, PLAIN))
    np.testing.assert_array_equal(ours, plain)
    np.testing.assert_array_equal(places, theirs)
    assert ours.dtype == plain.dtype and places.dtype == theirs.dtype
    g = values(1, *plain.shape, dtype=dtype)
    same(*(k.max_pool_backward(g, places, shape[2:]) for k in (COMPILED, PLAIN)))


@needs_numba
def test_unpooling_writes_and_refuses_places_outside() -> None:
    x, places = values(0, 2, 3, 4), np.array([3, 9, 3, 0] * 6).reshape(2, 3, 4)
    same(*(k.max_unpool(x, places, (10,)) for k in (COMPILED, PLAIN)))
    places[1, 2, 3] = 10
    with pytest.raises(IndexError):
        COMPILED.max_unpool(x, places, (10,))


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", POOLS)
@pytest.mark.parametrize("counted", [(True, None), (False, None), (True, 7)])
def test_average_pools(case: str, dtype: str, counted: tuple) -> None:
    shape, kernel, stride, padding, _, ceil_mode = POOLS[case]
    x = values(0, *shape, dtype=dtype)
    ours, plain = (k.avg_pool_forward(x, kernel, stride, padding, ceil_mode, *counted) for k in (COMPILED, PLAIN))
    same(ours, plain)
    g = values(1, *plain.shape, dtype=dtype)
    same(*(k.avg_pool_backward(g, shape[2:], kernel, stride, padding, *counted) for k in (COMPILED, PLAIN)))


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


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 5, 6, 7), (3, 5, 40), (4, 5, 2, 3)])
def test_scaled_channels(shape: tuple[int, ...], dtype: str) -> None:
    z, mean, scale, bias = values(0, *shape, dtype=dtype), *(values(k, 5, dtype=dtype) for k in (1, 2, 3))
    for b in (bias, None):
        same(*(k.scale_channels(z, mean, scale, b) for k in (COMPILED, PLAIN)))
    turned = z.swapaxes(0, -1).copy().swapaxes(0, -1)
    same(*(k.scale_channels(turned, mean, scale, bias) for k in (COMPILED, PLAIN)))


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
def test_rectifier(dtype: str) -> None:
    x, g = values(0, 7, 33, dtype=dtype), values(1, 7, 33, dtype=dtype)
    x[0, :5] = np.nan, np.inf, -np.inf, 0.0, -0.0
    g[0, :5] = g[1, ::3] = np.nan
    for a, b in ((x, g), (x.T, g.T), (x[::2, ::-3], g[::2, ::3])):
        np.testing.assert_array_equal(*(k.relu(a) for k in (COMPILED, PLAIN)))
        np.testing.assert_array_equal(*(k.relu_grad(b, a) for k in (COMPILED, PLAIN)))


RULES = {
    "SGD": [{}, {"weight_decay": 0.1, "maximize": True}, {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
            {"momentum": 0.9, "nesterov": True, "maximize": True}],
    "Adam": [{}, {"weight_decay": 0.1, "maximize": True}, {"betas": (0.3, 0.9)}],
    "AdamW": [{}, {"lr": 0.1}],
}  # fmt: skip


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "settings"), [(name, s) for name, some in RULES.items() for s in some])
def test_optimizers_in_one_pass_give_the_same_bits(
    name: str, settings: dict, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long parameter, which brings the loops, and then of a short one."""
    shapes = (101, 107), (3, 5)
    gradients = [[values(k, *shape, dtype=dtype) for shape in shapes] for k in range(3)]
    results = []
    for once in (True, False):
        done = []
        kernel = CompiledKernels.one_pass if once else Kernels.one_pass
        monkeypatch.setattr(CompiledKernels, "one_pass", lambda *a, k=kernel, d=done: d.append(k(*a)) or d[-1])
        parameters = [mt.from_numpy(values(9, *shape, dtype=dtype)).requires_grad_() for shape in shapes]
        optimizer = getattr(mt.optim, name)(parameters, **{"lr": 0.01, **settings})
        for step in gradients:
            for p, g in zip(parameters, step, strict=True):
                p.grad = mt.from_numpy(g.copy())
            optimizer.step()
        # plain SGD of the short one is two operations of NumPy
        assert done == [once] * (6 if settings or name != "SGD" else 3)
        results.append([p.detach().numpy() for p in parameters])
    for ours, plain in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, plain)


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
