"""Says what a check found, as lines for a person: the smallest failing example, expected against got, the rule."""

from __future__ import annotations

from minitorch.learn.exercise import Exercise
from minitorch.learn.judge import Verdict


def lines_of(verdict: Verdict, exercise: Exercise, hints_seen: int) -> list[str]:
    """A verdict in words, with the way on."""
    head = f"{verdict.number} {verdict.name}"
    if verdict.passed:
        also = ", and PyTorch agrees" if verdict.torch else ""
        return [f"passed   {head}: {verdict.cases} cases; the engine called it {_times(verdict.calls)}{also}"]
    if verdict.status == "open":
        return [f"open     {head}: still the stub"]
    if verdict.status == "missing":
        chapter = verdict.number.split(".")[0]
        back = f"    next     minitorch learn start {chapter}   (puts the stub back)"
        return [f"missing  {head}", *_block("what", verdict.detail), back]
    if verdict.status == "timeout":
        return [f"stopped  {head}", *_block("what", verdict.detail), _next_hint(exercise, hints_seen)]
    why = _block("raised", verdict.detail) if verdict.status == "error" else _block("rule", verdict.rule)
    return [f"{verdict.status:<8} {head}", *_example(verdict), *why, _next_hint(exercise, hints_seen)]


def _example(verdict: Verdict) -> list[str]:
    """The smallest failing example."""
    parts = [("input", verdict.call), ("expected", verdict.expected), ("got", verdict.got)]
    return [line for name, text in parts if text for line in _block(name, text)]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _block(name: str, text: str) -> list[str]:
    first, *rest = text.split("\n")
    return [f"    {name:<9}{first}", *(" " * 13 + line for line in rest)]


def _next_hint(exercise: Exercise, seen: int) -> str:
    left = len(exercise.hints) - seen
    if left > 0:
        return f"    next     minitorch learn hint {exercise.number}   ({seen + 1} of {len(exercise.hints)})"
    return f"    next     minitorch learn show {exercise.number}   (all hints were given)"
