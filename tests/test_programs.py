"""Short programs, as in PyTorch's own documentation, run in both libraries: results, printed forms and errors agree.

`programs/*.txt` holds them, separated by blank lines; the value of a program is that of its last line.
"""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch

PROGRAMS = Path(__file__).parent / "programs"
NUMPY_WORDS = re.compile(
    r"ndarray|ufunc|0d arrays|could not be broadcast|out of bounds for axis|axes don't match|mixin", re.I
)


def outcome(program: str, library: Any) -> Any:
    """("raises", the exception), or what the last line gives, taken apart."""
    names: dict[str, Any] = {"torch": library, "np": np, "math": math, "F": library.nn.functional, "nn": library.nn}
    names |= {"inf": math.inf, "nan": math.nan, "Function": library.autograd.Function, "graph": library.autograd.graph}
    library.manual_seed(0)
    body = ast.parse(program).body
    last = body.pop()
    assert isinstance(last, ast.Expr), program
    try:
        exec(compile(ast.Module(body, []), "program", "exec"), names)
        return taken_apart(eval(compile(ast.Expression(last.value), "program", "eval"), names), library)
    except Exception as error:
        return "raises", error


def taken_apart(value: Any, library: Any) -> Any:
    if isinstance(value, library.Tensor):
        node = None if value.grad_fn is None else value.grad_fn.name()
        known = (str(value.dtype), tuple(value.shape), value.requires_grad, node)
        plain = value.detach()
        array = plain.float().numpy() if plain.dtype is library.bfloat16 else plain.resolve_conj().numpy()
        return "tensor", known, array.copy(), printed(value)
    if isinstance(value, (tuple, list)):
        return (
            type(value).__name__ if type(value) in (tuple, list) else "named",
            *(taken_apart(v, library) for v in value),
        )
    return "value", type(value).__name__, value if isinstance(value, (int, float, complex, str)) else printed(value)


def printed(value: Any) -> str:
    return re.sub(r"0x[0-9a-f]+|minitorch", lambda m: "torch" if m[0] == "minitorch" else "0x", repr(value))


def difference(ours: Any, theirs: Any) -> str:
    """What differs, or nothing."""
    if "raises" in (ours[0], theirs[0]):
        if ours[0] != theirs[0]:
            return f"torch: {theirs[1]!r:.300}\n    ours:  {ours[1]!r:.300}"
        kinds = [kind.__name__ for kind in type(ours[1]).__mro__]
        if type(theirs[1]).__name__.lstrip("_") not in kinds or NUMPY_WORDS.search(str(ours[1])):
            return f"torch raises {theirs[1]!r:.300}\n    ours: {ours[1]!r:.300}"
        return ""
    if ours[0] != theirs[0] or len(ours) != len(theirs):
        return f"torch gives {theirs!r:.300}\n    ours: {ours!r:.300}"
    if ours[0] == "tensor":
        close = ours[1] == theirs[1] and np.allclose(ours[2], theirs[2], 1e-5, 1e-6, equal_nan=True)
        return "" if close and ours[3] == theirs[3] else f"torch gives {theirs}\n    ours: {ours}"
    if ours[0] == "value":
        same = ours[1:] == theirs[1:] or ours[2] != ours[2] and theirs[2] != theirs[2]
        return "" if same else f"torch gives {theirs}\n    ours: {ours}"
    return "\n".join(filter(None, map(difference, ours[1:], theirs[1:])))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("file", sorted(PROGRAMS.glob("*.txt")), ids=lambda p: p.stem)
def test_both_libraries_agree(file: Path) -> None:
    programs = [p.strip() for p in re.split(r"\n\s*\n", file.read_text()) if p.strip()]
    assert len(programs) > 10
    wrong = []
    for program in programs:
        found = difference(outcome(program, minitorch), outcome(program, torch))
        if found:
            wrong.append(f"{program}\n    {found}")
    assert not wrong, "\n\n".join(wrong)
