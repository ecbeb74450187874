"""Parameter names, order and defaults equal torch's.

torch's own Python functions have signatures; of its built-in ones the documentation's first line gives it. Where ours
differs from the documentation (which is irregular), every overload that torch registers must be met instead.
"""

from __future__ import annotations

import ast
import inspect
import re
from operator import attrgetter
from typing import Any

import pytest
import torch

import minitorch as mt
from minitorch.nn import functional as F

EMPTY = inspect.Parameter.empty

# accepted by torch everywhere, never by position: they say where and how, not what
OPTIONS = {"out", "layout", "pin_memory", "memory_format", "dtype", "device", "requires_grad", "generator"}

# where torch's documentation is not what torch accepts, or several overloads share the name: name -> reason
OVERLOADS = {
    "arange": "start is optional in front", "randint": "low is optional in front",
    "randint_like": "low is optional in front",
    "normal": "numbers or tensors", "max": "three overloads", "min": "three overloads",
    "where": "one or three arguments", "rand": "size as varargs", "randn": "size as varargs",
    "zeros": "size as varargs", "ones": "size as varargs", "empty": "size as varargs",
    "true_divide": "documented as dividend, divisor; takes input, other", "tensordot": "dims has two forms",
    "einsum": "operands as varargs", **dict.fromkeys(("std", "var", "std_mean", "var_mean"),
    "unbiased= and correction= are two overloads, None: not given"),
}  # fmt: skip


class Signature:
    """Parameters that may be given by position, in order, and all of them with their defaults (or `empty`)."""

    def __init__(self, positional: list[str], defaults: dict[str, Any]) -> None:
        self.positional = positional
        self.defaults = defaults


def documented(fn: Any, name: str) -> Signature | None:
    """From `inspect`, else from the first line of the documentation."""
    try:
        parameters = inspect.signature(fn).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        return Signature([p.name for p in named if p.kind is not p.KEYWORD_ONLY], {p.name: p.default for p in named})
    except (ValueError, TypeError):
        pass
    doc = (fn.__doc__ or "").strip().splitlines()
    found = re.match(rf"(?:\w+\.)*{re.escape(name)}\((.*?)\)\s*->", doc[0]) if doc else None
    if not found:
        return None
    try:
        arguments = ast.parse(f"def f({found[1]}): pass").body[0].args  # type: ignore[attr-defined]
    except SyntaxError:
        return None
    plain = [a.arg for a in arguments.posonlyargs + arguments.args]
    gap = len(plain) - len(arguments.defaults)
    defaults = {a: _literal(arguments.defaults[k - gap]) if k >= gap else EMPTY for k, a in enumerate(plain)}
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        defaults[a.arg] = EMPTY if d is None else _literal(d)
    return Signature(plain, defaults)


def registered(name: str) -> list[Signature]:
    """All overloads that torch registers, but those that write into `out` or take names for dims."""
    found = []
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        arguments = schema.arguments
        if (
            "Dimname" in str(schema)
            or schema.overload_name in ("names", "int", "float", "complex")
            or any(a.is_out for a in arguments)
        ):
            continue
        names = ["input" if a.name == "self" else a.name for a in arguments]
        plain = [n for n, a in zip(names, arguments, strict=True) if not a.kwarg_only]
        found.append(
            Signature(
                plain,
                {n: a.default_value if a.has_default_value() else EMPTY for n, a in zip(names, arguments, strict=True)},
            )
        )
    return found


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...  # an expression: not compared


def compare(name: str, ours: Any, theirs: Any) -> list[str]:
    """What differs from the documentation and from what is registered; empty if either is met."""
    last = name.rsplit(".", 1)[-1]
    wanted, overloads = documented(theirs, last), registered(last)
    problems = [] if wanted is None else differences(name, ours, wanted)
    if overloads and (problems or wanted is None):
        return [p for overload in overloads for p in differences(name, ours, overload)]
    return problems


def differences(name: str, ours: Any, wanted: Signature) -> list[str]:
    have = inspect.signature(ours).parameters
    problems = []
    names = [n for n in have if n not in OPTIONS]
    wanted_names = [n for n in wanted.defaults if n not in OPTIONS and not n.startswith("_")]
    in_order = [n for n in wanted.positional if n in wanted_names]
    missing = [n for n in wanted_names if n not in names]
    if missing:
        problems.append(f"{name}: lacks {missing}; has {names}, torch {wanted_names}")
    elif [n for n in names if n in in_order] != in_order:
        problems.append(f"{name}: order {names}, torch {wanted_names}")
    for n, default in wanted.defaults.items():
        if n in have and n not in OPTIONS and default is not ...:
            if not _same(have[n].default, default):
                problems.append(f"{name}: default of {n} is {have[n].default!r}, torch's {default!r}")
    return problems


def _same(a: Any, b: Any) -> bool:
    if a is EMPTY or b is EMPTY:
        return a is b or (a is None and b is EMPTY) or (b is None and a is EMPTY)
    return repr(a) == repr(b) or a == b


FUNCTIONS = [n for n in dir(mt) if inspect.isfunction(getattr(mt, n)) and not n.startswith("_") and hasattr(torch, n)]


@pytest.mark.parametrize("name", sorted(n for n in FUNCTIONS if n not in OVERLOADS))
def test_function(name: str) -> None:
    assert compare(name, getattr(mt, name), getattr(torch, name)) == []


@pytest.mark.parametrize("name", sorted(n for n in F.__all__ if hasattr(torch.nn.functional, n)))
def test_functional(name: str) -> None:
    assert compare(name, getattr(F, name), getattr(torch.nn.functional, name)) == []


SPACES = [
    (space, name)
    for space in ("linalg", "fft", "special", "masked", "signal.windows")
    for name in attrgetter(space)(mt).__all__
    if name != "LinAlgError"
]


@pytest.mark.parametrize(("space", "name"), SPACES)
def test_namespaces(space: str, name: str) -> None:
    ours, theirs = (getattr(attrgetter(space)(library), name) for library in (mt, torch))
    assert compare(f"{space}.{name}", ours, theirs) == []
