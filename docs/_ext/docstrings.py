"""Docstrings as reStructuredText, and their examples run.

Docstrings are plain text: paragraphs with `code`, examples, and lists of `name   text` or `name: text`.
"""

from __future__ import annotations

import doctest
import inspect
import re
import sys
import textwrap
from typing import Any

import minitorch

NAME = r"[\w.*\[\]]+(?:=[\w.]+)?(?:(?:, | / )[\w.*]+)*"
ENTRY = re.compile(rf"^({NAME})(?:: | {{2,}})(\S.*)$")


def to_rst(doc: str) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    first, *blocks = re.split(r"\n[ \t]*\n", inspect.cleandoc(doc))
    lines = [first, ""] if first.startswith(">>> ") else [escaped(first), ""]
    for block in blocks:
        lines += [*_block(block), ""]
    return lines


def _block(text: str) -> list[str]:
    if text.startswith(">>> "):
        return text.split("\n")
    if text.startswith(("Args:\n", "Arguments:\n")):
        text = textwrap.dedent(text.partition("\n")[2])
    block = re.sub(r"`[^`]+`", lambda code: " ".join(code[0].split()), text).split("\n")
    if block[0].startswith((" ", "- ")) or any("   " in line.strip() for line in block if not ENTRY.match(line)):
        return ["::", "", *("   " + line for line in text.split("\n"))]  # set as it stands
    out: list[str] = []
    table = False  # in `name   text` what goes on is indented; `name: text` goes on anyhow
    for line in block:
        entry = ENTRY.match(line)
        if entry:
            table = line[entry.end(1)] != ":"
            out += [f"``{entry[1]}``" if entry[1] != "Shape" else "Shape", "   " + escaped(entry[2])]
        elif out and out[-1].startswith("   ") and (line.startswith(" ") or not table):
            out.append("   " + escaped(line.strip()))
        else:
            out += [""] * (bool(out) and out[-1].startswith("   ")) + [escaped(line)]
    return _spaced(out)


def _spaced(lines: list[str]) -> list[str]:
    """A paragraph before the first entry needs an empty line after it."""
    first = next((i for i, line in enumerate(lines) if line.startswith("   ")), 1)
    return lines if first <= 1 else [*lines[: first - 1], "", *lines[first - 1 :]]


def escaped(text: str) -> str:
    """Text with `code` as literals and nothing else marked up."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(
        f"``{' '.join(p.split())}``" if i % 2 else re.sub(r"([\\*_|`<])", r"\\\1", p) for i, p in enumerate(parts)
    )


def failure(doc: str, module: str, name: str) -> str:
    """Run the examples in a docstring: what went wrong, or nothing."""
    minitorch.manual_seed(0)
    test = doctest.DocTestParser().get_doctest(doc, dict(vars(sys.modules[module])), name, None, 0)
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    return "".join(said)


def doc_of(thing: Any) -> str:
    """The docstring of an object itself, not of its type or its base class."""
    if inspect.isclass(thing):
        return vars(thing).get("__doc__") or ""
    return (getattr(thing, "__doc__", None) or "") if callable(thing) or inspect.isdatadescriptor(thing) else ""
