"""`show`: lines of the engine's source, with their file and numbers, for texts that quote them."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def show(thing: Any, *phrases: str) -> None:
    """Print the lines of the source of a function, class or module that hold one of the phrases, below its head.

    A phrase that is not there is a LookupError: what a text shows of the source can't grow old unnoticed.
    """
    thing = inspect.unwrap(thing)
    lines, first = inspect.getsourcelines(thing)
    first = max(first, 1)  # a module's is 0
    lines = textwrap.dedent("".join(lines)).splitlines()
    missing = [phrase for phrase in phrases if not any(phrase in line for line in lines)]
    if missing:
        raise LookupError(f"{getattr(thing, '__qualname__', thing.__name__)} has no line with {missing[0]!r}")
    shown = [k for k, line in enumerate(lines) if k < _head(lines) or any(phrase in line for phrase in phrases)]
    print(f"--- {Path(inspect.getfile(thing)).relative_to(ROOT).as_posix()}")
    for before, k in zip([-1, *shown], shown, strict=False):
        if k > before + 1:
            print(" ..")
        print(f"{first + k:3}  {lines[k]}")


def _head(lines: list[str]) -> int:
    """How many lines it takes to say what this is: decorators and the first line of a definition."""
    found = [k for k, line in enumerate(lines) if line.startswith(("def ", "class "))]
    return found[0] + 1 if found and all(line.startswith(("@", " ", ")")) for line in lines[: found[0]]) else 0
