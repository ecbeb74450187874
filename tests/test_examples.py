"""Every program in examples/ runs with --quick, prints a result, explains itself and stands in the README."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch as mt

EXAMPLES = Path(__file__).parent.parent / "examples"
SHARED = {"common", "texts"}  # read by the others
PROGRAMS = sorted(path for path in EXAMPLES.glob("*.py") if path.stem not in SHARED)
RESULT = re.compile(r"\d+(\.\d+)?%|loss \d|differ by|heaps|nats|steps on average|error \d")


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each program in an empty folder, with its neighbors importable, and the random numbers put back."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    state = mt.get_rng_state()
    yield
    mt.set_rng_state(state)
    for name in SHARED:
        sys.modules.pop(name, None)


def run(program: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [str(program), *arguments])
    runpy.run_path(str(program), run_name="__main__")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_quick_run(program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    run(program, monkeypatch, "--quick")
    out = capsys.readouterr().out
    assert RESULT.search(out), out
    assert "nan" not in out.lower().split()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_help(program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        run(program, monkeypatch, "--help")
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert "--quick" in shown and "--seed" in shown and "default:" in shown
    assert len(shown.partition("options:")[0].partition("\n\n")[2].split()) > 8  # says what it is


def test_without_tqdm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    run(EXAMPLES / "accumulation.py", monkeypatch, "--quick")
    assert "epoch 1 5/5" in capsys.readouterr().err


def test_readme_names_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[`(\w+)\.py`\]", text, re.MULTILINE) and not [
        path.stem for path in PROGRAMS if f"[`{path.name}`]({path.name})" not in text
    ]


def test_same_seed_same_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    printed = []
    for seed in ("3", "3", "4"):
        run(EXAMPLES / "vae.py", monkeypatch, "--quick", "--seed", seed)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]
