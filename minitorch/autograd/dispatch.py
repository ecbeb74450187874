"""How an op is called: a short way written for its very signature, and the general way (Op.run) for everything else.

Overhead per op is a feature. A function that takes `*inputs, **settings` and hands them on spends more time on packing
and unpacking than NumPy does on a small sum. So at an op's first call its short way is written out and compiled.
`print(short_way(op))` (shortway.py) shows it; for `sum` it begins

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

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: F401 - the names from here on are those that a short way uses
from numpy import generic, ndarray  # noqa: F401

from minitorch.autograd import base, modes  # noqa: F401
from minitorch.autograd.backway import compiled
from minitorch.autograd.base import wrap, wrap_view  # noqa: F401
from minitorch.autograd.constants import CONSTANTS, NUMBERS, NUMPY_FLOATS, ONE, SCALARS, ZERO  # noqa: F401
from minitorch.autograd.failures import FAILURES  # noqa: F401
from minitorch.autograd.modes import state  # noqa: F401
from minitorch.autograd.node import edge_of, next_seq  # noqa: F401
from minitorch.autograd.saved import version_of  # noqa: F401
from minitorch.autograd.shortway import short_way
from minitorch.autograd.wiring import as_array, shares  # noqa: F401

if TYPE_CHECKING:
    from minitorch.autograd.op import Op

new: Any = object.__new__
FLOATS = "fdeFDE"  # dtype chars that need no promotion to float: float32, 64, 16, complex64, 128, bfloat16


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
    outer = compiled(short_way(made), f"<how {made.name} is called>", "outer", {})
    # its free variables are those of `call` in dispatcher: forward, made, run
    made.call.__code__ = outer(forward, made, run).__code__
    made.call.__defaults__ = forward.__defaults__  # type: ignore[attr-defined]
    made.shortened = True
    made.call.__kwdefaults__ = forward.__kwdefaults__  # type: ignore[attr-defined]
