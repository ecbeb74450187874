"""What the README says is so: its programs run, its files exist, its numbers are right."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_programs_run_and_give_the_numbers_of_pytorch(program: str, tmp_path: Path) -> None:
    ours = said(program, tmp_path)
    to_torch = re.sub(r"\bimport minitorch\b", "import torch", program).replace("from minitorch", "from torch")
    theirs = said(to_torch, tmp_path)
    assert len(ours) == len(theirs) > 0
    assert [float(n) for n in ours] == pytest.approx([float(n) for n in theirs], rel=1e-6)


def said(program: str, folder: Path) -> list[str]:
    """The numbers that a program prints."""
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    done = subprocess.run([sys.executable, "-c", path + program], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", done.stdout)


def test_files_that_are_named_exist() -> None:
    table = README.split("## What to read, in order")[1].split("Imports only go down")[0]
    folder = ROOT
    for name in re.findall(r"`([\w/]+(?:/|\.py))`", table):
        path = ROOT / name if "/" in name else folder / name  # `shortway.py` stands beside the one before it
        folder = path.parent
        assert path.exists(), name
    for name in re.findall(r"\]\(([\w./]+)\)", README):
        assert (ROOT / name).exists(), name


def test_the_examples_are_fourteen() -> None:
    assert "`examples/` has fourteen short programs" in README
    listed = re.findall(r"\b(\w+\.py)`", (ROOT / "examples" / "README.md").read_text(encoding="utf-8"))
    programs = {p.name for p in (ROOT / "examples").glob("*.py")} - {"common.py", "texts.py"}
    assert len(programs) == 14 and programs <= set(listed)
