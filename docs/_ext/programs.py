"""The programs of the pages: run them, and say what each printed and raised. Knows nothing of Sphinx; the tests use it.

The programs of one page run one after the other in one process, each with names of its own, in an empty folder.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```\{(ran|raises)\}[ ]*(\S*)\n(.*?)\n```$", re.M | re.S)
DRIVER = """
import contextlib, io, json, sys
results = []
for code in json.load(sys.stdin):
    out, kind, known = io.StringIO(), "", set(sys.modules)
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})
        except Exception as error:
            kind = type(error).__name__
            print(f"{kind}: {error}")
    results.append((out.getvalue().rstrip(), kind))
    if "minitorch.compat" in sys.modules:
        sys.modules["minitorch.compat"].uninstall()
    for name in [n for n in sys.modules if n not in known and sys.modules[n] is None]:
        del sys.modules[name]
json.dump(results, sys.stdout)
"""


@functools.cache
def run(codes: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """For each program: (what it printed, with the message of its exception; the exception's type or "")."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "ignore", "-c", DRIVER]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command, input=json.dumps(codes), cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=300
        )
    if done.returncode:
        raise RuntimeError(f"the programs of a page ended the process that runs them:\n{done.stderr}")
    return dict(zip(codes, map(tuple, json.loads(done.stdout)), strict=True))


def programs(page: str) -> list[tuple[str, str, str]]:
    """(kind, exception, code) of every program in the text of a page."""
    return [m.groups() for m in BLOCK.finditer(page)]  # type: ignore[misc]


def results(page: str) -> dict[str, tuple[str, str]]:
    """{program: (what to show below it, what is wrong with it or "")} for the text of a page."""
    found = programs(page)
    ran = run(tuple(code for _, _, code in found))
    table = {}
    for _, wanted, code in found:
        shown, raised = ran[code]
        wrong = (
            ""
            if raised == wanted
            else f"should raise {wanted or 'nothing'}, and raises {raised or 'nothing'}:\n{shown}"
        )
        table[code] = shown, wrong
    return table
