"""`minitorch.multiprocessing`: Python's own multiprocessing, and `spawn`. Names are torch.multiprocessing's.

A tensor given to another process through a queue or pipe is copied; torch hands over shared memory.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from multiprocessing import *  # noqa: F403 - the module is the standard one with more in it
from typing import Any

__all__ = multiprocessing.__all__ + [  # type: ignore[attr-defined]
    "ProcessContext", "ProcessExitedException", "ProcessRaisedException",
    "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes",
]  # fmt: skip

GRACE = 30.0  # seconds that a process has to end after SIGTERM


class ProcessException(Exception):
    """A process that `spawn` started has failed."""

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid

    def __reduce__(self) -> tuple:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """It raised an exception; the message holds its traceback."""


class ProcessExitedException(ProcessException):
    """It was killed by a signal, or exited with a code."""

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self) -> tuple:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _call(fn: Callable, i: int, args: tuple, errors: Any) -> None:
    """What a process does: call the function; tell of an exception by its text, which can always be sent."""
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass  # the process that started it tells
    except Exception:
        errors.send(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes of `spawn(..., join=False)`."""

    def __init__(self, processes: list[Any], errors: list[Any]) -> None:
        self.processes, self._errors = processes, errors
        self.sentinels = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """The process ids."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait for a process to end; True once all have. If one fails, end the others and raise what it raised."""
        if not self.sentinels:
            return True
        for sentinel in multiprocessing.connection.wait(list(self.sentinels), timeout=timeout):
            i = self.sentinels.pop(sentinel)  # type: ignore[call-overload]  # these sentinels are ints
            self.processes[i].join()
            if self.processes[i].exitcode != 0:
                self._end_all(grace_period)
                raise self._failure(i)
        return not self.sentinels

    def _end_all(self, grace_period: float | None) -> None:
        for process in self.processes:
            if grace_period is not None:
                process.join(grace_period)
            if process.is_alive():
                process.terminate()
        for process in self.processes:
            process.join(GRACE if grace_period is None else grace_period)
            if process.is_alive():
                process.kill()
                process.join()

    def _failure(self, i: int) -> ProcessException:
        process = self.processes[i]
        try:
            told = self._errors[i].recv() if self._errors[i].poll() else None
        except EOFError:  # it ended without a word
            told = None
        if told is not None:
            text = f"\n\n-- Process {i} terminated with the following error:\n{told}"
            return ProcessRaisedException(text, i, process.pid)
        code = process.exitcode
        if code > 0:
            return ProcessExitedException(f"process {i} terminated with exit code {code}", i, process.pid, code)
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"<Unknown signal {-code}>"
        return ProcessExitedException(f"process {i} terminated with signal {name}", i, process.pid, code, name)


def start_processes(
    fn: Callable,
    args: tuple = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Call `fn(i, *args)` in `nprocs` processes; waits for them and gives None, or with join=False a ProcessContext."""
    context: Any = multiprocessing.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_call, args=(fn, i, args, sending), daemon=daemon)
        process.start()
        sending.close()
        processes.append(process)
        errors.append(receiving)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable,
    args: tuple = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """`start_processes` with the start method "spawn": `fn` must be found by name in a module."""
    if start_method != "spawn":
        warnings.warn(
            f"This method only supports start_method=spawn (got: {start_method}).\n"
            "To use a different start_method use:\n\t\t torch.multiprocessing.start_processes(...)",
            FutureWarning,
            stacklevel=2,
        )
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")


def get_all_sharing_strategies() -> set[str]:
    """{"file_system"}: the only name there is, and nothing hangs on it."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """ "file_system"."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepts the names that torch has on some system; nothing hangs on them here."""
    if new_strategy not in ("file_system", "file_descriptor"):
        raise AssertionError(f"invalid sharing strategy {new_strategy!r}: expected file_system or file_descriptor")
