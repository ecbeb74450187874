"""Parameter names, order and defaults equal torch's.

torch's own Python functions have signatures; of its built-in ones the documentation's first line gives it.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest
import torch

import minitorch as mt
from minitorch.nn import functional as F

# accepted by torch everywhere, never by position: they say where and how, not what
OPTIONS = {"out", "layout", "pin_memory", "memory_format", "dtype", "device", "requires_grad", "generator"}

# where torch's documentation is not what torch accepts, or several overloads share the name: name -> reason
OVERLOADS = {
    "arange": "start is optional in front", "randint": "low is optional in front", "randint_like": "low is optional in front",
    "normal": "numbers or tensors", "max": "three overloads", "min": "three overloads", "where": "one or three arguments",
    "rand": "size as varargs", "randn": "size as varargs", "zeros": "size as varargs", "ones": "size as varargs",
    "empty": "size as varargs", "true_divide": "documented as dividend, divisor; takes input, other", "tensordot": "dims has two forms", "einsum": "operands as varargs",
}  # fmt: skip


def documented(fn: Any, name: str) -> list[tuple[str, Any]] | None:
    """(parameter, default or `empty`) from `inspect`, else from the first line of the documentation."""
    try:
        parameters = inspect.signature(fn).parameters.values()
        return [(p.name, p.default) for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
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
    result: list[tuple[str, Any]] = []
    plain = arguments.posonlyargs + arguments.args
    gap = len(plain) - len(arguments.defaults)
    for k, a in enumerate(plain):
        result.append((a.arg, _literal(arguments.defaults[k - gap]) if k >= gap else inspect.Parameter.empty))
    for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        result.append((a.arg, inspect.Parameter.empty if d is None else _literal(d)))
    return result


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...  # an expression: not compared


def compare(name: str, ours: Any, theirs: Any) -> list[str]:
    wanted = documented(theirs, name.rsplit(".", 1)[-1])
    if wanted is None:
        return []
    have = inspect.signature(ours).parameters
    problems = []
    names = [n for n in have if n not in OPTIONS]
    wanted_names = [n for n, _ in wanted if n not in OPTIONS and not n.startswith("_")]
    missing = [n for n in wanted_names if n not in names]
    if missing:
        problems.append(f"{name}: lacks {missing}; has {names}, torch {wanted_names}")
    elif [n for n in names if n in wanted_names] != wanted_names:
        problems.append(f"{name}: order {names}, torch {wanted_names}")
    for n, default in wanted:
        if n in have and n not in OPTIONS and default is not ...:
            ours_default = have[n].default
            if not _same(ours_default, default):
                problems.append(f"{name}: default of {n} is {ours_default!r}, torch's {default!r}")
    return problems


def _same(a: Any, b: Any) -> bool:
    empty = inspect.Parameter.empty
    if a is empty or b is empty:
        return a is b or (a is None and b is empty) or (b is None and a is empty)
    return repr(a) == repr(b) or a == b


FUNCTIONS = [n for n, v in vars(mt).items() if inspect.isfunction(v) and not n.startswith("_") and hasattr(torch, n)]


@pytest.mark.parametrize("name", sorted(n for n in FUNCTIONS if n not in OVERLOADS))
def test_function(name: str) -> None:
    assert compare(name, getattr(mt, name), getattr(torch, name)) == []


@pytest.mark.parametrize("name", sorted(n for n in F.__all__ if hasattr(torch.nn.functional, n)))
def test_functional(name: str) -> None:
    assert compare(name, getattr(F, name), getattr(torch.nn.functional, name)) == []
