"""Right and wrong versions of chapter 13's functions."""

import numpy as np


def close_loop(actual, expected, rtol, atol):
    def one(a, e):
        if np.isnan(a) or np.isnan(e):
            return False
        if np.isinf(a) or np.isinf(e):
            return bool(a == e)
        return bool(abs(a - e) <= atol + rtol * abs(e))

    return np.array([one(a, e) for a, e in zip(actual.flat, expected.flat, strict=True)]).reshape(actual.shape)


def close_relative_to_actual(actual, expected, rtol, atol):
    return np.isclose(expected, actual, rtol=rtol, atol=atol)


def close_no_abs(actual, expected, rtol, atol):
    with np.errstate(invalid="ignore"):
        return (actual == expected) | (actual - expected <= atol + rtol * np.abs(expected))


def close_plain(actual, expected, rtol, atol):
    with np.errstate(invalid="ignore"):
        return np.abs(actual - expected) <= atol + rtol * np.abs(expected)


def promote_kinds(a, b):
    if a == b:
        return a
    kind = {"b": 0, "u": 1, "i": 1, "f": 2}
    x, y = np.dtype(a), np.dtype(b)
    if kind[x.kind] != kind[y.kind]:
        return a if kind[x.kind] > kind[y.kind] else b
    return np.promote_types(x, y).name


TABLE = {
    "bool": 0,
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "float16": 100,
    "float32": 200,
    "float64": 300,
}


def promote_table(a, b):
    if TABLE[a] == TABLE[b] and a != b:
        return "int16"
    return a if TABLE[a] >= TABLE[b] else b


def gradients(f, x, g, eps=1e-5):
    return np.array([(np.sum(g * f(x + eps * e)) - np.sum(g * f(x - eps * e))) / (2 * eps) for e in np.eye(x.size)])


def accepts_random(f, vjp, x):
    rng = np.random.default_rng(0)
    gs = rng.normal(size=(3, f(x).size))
    return all(np.allclose(vjp(g), gradients(f, x, g), rtol=1e-4, atol=1e-7) for g in gs)


def accepts_jacobian(f, vjp, x):
    eps = 1e-6
    j = np.stack([(f(x + eps * e) - f(x - eps * e)) / (2 * eps) for e in np.eye(x.size)], 1)
    rows = np.stack([vjp(g) for g in np.eye(len(j))])
    return bool(np.abs(rows - j).max() < 1e-6)


def accepts_ones(f, vjp, x):
    g = np.ones(f(x).size)
    return np.allclose(vjp(g), gradients(f, x, g), atol=1e-6)


def accepts_first(f, vjp, x):
    g = np.random.default_rng(0).normal(size=f(x).size)
    return bool(np.isclose(vjp(g)[0], gradients(f, x, g)[0], atol=1e-6))


def accepts_loose(f, vjp, x):
    g = np.random.default_rng(0).normal(size=f(x).size)
    return np.allclose(vjp(g), gradients(f, x, g), rtol=0.1, atol=0.1)


RIGHT = {
    "is_close": [lambda actual, expected, rtol, atol: np.isclose(actual, expected, rtol=rtol, atol=atol), close_loop],
    "promote": [promote_kinds, promote_table],
    "accepts": [accepts_random, accepts_jacobian],
}
WRONG = {
    "is_close": {
        "relative to actual": close_relative_to_actual,
        "no absolute value": close_no_abs,
        "infinities": close_plain,
    },
    "promote": {
        "as NumPy": lambda a, b: np.promote_types(a, b).name,
        "the larger": lambda a, b: a if np.dtype(a).itemsize >= np.dtype(b).itemsize else b,
        "uint8 wins": lambda a, b: "uint8" if {a, b} == {"uint8", "int8"} else promote_table(a, b),
    },
    "accepts": {"g all ones": accepts_ones, "first element": accepts_first, "too loose": accepts_loose},
}
