"""The worker's side: receive tasks (lists of indices), send back batches, leave when told or left alone."""

from __future__ import annotations

import os
import pickle
import queue
import random
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch.backend.random import manual_seed
from minitorch.utils.data import shared
from minitorch.utils.data.dataset import IterableDataset
from minitorch.utils.data.fetch import make_fetcher
from minitorch.utils.data.worker_info import WorkerInfo, set_worker_info

CHECK_INTERVAL = 5.0  # seconds between two looks at whether the main process lives


@dataclass
class Job:
    """All that one worker needs to know; pickled where the start method is not fork."""

    dataset: Any
    auto_collation: bool
    collate_fn: Callable
    drop_last: bool
    base_seed: int
    init_fn: Callable | None
    id: int
    num_workers: int


@dataclass
class Task:
    """Batch number `number` of the epoch has these indices. Without a number: a new epoch begins."""

    epoch: int
    number: int | None = None
    index: Any = None


@dataclass
class End:
    """In the place of a batch: this worker's stream has ended."""


class _Verbatim(str):
    """A text that is its own repr: KeyError shows the repr of its argument, which would escape the line ends."""

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """In the place of a batch: an exception, as its type and the text of its traceback."""

    def __init__(self, error: BaseException, worker: int) -> None:
        self.kind: Any = type(error)
        text = "".join(traceback.format_exception(error))
        self.text = f"Caught {self.kind.__name__} in DataLoader worker process {worker}.\nOriginal {text}"
        try:
            pickle.dumps(self.kind)
        except Exception:  # a class defined in a function, say: the text still tells its name
            self.kind = RuntimeError

    def reraise(self) -> None:
        """Raise the same type of exception; RuntimeError if it can't be made from one text."""
        try:
            if getattr(self.kind, "message", None):
                error = self.kind(message=self.text)
            else:
                error = self.kind(_Verbatim(self.text) if self.kind is KeyError else self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        raise error


class Inbox:
    """Reads tasks in a thread of its own: so the main process never waits for a busy worker to read.

    (If both sides wrote into full pipes, each would wait for the other.) The thread also sees at once that the loader
    shuts down or starts over, so that tasks which nobody waits for any more are dropped unread.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._epoch = 0
        self._closed = False
        self._parent = os.getppid()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while (task := self._connection.recv()) is not None:
                self._epoch = task.epoch
                self._tasks.put(task)
        except (EOFError, OSError):  # the main process is gone
            pass
        self._closed = True
        self._tasks.put(None)

    def next(self) -> Task | None:
        """The next task that is still wanted; None when it is time to leave."""
        while not self._closed:
            try:
                task = self._tasks.get(timeout=CHECK_INTERVAL)
            except queue.Empty:
                if os.getppid() != self._parent:
                    return None
                continue
            if task is None or task.epoch == self._epoch:
                return None if self._closed else task
        return None


class Worker:
    """Answers tasks one by one."""

    def __init__(self, job: Job, results: Any, main: int) -> None:
        self.job = job
        self._results = results
        self._main = main
        self._fetcher: Any = None
        self._error: Failure | None = None
        self._ended = False

    def prepare(self) -> None:
        """Run worker_init_fn and open the dataset; an exception is kept, to be the answer to the first task."""
        try:
            if self.job.init_fn is not None:
                self.job.init_fn(self.job.id)
        except Exception as error:
            self._error = Failure(error, self.job.id)
        else:
            self._open()

    def _open(self) -> None:
        job = self.job
        self._ended = False
        try:
            self._fetcher = make_fetcher(job.dataset, job.auto_collation, job.collate_fn, job.drop_last)
        except Exception as error:
            self._error = Failure(error, job.id)

    def answer(self, task: Task) -> None:
        """Send the batch of a task."""
        if task.number is None:
            if self._fetcher is not None:
                self._open()
        elif not self._ended:
            shared.send(self._results, self._packed(task, self._data(task)), self._main)

    def _data(self, task: Task) -> Any:
        if self._error is not None:
            return self._error
        try:
            return self._fetcher.fetch(task.index)
        except Exception as error:
            if isinstance(error, StopIteration) and isinstance(self.job.dataset, IterableDataset):
                self._ended = True
                return End()
            return Failure(error, self.job.id)

    def _packed(self, task: Task, data: Any) -> Any:
        try:
            return shared.pack((task.epoch, task.number, data))
        except Exception as error:  # a batch that can't be pickled
            return shared.pack((task.epoch, task.number, Failure(error, self.job.id)))


def _seed(job: Job) -> None:
    """Seed minitorch, random and NumPy, each worker differently; the numbers are those of torch's workers."""
    random.seed(job.base_seed + job.id)
    manual_seed(job.base_seed + job.id)
    words = [job.id, job.base_seed & 0xFFFFFFFF, job.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))  # noqa: NPY002 - datasets use the global one


def _leave_interrupts_to_main() -> None:
    """Ctrl-C reaches all processes of a terminal at once: the main process decides, and closes the pipes.

    A worker that fell over it anywhere would print a traceback of its own, or seem to have died before the main
    process has seen the interrupt. A handler that does nothing, unlike SIG_IGN, isn't handed on to programs it starts.
    """
    signal.signal(signal.SIGINT, lambda number, frame: None)
    if hasattr(signal, "pthread_sigmask"):  # blocked while the process was started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def run(job: Job, tasks: Any, results: Any, main: int, inherited: list) -> None:
    """What a worker process does from its start to its end."""
    try:
        for connection in inherited:  # the main process's ends, which fork copied: kept open, they would hide its death
            connection.close()
        _leave_interrupts_to_main()
        inbox = Inbox(tasks)
        _seed(job)
        set_worker_info(WorkerInfo(job.id, job.num_workers, job.base_seed + job.id, job.dataset))
        worker = Worker(job, results, main)
        worker.prepare()
        while (task := inbox.next()) is not None:
            worker.answer(task)
    except (BrokenPipeError, ConnectionResetError):
        pass  # nobody listens any more
