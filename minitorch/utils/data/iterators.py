"""Iterators over a DataLoader: what all share, and the one that works in this process (parallel.py has the other)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.backend.cuda import why_unavailable
from minitorch.utils.data.collate import rebuild_mapping, rebuild_sequence
from minitorch.utils.data.dataset import IterableDataset
from minitorch.utils.data.fetch import make_fetcher
from minitorch.utils.data.sampler import draw_seed


def pin_memory(data: Any) -> Any:
    """Call `pin_memory` wherever a batch's parts have one; tensors stay in ordinary memory."""
    if isinstance(data, (TensorBase, str, bytes)):
        return data
    if hasattr(data, "pin_memory"):
        return data.pin_memory()
    if isinstance(data, Mapping):
        return rebuild_mapping(data, {key: pin_memory(part) for key, part in data.items()})
    if isinstance(data, tuple):
        parts = [pin_memory(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)
    if isinstance(data, Sequence):
        return rebuild_sequence(data, [pin_memory(part) for part in data])
    return data


def _pins(loader: Any) -> bool:
    """Whether to pin; warns as torch does where that is asked for in vain."""
    if not loader.pin_memory:
        return False
    if loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device, "
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=5,
        )
    if why_unavailable() is not None:
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, "
            "then device pinned memory won't be used.",
            stacklevel=5,
        )
        return False
    return True


class BaseIterator:
    """One epoch. Its making draws one number from the loader's generator, the workers' base seed, even without workers.

    That, and when the sampler is asked for its iterator and its first index, decides which random numbers a program
    sees after the epoch; the order is torch's.
    """

    def __init__(self, loader: Any) -> None:
        self._dataset = loader.dataset
        self._sampler = loader._index_sampler
        self._num_workers = loader.num_workers
        self._pin_memory = _pins(loader)
        self._sampler_iter = iter(self._sampler)
        self._base_seed = draw_seed(loader.generator)
        self._fresh(loader)

    def _fresh(self, loader: Any) -> None:
        self._num_yielded = 0
        self._promised = loader._promised if isinstance(self._dataset, IterableDataset) else None

    def __iter__(self) -> BaseIterator:
        return self

    def __len__(self) -> int:
        return len(self._sampler)

    def __next__(self) -> Any:
        data = self._next_data()
        if self._pin_memory:
            data = pin_memory(data)
        self._num_yielded += 1
        if self._promised is not None and self._num_yielded > self._promised:
            self._warn_of_length()
        return data

    def _next_data(self) -> Any:
        raise NotImplementedError

    def _warn_of_length(self) -> None:
        message = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._promised} "
            f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly configuring the "
                "IterableDataset replica at each worker: see get_worker_info."
            )
        warnings.warn(message, stacklevel=3)

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class InProcessIterator(BaseIterator):
    """Loads each batch when it is asked for."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError("DataLoader: without workers (num_workers=0) timeout must be 0")
        self._fetcher = make_fetcher(self._dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)

    def _next_data(self) -> Any:
        return self._fetcher.fetch(next(self._sampler_iter))
