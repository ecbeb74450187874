"""Which versions of what are installed: for `minitorch info` and for a run's settings.json."""

from __future__ import annotations

import platform
from importlib import metadata

import minitorch

CUPY_NAMES = ("cupy-cuda12x", "cupy-cuda13x", "cupy")  # CuPy's distribution is named after its CUDA
OPTIONAL = ("numba", "ml_dtypes", "scikit-learn", "matplotlib", "tqdm", "threadpoolctl", "torch")


def installed(distribution: str) -> str | None:
    """The version of an installed distribution, found without importing it."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def core_versions() -> dict[str, str | None]:
    """What is always there."""
    return {
        "minitorch": minitorch.__version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
        "numpy": installed("numpy"),
        "scipy": installed("scipy"),
    }


def optional_versions() -> dict[str, str | None]:
    """What extras bring; None for what is not installed."""
    cupy = next((version for name in CUPY_NAMES if (version := installed(name))), None)
    return {"cupy": cupy, **{name: installed(name) for name in OPTIONAL}}
