"""The array kernels that are worth writing by hand, once against `xp`; devices override what they do better."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

CHOICE = "MINITORCH_KERNELS"  # the environment variable: "numpy" keeps to NumPy, "numba" insists


def make_kernels(backend: Any) -> Any:
    """The kernels of a backend: on the CPU the compiled ones if Numba is installed, else the plain ones."""
    from minitorch.backend.allocator import keep_freed_memory
    from minitorch.backend.kernels.base import DeviceKernels, Kernels

    if backend.name != "cpu":
        return DeviceKernels(backend)
    keep_freed_memory()
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "numpy", "numba"):
        raise RuntimeError(f"{CHOICE} is {choice!r}: expected numpy or numba (not set: numba where it is installed)")
    if choice == "numpy" or (choice == "" and importlib.util.find_spec("numba") is None):
        return Kernels(backend)
    if importlib.util.find_spec("numba") is None:
        raise RuntimeError(f"{CHOICE} is 'numba', but Numba is not installed: pip install 'minitorch-engine[fast]'")
    from minitorch.backend.compiled.kernels import CompiledKernels

    return CompiledKernels(backend)
