"""The iterator over a DataLoader with workers: hands out tasks ahead of time and puts the batches in order."""

from __future__ import annotations

import itertools
import multiprocessing
import weakref
from typing import Any

from minitorch.utils.data.iterators import BaseIterator
from minitorch.utils.data.pool import WorkerPool
from minitorch.utils.data.worker import End, Failure, Job, Task


class ParallelIterator(BaseIterator):
    """Batches number 0, 1, 2, ... go to the workers in turn; prefetch_factor * num_workers are on their way at a time.

    _pending  number -> worker, for batches that were asked for and have not been handed on
    _early    number -> batch, for batches that came before their turn
    _load     how many batches each worker owes
    """

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        if loader.prefetch_factor <= 0:
            raise AssertionError("DataLoader: with workers prefetch_factor must be greater than 0")
        self._ahead = loader.prefetch_factor * loader.num_workers
        self._in_order = loader.in_order
        self._timeout = loader.timeout
        self._persistent = loader.persistent_workers
        self._epoch = -1
        self._pool = WorkerPool(loader.multiprocessing_context or multiprocessing.get_context(), self._jobs(loader))
        self._end_workers = weakref.finalize(self, self._pool.shutdown)  # when dropped, and at the program's exit
        self.restart(loader)

    def _jobs(self, loader: Any) -> list[Job]:
        n = loader.num_workers
        return [
            Job(loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last, self._base_seed,
                loader.worker_init_fn, worker, n)
            for worker in range(n)
        ]  # fmt: skip

    @property
    def usable(self) -> bool:
        """False once the workers have ended: a persistent loader then needs new ones."""
        return not self._pool.closed

    def restart(self, loader: Any) -> None:
        """Begin an epoch. Workers drop what is left of the one before."""
        self._fresh(loader)
        self._sampler_iter = iter(self._sampler)
        self._epoch += 1
        self._sent = self._next = 0
        self._pending: dict[int, int] = {}
        self._early: dict[int, Any] = {}
        self._active = [True] * self._num_workers
        self._load = [0] * self._num_workers
        self._turn = itertools.cycle(range(self._num_workers))
        if self._epoch > 0:
            for worker in range(self._num_workers):
                self._pool.send(worker, Task(self._epoch))
        for _ in range(self._ahead):
            self._send_task()

    def _send_task(self) -> None:
        """Draw the indices of one more batch and give them to the worker whose turn it is."""
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        worker = self._choose_worker()
        if worker is None:
            return
        self._pool.send(worker, Task(self._epoch, self._sent, index))
        self._pending[self._sent] = worker
        self._load[worker] += 1
        self._sent += 1

    def _choose_worker(self) -> int | None:
        """The next one in turn that is active; out of order, the next that owes less than its share."""
        for worker in itertools.islice(self._turn, self._num_workers):
            if not self._active[worker]:
                continue
            if self._in_order or self._load[worker] < self._ahead // sum(self._active):
                return worker
        return None

    def _next_data(self) -> Any:
        while True:
            if not self._find_next():
                if not self._persistent:
                    self._end_workers()
                raise StopIteration
            if self._next in self._early:
                self._next += 1
                return self._hand_on(self._next - 1, self._early.pop(self._next - 1))
            number, data = self._receive()
            if isinstance(data, End):
                self._retire(self._pending[number])
            elif number == self._next:
                self._next += 1
                return self._hand_on(number, data)
            elif not self._in_order:
                return self._hand_on(number, data)
            else:
                self._early[number] = data

    def _find_next(self) -> bool:
        """Move on to the next batch that is here or will come: a worker whose stream has ended leaves gaps."""
        while self._next < self._sent:
            worker = self._pending.get(self._next)
            if worker is not None and (self._active[worker] or self._next in self._early):
                return True
            self._pending.pop(self._next, None)
            self._next += 1
        return False

    def _receive(self) -> tuple[int, Any]:
        """The next batch of this epoch, whichever it is."""
        if self._pool.closed:
            raise RuntimeError("DataLoader: the workers of this iterator have ended; make a new one")
        while True:
            try:
                message = self._pool.receive(self._timeout or None)
            except BaseException:  # a worker died, or Ctrl-C cut a message in two
                self._end_workers()
                raise
            if message is None:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
            epoch, number, data = message
            if epoch == self._epoch:
                return number, data

    def _retire(self, worker: int) -> None:
        """The worker's stream has ended. It leaves, unless it will be needed in the next epoch."""
        self._active[worker] = False
        if not self._persistent:
            self._pool.send(worker, None)
        self._send_task()

    def _hand_on(self, number: int, data: Any) -> Any:
        """Ask for one batch more, then give this one out (or raise what the worker raised)."""
        self._load[self._pending.pop(number)] -= 1
        self._send_task()
        if isinstance(data, Failure):
            data.reraise()
        return data
