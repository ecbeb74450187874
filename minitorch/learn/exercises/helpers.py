"""What the chapters share: small arrays that are easy to read, gradients, finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.learn.exercise import Rule


def small(rng: Any, *shape: int) -> Any:
    """Multiples of a half between -3 and 3."""
    return rng.integers(-6, 7, shape) / 2


def wave(*shape: int, start: float = 1.0) -> Any:
    """Numbers between -1 and 1 that all differ: the same at every call."""
    return np.sin(start + 1.7 * np.arange(math.prod(shape))).reshape(shape)


def gradients(lib: Any, function: Callable, *arrays: Any) -> list:
    """[the result, the gradient of each array] under an upstream gradient that is not uniform."""
    leaves = [lib.tensor(a, requires_grad=True) for a in arrays]
    out = function(*leaves)
    out.backward(lib.tensor(wave(*out.shape, start=2.0)))
    return [out, *(t.grad for t in leaves)]


def slopes(function: Callable, x: Any, g: Any, eps: float = 1e-5) -> Any:
    """d sum(g * function(x)) / dx by central differences."""
    found = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = x.astype(float), x.astype(float)
        up[index] += eps
        down[index] -= eps
        found[index] = (np.sum(g * function(up)) - np.sum(g * function(down))) / (2 * eps)
    return found


def close(a: Any, b: Any, atol: float = 1e-5) -> bool:
    """Equal up to the error of finite differences."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=atol)


FINITE = "finite differences of the forward give another gradient"


def finite(holds: Callable) -> Rule:
    """The law that a derivative is checked by; holds(result, *arguments) compares with `slopes`."""
    return Rule(FINITE, holds)
