"""How an op is called: a short way written for its very signature, and the general way (Op.run) for everything else.

Overhead per op is a feature. A function that takes `*inputs, **settings` and hands them on spends more time on packing
and unpacking than NumPy does on a small sum. So at an op's first call its short way is written out and compiled.
`print(short_way(op))` shows it; for `sum` it begins

    def call(x, *, dim, keepdim):
        try:
            _x = x._array
        except AttributeError:
            ...
        _out = forward(_x, dim=dim, keepdim=keepdim)

It does what Op.run does for tensors that need no promotion, flat and without looking anything up twice, and steps aside
(`run`) as soon as anything is unusual.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy import ndarray  # noqa: F401 - the names from here on are those that a short way uses

from minitorch.autograd import base, modes  # noqa: F401
from minitorch.autograd.base import wrap, wrap_view  # noqa: F401
from minitorch.autograd.failures import FAILURES  # noqa: F401
from minitorch.autograd.modes import state  # noqa: F401
from minitorch.autograd.node import edge_of  # noqa: F401
from minitorch.autograd.wiring import as_array, shares  # noqa: F401

if TYPE_CHECKING:
    from minitorch.autograd.op import Op

new: Any = object.__new__
NUMBERS = frozenset((float, int))  # a second operand of these classes is weak, in NumPy as in torch
FLOATS = "fdeFDE"  # dtype chars that need no promotion to float: float32, 64, 16, complex64, 128, bfloat16
NUMPY_FLOATS = "fdeFD"  # with these, NumPy takes a Python number for weak


def dispatcher(made: Op) -> Callable:
    """The function that users of an op call."""
    forward, run = made.forward, made.run
    if made.n_outputs == 1 and (not made.view or len(made.inputs) == 1):

        def call(*inputs: Any, **settings: Any) -> Any:
            shorten(made, forward, run)
            return made.call(*inputs, **settings)
    else:

        def call(*inputs: Any, **settings: Any) -> Any:
            return run(inputs, settings)

    call.__name__ = call.__qualname__ = made.name
    call.__doc__ = made.forward.__doc__
    call.__module__ = made.forward.__module__
    call.__wrapped__ = made.forward  # type: ignore[attr-defined]  # inspect.signature looks here
    call.op, call.vjp, call.composed_as = made, made.vjp, made.composed_as  # type: ignore[attr-defined]
    made.call = call
    return call


def shorten(made: Op, forward: Callable, run: Callable) -> None:
    """Compile the op's short way, and make it the code of the function that everybody holds already."""
    text, file = short_way(made), f"<how {made.name} is called>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file  # for tracebacks
    scope: dict[str, Any] = {}
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - our own text, of names from our own source
    # its free variables are those of `call` in dispatcher: forward, made, run
    made.call.__code__ = scope.pop("outer")(forward, made, run).__code__
    made.call.__defaults__ = forward.__defaults__  # type: ignore[attr-defined]
    made.call.__kwdefaults__ = forward.__kwdefaults__  # type: ignore[attr-defined]


def short_way(made: Op) -> str:
    """Source text of the op's short way."""
    made = getattr(made, "op", made)
    settings = list(made.settings)
    handed_on = "".join(f", {s}={s}" for s in settings)
    as_dict = "{" + ", ".join(f"{s!r}: {s}" for s in settings) + "}"
    if made.variadic:
        every, lines = made.variadic, _read_all(made.variadic)
        arrays, first, all_arrays = "*_arrays", "_arrays[0]", ""
        tracked = "_tracked"
    else:
        every = "(" + ", ".join(made.inputs) + ",)"
        lines, checks = _read_each(made)
        arrays, first = ", ".join("_" + n for n in made.inputs), "_" + made.inputs[0]
        all_arrays = " and ".join(f"{n}.__class__ is ndarray" for n in made.inputs) if not made.aux else ""
        tracked = " or ".join(_is_tracked(made, n) for n in made.inputs)
    general = f"run({every}, {as_dict})"
    refused = ["modes.special_threads"] + ([] if made.variadic else checks)
    direct = f"forward({every.strip('(),')}{handed_on}) if {all_arrays} else " if all_arrays else ""
    given = f"*{made.variadic}" if made.variadic else ", ".join(made.inputs) + (", *" if settings else "")
    lines = [
        "try:", *_indent(lines),
        "except AttributeError:", f"    return {direct}{general}",
        f"if {' or '.join(refused)}:", f"    return {general}",
        "try:", f"    _out = forward({arrays}{handed_on})",
        "except FAILURES:", f"    return {general}  # which tries again and explains",
        *(["_out, *_aux = _out"] if made.aux else []),
        f"if _out.__class__ is not {first}.__class__:", f"    _out = as_array(_out, {first})",
        *_wrapped(made, first),
        f"if ({tracked}) and state.grad and made.vjps:", *_indent(_recorded(made, every, as_dict)),
        "return _t",
    ]  # fmt: skip
    head = f"def call({given}{''.join(', ' + s for s in settings)}):"
    return "\n".join(["def outer(forward, made, run):", *_indent([head, *_indent(lines), "return call"])]) + "\n"


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def _optional(made: Op, name: str) -> bool:
    """True for an input that may be None."""
    defaults = made.forward.__defaults__ or ()  # type: ignore[attr-defined]
    return name in made.inputs[len(made.inputs) - len(defaults) :]


