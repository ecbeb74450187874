"""`minitorch info`: what this installation computes with, in lines that can be pasted into a bug report."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import numpy as np

import minitorch as mt
from minitorch.cli.console import Parser, require, say
from minitorch.cli.versions import core_versions, optional_versions

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
WIDTH = 14  # of the names' column


def main(argv: list[str]) -> int:
    """Print every line; nothing that is missing is an error here."""
    Parser("minitorch info", "Show versions, kernels, BLAS with its threads, and the GPU.").parse_args(argv)
    for name, version in {**core_versions(), **optional_versions()}.items():
        _row(name, version or "not installed")
    say()
    for name, value in (("cpu cores", _cores()), ("BLAS", _blas()), ("BLAS threads", _threads())):
        _row(name, value)
    say()
    _row("GPU", _gpu())
    for kind in ("cpu", "cuda") if mt.cuda.is_available() else ("cpu",):
        _row(f"{kind} kernels", _kernels(kind))
    return 0


def _row(name: str, value: str) -> None:
    """One aligned line."""
    say(f"{name:<{WIDTH}} {value}")


def _cores() -> str:
    """Cores of the machine, and how many of them this process may use where the system tells."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{os.cpu_count()} ({usable} usable)"


def _pools() -> list[dict[str, Any]]:
    """The BLAS libraries that are loaded, as threadpoolctl sees them; none where it is not installed."""
    if importlib.util.find_spec("threadpoolctl") is None:
        return []
    pools: list[dict[str, Any]] = require("threadpoolctl", "threadpoolctl").threadpool_info()
    return [pool for pool in pools if pool.get("user_api") == "blas"]


def _blas() -> str:
    """The BLAS that NumPy's matrix products run on."""
    found = [f"{pool['internal_api']} {pool.get('version') or ''}".strip() for pool in _pools()]
    if found:
        return ", ".join(dict.fromkeys(found))
    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _threads() -> str:
    """How many threads BLAS uses: measured where threadpoolctl is there, else what the environment asks for."""
    counts = sorted({pool["num_threads"] for pool in _pools()})
    if counts:
        return ", ".join(map(str, counts))
    asked = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    return ", ".join(asked) or "the library's default (pip install threadpoolctl shows the number)"


def _gpu() -> str:
    """The GPUs by name, or which of the three things is missing: CuPy, a driver, a device."""
    if not mt.cuda.is_available():
        return f"not available: {mt.cuda.why_unavailable()}"
    return ", ".join(f"cuda:{i} {mt.cuda.get_device_name(i)}" for i in range(mt.cuda.device_count()))


def _kernels(kind: str) -> str:
    """Name and class of the kernel set that the device `kind` uses."""
    kernels = mt.device(kind).backend.kernels
    return f"{kernels.name} ({type(kernels).__module__}.{type(kernels).__qualname__})"
