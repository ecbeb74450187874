"""Programs in processes of their own: there torch means minitorch, while these tests have the real one."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(arguments: list[str], folder: Path | None = None) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder or ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


def program(source: str) -> str:
    """What a program prints that starts with minitorch installed as torch; it must end well."""
    done = start(["-W", "error", "-c", "import minitorch.compat as c; c.install()\n" + textwrap.dedent(source)])
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(folder: Path, files: dict[str, str] | None = None, **scripts: str) -> None:
    """Write files by their paths, and scripts by their names without .py."""
    for name, source in {**(files or {}), **{f"{name}.py": text for name, text in scripts.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
