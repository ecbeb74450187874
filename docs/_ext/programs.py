"""The programs of the pages: run each in a process of its own, and say what it printed and raised.

Knows nothing of Sphinx: the tests use it too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```\{(ran|raises)\}[ ]*(\S*)\n(.*?)^```$", re.M | re.S)
MARK = "\0raised "
DRIVER = f"""
import sys, traceback
try:
    exec(compile(sys.stdin.read(), "<program>", "exec"), {{"__name__": "__main__"}})
except Exception as error:
    kind = type(error)
    print({MARK!r} + kind.__name__ + "\\n" + kind.__name__ + ": " + str(error))
"""


def run(code: str) -> tuple[str, str]:
    """(what to show below the program: its output and the message of its exception, the exception's type or "")."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "ignore", "-c", DRIVER]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, input=code, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60)
    printed, _, raised = done.stdout.partition(MARK)
    kind, _, message = raised.partition("\n")
    if done.returncode:
        return done.stderr.rstrip(), "SystemExit"
    return (printed + message).rstrip(), kind


def problem(kind: str, wanted: str, code: str) -> tuple[str, str]:
    """Run a program of a page: (what the page shows below it, what is wrong or "")."""
    shown, raised = run(code)
    if raised == (wanted if kind == "raises" else ""):
        return shown, ""
    return shown, f"should raise {wanted or 'nothing'}, and raises {raised or 'nothing'}:\n{shown}"


def programs(page: str) -> list[tuple[str, str, str]]:
    """(kind, exception, code) of every program in the text of a page."""
    return [m.groups() for m in BLOCK.finditer(page)]  # type: ignore[misc]
