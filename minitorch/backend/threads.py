"""How many threads the compiled loops use, and how a loop over rows is cut into parts for them.

The loops release the GIL, so plain Python threads do. They are started when first needed, and a forked process starts
its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

LEAST = 1 << 16  # elements for each thread: fewer take less time than waking it

_number: list[int | None] = [None]
_pool: list[Any] = [None]


def set_number(n: int) -> None:
    """Use n threads."""
    _number[0] = n
    _forget()


def number() -> int:
    """The number set, else what the environment says to OpenMP, else the cores that this process may use."""
    found = _number[0]
    if found is None:
        asked = os.environ.get("OMP_NUM_THREADS", "")
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        found = _number[0] = int(asked) if asked.isdigit() and int(asked) > 0 else usable
    return found


def _forget() -> None:
    pool, _pool[0] = _pool[0], None
    if pool is not None:
        pool.shutdown(wait=False)


def _after_fork() -> None:
    _pool[0] = None  # its threads did not come along


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def run(loop: Callable[..., Any], *arrays: Any, shared: tuple = (), size: int = 0) -> None:
    """loop(*arrays, *shared), or loop on several parts of the arrays' first dimension at once if they are long.

    `size`: how many elements it passes over, if not those of the first array.
    """
    n, size = len(arrays[0]), size or arrays[0].size
    count = 1 if size < 2 * LEAST else min(number(), n, size // LEAST)
    if count == 1:
        loop(*arrays, *shared)
        return
    if _pool[0] is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool[0] = ThreadPoolExecutor(number(), "minitorch")
    edges = [n * k // count for k in range(count + 1)]
    parts = [_pool[0].submit(loop, *(a[i:j] for a in arrays), *shared) for i, j in zip(edges, edges[1:], strict=False)]
    for part in parts:
        part.result()
