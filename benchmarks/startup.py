"""How long importing takes, each package in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys

TARGET = 0.1  # seconds that minitorch may take beyond numpy
NAMES = ("numpy", "minitorch", "torch")


def imports(rounds: int) -> dict[str, float]:
    """Median seconds to import numpy, minitorch and torch, in turn."""
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(rounds):
        for name, values in times.items():
            code = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
            ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            values.append(float(ran.stdout))
    return {name: statistics.median(values) for name, values in times.items()}
