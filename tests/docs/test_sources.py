"""The pages as they are written: what they name and link is there, and their programs do what they say."""

from __future__ import annotations

import functools
import importlib
import re
from collections import Counter
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import minitorch as mt
from tests.docs import DOCS, ROOT

import contract  # isort: skip
import docstrings  # isort: skip
import programs  # isort: skip
import public  # isort: skip

PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("*.rst"), *DOCS.glob("api/**/*.rst"), DOCS / "api" / "index.md"])
READ = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "tutorials" / "README.md"]
FOLDERS = ("minitorch", "parity", "tests", "tutorials", "benchmarks", "docs", "examples")


def names(pages: list[Path]) -> list[Any]:
    return [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in pages]


def missing_links(page: Path) -> list[str]:
    """Documents, files and toctree entries that a page names and that are not there."""
    text, found = page.read_text(encoding="utf-8"), []
    documents = re.findall(r"(?:\{doc\}|:doc:)`(?:[^`<]*<)?([^`>]+)>?`", text)
    for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.S):
        documents += [line for line in block.splitlines() if line and not line.startswith(":")]
    for document in documents:
        base = DOCS if document.startswith("/") else page.parent
        if not list(base.glob(document.lstrip("/") + ("" if "*" in document else ".*"))):
            found.append(document)
    files = re.findall(r"^```\{(?:include|literalinclude)\} (\S+)", text, re.M)
    files += [link for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) if "://" not in link]
    return found + [file for file in files if not (page.parent / file).exists()]


def missing_names(page: Path) -> list[str]:
    """Files, and names of the package, that stand in `code` in the text of a page and that are not there."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    text = re.sub(r"(?:\{doc\}|:doc:)`[^`]*`", "", text)
    found = []
    for code in re.findall(r"``?([^`\n]+)``?", text):
        built = code.startswith("docs/_build/")
        if code.split("/")[0] in FOLDERS and "/" in code and not built and not (ROOT / code).exists():
            found.append(code)
        path = re.match(r"((?:minitorch|mt|nn|optim|viz|jit)(?:\.\w+)+)(?:\(.*)?$", code)
        if path and not code.endswith((".svg", ".md")) and not exists(path[1]):
            found.append(code)
    return found


@functools.cache
def exists(path: str) -> bool:
    first, _, rest = path.partition(".")
    start = mt if first in ("minitorch", "mt") else getattr(mt, first)
    try:
        attrgetter(rest)(start)
    except AttributeError:
        try:
            importlib.import_module(f"minitorch.{rest}")
        except ImportError:
            return False
    return True


@pytest.mark.parametrize("page", names(READ))
def test_links_and_names(page: Path) -> None:
    assert missing_links(page) == []
    assert missing_names(page) == []


def test_what_is_missing_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "{doc}`nowhere` [x](gone.md) `minitorch/none.py` `mt.nothing(1)` `mt.sum` `nn.Linear` `nn.Lineal`\n"
    )
    assert missing_links(page) == ["nowhere", "gone.md"]
    assert missing_names(page) == ["minitorch/none.py", "mt.nothing(1)", "nn.Lineal"]
    page.write_text("```{toctree}\n:hidden:\n\nlost\n```\n```{literalinclude} off.py\n```\n")
    assert missing_links(page) == ["lost", "off.py"]


def test_literalincludes_name_what_is_there() -> None:
    text = (DOCS / "how_it_works.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{literalinclude\} (\S+)\n(.*?)```", text, re.S)
    assert len(blocks) >= 5
    for file, options in blocks:
        source = (DOCS / file).read_text(encoding="utf-8")
        for _, marker in re.findall(r":(start-at|end-at): '(.*)'", options):
            assert marker in source, marker
        for path in re.findall(r":pyobject: (\S+)", options):
            name = path.rpartition(".")[2]
            assert re.search(rf"^ *(def|class) {name}\b", source, re.M), path


def test_the_picture_is_the_contract() -> None:
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r'type = "layers"\nlayers = \[(.*?)\]', config, re.S)[1]  # type: ignore[index]
    agreed = re.findall(r"minitorch\.([\w.]+)", block)
    picture = contract.picture()
    boxes = re.findall(r'class="name" x="\d+" y="(\d+)">([^<]+)<', picture)
    assert [name for _, name in boxes] == agreed
    heights = [int(y) for y, _ in boxes]
    assert heights == sorted(heights) and len(set(heights)) >= len(contract.contract())
    assert picture.count('class="layer"') == len(contract.contract())
    assert set(contract.WHAT) == {layer[0] for layer in contract.contract() if len(layer) == 1}


def test_every_public_name_is_on_one_page() -> None:
    count: Counter[str] = Counter()
    for page in DOCS.glob("api/**/*.rst"):
        text = page.read_text(encoding="utf-8")
        for namespaces, files in re.findall(r"^\.\. public:: (.*)\n(?:   :from: (.*)\n)?", text, re.M):
            chosen = public.select(namespaces.split(), files.split())
            assert chosen, f"{page}: {namespaces} {files}"
            count.update(f"{namespace}.{name}" for namespace, name, _ in chosen)
    assert sorted(public.everything() - set(count)) == []
    assert [name for name, times in count.items() if times > 1] == []
    assert {"minitorch.sum", "minitorch.Tensor.sum_to_size", "minitorch.nn.Conv2d", "minitorch.viz.tape"} <= set(count)


WITH_PROGRAMS = [page for page in PAGES if programs.programs(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", names(WITH_PROGRAMS))
def test_the_programs_do_what_the_page_says(page: Path) -> None:
    found = programs.results(page.read_text(encoding="utf-8"))
    assert [wrong for _, wrong in found.values() if wrong] == []


def test_a_wrong_program_is_seen() -> None:
    four = (("raises", " ValueError", "1 / 0"), ("ran", "", "print(1)"), ("ran", "", "[][0]"), ("raises", " E", "1"))
    page = "\n".join(f"```{{{kind}}}{error}\n{code}\n```\n" for kind, error, code in four)
    shown = [(text, bool(wrong)) for text, wrong in programs.results(page).values()]
    assert shown[0] == ("ZeroDivisionError: division by zero", True)
    assert shown[1:] == [("1", False), ("IndexError: list index out of range", True), ("", True)]


DOC = """Adds `x` to *y*_; wraps `over
    lines`.

    x    a tensor
         of any shape
    y    another

    Shape: input (N, C) -> (N).

    >>> 1 + 1
    2
    """


def test_docstrings_become_restructured_text() -> None:
    assert "\n".join(docstrings.to_rst(DOC)).split("\n\n") == [
        "Adds ``x`` to \\*y\\*\\_; wraps ``over lines``.",
        "``x``\n   a tensor\n   of any shape\n``y``\n   another",
        "Shape\n   input (N, C) -> (N).",
        ">>> 1 + 1\n2\n",
    ]


def test_a_wrong_example_is_seen() -> None:
    assert docstrings.failure(DOC, "minitorch", "f") == ""
    assert "Expected:\n    3\nGot:\n    2" in docstrings.failure(DOC.replace("    2\n", "    3\n"), "minitorch", "f")
