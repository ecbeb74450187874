"""`minitorch.cuda`: the GPU seen from a program. Names are torch.cuda's; without a GPU only its use fails."""

from __future__ import annotations

import importlib
from typing import Any

from minitorch.backend import device as Device
from minitorch.backend import in_use
from minitorch.backend.cuda import why_unavailable
from minitorch.backend.later import settle

__all__ = [
    "Event", "current_device", "device", "device_count", "empty_cache", "get_device_capability", "get_device_name",
    "is_available", "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated", "memory_allocated",
    "memory_reserved", "reset_peak_memory_stats", "set_device", "synchronize", "why_unavailable",
]  # fmt: skip


def _xp() -> Any:
    """The array module of the CUDA backend; raises, saying what is missing, without one."""
    return Device("cuda").backend.xp


def is_available() -> bool:
    """True if tensors can be put on a CUDA device. Never raises."""
    return why_unavailable() is None


def is_initialized() -> bool:
    """True once a CUDA device has been used."""
    return in_use("cuda")


def device_count() -> int:
    """How many CUDA devices there are; 0 without CUDA."""
    return _xp().cuda.runtime.getDeviceCount() if is_available() else 0


def _number(device: Any) -> int:
    if device is None:
        return current_device()
    where = Device(device)
    return current_device() if where.index is None else where.index


def current_device() -> int:
    """The number of the device that `device('cuda')` means."""
    return _xp().cuda.runtime.getDevice()


def set_device(device: Any) -> None:
    """Make another device the current one."""
    _xp().cuda.Device(_number(device)).use()


def synchronize(device: Any = None) -> None:
    """Wait until all work on the device is done."""
    _xp().cuda.Device(_number(device)).synchronize()
    settle()


def empty_cache() -> None:
    """Give memory that is held but unused back to the driver."""
    if is_available():
        _xp().get_default_memory_pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Bytes in use by arrays; 0 without CUDA."""
    return _xp().get_default_memory_pool().used_bytes() if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """Bytes held from the driver, in use or not."""
    return _xp().get_default_memory_pool().total_bytes() if is_available() else 0


def max_memory_allocated(device: Any = None) -> int:
    """The memory pool's size, which never shrinks by itself: the peak of what was in use, rounded up to its blocks."""
    return memory_reserved(device)


def reset_peak_memory_stats(device: Any = None) -> None:
    """Start a new peak: give back what is unused."""
    empty_cache()


def get_device_name(device: Any = None) -> str:
    """The model name, such as 'NVIDIA H100'."""
    name = _xp().cuda.runtime.getDeviceProperties(_number(device))["name"]
    return name.decode() if isinstance(name, bytes) else name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability, (major, minor)."""
    found = _xp().cuda.runtime.getDeviceProperties(_number(device))
    return found["major"], found["minor"]


def manual_seed(seed: int) -> None:
    """Seed the current device's generator; nothing without CUDA."""
    if is_available():
        Device("cuda").backend.generator(current_device()).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all devices; nothing without CUDA."""
    if is_available():
        Device("cuda").backend.manual_seed(seed)


_STREAMS = (
    "Stream", "current_stream", "default_stream", "get_arch_list", "get_device_properties", "get_rng_state",
    "get_rng_state_all", "ipc_collect", "is_bf16_supported", "max_memory_cached", "max_memory_reserved",
    "mem_get_info", "memory_cached", "memory_summary", "nvtx", "reset_max_memory_allocated",
    "reset_max_memory_cached", "seed_all", "set_rng_state", "set_rng_state_all", "stream",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    """What lies in files of its own and is imported when it is named."""
    if name == "amp":
        return importlib.import_module("minitorch.amp.cuda")
    if name == "_initialized":  # read by copies of reversible layers: is there a state of the GPU to keep?
        return is_initialized()
    if name in _STREAMS:
        return getattr(importlib.import_module("minitorch.cuda_streams"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class device:
    """Within the block, another device is the current one."""

    def __init__(self, device: Any) -> None:
        self.index = _number(device)

    def __enter__(self) -> None:
        self.previous = current_device()
        set_device(self.index)

    def __exit__(self, *exc: object) -> None:
        set_device(self.previous)


class Event:
    """A mark in the device's work, for timing: record(), synchronize(), a.elapsed_time(b) in milliseconds."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self.enable_timing = enable_timing
        self._event: Any = _xp().cuda.Event(disable_timing=not enable_timing, block=blocking)

    def record(self, stream: Any = None) -> None:
        """Put the mark after all work given so far."""
        self._event.record(stream)

    def query(self) -> bool:
        """True if the work before the mark is done."""
        return self._event.done

    def synchronize(self) -> None:
        """Wait for the work before the mark."""
        self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds between two marks made with enable_timing=True."""
        return _xp().cuda.get_elapsed_time(self._event, end_event._event)
