"""Datasets that worker processes import by name (spawn pickles them), and programs that are run as processes."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import numpy as np

import minitorch as mt
from minitorch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info


class Rows(Dataset):
    """Row i is full of i: `size` numbers of single precision."""

    def __init__(self, n: int = 12, size: int = 3) -> None:
        self.n, self.size = n, size

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> tuple:
        return mt.full((self.size,), float(i)), i


class Draws(Dataset):
    """Who loaded the sample, and the random numbers it saw."""

    library = mt

    def __len__(self) -> int:
        return 8

    def __getitem__(self, i: int) -> list:
        info = self.library.utils.data.get_worker_info()
        return [info.id, info.num_workers, info.seed, self.library.rand(1).item(), random.random(), np.random.rand()]


class Trouble(Rows):
    """Does `what` when sample 5 is asked for."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def __getitem__(self, i: int) -> tuple:
        if i == 5:
            {"kill": lambda: os.kill(os.getpid(), signal.SIGKILL), "exit": lambda: os._exit(3),
             "sleep": lambda: time.sleep(60), "raise": lambda: {}["key\nwith a line"]}[self.what]()  # fmt: skip
        return super().__getitem__(i)


class Endless(IterableDataset):
    """Big rows for ever."""

    def __iter__(self):
        while True:
            yield mt.ones(50_000)


def interrupted() -> None:
    """Trains until Ctrl-C; prints the workers' ids."""
    iterator = iter(DataLoader(Endless(), 2, num_workers=2))
    print(*iterator._pool.pids, flush=True)
    for _ in iterator:
        time.sleep(0.01)


def unfinished() -> None:
    """Ends with an iterator in the middle of its epoch, referenced from the main module."""
    global kept
    kept = iter(DataLoader(Endless(), 2, num_workers=2, persistent_workers=len(sys.argv) > 2))
    next(kept)
    print(*kept._pool.pids, flush=True)


def failing() -> None:
    """Ends with an exception while workers run."""
    unfinished()
    raise ValueError("the training failed")


def many() -> None:
    """10,000 batches in shared memory: prints by how many bytes the process grew after the first thousand."""

    def resident() -> int:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = 0
    for i, _ in enumerate(DataLoader(Endless(), 1, num_workers=2)):
        if i == 1000:
            before = resident(), len(os.listdir("/proc/self/fd"))
        if i == 10_000:
            print(resident() - before[0], len(os.listdir("/proc/self/fd")) - before[1])
            return


def worker_id(i: int) -> None:
    """A worker_init_fn: lets the dataset know."""
    get_worker_info().dataset.size = 10 + i


if __name__ == "__main__":
    globals()[sys.argv[1]]()
