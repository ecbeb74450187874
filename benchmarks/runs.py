"""Running workloads: both libraries in turn, their first results compared, their memory; one row of numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import memory, peers
from benchmarks.curves import CURVES
from benchmarks.overhead import OPS
from benchmarks.timing import clock_for, compare
from benchmarks.workload import Workload

Row = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """How to measure: rounds, seconds per library and round, threads, device, and whether memory is measured too."""

    rounds: int = 11
    seconds: float = 0.1
    threads: int = 1
    device: str = "cpu"
    memory: bool = True


def libraries() -> tuple[Any, Any]:
    """(minitorch, torch)."""
    import torch

    import minitorch

    return minitorch, torch


def set_threads(n: int) -> None:
    """In both libraries; minitorch's reach NumPy's BLAS through threadpoolctl."""
    for L in libraries():
        L.set_num_threads(n)


def run(work: Workload, how: Settings) -> Row:
    """The row of a workload."""
    steps = [work.make(L, how.device) for L in libraries()]
    row: Row = {"name": work.name, "kind": work.kind, "about": work.about, "target": work.target}
    row["agrees"] = agree(*(step() for step in steps))
    waits = tuple(L.cuda.synchronize if how.device == "cuda" else None for L in libraries())
    row |= compare(steps[0], steps[1], how.rounds, how.seconds, clock_for(how.threads, how.device), waits)
    return row


def with_memory(row: Row, how: Settings) -> Row:
    """The row with the memory that both libraries need: beyond the import, and in all."""
    if how.memory:
        for L in ("minitorch", "torch"):
            row[f"{L}_bytes"], row[f"{L}_process_bytes"] = memory.measure(row["name"], L, how.device)
    return row


def agree(ours: Any, theirs: Any) -> bool:
    """Whether two results are equal up to rounding; None equals None, and of several results each is compared."""
    if isinstance(ours, (tuple, list)) and isinstance(theirs, (tuple, list)):
        return len(ours) == len(theirs) and all(agree(a, b) for a, b in zip(ours, theirs, strict=True))
    if not hasattr(ours, "detach") and not isinstance(ours, float):
        return (ours is None) == (theirs is None)
    a, b = host(ours), host(theirs)
    if a.shape != b.shape:
        return False
    scale = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))) if b.dtype.kind in "fc" else 0.0
    return bool(np.allclose(a, b, rtol=1e-3, atol=1e-4 * scale + 1e-6, equal_nan=True))


def host(value: Any) -> np.ndarray:
    """A tensor, array or number as an array in main memory."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if hasattr(value, "resolve_conj"):
            value = value.resolve_conj().resolve_neg()
        value = value.numpy()
    return np.asarray(value)


def run_ops(only: str | None, how: Settings) -> Iterator[Row]:
    """The table of overheads: common operations on 8 floats, forward and with backward."""
    for name, make in OPS.items():
        for direction in ("forward", "forward + backward"):
            label = f"{name}, {direction}"
            ours, theirs = (make(L, direction) for L in libraries())
            if ours is None or (only and only not in label):
                continue
            row: Row = {"name": label, "kind": "ops", "direction": direction, "agrees": agree(ours(), theirs())}
            yield row | compare(ours, theirs, how.rounds, how.seconds / 4, clock_for(how.threads, "cpu"))


def run_peers(only: str | None, how: Settings) -> Iterator[Row]:
    """Rows of the other libraries that are installed: here the ratio is their time / minitorch's."""
    minitorch = __import__("minitorch")
    for task in peers.TASKS:
        for name in peers.installed():
            label = f"{task.name}: {name}"
            if only and only not in label:
                continue
            ours, theirs = peers.in_torch_style(minitorch, task), peers.PEERS[name](task)
            row: Row = {"name": label, "kind": "peers", "about": (task.fn.__doc__ or "").strip()}
            row["agrees"] = agree(float(ours()), float(theirs()))
            # JAX computes in threads of its own, so the clock it must be
            yield row | compare(ours, theirs, how.rounds, how.seconds, clock_for(2, how.device))


def run_curves(only: str | None, how: Settings, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Every curve on one thread and on two, by the quickest rounds.

    On two threads only the clock can be read, and threads that wait for each other suffer much when other programs
    compute: the least disturbed round says the most. These lines mean something on an idle machine only.
    """
    for curve in CURVES:
        label = f"{curve.name} / {curve.size}"
        if only and only not in label:
            continue
        found: dict[str, Any] = {"name": curve.name, "size": curve.size, "values": list(curve.values), "lines": []}
        for threads in (1, 2):
            set_threads(threads)
            on = Settings(how.rounds, how.seconds, threads, how.device, False)
            rows = [run(work, on) for _, work in curve.points()]
            line = {key: [row[f"{key}_best_s"] for row in rows] for key in ("minitorch", "torch")}
            ratios = [b / a for a, b in zip(line["minitorch"], line["torch"], strict=True)]
            found["lines"].append({"threads": threads, **line, "ratio": ratios})
            say(f"{label:<28}{threads} thread{'s' * (threads > 1)}  " + _listed(curve.values, ratios))
        set_threads(how.threads)
        yield found


def _listed(values: tuple[int, ...], ratios: list[float]) -> str:
    return "  ".join(f"{value}: {ratio:.2f}" for value, ratio in zip(values, ratios, strict=True))
