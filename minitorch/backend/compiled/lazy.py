"""Modules of compiled loops, imported when first needed: importing Numba takes half a second."""

from __future__ import annotations

import functools
import importlib
from typing import Any


@functools.cache
def loops(name: str) -> Any:
    """The module of that name in this package."""
    return importlib.import_module(f"minitorch.backend.compiled.{name}")
