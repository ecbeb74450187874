"""Settings of layers that are one number for every dimension, or a number for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def as_tuple(value: Any, n: int) -> tuple:
    """n times the number, or the numbers given as a tuple."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,) * n
