"""A check in a process of its own: what a learner wrote may hang, exit or crash, and `minitorch learn` must not.

The process adds one JSON line to a report as it begins and as it ends each thing. An alarm ends a function that takes
too long, with the line it was at; where there is none (Windows, a loop in C), the process is killed, and the line that
was begun says what it was doing.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minitorch.learn.exercise import Chapter, Exercise
from minitorch.learn.exercises import chapter, find
from minitorch.learn.judge import Verdict, compare_with, judge
from minitorch.learn.workspace import Trouble, Workspace

LIMIT = 3.0  # seconds for one exercise; ours take a tenth of one, or more where the processor is busy
GRACE = 20.0  # to start Python and import NumPy on a slow machine
# A fork has imported everything already, which makes a check twice as quick; elsewhere than on Linux it is not safe.
CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


class OutOfTime(BaseException):
    """Raised by the alarm; no `except Exception` of a learner's catches it."""


@contextmanager
def alarm(seconds: float, path: str) -> Iterator[None]:
    """Raise OutOfTime, with the line of `path` that was running, if the block takes longer."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    path = os.path.abspath(path)  # as Python notes it in the code of a module

    def ring(number: int, frame: Any) -> None:
        while frame is not None and frame.f_code.co_filename != path:
            frame = frame.f_back
        where = f"; it was at line {frame.f_lineno} of {Path(path).name}" if frame is not None else ""
        raise OutOfTime(f"it took longer than {seconds:g} s: is there a loop that never ends?{where}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check(folder: str | Path, exercises: list[Exercise], torch: bool, quiet: bool = False) -> list[Verdict]:
    """Judge the learner's functions in another process; Trouble if the file can't be used at all."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report"
        process = CONTEXT.Process(target=work, args=(folder, report, [e.number for e in exercises], torch, quiet))
        process.start()
        try:
            code = _wait(process, report)
        finally:
            process.kill()
            process.join()
        text = report.read_text(encoding="utf-8") if report.exists() else ""
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]  # a kill may leave half of one
    return _read([json.loads(line) for line in whole], exercises, code)


def _wait(process: Any, report: Path) -> int | None:
    """The exit code; None if the process was in a learner's code for too long, or silent for far too long."""
    told, deadline = "", time.monotonic() + GRACE
    while process.exitcode is None:
        now = report.read_text(encoding="utf-8") if report.exists() else ""
        if now != told:
            in_their_code = now.splitlines()[-1].startswith(('{"begin"', '{"reading"'))
            told, deadline = now, time.monotonic() + (LIMIT + 1 if in_their_code else GRACE)
        if time.monotonic() > deadline:
            return None
        process.join(0.02)
    return process.exitcode


def _read(events: list[dict], exercises: list[Exercise], code: int | None) -> list[Verdict]:
    done = {e["verdict"]["number"]: Verdict(**e["verdict"]) for e in events if "verdict" in e}
    for event in events:
        if "trouble" in event:
            raise Trouble(event["trouble"])
    missing = [e for e in exercises if e.number not in done]
    if missing:
        begun = events[-1].get("begin", "") if events else ""
        what = "it took too long and was stopped" if code is None else f"the process ended with exit code {code}"
        if not begun:
            raise Trouble(f"the file could not be read: {what}")
        for e in missing:
            detail = what if e.number == begun else f"not judged: {begun} ended the check"
            done[e.number] = Verdict(e.number, e.name, "timeout" if code is None else "error", detail=detail)
    return [done[e.number] for e in exercises]


# -- in the other process ----------------------------------------------------------------------------------------------


def work(folder: str | Path, report: Path, numbers: list[str], torch: bool, quiet: bool) -> None:
    """What the process does. With `quiet`, what the learner prints goes to stderr: stdout is for JSON."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    if quiet:
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def tell(**event: Any) -> None:
        with open(report, "a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    workspace = Workspace(folder)
    with_torch = torch and importlib.util.find_spec("torch") is not None
    loaded: dict[str, dict] = {}
    for exercise in map(find, numbers):
        of = chapter(exercise.number.split(".")[0])
        try:
            if of.number not in loaded:
                tell(reading=of.number)
                loaded[of.number] = _load(workspace, of)
        except Trouble as trouble:
            tell(trouble=str(trouble))
            return
        tell(begin=exercise.number)
        functions, path = loaded[of.number], str(workspace.path(of))
        verdict = judge_one(exercise, functions, path)
        if with_torch and verdict.passed:  # its import takes longer than all else: only where it may matter
            tell(comparing=exercise.number)
            with_torch = _compare(exercise, functions[exercise.name], verdict)
        tell(verdict=verdict.as_dict())


def _load(workspace: Workspace, of: Chapter) -> dict:
    path = str(workspace.path(of))
    try:
        with alarm(LIMIT, path):
            return workspace.load(of)
    except OutOfTime as late:
        raise Trouble(f"{path}: the file could not be read: {late}") from late
    except SystemExit as left:
        raise Trouble(f"{path}: the file ends Python while it is read (SystemExit)") from left


def _compare(exercise: Exercise, function: Any, verdict: Verdict) -> bool:
    """Compare with PyTorch too; False if it can't be imported, which is nothing to trouble the learner with."""
    try:
        torch = importlib.import_module("torch")
    except Exception:
        return False
    compare_with(torch, exercise, function, verdict)
    return True


def judge_one(exercise: Exercise, functions: dict, path: str) -> Verdict:
    """The verdict on one of the learner's functions, in time."""
    verdict = Verdict(exercise.number, exercise.name, "error")
    function = functions.get(exercise.name)
    if function is None:
        verdict.status, verdict.detail = "missing", f"{Path(path).name} has no function {exercise.name}"
        return verdict
    try:
        with alarm(LIMIT, path):
            return judge(exercise, function)
    except OutOfTime as late:
        verdict.status, verdict.detail = "timeout", str(late)
    except SystemExit:
        verdict.detail = "the function ends Python (SystemExit); it should return its result"
    return verdict
