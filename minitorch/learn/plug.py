"""Puts a function in the place of one of the engine's, counts its calls, and always puts the engine's back.

A seam is named in one of three ways:

    minitorch.autograd.primitives:_sum_to      a function of a module (wherever it was imported to as well)
    minitorch.optim.adam:Adam.update           a method of a class
    op:softmax.forward, op:softmax.vjp.x       the forward of an op, or its derivative by an input

The derivatives of an op are written into the text of its way back and its forward into that of its short way (see
autograd/backway.py and autograd/shortway.py), so those two are put where the engine reads them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minitorch.autograd.dispatch import shorten
from minitorch.autograd.op import Op, registry
from minitorch.autograd.saved import make_apply
from minitorch.signatures import positional_names


class Calls:
    """How often the function was called."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def plugged(seam: str, function: Callable, like: Callable | None = None) -> Iterator[Calls]:
    """While the block runs, `function` stands at the seam.

    At a derivative its arguments are found by their names, which are those of `like` (default: of `function`).

    >>> import minitorch
    >>> with plugged("op:tanh.vjp.x", lambda g, out: 0 * g) as calls:
    ...     x = minitorch.ones(2, requires_grad=True)
    ...     x.tanh().sum().backward()
    >>> x.grad, calls.count
    (tensor([0., 0.]), 1)
    """
    calls = Calls()

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.count += 1
        return function(*args, **kwargs)

    restore = _place(seam, _by_name(seam, like or function, counted))
    try:
        yield calls
    finally:
        restore()


def _by_name(seam: str, like: Callable, counted: Callable) -> Callable:
    """A derivative is called with the values that the engine's one has named; hand on those that `like` names."""
    if ".vjp." not in seam:
        return counted
    made, _, name = _op_part(seam)
    have, wanted = _vjp(made, name).names, positional_names(like)[1:]
    places = [have.index(n) for n in wanted]
    return lambda g, *values: counted(g, *[values[k] for k in places])


def original(seam: str) -> Callable:
    """The engine's own function at the seam."""
    if seam.startswith("op:"):
        made, part, name = _op_part(seam)
        return made.forward if part == "forward" else _vjp(made, name).fn
    owner, name = _owner(seam)
    return getattr(owner, name)


def _place(seam: str, function: Callable) -> Callable[[], None]:
    """Put `function` at the seam; gives what undoes that."""
    if seam.startswith("op:"):
        made, part, name = _op_part(seam)
        if part == "forward":
            return _put_forward(made, function)
        old = original(seam)
        _put_vjp(made, name, function)
        return lambda: _put_vjp(made, name, old)
    owner, name = _owner(seam)
    places = [(owner, name)] if isinstance(owner, type) else _holders(getattr(owner, name))
    kept = [(holder, key, vars(holder).get(key)) for holder, key in places]  # None: inherited
    for holder, key in places:
        setattr(holder, key, function)

    def restore() -> None:
        for holder, key, value in kept:
            setattr(holder, key, value) if value is not None else delattr(holder, key)

    return restore


def _owner(seam: str) -> tuple[Any, str]:
    module, path = seam.split(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    return owner, name


def _holders(function: Callable) -> list[tuple[Any, str]]:
    """(module, name) of every global of ours that is this function: `from x import f` makes another one."""
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("minitorch.") and m is not None]
    return [(m, key) for m in modules for key, value in list(vars(m).items()) if value is function]


# -- ops ---------------------------------------------------------------------------------------------------------------


def _op_part(seam: str) -> tuple[Op, str, str]:
    name, part, *rest = seam.removeprefix("op:").split(".")
    return registry[name], part, rest[0] if rest else ""


def _vjp(made: Op, name: str) -> Any:
    index = made.inputs.index(name)
    return next(v for v in made.vjps if index in v.inputs)


def _put_vjp(made: Op, name: str, function: Callable) -> None:
    _vjp(made, name).fn = function
    for cls in made.node_classes.values():
        cls.apply = make_apply(made)  # type: ignore[attr-defined]


def _put_forward(made: Op, function: Callable) -> Callable[[], None]:
    """The general way reads made.forward; the short way, of an op with one output, has it as a free variable.

    A short way with an expression in place of the forward (the option `plain`) is written anew, without it.
    """
    forward, plain = made.forward, made.plain

    def put(new: Callable, expression: str) -> None:
        made.forward, made.plain = forward, expression
        if plain:
            shorten(made, forward, made.run)
        made.forward = new
        free = made.call.__code__.co_freevars
        if "forward" in free:
            made.call.__closure__[free.index("forward")].cell_contents = new

    put(function, "")
    return lambda: put(forward, plain)
