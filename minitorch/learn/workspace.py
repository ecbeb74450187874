"""The learner's folder: one file of stubs for each chapter begun, and progress in one plain JSON file."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minitorch.learn.exercise import Chapter, Exercise
from minitorch.learn.judge import example

PROGRESS = "progress.json"
HEAD = '''"""{number} {title}

Fill in the functions; leave their names and arguments as they are.

    minitorch learn check {number}      judges them inside the engine
    minitorch learn hint {number}.1     one hint more each time

Read: {reads}
"""

import math

import numpy as np

import minitorch as mt
'''


class Trouble(Exception):
    """Something in the learner's folder that cannot be used, in one line."""


class Workspace:
    """A folder; it need not exist before something is written."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, chapter: Chapter) -> Path:
        return self.folder / chapter.file

    # -- progress --------------------------------------------------------------------------------------------------

    def progress(self) -> dict[str, dict[str, Any]]:
        """{exercise number: {"passed": bool, "attempts": int, "hints": int, "predicted": bool}}."""
        path = self.folder / PROGRESS
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))["exercises"]
            return {str(k): dict(v) for k, v in stored.items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Trouble(f"{path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Trouble(f"{path}: this is no progress file any more; move it away to begin anew") from error

    def of(self, number: str) -> dict[str, Any]:
        return {"passed": False, "attempts": 0, "hints": 0, "predicted": False, **self.progress().get(number, {})}

    def note(self, number: str, **changes: Any) -> None:
        """Change what is known of an exercise."""
        everything = self.progress()
        everything[number] = {**self.of(number), **changes}
        self._write(everything)

    def forget(self, number: str) -> None:
        self._write({k: v for k, v in self.progress().items() if k != number})

    def _write(self, everything: dict) -> None:
        text = json.dumps({"version": 1, "exercises": dict(sorted(everything.items()))}, indent=1)
        self._save(self.folder / PROGRESS, text + "\n")

    def _save(self, path: Path, text: str) -> None:
        """Write a file so that a kill leaves the old one or the new one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(path.name + ".new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            raise Trouble(f"{path}: cannot be written: {error.strerror}") from error

    # -- stubs -----------------------------------------------------------------------------------------------------

    def start(self, chapter: Chapter) -> tuple[Path, list[str]]:
        """Write the stubs that are not there yet; (the file, the names added). Nothing written is ever changed."""
        path = self.path(chapter)
        text = self.text(chapter) if path.exists() else ""
        defined = set(_functions(text, path))
        missing = [e for e in chapter.exercises if e.name not in defined]
        if not missing:
            return path, []
        if not text:
            text = HEAD.format(number=chapter.number, title=chapter.title, reads=", ".join(chapter.reads))
        self._save(path, text.rstrip("\n") + "\n" + "".join(map(_with_example, missing)))
        return path, [e.name for e in missing]

    def reset(self, chapter: Chapter, exercise: Exercise) -> Path:
        """Put one stub back and forget its progress; the file as it was stays beside it, as .bak."""
        path = self.path(chapter)
        text = self.text(chapter)
        place = _functions(text, path).get(exercise.name)
        self._save(path.with_suffix(".py.bak"), text)
        if place is not None:
            lines = text.splitlines()
            lines[place[0] - 1 : place[1]] = exercise.stub().rstrip("\n").split("\n")
            self._save(path, "\n".join(lines) + "\n")
        else:
            self.start(chapter)
        self.forget(exercise.number)
        return path

    def text(self, chapter: Chapter) -> str:
        path = self.path(chapter)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise Trouble(f"{path} is not there: minitorch learn start {chapter.number}") from error
        except UnicodeDecodeError as error:
            raise Trouble(f"{path}: this is no UTF-8 text") from error
        except OSError as error:
            raise Trouble(f"{path}: {error.strerror}") from error

    def load(self, chapter: Chapter) -> dict[str, Callable]:
        """Run the learner's file; its functions by name."""
        path = self.path(chapter)
        _parsed(self.text(chapter), path)
        spec: Any = importlib.util.spec_from_file_location(f"learner_{chapter.number}", path)
        module = importlib.util.module_from_spec(spec)
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise Trouble(
                f"{path}: {type(error).__name__} while the file was read: {error}{_line(error, path)}"
            ) from error
        finally:
            sys.dont_write_bytecode = writes
        return {name: value for name, value in vars(module).items() if callable(value)}


def _with_example(exercise: Exercise) -> str:
    given = example(exercise)
    return f"\n\n# {exercise.number}\n{f'# {given}' if given else ''}".rstrip() + f"\n{exercise.stub()}"


def _line(error: BaseException, path: Path) -> str:
    found, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == os.path.abspath(path):
            found = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    return found


def _parsed(text: str, path: Path) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        shown = (error.text or "").strip()
        raise Trouble(f"{path}, line {error.lineno}: this is no Python: {error.msg}: {shown}") from error
    except ValueError as error:
        raise Trouble(f"{path}: this is no Python: {error}") from error


def _functions(text: str, path: Path) -> dict[str, tuple[int, int]]:
    """{name: (first line, last line)} of the functions of a file."""
    body = _parsed(text, path).body
    return {n.name: (n.lineno, n.end_lineno or n.lineno) for n in body if isinstance(n, ast.FunctionDef)}
