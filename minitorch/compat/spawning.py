"""Processes that multiprocessing starts afresh ("spawn", "forkserver") import the script again: torch must be ours.

Such a process first reads what multiprocessing.spawn.get_preparation_data gathered in the parent, and then imports
the script. An entry in that data that installs minitorch while it is unpickled comes early enough. Forked processes
inherit the finder and need none of this.
"""

from __future__ import annotations

from multiprocessing import spawn  # a light import: it loads no processes and no queues
from pathlib import Path
from typing import Any

FOLDER = str(Path(__file__).resolve().parents[2])  # where the package lies
_KEY = "minitorch.compat"
_gather = spawn.get_preparation_data


class _Installed:
    """Unpickled, it is `install()`; by exec, since minitorch may not be on the child's path yet."""

    def __reduce__(self) -> tuple:
        lines = (f"import sys; sys.path.append({FOLDER!r})", "import minitorch.compat", "minitorch.compat.install()")
        return exec, ("\n".join(lines), {})


def _gather_and_install(name: str) -> dict[str, Any]:
    return {_KEY: _Installed(), **_gather(name)}


def pass_on() -> None:
    """Let processes to come install minitorch as torch."""
    spawn.get_preparation_data = _gather_and_install


def stop_passing_on() -> None:
    """Start processes as Python does by itself."""
    spawn.get_preparation_data = _gather
