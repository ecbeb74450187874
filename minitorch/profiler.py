"""`minitorch.profiler`: which operations take how long, step by step. Names are torch.profiler's.

autograd/profiler.py says what is measured, and with what.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from minitorch.autograd import profiler
from minitorch.autograd.profiler import record_function
from minitorch.tensor.notice import warn_user

__all__ = [
    "ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "supported_activities",
    "tensorboard_trace_handler",
]  # fmt: skip


class ProfilerAction(Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class ProfilerActivity(Enum):
    """What a profiler looks at."""

    CPU = 0
    CUDA = 2


def supported_activities() -> set[ProfilerActivity]:
    """The CPU."""
    return {ProfilerActivity.CPU}


class profile(profiler.profile):
    """`with profile(schedule=..., on_trace_ready=...) as prof:`, with `prof.step()` at the end of each step.

    Without a schedule all that runs inside is recorded. With one, the steps that it names; after the last of each
    cycle `on_trace_ready(prof)` is called. record_shapes, profile_memory, with_flops, with_modules and with_stack are
    taken, and what they would add isn't recorded.

    >>> import minitorch as mt
    >>> with mt.profiler.profile(schedule=mt.profiler.schedule(wait=1, warmup=1, active=1)) as prof:
    ...     for _ in range(3):
    ...         y = mt.ones(2).exp()
    ...         prof.step()
    >>> [event.count for event in prof.key_averages() if event.key.endswith(".exp")]
    [1]
    """

    def __init__(
        self, *, activities: Any = None, schedule: Callable | None = None, on_trace_ready: Callable | None = None,
        record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False, with_flops: bool = False,
        with_modules: bool = False, experimental_config: Any = None, execution_trace_observer: Any = None,
        acc_events: bool = False, use_cuda: bool | None = None, custom_trace_id_callback: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.activities = set(activities) if activities is not None else supported_activities()
        self.schedule, self.on_trace_ready, self.step_num = schedule, on_trace_ready, 0

    def start(self) -> None:
        """Enter."""
        if self._recording(self.step_num):
            self._begin()

    def stop(self) -> None:
        """Leave: what has been recorded since the last cycle is handed over."""
        if self._profiler is not None:
            self._hand_over()

    def step(self) -> None:
        """Say that a step is over."""
        self.step_num += 1
        if self.schedule is None:
            return
        if self.schedule(self.step_num - 1) is ProfilerAction.RECORD_AND_SAVE:
            self._hand_over()
        if self._profiler is None and self._recording(self.step_num):
            self._begin()

    def _recording(self, step: int) -> bool:
        kinds = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        return self.schedule is None or self.schedule(step) in kinds

    def _hand_over(self) -> None:
        self._end()
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """A handler for `on_trace_ready` that writes the labels of a cycle to a file in `dir_name`."""
    if use_gzip:
        raise NotImplementedError("tensorboard_trace_handler: use_gzip=True is not supported; the file is plain JSON")
    worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
    return lambda prof: prof.export_chrome_trace(f"{dir_name}/{worker}.{time.time_ns()}.pt.trace.json")


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerAction]:
    """step -> action: after `skip_first` steps, `wait` idle, `warmup`, `active` recorded; all that `repeat` times."""
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError("Invalid profiler schedule arguments")
    if warmup == 0:
        warn_user("Profiler won't be using warmup, this can skew profiler results")
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        cycle, at = divmod(step - skip_first, length)
        if step < skip_first or (repeat and cycle >= repeat) or at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if at == length - 1 else ProfilerAction.RECORD

    return action
