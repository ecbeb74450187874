"""Curves: time per step against one size of a workload, on one thread and on two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import arrays, graphs, nets
from benchmarks.workload import Make, Workload


@dataclass(frozen=True)
class Curve:
    """A workload's make(L, device, **{size: value}) at several values of one size."""

    name: str
    make: Make
    size: str
    values: tuple[int, ...]

    def points(self) -> Iterator[tuple[int, Workload]]:
        """(value, the workload at that size)."""
        for value in self.values:
            make: Any = partial(self.make, **{self.size: value})
            yield value, Workload(f"{self.name}, {self.size} {value}", "curves", make)


CURVES = [
    Curve("MLP", nets.mlp, "batch", (1, 4, 16, 64, 256, 1024)),
    Curve("MLP", nets.mlp, "width", (16, 64, 256, 1024)),
    Curve("MLP", nets.mlp, "depth", (1, 2, 4, 8, 16)),
    Curve("LSTM", nets.lstm, "length", (4, 16, 64, 128)),
    Curve("LSTM", nets.lstm, "width", (16, 64, 256)),
    Curve("transformer", nets.transformer, "length", (16, 64, 256)),
    Curve("transformer", nets.transformer, "width", (32, 128, 256)),
    Curve("transformer", nets.transformer, "depth", (1, 2, 4)),
    Curve("MNIST CNN", nets.cnn, "batch", (1, 4, 16, 64)),
    Curve("residual blocks", nets.residual, "width", (8, 16, 32, 64)),
    Curve("matmul", arrays.matmul, "size", (8, 32, 128, 512, 1024)),
    Curve("elementwise", arrays.elementwise, "size", (10, 1000, 100_000, 1_000_000)),
    Curve("chain", graphs.chain, "length", (10, 100, 1000, 10_000)),
]
