"""Timing two things side by side: rounds in turn, and the spread of the rounds' ratios.

On a machine that others use too, two numbers measured one after the other say little about each other. So both take
turns, every round gives one ratio, and the median of the ratios is what counts; the quartiles tell how far to trust
it. On one thread processor time is counted, which does not run while others compute; on several threads, and with a
GPU, only the clock makes sense.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

Clock = Callable[[], float]


def clock_for(threads: int, device: str) -> Clock:
    """The clock to read."""
    return time.process_time if threads == 1 and device == "cpu" else time.perf_counter


def timed(fn: Callable[[], Any], number: int, clock: Clock, wait: Callable[[], Any] | None = None) -> float:
    """Seconds per call over `number` calls; `wait` comes before the clock is read: a GPU works in the background."""
    began = clock()
    for _ in range(number):
        fn()
    if wait is not None:
        wait()
    return (clock() - began) / number


def enough(fn: Callable[[], Any], seconds: float, clock: Clock, wait: Callable[[], Any] | None = None) -> int:
    """How many calls take about `seconds`; also warms up."""
    number = 1
    while True:
        took = timed(fn, number, clock, wait) * number
        if took >= seconds / 4:
            return max(1, round(number * seconds / took))
        number *= 4


def compare(
    ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int, seconds: float, clock: Clock,
    waits: tuple[Any, Any] = (None, None),
) -> dict[str, float]:  # fmt: skip
    """Seconds per call of both (median, and of the quickest round), and the ratio theirs / ours with its quartiles."""
    sides = [(fn, enough(fn, seconds, clock, wait), wait) for fn, wait in zip((ours, theirs), waits, strict=True)]
    pairs = []
    for k in range(rounds):
        gc.collect()
        order = (0, 1) if k % 2 == 0 else (1, 0)  # neither always runs in the other's warm cache
        took = {i: timed(sides[i][0], sides[i][1], clock, sides[i][2]) for i in order}
        pairs.append((took[0], took[1]))
    ratios = [b / a for a, b in pairs]
    low, high = quartiles(ratios)
    return {
        "minitorch_s": statistics.median(a for a, _ in pairs),
        "torch_s": statistics.median(b for _, b in pairs),
        "minitorch_best_s": min(a for a, _ in pairs),
        "torch_best_s": min(b for _, b in pairs),
        "ratio": statistics.median(ratios),
        "ratio_low": low,
        "ratio_high": high,
    }


def quartiles(values: list[float]) -> tuple[float, float]:
    """The first and the third quartile; of a single value, itself."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