def _takes_number(made: Op, name: str) -> bool:
    """True for a second operand that may be a Python number."""
    return len(made.inputs) == 2 and name == made.inputs[1] and made.promoted == {0, 1}


def _read_each(made: Op) -> tuple[list[str], list[str]]:
    """Lines that take the inputs' arrays, and conditions on which they are not for the short way."""
    lines = []
    for name in made.inputs:
        if _takes_number(made, name):
            lines.append(f"_{name} = {name} if {name}.__class__ in NUMBERS else {name}._array")
        elif _optional(made, name):
            lines.append(f"_{name} = None if {name} is None else {name}._array")
        else:
            lines.append(f"_{name} = {name}._array")
    if not made.promoted:
        return lines, []
    names = [made.inputs[i] for i in sorted(made.promoted)]
    first, checks = "_" + names[0], []
    for name in names[1:]:
        if _takes_number(made, name):
            weak = f"{first}.dtype.char not in NUMPY_FLOATS"
            checks.append(f"({weak} if _{name} is {name} else {first}.dtype is not _{name}.dtype)")
        else:
            checks += [f"_{name} is None"] if _optional(made, name) else []
            checks.append(f"{first}.dtype is not _{name}.dtype")
    if made.promote == "float":
        checks.append(f"{first}.dtype.char not in FLOATS")
    return lines, checks


def _read_all(name: str) -> list[str]:
    return [
        "_arrays, _tracked = [], False",
        f"for _x in {name}:",
        "    _arrays.append(_x._array)",
        "    if _x._requires_grad or _x._base is not None:",
        "        _tracked = True",
    ]


def _is_tracked(made: Op, name: str) -> str:
    asks = f"{name}._requires_grad or {name}._base is not None"
    if _takes_number(made, name):
        return f"(_{name} is not {name} and ({asks}))"
    return f"({name} is not None and ({asks}))" if _optional(made, name) else asks


def _wrapped(made: Op, first: str) -> list[str]:
    """Lines that make the tensor; `wrap` written out, for a call costs as much as what it does."""
    if made.view:
        view = f"wrap_view(_out, {made.inputs[0]})"
        return [f"_t = {view}" if made.view is True else f"_t = {view} if shares(_out, {first}) else wrap(_out)"]
    return [
        "_t = new(base.result_class)", "_t._array = _out", "_t._counter = [0]", "_t._requires_grad = False",
        "_t._edge = _t._grad = _t._base = _t._hooks = None",
    ]  # fmt: skip


def _recorded(made: Op, every: str, as_dict: str) -> list[str]:
    """Lines that hang the tensor on a node, if one of the inputs is on the tape."""
    aux = "_aux" if made.aux else "()"
    if made.variadic:
        lines = [
            f"_edges = tuple([edge_of(_x) for _x in {made.variadic}])",
            "_needs = tuple([_e is not None for _e in _edges])",
        ]
        some, edges, needs = "True in _needs", "_edges", "_needs"
    else:
        lines, k = [], len(made.inputs)
        for i, name in enumerate(made.inputs):
            edge = f"edge_of({name})"
            if _takes_number(made, name):
                edge = f"None if _{name} is {name} else {edge}"
            elif _optional(made, name):
                edge = f"None if {name} is None else {edge}"
            lines.append(f"_e{i} = {edge}")
        some = " or ".join(f"_e{i} is not None" for i in range(k))
        edges = "(" + ", ".join(f"_e{i}" for i in range(k)) + ",)"
        needs = "(" + ", ".join(f"_e{i} is not None" for i in range(k)) + ",)"
    return [
        *lines,
        f"if {some}:",
        f"    _t._edge = _node = made.make_node({every}, {as_dict}, {edges}, (_t,), {aux}, {needs})",
        "    _t._requires_grad = True",
        "    _node.shape, _node.dtype = _out.shape, _out.dtype",
    ]
