"""All workloads: importing this registers them."""

from __future__ import annotations

from benchmarks import arrays, graphs, loading, nets, steps  # noqa: F401 - each registers its workloads
from benchmarks.workload import WORKLOADS

__all__ = ["WORKLOADS"]
