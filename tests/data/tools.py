"""What the tests of utils.data share: the same program in both libraries (parity/data.py), and processes that end."""

from __future__ import annotations

import time
from pathlib import Path

from parity.data import LIBRARIES, messages, same

__all__ = ["LIBRARIES", "gone", "messages", "running", "same"]


def running(pid: int) -> bool:
    """True if the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids, seconds: float = 8.0) -> bool:
    """Whether all the processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(map(running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(running, pids))
