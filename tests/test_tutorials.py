"""Every tutorial runs as a script, and has the form that the README of the tutorials promises."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minitorch.learn.exercises import chapter

ROOT = Path(__file__).resolve().parent.parent
TUTORIALS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
PARTS = ["Motivation", "Predict", "Build", "Check", "Dissect", "Break it", "Milestone"]
MAY_IMPORT = {"minitorch", "numpy", "matplotlib"} | set(sys.stdlib_module_names)
LONGEST = 40  # lines of a cell


def cells(text: str) -> list[tuple[str, str]]:
    """(kind, body) of the cells of a py:percent script; what stands before the first marker is a cell "head"."""
    found = re.split(r"^# %%(.*)\n", text, flags=re.MULTILINE)
    kinds = ["markdown" if "[markdown]" in k else "code" for k in found[1::2]]
    return ([("head", found[0])] if found[0].strip() else []) + list(zip(kinds, found[2::2], strict=True))


def problems(text: str) -> list[str]:
    """What is wrong with the form of a tutorial."""
    parts = cells(text)
    found = []
    if not parts or parts[0][0] != "markdown" or not parts[0][1].startswith("# # "):
        found.append("the first cell must be markdown with the title")
    for kind, body in parts:
        if len(body.strip().splitlines()) > LONGEST:
            found.append(f"a cell of more than {LONGEST} lines: {body.strip().splitlines()[0]}")
        if kind == "markdown" and any(line and not line.startswith("#") for line in body.splitlines()):
            found.append(f"code in a markdown cell: {body.splitlines()[0]}")
    code = [body for kind, body in parts if kind == "code"]
    if not code or not asserts(code[-1]):
        found.append("the last code cell must assert what was shown")
    return found + hidden_pictures(parts) + wrong_parts(parts) + wrong_imports(text)


def hidden_pictures(parts: list[tuple[str, str]]) -> list[str]:
    """Pictures that a notebook would not show, because they are not the last line of their cell."""
    found = []
    for kind, body in parts:
        for node in ast.parse(body).body[:-1] if kind == "code" else ():
            if isinstance(node, ast.Expr) and ast.unparse(node).startswith("viz."):
                found.append(f"not the last of its cell: {ast.unparse(node)}")
    return found


def asserts(code: str) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code)))


def wrong_parts(parts: list[tuple[str, str]]) -> list[str]:
    """The seven headings: all there, first met in order, a question under each Predict and an assert after it."""
    found: list[str] = []
    headings = []
    for k, (kind, body) in enumerate(parts):
        if kind != "markdown":
            continue
        met = re.findall(r"^# ##+ (?:\d+\.? )?(" + "|".join(PARTS) + r")\b", body, flags=re.MULTILINE)
        headings += met
        if "Predict" in met:
            if "?" not in body:
                found.append("a Predict cell asks nothing")
            if k + 1 == len(parts) or parts[k + 1][0] != "code" or not asserts(parts[k + 1][1]):
                found.append("a Predict cell must be followed by a code cell that asserts the answer")
    if list(dict.fromkeys(headings)) != PARTS:
        found.append(f"the headings are {list(dict.fromkeys(headings))}, and should be {PARTS}")
    return found


def wrong_imports(text: str) -> list[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return [f"imports {name}" for name in sorted(names - MAY_IMPORT)]


def test_there_are_tutorials_and_the_readme_names_each() -> None:
    readme = (ROOT / "tutorials" / "README.md").read_text()
    assert TUTORIALS
    assert [t.name for t in TUTORIALS if t.name not in readme] == []
    assert set(re.findall(r"\b\d\d_\w+\.py", readme)) <= {t.name for t in TUTORIALS}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_form(path: Path) -> None:
    assert problems(path.read_text()) == []


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_runs(path: Path, tmp_path: Path) -> None:
    """As a script, from another folder, with warnings as errors; it leaves no files behind."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(path)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_the_title_is_that_of_the_exercises(path: Path) -> None:
    assert re.findall(r"^# # (.*)", path.read_text(), re.MULTILINE) == [chapter(path.name[:2]).title]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_the_milestone_names_the_exercises_of_the_chapter(path: Path) -> None:
    number = path.name[:2]
    text = " ".join(path.read_text().split("# ## Milestone")[1].replace("\n#", " ").split())
    found = re.search(rf"`minitorch learn start {number}` lets you write (.*?`)(?:[.] |, and runs )", text)
    assert found, text
    assert re.findall(r"`(\w+)`", found[1]) == [e.name for e in chapter(number).exercises]


INVENTED = {"Mul", "Exp", "module_", "lstm_backward"}  # nodes as pictures name them; many files; the reader's


@pytest.fixture(scope="module")
def words() -> set[str]:
    """Every name in the sources."""
    files = [p for folder in ("minitorch", "parity", "examples") for p in (ROOT / folder).rglob("*.py")]
    return {w for p in files for w in (p.stem, *re.findall(r"\w+", p.read_text(encoding="utf-8")))}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_names_in_the_text_exist(path: Path, words: set[str]) -> None:
    lines = path.read_text().splitlines()
    text = "\n".join(line for line in lines if line.startswith("# "))
    here = set(re.findall(r"\w+", "\n".join(line for line in lines if not line.startswith("# "))))
    for name in re.findall(r"`([A-Za-z_][\w./]*)(?:\(\))?`", text):
        assert set(re.findall(r"[A-Za-z_]\w*", name)) <= words | here | INVENTED, name


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_files_to_read_next_exist(path: Path) -> None:
    text = path.read_text()
    assert "# Read next: " in text
    for name in re.findall(r"`((?:minitorch|parity|examples)/[\w/]+\.py)`", text):
        assert (ROOT / name).exists(), name


def test_pictures_of_a_chapter_are_written(tmp_path: Path) -> None:
    script = str(ROOT / "tutorials" / "pictures.py")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = lambda *words: subprocess.run([sys.executable, script, *words], cwd=tmp_path, env=env, capture_output=True)  # noqa: E731
    assert run("03").returncode == 0
    (page,) = (tmp_path / "pictures").iterdir()
    assert page.name == "03_tape-1.html" and "Backward of Add: 4 nodes, 1 leaf" in page.read_text()
    for words in ((), ("77",)):
        done = run(*words)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1


GOOD = "\n".join(
    ["# %% [markdown]", "# # A title"]
    + [line for p in PARTS for line in ("", "# %% [markdown]", f"# ## {p}", "# What?", "", "# %%", "assert 1")]
)


def test_the_form_check_sees_what_is_wrong() -> None:
    assert problems(GOOD) == []
    faults = [
        GOOD.replace("# # A title", "# A title"),
        GOOD.replace("# ## Dissect", "# ## Look"),
        GOOD.replace("# ## Build", "# ## X").replace("# ## Check", "# ## Build").replace("# ## X", "# ## Check"),
        GOOD.replace("# ## Predict\n# What?", "# ## Predict\n# Now."),
        GOOD.replace("# ## Predict\n# What?\n\n# %%\nassert 1", "# ## Predict\n# What?\n\n# %%\nprint(1)"),
        GOOD + "\nimport torch",
        GOOD + "\n# %%\nprint(1)",
        GOOD.replace("assert 1", "viz.tape(y)\nassert 1", 1),
        GOOD.replace("assert 1", "assert 1\n" * (LONGEST + 1), 1),
        GOOD.replace("# What?", "assert 1 # What?", 1),
    ]
    for text in faults:
        assert len(problems(text)) == 1, text
