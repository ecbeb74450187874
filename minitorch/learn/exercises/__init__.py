"""The chapters: every file here that begins with a `c` and two digits holds one, as `CHAPTER`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from minitorch.learn.exercise import Chapter, Exercise


def _names() -> dict[str, str]:
    """{"04": "c04_shapes", ...}."""
    found = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[:1] == "c" and m.name[1:3].isdigit())
    return {name[1:3]: name for name in found}


def numbers() -> list[str]:
    """The chapters' numbers, in order."""
    return list(_names())


def chapter(number: str) -> Chapter:
    """The chapter of that number; KeyError if there is none. Only its own file is imported."""
    return importlib.import_module(f"{__name__}.{_names()[number]}").CHAPTER


def chapters() -> Iterator[Chapter]:
    """All chapters, in order."""
    return map(chapter, numbers())


def find(number: str) -> Exercise:
    """The exercise "04.1"; KeyError if there is none."""
    for exercise in chapter(number.split(".")[0]).exercises:
        if exercise.number == number:
            return exercise
    raise KeyError(number)
