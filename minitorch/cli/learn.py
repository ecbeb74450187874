"""`minitorch learn`: exercises on the real engine. What they are and how they are judged: minitorch/learn.

Each action is one function; with --json all of them print one JSON object instead of lines.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minitorch.cli.console import Failure, Parser, say
from minitorch.learn import exercises
from minitorch.learn.exercise import Chapter, Exercise
from minitorch.learn.feedback import lines_of
from minitorch.learn.judge import difference
from minitorch.learn.worker import check as judge_in_process
from minitorch.learn.workspace import Trouble, Workspace

EXAMPLES = """\
actions:
  (none)              the chapters and how far you are
  start NN            write the stubs of chapter NN into the folder
  check NN[.k]        judge a chapter, or one exercise; --watch judges again whenever the file is saved
  hint NN.k           one more hint each time
  predict NN.k [ANSWER]   a question to answer before you compute it
  show NN.k           a solution: once yours has passed, or with --yes
  reset NN.k          put the stub back (your text stays beside it, as .bak)
  tour                what to read, in which order

for example:
  minitorch learn start 00
  minitorch learn check 00.1"""


def main(argv: list[str]) -> int:
    """Run an action; 0 if all is well, 1 if a checked exercise has not passed."""
    arguments = _parse(argv)
    try:
        return ACTIONS[arguments.action](arguments, Workspace(arguments.folder))
    except Trouble as trouble:
        raise Failure(str(trouble)) from trouble
    finally:
        sys.stdout.flush()


def _parse(argv: list[str]) -> Any:
    parser = Parser("minitorch learn", "Exercises: your function in the place of the engine's.", EXAMPLES)
    parser.add_argument("action", nargs="?", default="overview", choices=list(ACTIONS), metavar="ACTION")
    parser.add_argument("number", nargs="?", metavar="NN[.k]", help="a chapter, 04, or an exercise, 04.1")
    parser.add_argument("answer", nargs="?", metavar="ANSWER", help="to a question of `predict`: 3, (2, 3), no")
    parser.add_argument("--folder", default="learn", help="where your files are (default: learn)")
    parser.add_argument("--watch", action="store_true", help="check again at every change of the file, until Ctrl-C")
    parser.add_argument("--yes", action="store_true", help="show the solution without asking")
    parser.add_argument("--torch", action="store_true", help="compare with PyTorch too, if it is installed (slower)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    arguments = parser.parse_args(argv)
    if arguments.answer is not None and arguments.action != "predict":
        parser.error(f"unrecognized arguments: {arguments.answer}")
    return arguments


# -- which one ---------------------------------------------------------------------------------------------------------


def _chapter(arguments: Any) -> Chapter:
    """The chapter that NN or NN.k names."""
    number = (arguments.number or "").split(".")[0]
    number = f"{int(number):02}" if number.isascii() and number.isdigit() else number
    try:
        return exercises.chapter(number)
    except KeyError:
        given = f"there is no chapter {arguments.number}" if arguments.number else "which chapter?"
        known = exercises.numbers()
        raise Failure(
            f"{given}: choose from {known[0]} to {known[-1]}, as in: minitorch learn {arguments.action} 00"
        ) from None


def _chosen(arguments: Any) -> list[Exercise]:
    """All exercises of NN, or the one that NN.k names."""
    chapter = _chapter(arguments)
    if "." not in arguments.number:
        return chapter.exercises
    wanted = f"{chapter.number}.{arguments.number.split('.', 1)[1]}"
    found = [e for e in chapter.exercises if e.number == wanted]
    if not found:
        raise Failure(f"there is no exercise {wanted}: chapter {chapter.number} has {len(chapter.exercises)}")
    return found


def _one(arguments: Any) -> Exercise:
    """The exercise NN.k."""
    chosen = _chosen(arguments)
    if "." not in arguments.number:
        raise Failure(f"which exercise? for example: minitorch learn {arguments.action} {chosen[0].number}")
    return chosen[0]


def _tell(arguments: Any, data: dict[str, Any], lines: list[str]) -> None:
    """Print one of the two forms."""
    if arguments.json:
        say(json.dumps(data))
    else:
        for line in lines:
            say(line)


# -- actions -----------------------------------------------------------------------------------------------------------


def overview(arguments: Any, workspace: Workspace) -> int:
    """The chapters, what is passed, and what comes next."""
    progress = workspace.progress()
    rows, lines, following = [], [], ""
    for chapter in exercises.chapters():
        listed = [{"number": e.number, "name": e.name, **_state(progress, e)} for e in chapter.exercises]
        passed = sum(row["passed"] for row in listed)
        following = following or next((r["number"] for r in listed if not r["passed"]), "")
        marks = "".join("x" if row["passed"] else "." for row in listed)
        lines.append(f"{chapter.number}  {marks:<6} {chapter.title}")
        rows.append({"number": chapter.number, "title": chapter.title, "passed": passed, "exercises": listed})
    done, total = sum(r["passed"] for r in rows), sum(len(r["exercises"]) for r in rows)
    lines.append("")
    lines.append(f"{done} of {total} exercises passed (x), in {workspace.folder}")
    if following:
        number = following.split(".")[0]
        begun = workspace.path(exercises.chapter(number)).exists()
        lines.append(f"next: minitorch learn {'check ' + following if begun else 'start ' + number}")
    _tell(arguments, {"passed": done, "total": total, "next": following, "chapters": rows}, lines)
    return 0


def _state(progress: dict, exercise: Exercise) -> dict[str, Any]:
    return {"passed": False, "attempts": 0, "hints": 0, "predicted": False, **progress.get(exercise.number, {})}


def start(arguments: Any, workspace: Workspace) -> int:
    """Write the stubs of a chapter."""
    chapter = _chapter(arguments)
    path, added = workspace.start(chapter)
    lines = [f"{path}: {', '.join(added)}" if added else f"{path} is there already; nothing was changed", ""]
    for e in chapter.exercises:
        lines.append(f"{e.number}  {e.signature}")
        lines.append(f"      {e.summary}")
    lines += ["", f"read: {', '.join(chapter.reads)}", f"then: minitorch learn check {chapter.exercises[0].number}"]
    _tell(arguments, {"file": str(path), "added": added, "exercises": [e.number for e in chapter.exercises]}, lines)
    return 0


def check(arguments: Any, workspace: Workspace) -> int:
    """Judge; with --watch again at every change."""
    chosen, path = _chosen(arguments), workspace.path(_chapter(arguments))
    if not arguments.watch:
        return _check_once(arguments, workspace, chosen)
    if not arguments.json:
        say(f"watching {path}; Ctrl-C ends")
    before = None
    while True:
        now = path.stat().st_mtime_ns if path.exists() else None
        if now != before:
            before = now
            try:
                if not arguments.json:
                    say()
                _check_once(arguments, workspace, chosen)
            except Trouble as trouble:
                _tell(arguments, {"error": str(trouble)}, [f"error    {trouble}"])
        time.sleep(0.3)


def _check_once(arguments: Any, workspace: Workspace, chosen: list[Exercise]) -> int:
    workspace.text(_chapter(arguments))  # a missing file is said at once
    verdicts = judge_in_process(workspace.folder, chosen, arguments.torch, arguments.json)
    lines = []
    for exercise, verdict in zip(chosen, verdicts, strict=True):
        known = workspace.of(exercise.number)
        if verdict.status != "open":
            workspace.note(exercise.number, passed=verdict.passed, attempts=known["attempts"] + 1)
        lines += lines_of(verdict, exercise, known["hints"])
    passed = sum(v.passed for v in verdicts)
    if len(chosen) > 1:
        lines.append(f"{passed} of {len(chosen)} passed")
    _tell(arguments, {"passed": passed, "total": len(chosen), "verdicts": [v.as_dict() for v in verdicts]}, lines)
    return 0 if passed == len(chosen) else 1


def hint(arguments: Any, workspace: Workspace) -> int:
    """The hints so far, and one more."""
    exercise = _one(arguments)
    seen = min(workspace.of(exercise.number)["hints"] + 1, len(exercise.hints))
    workspace.note(exercise.number, hints=seen)
    given = list(exercise.hints[:seen])
    lines = [f"{k} of {len(exercise.hints)}: {text}" for k, text in enumerate(given, 1)]
    _tell(arguments, {"number": exercise.number, "hints": given, "left": len(exercise.hints) - seen}, lines)
    return 0


def predict(arguments: Any, workspace: Workspace) -> int:
    """Ask, or judge an answer."""
    exercise = _one(arguments)
    data: dict[str, Any] = {"number": exercise.number, "question": exercise.question.text}
    given = arguments.answer
    if given is None and sys.stdin.isatty() and not arguments.json:
        say(exercise.question.text)
        given = input("> ")
    if given is None:
        _tell(arguments, data, [exercise.question.text, f"answer: minitorch learn predict {exercise.number} ANSWER"])
        return 0
    right = answers(given, exercise.question.answer())
    if right:
        workspace.note(exercise.number, predicted=True)
    data.update(answer=given, right=right)
    _tell(arguments, data, ["right" if right else f"not {given}: think again, or compute it"])
    return 0 if right else 1


def answers(given: str, wanted: Any) -> bool:
    """Whether an answer as typed is the one wanted: words in any case, numbers to about a hundredth."""
    if isinstance(wanted, str):
        return given.strip().strip("'\"").lower() == wanted.lower()
    try:
        value = ast.literal_eval(given.strip())
    except (ValueError, SyntaxError):
        return False
    value, wanted = (list(v) if isinstance(v, (list, tuple)) else v for v in (value, wanted))
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(_near, value, wanted))
    return _near(value[0] if isinstance(value, list) and len(value) == 1 else value, wanted)


def _near(value: Any, wanted: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return not difference(value, wanted)
    return abs(value - wanted) <= max(1e-9, 0.01 * abs(wanted))


def show_solution(arguments: Any, workspace: Workspace) -> int:
    """Our solution, to those who have theirs, or want it all the same."""
    exercise = _one(arguments)
    if not (arguments.yes or workspace.of(exercise.number)["passed"]):
        if arguments.json or not sys.stdin.isatty():
            raise Failure(f"{exercise.number} has not passed yet: --yes shows the solution all the same")
        if input(f"{exercise.number} has not passed yet. Show the solution? [y/N] ").strip().lower() not in (
            "y",
            "yes",
        ):
            return 0
    data = {"number": exercise.number, "solution": exercise.source(), "seam": exercise.seam}
    _tell(arguments, data, [exercise.source().rstrip(), "", f"in the engine it stands at {exercise.seam}"])
    return 0


def reset(arguments: Any, workspace: Workspace) -> int:
    """Put a stub back."""
    exercise = _one(arguments)
    path = workspace.reset(_chapter(arguments), exercise)
    kept = path.with_suffix(".py.bak")
    line = f"{path}: {exercise.name} is a stub again; what was there is in {kept}"
    _tell(arguments, {"number": exercise.number, "file": str(path), "kept": str(kept)}, [line])
    return 0


def tour(arguments: Any, workspace: Workspace) -> int:
    """What to read, chapter by chapter."""
    rows, lines = [], []
    root = Path(__file__).resolve().parents[2]
    for chapter in exercises.chapters():
        found = sorted(p.name for p in (root / "tutorials").glob(f"{chapter.number}_*.py"))
        tutorial = f"tutorials/{found[0]}" if found else ""
        rows.append(
            {"number": chapter.number, "title": chapter.title, "tutorial": tutorial, "read": list(chapter.reads)}
        )
        lines.append(f"{chapter.number}  {chapter.title}")
        lines += [f"      {name}" for name in (tutorial, *chapter.reads) if name]
        lines.append(f"      exercises: {', '.join(e.name for e in chapter.exercises)}")
    _tell(arguments, {"chapters": rows}, lines)
    return 0


ACTIONS: dict[str, Callable[[argparse.Namespace, Workspace], int]] = {
    "overview": overview, "start": start, "check": check, "hint": hint, "predict": predict, "show": show_solution,
    "reset": reset, "tour": tour,
}  # fmt: skip
