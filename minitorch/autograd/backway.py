"""Writes the source text of an op's way back: what its nodes do in a backward pass, flat, for its very derivatives.

The counterpart of shortway.py, for the same reason: which inputs have a derivative and what each one takes is known
once the op is defined. `print(back_text(tanh))` shows the result:

    def apply(self, g, graph, edges):
        _saved = self.saved
        if graph or _saved.__class__ is not tuple:
            return general(self, g, graph, edges)
        _out0, _v0, = _saved
        if _v0 is not None and _v0[0][0] != _v0[1]:
            fetch(self, 0, _out0, _v0, False)  # which raises
        if g.__class__ is not ndarray and isinstance(g, generic):
            ...
        _e0, = self.edges if edges is None else edges
        return (vjp0(g, _out0) if _e0 is not None else None,)

`general` (saved.py) is taken where tensors are wanted, where saved values are gone, or went through hooks.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy import generic, ndarray

from minitorch.autograd.constants import CONSTANTS, NUMBERS, NUMPY_FLOATS

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


_PASSING_ON = (lambda g: g).__code__.co_code  # a derivative that gives its first argument back needs no call


def back_way(made: Op, general: Callable, fetch: Callable) -> Callable:
    """The compiled way back of an op; `general` itself where there is nothing to write out."""
    if made.variadic or any(v.joint for v in made.vjps):
        return general
    names: dict[str, Any] = {
        "general": general, "fetch": fetch, "ndarray": ndarray, "generic": generic,
        "CONSTANTS": CONSTANTS, "NUMBERS": NUMBERS, "NUMPY_FLOATS": NUMPY_FLOATS,
    }  # fmt: skip
    names |= {f"vjp{k}": v.fn for k, v in enumerate(made.vjps)}
    return compiled(back_text(made), f"<how {made.name} goes back>", "apply", names)


def compiled(text: str, file: str, name: str, scope: dict[str, Any]) -> Any:
    """What `name` is after running `text`, whose lines tracebacks can show."""
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - our own text, of names from our own source
    return scope.pop(name)  # else the scope and the function would hold each other


def back_text(made: Op) -> str:
    """`apply` of an op's nodes, as text."""
    made = getattr(made, "op", made)
    saved = ["_" + made.capture_name(kind, key) for kind, key in made.captures]
    lines = ["if graph:", "    return general(self, g, graph, edges)"]
    if saved:
        lines = [
            "_saved = self.saved",
            "if graph or _saved.__class__ is not tuple:", "    return general(self, g, graph, edges)",
            f"{', '.join(saved + [f'_v{k}' for k in made.versioned])}, = _saved",
        ]  # fmt: skip
    lines += _checked(made, saved) + _scalars(made, saved)
    edges = [f"_e{i}" for i in range(len(made.inputs))]
    lines.append(f"{', '.join(edges)}, = self.edges if edges is None else edges")
    grads = ["None"] * len(edges)
    for k, v in enumerate(made.vjps):
        i = v.inputs[0]
        called = f"vjp{k}({', '.join(['g', *[saved[c] for c in v.args]])})"
        grads[i] = f"{'g' if v.fn.__code__.co_code == _PASSING_ON else called} if {edges[i]} is not None else None"
    lines.append(f"return ({', '.join(grads)},)")
    return "def apply(self, g, graph, edges):\n" + "".join(f"    {line}\n" for line in lines)


def _checked(made: Op, saved: list[str]) -> list[str]:
    """Tensors become arrays, if nobody has written to them since."""
    lines = []
    for k in made.versioned:
        kind, key = made.captures[k]
        c, v = saved[k], f"_v{k}"
        if kind == "input" and key in made.weak and made.plain:  # perhaps a number, which the forward had as an array
            lines += [
                f"if {v} is not None:",
                f"    {c} = {c}._array if {c}._counter[0] == {v} else fetch(self, {key}, {c}, {v}, False)",
                f"elif {c}.__class__ in NUMBERS and g.__class__ is ndarray and g.dtype.char in NUMPY_FLOATS:",
                f"    {c} = CONSTANTS[{c}, g.dtype.char]",
            ]
        elif kind == "input":
            lines += [
                f"if {v} is not None:",
                f"    {c} = {c}._array if {c}._counter[0] == {v} else fetch(self, {key}, {c}, {v}, False)",
            ]
        else:
            lines += [f"if {v} is not None and {v}[0][0] != {v}[1]:", f"    fetch(self, {key}, {c}, {v}, False)"]
    return lines


def _scalars(made: Op, saved: list[str]) -> list[str]:
    """Arithmetic on 0-d arrays gives NumPy scalars, with which it is quick, but slow once an array takes part."""
    arrays = [c for c, (kind, _) in zip(saved, made.captures, strict=True) if kind in ("input", "output", "aux")]
    if not arrays:
        return []
    lines = ["if g.__class__ is not ndarray and isinstance(g, generic):"]
    for c in arrays:
        lines += [f"    if {c}.__class__ is ndarray and not {c}.shape:", f"        {c} = {c}[()]"]
    return lines
