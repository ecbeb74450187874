"""`minitorch.accelerator`: the GPU whatever its kind, which here is CUDA. Names are torch.accelerator's."""

from __future__ import annotations

from typing import Any

from minitorch import cuda
from minitorch.backend import device

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "device_count", "empty_cache", "is_available",
    "max_memory_allocated", "memory_allocated", "set_device_idx", "set_device_index", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """True if there is a GPU to compute on."""
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> device | None:
    """device('cuda'), or None without one."""
    return device("cuda") if is_available() else None


def device_count() -> int:
    """How many there are."""
    return cuda.device_count()


def _need() -> None:
    if not is_available():
        raise RuntimeError("Cannot access accelerator device when none is available.")


def current_device_index() -> int:
    """The number of the current device."""
    _need()
    return cuda.current_device()


def set_device_index(device: Any, /) -> None:
    """Make another device the current one."""
    _need()
    cuda.set_device(device)


def synchronize(device: Any = None, /) -> None:
    """Wait until all work on the device is done."""
    _need()
    cuda.synchronize(device)


current_device_idx, set_device_idx = current_device_index, set_device_index


def empty_cache() -> None:
    """Give memory that is held but unused back to the driver."""
    cuda.empty_cache()


def memory_allocated(device_index: Any = None, /) -> int:
    """Bytes in use by arrays."""
    return cuda.memory_allocated(device_index)


def max_memory_allocated(device_index: Any = None, /) -> int:
    """The peak of the memory held."""
    return cuda.max_memory_allocated(device_index)
