"""Streams and properties of CUDA devices, as torch.cuda names them; `minitorch.cuda` shows them as its own.

Operations run on the stream that is current when they are called, CuPy's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from minitorch import cuda
from minitorch.absent import absent_namespace
from minitorch.backend import device as Device


def _cupy() -> Any:
    return Device("cuda").backend.xp.cuda


class Stream:
    """A queue of work on a device: what is given to one stream runs in order, two streams run side by side."""

    def __init__(self, device: Any = None, priority: int = 0, **of: Any) -> None:
        self._stream = of.pop("_stream", None)
        if of:
            raise TypeError(f"Stream got an unexpected keyword argument {next(iter(of))!r}")
        if self._stream is None:
            with cuda.device(device):
                self._stream = _cupy().Stream(non_blocking=True, priority=priority)

    def synchronize(self) -> None:
        """Wait until its work is done."""
        self._stream.synchronize()

    def query(self) -> bool:
        """True if its work is done."""
        return self._stream.done

    def record_event(self, event: Any = None) -> Any:
        """A mark after the work given so far."""
        event = cuda.Event() if event is None else event
        event.record(self._stream)
        return event

    def wait_event(self, event: Any) -> None:
        """Let work to come wait for a mark of another stream."""
        self._stream.wait_event(event._event)

    def wait_stream(self, stream: Stream) -> None:
        """Let work to come wait for what the other stream has been given."""
        self.wait_event(stream.record_event())

    @property
    def cuda_stream(self) -> int:
        """The handle that CUDA knows it by."""
        return self._stream.ptr


class stream:
    """`with stream(s):` gives work to the stream `s`; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.stream._stream.__enter__()

    def __exit__(self, *exc: Any) -> None:
        if self.stream is not None:
            self.stream._stream.__exit__(*exc)


def current_stream(device: Any = None) -> Stream:
    """The stream that work is given to."""
    with cuda.device(device):
        return Stream(_stream=_cupy().get_current_stream())


def default_stream(device: Any = None) -> Stream:
    """The stream of a device that work is given to unless told otherwise."""
    with cuda.device(device):
        return Stream(_stream=_cupy().Stream.null)


def get_device_properties(device: Any = None) -> SimpleNamespace:
    """name, major, minor, total_memory, multi_processor_count, and what else the driver tells."""
    found = dict(_cupy().runtime.getDeviceProperties(cuda._number(device)))
    found["name"] = cuda.get_device_name(device)
    return SimpleNamespace(
        **found, total_memory=found["totalGlobalMem"], multi_processor_count=found["multiProcessorCount"]
    )


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """(free, total) bytes of the device's memory."""
    with cuda.device(device):
        return tuple(_cupy().runtime.memGetInfo())  # type: ignore[return-value]


def max_memory_reserved(device: Any = None) -> int:
    """The peak of the bytes held from the driver; the memory pool never shrinks by itself."""
    return cuda.memory_reserved(device)


memory_cached, max_memory_cached = cuda.memory_reserved, max_memory_reserved  # their names of old
reset_max_memory_allocated = reset_max_memory_cached = cuda.reset_peak_memory_stats


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """Two lines to print: the bytes in use and the bytes held from the driver."""
    return f"allocated {cuda.memory_allocated(device):>16,} B\nreserved  {cuda.memory_reserved(device):>16,} B"


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: CuPy has no bfloat16."""
    return False


def get_arch_list() -> list[str]:
    """Nothing: kernels are compiled for the device at hand."""
    return []


def ipc_collect() -> None:
    """Free memory that other processes have shared: none is."""
    cuda._xp()


def seed_all() -> None:
    """Seed all devices from the machine's entropy; nothing without CUDA."""
    if cuda.is_available():
        cuda.manual_seed_all(int.from_bytes(os.urandom(7), "little"))


_STATE = "the state of a CUDA generator can't be read or set; seed it"


def get_rng_state(device: Any = "cuda") -> Any:
    """NotImplementedError; without CUDA the error that says so."""
    cuda._xp()
    raise NotImplementedError(f"cuda.get_rng_state: {_STATE}")


def get_rng_state_all() -> list:
    """A state for each device: [] without CUDA, so that a checkpoint can hold it."""
    return [get_rng_state(i) for i in range(cuda.device_count())]


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Nothing without CUDA, as torch puts it off until there is a device; else NotImplementedError."""
    if cuda.is_available():
        raise NotImplementedError(f"cuda.set_rng_state: {_STATE}")


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """`set_rng_state` for each device."""
    for i, state in enumerate(new_states):
        set_rng_state(state, i)


nvtx = absent_namespace(
    "cuda.nvtx", "no ranges are marked for NVIDIA's profilers.", "range_push range_pop mark range range_start range_end"
)
