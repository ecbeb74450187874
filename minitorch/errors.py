"""Error messages that teach: torch's exception types, our shapes, one hint.

A message has up to three parts: the first line says `op: what was expected, what came`, then one line per
tensor with its shape and what the axes mean, then one hint with the way out. Values are never printed.
This file imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def explain(what: str, shapes: Sequence[tuple[str, object, str]] = (), hint: str | None = None) -> str:
    """Lay out a message: `what`, then `name  shape  letters` rows, then the hint.

    >>> print(explain("mm: 3 columns meet 4 rows", [("self", (2, 3), "n, k"), ("mat2", (4, 5), "k, m")], "mat2.t()?"))
    mm: 3 columns meet 4 rows
        self  (2, 3)  n, k
        mat2  (4, 5)  k, m
        hint  mat2.t()?
    """
    lines = [what]
    rows = [
        (name, str(tuple(shape) if isinstance(shape, tuple) else shape), letters) for name, shape, letters in shapes
    ]
    if hint:
        rows.append(("hint", hint, ""))
    width = max((len(r[0]) for r in rows), default=0)
    wide = max((len(r[1]) for r in rows if r[0] != "hint"), default=0)
    for name, shape, letters in rows:
        lines.append(f"    {name:<{width}}  {shape:<{wide if letters else 0}}  {letters}".rstrip())
    return "\n".join(lines)


def dim_error(op: str, dim: int, ndim: int) -> IndexError:
    """torch's out-of-range error for a dimension argument."""
    bound = max(ndim, 1)
    return IndexError(
        explain(
            f"{op}: Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})",
            hint=f"the tensor has {ndim} dimensions",
        )
    )


def wrap_dim(dim: int, ndim: int, op: str = "dim") -> int:
    """Return `dim` counted from the front; a 0-d tensor counts as having one dimension, as in torch."""
    if dim.__class__ is not int:
        dim = _index(op, dim)
    bound = ndim or 1
    if not -bound <= dim < bound:
        raise dim_error(op, dim, ndim)
    return dim + bound if dim < 0 else dim


def _index(op: str, dim: Any) -> int:
    """A dimension that is no plain int: a NumPy integer or a 0-d integer tensor, but no bool and no float."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"{op}(): argument 'dim' must be int, not {type(dim).__name__}")
    return dim.__index__()


def wrap_dims(dims: Sequence[int] | int, ndim: int, op: str = "dim") -> tuple[int, ...]:
    """Normalize one or several dims; a dim that appears twice is torch's RuntimeError."""
    wrapped = tuple(wrap_dim(d, ndim, op) for d in ((dims,) if isinstance(dims, int) else dims))
    if len(set(wrapped)) != len(wrapped):
        twice = next(d for d in wrapped if wrapped.count(d) > 1)
        raise RuntimeError(f"{op}: dim {twice} appears multiple times in the list of dims")
    return wrapped


def type_error(op: str, argument: str, position: int, expected: str, got: object) -> TypeError:
    """torch's wording for an argument of the wrong type."""
    return TypeError(
        f"{op}(): argument '{argument}' (position {position}) must be {expected}, not {type(got).__name__}"
    )
