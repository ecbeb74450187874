"""`minitorch.profiler`: there is no profiler here; Python's own (cProfile, py-spy) see every operation.

`record_function` and `schedule` work, so that a script that profiles on request runs until the request.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from minitorch.absent import absent_class, absent_function
from minitorch.autograd.profiler import WHY, record_function
from minitorch.tensor.notice import warn_user

__all__ = [
    "ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "tensorboard_trace_handler",
]  # fmt: skip

profile = absent_class("profiler.profile", WHY)
tensorboard_trace_handler = absent_function("profiler.tensorboard_trace_handler", WHY)


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
