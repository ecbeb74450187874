"""Ordinary PyTorch programs (tests/scripts), run unmodified by torch and by `minitorch run`: they print the same lines.

Numbers may differ by 1e-4 of their size or by one unit of their last printed digit; all other text must be equal, but
for addresses and the module part of `<torch.x.Name object at 0x...>`. The runs are short where training is chaotic: a
GAN, or momentum with batch norm, doubles a rounding error every few steps, so those scripts make few steps rather
than being allowed a wider tolerance.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "tests" / "scripts").glob("*.py"))
NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
OBJECT = re.compile(r"<(?:\w+\.)*(\w+) object at 0x[0-9a-f]+>")


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}

# To import torch takes longer than most of the scripts: one process does it and forks itself for each of them.
LAUNCHER = """
import os, runpy, sys, traceback
import torch, sklearn.datasets
for line in sys.stdin:
    script, folder = line.rstrip(chr(10)).split(chr(9))
    child = os.fork()
    if not child:
        os.chdir(folder)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY), number)
        sys.argv, code = [script], 0
        try:
            runpy.run_path(script, run_name="__main__")
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[subprocess.Popen]:
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        yield process
        process.stdin.close()


def lines(text: str) -> list[str]:
    return [OBJECT.sub(r"<\1 object>", line) for line in text.splitlines()]


def printed_by_torch(launcher: subprocess.Popen, script: Path, folder: Path) -> list[str]:
    folder.mkdir()
    launcher.stdin.write(f"{script}\t{folder}\n")
    launcher.stdin.flush()
    code = int(launcher.stdout.readline())
    assert code == 0, (folder / "stderr").read_text()[-4000:]
    return lines((folder / "stdout").read_text(encoding="utf-8"))


@contextmanager
def minitorch_running(script: Path, folder: Path) -> Iterator[Callable[[], list[str]]]:
    """The script starts at once; the function that is given waits for its end and returns what it printed."""
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "minitorch", "run", str(script)], cwd=folder, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    ) as process:  # fmt: skip

        def printed() -> list[str]:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err[-4000:]
            return lines(out)

        try:
            yield printed
        finally:
            process.kill()


def unit(number: str) -> float:
    """The value of one in the last printed digit; 0 for integers, which must be equal."""
    digits, _, exponent = number.lower().partition("e")
    if "." not in digits:
        return 0.0
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def same_line(ours: str, theirs: str) -> bool:
    words = [" ".join(NUMBER.sub(" # ", line).split()) for line in (ours, theirs)]
    pairs = zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=False)
    return words[0] == words[1] and all(
        abs(float(a) - float(b)) <= max(1e-4 * abs(float(b)) if "." in b else 0, 1.001 * unit(b)) for a, b in pairs
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_prints_the_same_lines(script: Path, launcher: subprocess.Popen, tmp_path: Path) -> None:
    with minitorch_running(script, tmp_path / "minitorch") as printed_by_minitorch:  # both at the same time
        theirs = printed_by_torch(launcher, script, tmp_path / "torch")
        ours = printed_by_minitorch()
    assert len(theirs) > 5
    different = [f"torch      {b}\nminitorch  {a}" for a, b in zip(ours, theirs, strict=False) if not same_line(a, b)]
    assert not different, "\n".join(different[:8])
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("loss 1.00009", "loss 1.0", True), ("loss 1.0003", "loss 1.0000", False), ("loss 0.0124", "loss 0.0123", True),
        ("loss 0.0125", "loss 0.0123", False), ("3 of 7", "3 of 7", True), ("3 of 8", "3 of 7", False),
        ("a 1.0", "b 1.0", False), ("[ 1.0, -1.0]", "[1.0,  -1.0]", True), ("1.0 2.0", "1.0", False),
        ("nan", "1.0", False), ("1e-05", "2e-05", False), ("1.0e-05", "1.1e-05", True), ("100000", "100001", False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same_line(ours: str, theirs: str, same: bool) -> None:
    assert same_line(ours, theirs) is same
