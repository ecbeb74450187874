"""CONTRIBUTING.md says how to add an operation: do what it says, in a copy of the tree, with its own code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^`([\w/]+\.py)`\n```python\n(.*?)```", re.M | re.S)


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    return {m[1]: m[2] for m in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))}


def copy_with(folder: Path, places: dict[str, str], leave_out: str = "") -> Path:
    for name in ("minitorch", "parity", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, code in places.items():
        if leave_out not in path or not leave_out:
            with open(folder / path, "a", encoding="utf-8") as f:
                f.write("\n\n" + code)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def test_three_places_are_enough(tmp_path: Path, places: dict[str, str]) -> None:
    assert [p.split("/")[0] for p in places] == ["minitorch", "minitorch", "parity"]
    done = run(copy_with(tmp_path, places), "parity", "--op", "^expit$", "--examples", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"ok +expit .*gradient:2/2 second_order:1/1 out:2/2", done.stdout)


def test_the_third_is_enforced(tmp_path: Path, places: dict[str, str]) -> None:
    folder = copy_with(tmp_path, places, leave_out="parity/")
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_complete.py", "-k", "every_public_name")
    assert done.returncode == 1
    assert re.search(r"^E +expit$", done.stdout, re.M), done.stdout
