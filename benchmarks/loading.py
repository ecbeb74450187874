"""Feeding: one pass over a DataLoader."""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Step, integers, normal, tensor, workload


def _passing(L: Any, dataset: Any, **settings: Any) -> Step:
    loader = L.utils.data.DataLoader(dataset, **settings)
    L.manual_seed(0)

    def step() -> Any:
        total = 0.0
        for x, y in loader:
            total = total + x[0, 0] * y[0]
        return total

    return step


def _pictures(L: Any) -> tuple[Any, Any]:
    return tensor(L, "cpu", normal((10_000, 32))), tensor(L, "cpu", integers((10_000,), 10))


@workload("DataLoader, TensorDataset, shuffled, batch 64", "data", target=1.5)
def tensors(L: Any, device: str) -> Step:
    """10,000 rows of 32 with their classes."""
    return _passing(L, L.utils.data.TensorDataset(*_pictures(L)), batch_size=64, shuffle=True)


@workload("DataLoader, own Dataset, shuffled, batch 64", "data", target=1.5)
def own(L: Any, device: str) -> Step:
    """A class with __getitem__ that returns a row and its class, as most scripts write it."""
    x, y = _pictures(L)

    class Rows(L.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, i: int) -> tuple:
            return x[i], y[i]

    return _passing(L, Rows(), batch_size=64, shuffle=True)


@workload("DataLoader, arrays and ints, batch 64", "data", target=1.5)
def arrays(L: Any, device: str) -> Step:
    """A dataset whose samples are a NumPy row and a Python int."""
    x, y = normal((10_000, 32)), integers((10_000,), 10).tolist()

    class Rows(L.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, i: int) -> tuple:
            return x[i], y[i]

    return _passing(L, Rows(), batch_size=64)
