"""What a workload is: a piece of work written once, as a function of the library that does it.

`make(L, device)` builds everything from the same seed and the same data, with L torch or minitorch, and returns a
function of no arguments that does the work once and returns a tensor (a loss, a result) or None. The tensor of the
first call is compared between the libraries, so that a ratio of times is always a ratio for equal work.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Step = Callable[[], Any]
Make = Callable[..., Step]


@dataclass(frozen=True)
class Workload:
    """target: what torch's time / minitorch's time should be at least, on one thread of a CPU; None: not set."""

    name: str
    kind: str
    make: Make
    target: float | None = None
    about: str = ""


WORKLOADS: dict[str, Workload] = {}


def workload(name: str, kind: str, target: float | None = None) -> Callable[[Make], Make]:
    """Register make(L, device) under a name; its docstring says what is done."""

    def register(make: Make) -> Make:
        if name in WORKLOADS:
            raise ValueError(f"two workloads are called {name!r}")
        WORKLOADS[name] = Workload(name, kind, make, target, " ".join((make.__doc__ or "").split()))
        return make

    return register


@functools.cache
def normal(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Normally distributed float32 numbers, the same in both libraries."""
    return np.random.default_rng(seed).standard_normal(shape, dtype="float32")


@functools.cache
def integers(shape: tuple[int, ...], high: int, seed: int = 0) -> np.ndarray:
    """Whole numbers below `high`."""
    return np.random.default_rng(seed).integers(0, high, shape)


def tensor(L: Any, device: str, array: np.ndarray, grad: bool = False) -> Any:
    """A tensor of L with a copy of the numbers of `array`."""
    return L.from_numpy(array.copy()).to(device).requires_grad_(grad)


def training(optimizer: Any, loss_of: Callable[[], Any]) -> Step:
    """One step of training: gradients forgotten, loss, backward, update."""

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    return step


def differentiating(leaves: list[Any], loss_of: Callable[[], Any]) -> Step:
    """Forward and backward; the gradients are dropped again."""

    def step() -> Any:
        loss = loss_of()
        loss.backward()
        for leaf in leaves:
            leaf.grad = None
        return loss

    return step
