"""Beside other libraries for derivatives in Python: MyGrad, autograd (HIPS) and JAX, those that are installed.

They have no common API, so each task is written three times: in torch's style for minitorch, as a function of a NumPy
namespace for autograd and JAX (which differentiate functions, JAX also compiles them), and in MyGrad's tensors. The
first result is compared, as everywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.workload import Step, differentiating, normal, tensor

X, Y = normal((8,), 1), normal((8,), 2)
BIG = [normal((1_000_000,), s) for s in (3, 4)]
PICTURES, TARGETS = normal((64, 784), 5), normal((64, 10), 6)
WEIGHTS = [normal((784, 128), 7) / 28, normal((128,), 8), normal((128, 10), 9) / 11, normal((10,), 10)]


def small(np_: Any, x: Any, y: Any) -> Any:
    """Ten operations on 8 floats."""
    a = np_.tanh(x * y + x)
    b = np_.maximum(a - y, 0.0) + np_.sqrt(x * x + 1.0)
    return np_.sum(b / (np_.exp(a) + 1.0))


def elementwise(np_: Any, x: Any, y: Any) -> Any:
    """tanh and exp on a million floats."""
    return np_.sum(np_.tanh(x) * np_.exp(-y * y) + x * y)


def chain(np_: Any, x: Any) -> Any:
    """A graph 1000 nodes deep."""
    for _ in range(500):
        x = x * 0.999 + 0.001
    return np_.sum(x)


def network(np_: Any, x: Any, t: Any, U: Any, b: Any, V: Any, c: Any) -> Any:
    """Two layers on 64 pictures, mean of the squared errors."""
    h = np_.tanh(np_.matmul(x, U) + b)
    error = np_.matmul(h, V) + c - t
    return np_.sum(error * error) / 640.0


@dataclass(frozen=True)
class Task:
    """A scalar function of a NumPy-like namespace and arrays, of which the last `leaves` are differentiated."""

    name: str
    fn: Callable[..., Any]
    arrays: list[np.ndarray]
    leaves: int


TASKS = [
    Task("small ops, 8 floats", small, [X, Y], 2),
    Task("chain of 1000 nodes", chain, [X], 1),
    Task("tanh and exp, 1 M floats", elementwise, BIG, 2),
    Task("two layers, 784-128-10, batch 64", network, [PICTURES, TARGETS, *WEIGHTS], 4),
]


class _Minitorch:
    """minitorch's functions under NumPy's names, as far as the tasks need them."""

    def __init__(self, L: Any) -> None:
        self.tanh, self.exp, self.sqrt, self.sum, self.matmul = L.tanh, L.exp, L.sqrt, L.sum, L.matmul
        self.maximum = lambda x, low: L.relu(x) if low == 0.0 else L.clamp(x, min=low)


def in_torch_style(L: Any, task: Task) -> Step:
    """Forward and backward in minitorch (or torch)."""
    fixed = len(task.arrays) - task.leaves
    tensors = [tensor(L, "cpu", a, grad=k >= fixed) for k, a in enumerate(task.arrays)]
    namespace = _Minitorch(L)
    return differentiating(tensors[fixed:], lambda: task.fn(namespace, *tensors))


def in_mygrad(task: Task) -> Step:
    """The same in MyGrad; its memory guarding is left on, as it is by default."""
    mg = importlib.import_module("mygrad")
    fixed = len(task.arrays) - task.leaves
    tensors = [mg.tensor(a.copy(), constant=k < fixed) for k, a in enumerate(task.arrays)]

    def step() -> Any:
        loss = task.fn(mg, *tensors)
        loss.backward()
        for t in tensors[fixed:]:
            t.null_grad()
        return float(loss.data)

    return step


def in_autograd(task: Task) -> Step:
    """value_and_grad of the function, traced anew at every call."""
    np_ = importlib.import_module("autograd.numpy")
    fixed = len(task.arrays) - task.leaves
    made = importlib.import_module("autograd").value_and_grad(
        lambda leaves: task.fn(np_, *task.arrays[:fixed], *leaves)
    )
    leaves = tuple(a.copy() for a in task.arrays[fixed:])
    return lambda: made(leaves)[0]


def in_jax(task: Task) -> Step:
    """jit(value_and_grad): compiled before the time is taken; waits for the result."""
    jax = importlib.import_module("jax")
    np_ = importlib.import_module("jax.numpy")
    fixed = len(task.arrays) - task.leaves
    constants = [np_.asarray(a) for a in task.arrays[:fixed]]
    made = jax.jit(jax.value_and_grad(lambda leaves: task.fn(np_, *constants, *leaves)))
    leaves = tuple(np_.asarray(a) for a in task.arrays[fixed:])
    return lambda: jax.block_until_ready(made(leaves))[0]


PEERS: dict[str, Callable[[Task], Step]] = {"mygrad": in_mygrad, "autograd": in_autograd, "jax": in_jax}


def installed() -> Iterator[str]:
    """The peers that can be imported."""
    for name in PEERS:
        if importlib.util.find_spec(name) is not None:
            yield name
