"""From indices to a batch: ask the dataset for the samples, then collate them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.tensor import Tensor
from minitorch.utils.data.collate import collate_tensor_fn, default_collate, default_collate_fn_map
from minitorch.utils.data.dataset import IterableDataset, Subset, TensorDataset


class MapFetcher:
    """Samples by index."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable, drop_last: bool) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn

    def fetch(self, index: Any) -> Any:
        """The batch of a list of indices; without batching, the sample of one."""
        dataset = self.dataset
        if not self.auto_collation:
            return self.collate_fn(dataset[index])
        if self.collate_fn is default_collate:
            batch = gather(dataset, index)
            if batch is not None:
                return batch
        if getattr(dataset, "__getitems__", None):
            return self.collate_fn(dataset.__getitems__(index))
        return self.collate_fn([dataset[i] for i in index])


class IterableFetcher:
    """The next samples of a stream; StopIteration at its end."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable, drop_last: bool) -> None:
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.samples = iter(dataset)
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch, as long as `index` is (its values mean nothing here)."""
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in index:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.collate_fn(batch)


def make_fetcher(dataset: Any, auto_collation: bool, collate_fn: Callable, drop_last: bool) -> Any:
    """The fetcher for the kind of dataset."""
    kind = IterableFetcher if isinstance(dataset, IterableDataset) else MapFetcher
    return kind(dataset, auto_collation, collate_fn, drop_last)


def gather(dataset: Any, indices: Any) -> list | None:
    """What default_collate makes of samples of a TensorDataset (or of a Subset of one), by one `take` per tensor.

    None where that could differ from indexing and stacking one by one: other types and subclasses, tensors that
    require grad, indices that aren't plain ints in range.
    """
    if type(indices) is not list or not indices or default_collate_fn_map.get(Tensor) is not collate_tensor_fn:
        return None
    while type(dataset) is Subset:
        try:
            indices = [dataset.indices[i] for i in indices]
        except (IndexError, TypeError, KeyError):
            return None  # indexing one by one gives the proper error
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset or set(map(type, indices)) != {int}:
        return None
    tensors = dataset.tensors
    if not tensors or not all(type(t) is Tensor and type(t._array) is np.ndarray for t in tensors):
        return None
    if any(t._requires_grad for t in tensors):
        return None
    if min(indices) < 0 or max(indices) >= min(len(t._array) for t in tensors):
        return None
    return [wrap(t._array.take(indices, axis=0)) for t in tensors]
