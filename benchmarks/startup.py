"""How long importing takes, each package in a process of its own.

What is asked is the time of a user's second run, when Python has kept the compiled files. Where it is told not to
keep them (PYTHONDONTWRITEBYTECODE), compiling minitorch's source anew would be most of the time; so numpy and minitorch
get a folder for them here, and one import that is not counted. Processor time, as everywhere on one thread.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

TARGET = 0.1  # seconds that minitorch may take beyond numpy
NAMES = ("numpy", "minitorch", "torch")


def imports(rounds: int) -> dict[str, float]:
    """Median seconds to import numpy, minitorch and torch, in turn."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        keeping = {**plain, "PYTHONPYCACHEPREFIX": folder}
        _seconds("minitorch", keeping)
        for _ in range(rounds):
            for name, values in times.items():
                values.append(_seconds(name, plain if name == "torch" else keeping))
    return {name: statistics.median(values) for name, values in times.items()}


def _seconds(name: str, environment: dict[str, str]) -> float:
    code = f"import time; t = time.process_time(); import {name}; print(time.process_time() - t)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return float(ran.stdout)
