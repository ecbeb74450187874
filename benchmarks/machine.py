"""What was measured on: processor, versions, kernels, threads."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of the packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def describe(threads: int, device: str) -> dict[str, Any]:
    """For the head of the table, and for the JSON."""
    import minitorch

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "minitorch": minitorch.__version__,
        **versions(("torch", "numpy", "scipy", "numba", "mygrad", "autograd", "jax")),
        "kernels": os.environ.get("MINITORCH_KERNELS", "as installed"),
        "threads": threads,
        "device": device,
    }
