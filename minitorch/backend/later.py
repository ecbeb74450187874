"""Questions about values on a device whose answers can wait.

To look at a value on a GPU the host must wait for all work queued before it. So a check of values (is every class
number in range?) is queued as well, and its answer is read when the program next takes values off the device, as
torch reports the failed assertion of a CUDA kernel. (Not by operations that compute on the host: what their forward
raises is taken for their own failure.) On the CPU the answer is there at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.backend.device import CPU, backend_of

LIMIT = 64  # answers that wait at most; each keeps the arrays that its message is about

PENDING: list[tuple[Any, Callable[[], Exception]]] = []


def on_host(array: Any) -> bool:
    """True where a look at a value costs no waiting."""
    return backend_of(array) is CPU


def refuse_if(wrong: Any, error: Callable[[], Exception]) -> None:
    """Raise error() if `wrong`, an array of one bool, holds: now on the CPU, else when values leave the device."""
    if on_host(wrong):
        if wrong:
            raise error()
        return
    PENDING.append((wrong, error))
    if len(PENDING) >= LIMIT:
        settle()


def read(array: Any) -> np.ndarray:
    """The array in host memory, for the program to see."""
    settle()
    return backend_of(array).to_host(array)


def settle() -> None:
    """Read the answers that wait, and raise the first error among them."""
    waiting = PENDING[:]
    PENDING.clear()
    for wrong, error in waiting:
        if wrong:
            raise error()
