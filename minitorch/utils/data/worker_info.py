"""What a worker process knows of itself. Imports nothing that only workers need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minitorch.utils.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """id: 0 to num_workers - 1; seed: the one this worker was seeded with; dataset: this process's copy."""

    id: int
    num_workers: int
    seed: int
    dataset: Dataset
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_current: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a DataLoader worker: its WorkerInfo (id, num_workers, seed, dataset). In the main process: None."""
    return _current


def set_worker_info(info: WorkerInfo) -> None:
    """Say who this process is; called once, when a worker starts."""
    global _current
    _current = info
