"""DistributedSampler: each of several processes takes its share of one shuffled order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from minitorch.distributed import get_rank, get_world_size
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.random import Generator
from minitorch.utils.data.dataset import Dataset
from minitorch.utils.data.sampler import Sampler

T_co = TypeVar("T_co", covariant=True)

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[T_co]):
    """Every num_replicas-th index from `rank` on, of the order shuffled with seed + epoch.

    So that all ranks get as many, the order is filled up from its own front, or cut with drop_last. Call
    `set_epoch(epoch)` before each epoch: else the order is the same each time. num_replicas and rank that aren't given
    are the process group's.

    >>> from minitorch.utils.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Dataset,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        num_replicas = get_world_size() if num_replicas is None else num_replicas
        rank = get_rank() if rank is None else rank
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        n = len(dataset)  # type: ignore[arg-type]
        self.num_samples = n // num_replicas if drop_last else -(-n // num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[T_co]:
        n = len(self.dataset)  # type: ignore[arg-type]
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = FUNCTIONS["randperm"](n, generator=generator).tolist()
        else:
            order = list(range(n))
        if not self.drop_last and order:
            order *= -(-self.total_size // n)  # repeated until long enough
        order = order[: self.total_size]
        if len(order) != self.total_size:
            raise AssertionError(
                f"Number of indices ({len(order)}) does not match total_size ({self.total_size}): "
                "the dataset has changed its length"
            )
        return iter(order[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: each has its own order."""
        self.epoch = epoch
