"""The main process's side of the workers: start them, send tasks, receive batches, notice deaths, end them all."""

from __future__ import annotations

import os
import pickle
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import Any

from minitorch.utils.data import shared
from minitorch.utils.data.worker import Job, Task, run

GRACE = 5.0  # seconds that workers have to finish the batch at hand before they are terminated

_main_ends: set[Any] = set()  # connections that a forked worker must close


class WorkerDied(RuntimeError):
    """A worker process has ended without being told to."""


@contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Ctrl-C waits until a process has been started: a worker would print its traceback, a pool would be half made."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class WorkerPool:
    """Worker processes, each with a pipe for tasks and one for results.

    One pipe per worker, not a queue for all: a worker killed in the middle of a write can't spoil what others send, no
    lock can be left locked, and its end of the pipe closing tells of its death at once.
    """

    def __init__(self, context: Any, jobs: list[Job]) -> None:
        self._owner = os.getpid()
        self._processes: list[Any] = []
        self._tasks: list[Any] = []
        self._results: list[Any] = []
        self._listening: list[int] = []  # workers that may send, the one heard longest ago first
        self.closed = False
        if context.get_start_method() != "fork":
            resource_tracker.ensure_running()  # starting it would let interrupts through again
        try:
            for job in jobs:
                with _interrupt_held_back():
                    self._start(context, job)
        except BaseException:
            self.shutdown()
            raise

    def _start(self, context: Any, job: Job) -> None:
        task_out, task_in = context.Pipe(duplex=False)
        result_out, result_in = context.Pipe(duplex=True)  # a socket: it carries descriptors
        self._tasks.append(task_in)
        self._results.append(result_out)
        _main_ends.update((task_in, result_out))
        inherited = list(_main_ends) if context.get_start_method() == "fork" else []
        process = context.Process(target=run, args=(job, task_out, result_in, self._owner, inherited), daemon=True)
        try:
            process.start()
        except (TypeError, AttributeError, pickle.PicklingError):
            warnings.warn(
                "Got pickle error when attempting to start a worker Process. The dataset, collate_fn and "
                "worker_init_fn must be picklable, unless multiprocessing_context is 'fork'.",
                stacklevel=2,
            )
            raise
        finally:
            task_out.close()
            result_in.close()
        self._processes.append(process)
        self._listening.append(job.id)

    def __len__(self) -> int:
        return len(self._processes)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [process.pid for process in self._processes]

    def send(self, worker: int, task: Task | None) -> None:
        """Give a task to a worker; None asks it to leave."""
        if task is None:
            self._listening.remove(worker)
        with suppress(BrokenPipeError, ConnectionResetError):  # it is dead: receive() will tell
            self._tasks[worker].send(task)

    def receive(self, timeout: float | None) -> Any:
        """The next message of any worker; None if none comes in `timeout` seconds. WorkerDied if one has died."""
        waiting = [self._results[w] for w in self._listening]
        ready = wait([*waiting, *(self._processes[w].sentinel for w in self._listening)], timeout)
        if not ready:
            return None
        fallen = {w for w in self._listening if self._processes[w].sentinel in ready}
        for worker in self._listening:  # what was sent before a death is still good
            if self._results[worker] in ready:
                try:
                    message = shared.receive(self._results[worker])
                except (EOFError, OSError) as error:
                    raise self._died(fallen | {worker}) from error
                self._listening.remove(worker)
                self._listening.append(worker)
                return message
        raise self._died(fallen)

    def _died(self, workers: set[int]) -> WorkerDied:
        """The exception that names the dead."""
        dead = [self._processes[w] for w in sorted(workers)]
        for process in dead:
            process.join(1)  # its pipes close a moment before it has ended
        pids = ", ".join(str(process.pid) for process in dead)
        reasons = ", ".join(sorted({_reason(process.exitcode) for process in dead}))
        return WorkerDied(f"DataLoader worker (pid(s) {pids}) exited unexpectedly ({reasons})")

    def shutdown(self) -> None:
        """End all workers. They may finish the batch at hand for GRACE seconds."""
        if self.closed or os.getpid() != self._owner:  # a forked child inherits this object, not the workers
            return
        self.closed = True
        for connection in self._tasks:
            with suppress(OSError, ValueError):
                connection.send(None)
            connection.close()
        for connection in self._results:
            connection.close()  # a worker in the middle of sending gets an error and leaves
        _main_ends.difference_update(self._tasks, self._results)
        deadline = time.monotonic() + GRACE
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for stop in ("terminate", "kill"):
            for process in self._processes:
                if process.is_alive():
                    getattr(process, stop)()
                    process.join(GRACE)


def _reason(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by signal: {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"
