"""`python -m benchmarks.memory NAME LIBRARY [DEVICE]`: bytes of main memory that a workload needs.

Two numbers: beyond the import, and of the whole process, libraries and all.

A process of its own for each library and workload, because a peak can't be taken back. Linux can reset the peak after
the import (/proc/self/clear_refs) and then counts what the workload adds; elsewhere the process's largest size
so far is compared before and after. (getrusage alone would not do on Linux either: a new process inherits the peak of
the one that started it.)
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

STEPS = 3


def peak() -> int:
    """The largest amount of memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024
    import resource  # not there on Windows

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def forget_peak() -> None:
    """Start counting the peak from here, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def needed(name: str, library: str, device: str = "cpu") -> tuple[int, int]:
    """Bytes that a few steps of a workload add to this process's peak, and that peak."""
    L = importlib.import_module(library)
    from benchmarks.suite import WORKLOADS  # after L, whose import is not to be counted

    L.set_num_threads(1)
    forget_peak()
    before = peak()
    step = WORKLOADS[name].make(L, device)
    for _ in range(STEPS):
        step()
    return peak() - before, peak()


def measure(name: str, library: str, device: str = "cpu") -> tuple[int | None, int | None]:
    """`needed` in a process of its own; None where that fails."""
    command = [sys.executable, "-m", "benchmarks.memory", name, library, device]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        return None, None
    beyond, whole = map(int, ran.stdout.split())
    return beyond, whole


if __name__ == "__main__":
    print(*needed(*sys.argv[1:]))
