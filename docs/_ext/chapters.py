"""Reads a chapter, a script in cells (`# %%`), as a notebook of Python."""

from __future__ import annotations

from typing import Any

import jupytext


def reads(text: str) -> Any:
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
    return notebook
