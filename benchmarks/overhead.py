"""Small calls of common operations, on 8 floats, written once for both libraries: nearly all the time is overhead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_VALUES = np.linspace(0.1, 0.9, 8, dtype="float32")


def _one(shape: tuple[int, ...], fn: Callable) -> Callable:
    """fn(library, x) on one tensor of 8 elements."""

    def make(library: Any, kind: str) -> Callable[[], Any] | None:
        return _callable(library, kind, [library.from_numpy(_VALUES.reshape(shape).copy())], fn)

    return make


def _two(a: tuple[int, ...], b: tuple[int, ...], fn: Callable) -> Callable:
    """fn(library, x, y) on two tensors."""

    def make(library: Any, kind: str) -> Callable[[], Any] | None:
        x = library.from_numpy(_VALUES.reshape(a).copy())
        y = library.from_numpy(_VALUES[: int(np.prod(b))].reshape(b).copy() + 0.3)
        return _callable(library, kind, [x, y], fn)

    return make


def _callable(library: Any, kind: str, tensors: list, fn: Callable) -> Callable[[], Any] | None:
    if kind == "forward":
        return lambda: fn(library, *tensors)
    for t in tensors:
        t.requires_grad_(True)
    out = fn(library, *tensors)
    if not out.requires_grad:
        return None
    g = library.from_numpy(np.full(tuple(out.shape), 0.5, dtype="float32"))

    def run() -> Any:
        y = fn(library, *tensors)
        y.backward(g)
        for t in tensors:
            t.grad = None
        return y

    return run


OPS: dict[str, Callable] = {
    "add": _two((8,), (8,), lambda m, x, y: x + y),
    "add a number": _one((8,), lambda m, x: x + 1.5),
    "sub": _two((8,), (8,), lambda m, x, y: x - y),
    "mul": _two((8,), (8,), lambda m, x, y: x * y),
    "mul, broadcast": _two((2, 4), (4,), lambda m, x, y: x * y),
    "div": _two((8,), (8,), lambda m, x, y: x / y),
    "neg": _one((8,), lambda m, x: -x),
    "pow 2": _one((8,), lambda m, x: x**2),
    "exp": _one((8,), lambda m, x: x.exp()),
    "log": _one((8,), lambda m, x: x.log()),
    "sqrt": _one((8,), lambda m, x: x.sqrt()),
    "tanh": _one((8,), lambda m, x: x.tanh()),
    "sigmoid": _one((8,), lambda m, x: x.sigmoid()),
    "relu": _one((8,), lambda m, x: x.relu()),
    "abs": _one((8,), lambda m, x: x.abs()),
    "maximum": _two((8,), (8,), lambda m, x, y: m.maximum(x, y)),
    "greater": _two((8,), (8,), lambda m, x, y: x > y),
    "where": _two((8,), (8,), lambda m, x, y: m.where(x > 0.5, x, y)),
    "sum": _one((8,), lambda m, x: x.sum()),
    "sum of a dim": _one((2, 4), lambda m, x: x.sum(1)),
    "mean": _one((8,), lambda m, x: x.mean()),
    "softmax": _one((2, 4), lambda m, x: x.softmax(1)),
    "matmul": _two((2, 4), (4, 2), lambda m, x, y: x @ y),
    "reshape": _one((8,), lambda m, x: x.reshape(2, 4)),
    "transpose": _one((2, 4), lambda m, x: x.transpose(0, 1)),
    "index": _one((2, 4), lambda m, x: x[1]),
    "slice": _one((8,), lambda m, x: x[2:6]),
    "cat": _two((8,), (8,), lambda m, x, y: m.cat([x, y])),
    "linear": _two((2, 4), (2, 4), lambda m, x, y: m.nn.functional.linear(x, y)),
}
