"""Judges a learner's function: on cases from small to large, then inside the engine, counted.

The cases of an exercise grow, so the first that fails is the smallest one. What is expected is what our own solution
gives; the rules of the exercise name what was broken. Then a piece of the engine runs twice, with the engine's own
function at the seam and with the learner's: the results must agree, and the learner's must have been called.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import re
import traceback
import types
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import minitorch as mt
from minitorch.learn.exercise import Exercise
from minitorch.learn.plug import plugged

RTOL, ATOL = 1e-6, 1e-8
DIFFERS = "the values differ from the definition"
UPSTREAM = "the chain rule: the result is proportional to g, but yours is the same for twice the g"


@dataclass
class Verdict:
    """What a check found. status: passed, failed, open (the stub is untouched), missing, error, timeout."""

    number: str
    name: str
    status: str
    rule: str = ""  # the law that was broken
    call: str = ""  # the smallest failing example
    expected: str = ""
    got: str = ""
    detail: str = ""  # of an error: where and what
    cases: int = 0
    calls: int = 0  # by the engine
    torch: bool = False  # PyTorch agreed as well

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def judge(exercise: Exercise, function: Callable) -> Verdict:
    """The verdict on `function`."""
    verdict = Verdict(exercise.number, exercise.name, "passed")
    try:
        if _on_cases(exercise, function, verdict):
            _in_engine(exercise, function, verdict)
    except NotImplementedError as error:
        verdict.status = "error" if str(error) or verdict.cases else "open"
        verdict.expected = verdict.expected if verdict.status == "error" else ""
        verdict.detail = describe_error(error, function)
    except Exception as error:  # whatever a learner's function may raise
        verdict.status, verdict.detail = "error", describe_error(error, function)
    return verdict


# -- cases -------------------------------------------------------------------------------------------------------------


def _on_cases(exercise: Exercise, function: Callable, verdict: Verdict) -> bool:
    for args in _cases(exercise):
        theirs, before = _copied(args), _copied(args)
        ours = _copied(args)
        expected = exercise.solution(*ours)
        if exercise.writes:
            expected = [ours[k] for k in exercise.writes]
        verdict.call, verdict.expected = show_call(exercise.name, before), show(_bare(expected, exercise))
        got = function(*theirs)
        if exercise.writes:
            got = [theirs[k] for k in exercise.writes]
        broken = _broken(exercise, function, got, expected, theirs, before)
        if broken:
            definition = f": {exercise.summary}" if broken == DIFFERS else ""
            verdict.status, verdict.rule = "failed", broken + definition
            verdict.expected, verdict.got = show_both(_bare(expected, exercise), _bare(got, exercise))
            return False
        verdict.cases += 1
    verdict.call = verdict.expected = ""
    return True


def _cases(exercise: Exercise) -> Iterable[tuple]:
    return exercise.cases(np.random.default_rng(int(exercise.number.replace(".", ""))))


def example(exercise: Exercise) -> str:
    """One of the first cases with its result, on one line; empty if none of them fits."""
    found = ""
    for args in itertools.islice(_cases(exercise), 3):
        given = show_call(exercise.name, _copied(args))
        result = exercise.solution(*args)
        gives = f"makes it {show(args[exercise.writes[0]])}" if exercise.writes else f"gives {show(result)}"
        line = re.sub(r",?\s*\n\s*\)", ")", f"{given} {gives}")
        line = re.sub(r"\(\s*\n\s*", "(", line)
        line = re.sub(r"\s*\n\s*", " ", line)
        found = line if len(line) <= 110 else found
    return found


def _ignores_upstream(exercise: Exercise, function: Callable, got: Any, before: tuple) -> bool:
    """Whether a backward function, whose first argument is called g, gives the same for twice the g."""
    if next(iter(inspect.signature(exercise.solution).parameters)) != "g" or not np.any(got):
        return False
    g, *rest = _copied(before)
    try:
        return not difference(function(2 * g, *rest), got)
    except Exception:  # it is wrong in another way as well
        return False


def _bare(value: Any, exercise: Exercise) -> Any:
    return value[0] if exercise.writes and len(exercise.writes) == 1 else value


def _broken(exercise: Exercise, function: Callable, got: Any, expected: Any, theirs: tuple, before: tuple) -> str:
    """The law that a result breaks, in words; empty if it is right."""
    for k, (now, then) in enumerate(zip(theirs, before, strict=True)):
        if k not in exercise.writes and difference(now, then):
            return f"the function must not change its arguments (argument {k + 1} has changed)"
    wrong = difference(got, expected)
    if wrong and not wrong.startswith("the values"):
        return wrong  # of another kind or shape: a law on its values could not even be tried
    if wrong and not exercise.any_right and _ignores_upstream(exercise, function, got, before):
        return UPSTREAM
    for rule in exercise.rules:
        if not rule.holds(got, *theirs):
            return rule.text
    return "" if exercise.any_right else wrong


def _copied(args: tuple) -> tuple:
    """Copies of arrays and of containers of them; functions and tensors stay."""
    return tuple(_copy(a) for a in args)


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(v) for v in value)
    return copy.copy(value) if isinstance(value, dict) else value


def difference(got: Any, expected: Any) -> str:
    """How a result differs from what is expected, in words; empty if it does not."""
    got, expected = _plain(got), _plain(expected)
    if isinstance(expected, (list, tuple)):
        kind = "list" if isinstance(expected, list) else "tuple"
        if not isinstance(got, (list, tuple)):
            return f"a {kind} of {len(expected)} is expected, but {_kind(got)} came back"
        if len(got) != len(expected):
            return f"the {kind} must have the length {len(expected)}, but it has {len(got)}"
        return next((d for d in map(difference, got, expected) if d), "")
    if isinstance(expected, np.ndarray) or isinstance(expected, np.generic):
        if not isinstance(got, (np.ndarray, np.generic)):
            return f"a NumPy array is expected, but {_kind(got)} came back"
        if got.shape != expected.shape:
            return f"the shape must be {expected.shape}, but it is {got.shape}"
        return _values(got, expected)
    if isinstance(expected, bool) or not isinstance(expected, (int, float)):
        return "" if type(got) in (type(expected), np.bool_) and got == expected else _other(got, expected)
    if isinstance(got, (bool, str)) or got is None or np.ndim(got):
        return f"a number is expected, but {_kind(got)} came back"
    return _values(np.asarray(got), np.asarray(expected))


def _other(got: Any, expected: Any) -> str:
    if type(got) is not type(expected):
        return f"{_kind(expected)} is expected, but {_kind(got)} came back"
    return DIFFERS


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _values(got: Any, expected: Any) -> str:
    if got.dtype.kind in "OSU" or expected.dtype.kind in "OSU":
        return "" if (got == expected).all() else DIFFERS
    rtol = max(RTOL, 1e-4 if "float32" in (got.dtype.name, expected.dtype.name) else 0)
    same = np.allclose(got, expected, rtol=rtol, atol=max(ATOL, rtol / 100), equal_nan=True)
    return "" if same else DIFFERS


def _plain(value: Any) -> Any:
    """Tensors (ours or torch's) as arrays."""
    if hasattr(value, "detach"):
        return value.detach().numpy()
    return [_plain(v) for v in value] if isinstance(value, list) else value


# -- the engine --------------------------------------------------------------------------------------------------------


def compare_with(library: Any, exercise: Exercise, function: Callable, verdict: Verdict) -> None:
    """Run the piece of the engine in PyTorch (`library`) too, where all its names exist there."""
    if verdict.passed and exercise.portable:
        with _in_place(exercise, function):
            got = exercise.engine(mt)
        expected = exercise.engine(library)
        wrong = difference(got, expected)
        verdict.torch = not wrong
        if wrong:
            _differs(verdict, f"PyTorch disagrees: {wrong}", got, expected)


def _in_place(exercise: Exercise, function: Callable) -> Any:
    """The learner's function at the seam; it may name its arguments as it likes."""
    return plugged(exercise.seam, exercise.adapt(function), exercise.adapt(exercise.solution))


def _inside(name: str) -> str:
    return f"the engine, with {name} in the place of its own function"


def _differs(verdict: Verdict, rule: str, got: Any, expected: Any) -> None:
    verdict.status, verdict.rule = "failed", rule
    verdict.call = _inside(verdict.name)
    verdict.expected, verdict.got = show_both(_plain(expected), _plain(got))


def _in_engine(exercise: Exercise, function: Callable, verdict: Verdict) -> None:
    """Run the piece of the engine with each of the two functions."""
    expected = exercise.engine(mt)
    verdict.call = _inside(exercise.name)  # in case that it raises
    with _in_place(exercise, function) as calls:
        got = exercise.engine(mt)
    verdict.call = ""
    verdict.calls = calls.count
    if not calls.count:
        verdict.status = "failed"
        verdict.rule = f"the engine must call the function: it stands at {exercise.seam}, and no call came"
        return
    wrong = difference(got, expected)
    if wrong:
        _differs(verdict, f"inside the engine, {wrong}", got, expected)


# -- words -------------------------------------------------------------------------------------------------------------


def show_both(expected: Any, got: Any) -> tuple[str, str]:
    """Two values with as many digits as it takes to tell them apart."""
    pairs = [(show(expected, digits), show(got, digits)) for digits in (4, 8, 16)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def show(value: Any, digits: int = 4) -> str:
    """A value as the learner would type it, long arrays shortened."""
    if isinstance(value, np.ndarray) and value.ndim:
        text = np.array2string(value, precision=digits, threshold=60, separator=", ", suppress_small=True)
        return "\n".join(line for line in text.split("\n") if line.strip())
    if isinstance(value, (float, np.floating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return f"{float(value):.{digits + 2}g}"
    if isinstance(value, (np.generic, np.ndarray)):
        return str(value.item())
    if isinstance(value, (list, tuple)):
        return _show_list(value, digits)
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(show(v, digits) for v in value)) + "}" if value else "set()"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {show(v, digits)}" for k, v in value.items()) + "}"
    return value.__doc__ or value.__name__ if isinstance(value, types.FunctionType) else repr(value)


def _brief(module: Any) -> str:
    """A module in a list: without the modules in it."""
    first, *rest = repr(module).split("\n")
    return first + "...)" if rest else first


def _show_list(value: Any, digits: int) -> str:
    shown = [_brief(v) if isinstance(v, mt.nn.Module) else show(v, digits) for v in value]
    if any("\n" in v for v in shown):  # one below the other
        inner = ",\n".join(shown).replace("\n", "\n ")
    else:
        inner = ", ".join(shown)
    return f"[{inner}]" if isinstance(value, list) else f"({inner},)" if len(value) == 1 else f"({inner})"


def show_call(name: str, args: tuple) -> str:
    """name(argument, argument): one line if short, else one argument a line."""
    shown = [show(a) for a in args]
    if sum(map(len, shown)) < 70 and not any("\n" in s for s in shown):
        return f"{name}({', '.join(shown)})"
    lines = [s.replace("\n", "\n    ") for s in shown]
    return f"{name}(\n    " + ",\n    ".join(lines) + ",\n)"


def describe_error(error: BaseException, function: Callable) -> str:
    """The exception, with the last line of the learner's file that it passed through."""
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    where = f", line {own[-1].lineno}: {own[-1].line}" if own else ""
    message = str(error).split("\n")[0]
    return f"{type(error).__name__}{': ' + message if message else ''}{where}"
