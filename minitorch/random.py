"""`minitorch.random`: the state of the generators. Names are torch.random's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from minitorch import cuda
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.random import default_generator

manual_seed, seed, initial_seed = FUNCTIONS["manual_seed"], FUNCTIONS["seed"], FUNCTIONS["initial_seed"]
get_rng_state, set_rng_state = FUNCTIONS["get_rng_state"], FUNCTIONS["set_rng_state"]

__all__ = [
    "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state",
]  # fmt: skip


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:
    """Random numbers drawn inside the block leave no trace after it: the state of the CPU's generator comes back.

    On a machine with CUDA the state of a device's generator can't be kept: NotImplementedError, unless `devices=[]`.
    """
    if not enabled:
        yield
        return
    listed = list(devices) if devices is not None else list(range(cuda.device_count()))
    if listed:
        raise NotImplementedError("fork_rng: the state of a CUDA generator can't be kept; devices=[] forks the CPU's")
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)
