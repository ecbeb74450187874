"""An elementwise update that the tape records, for optimizers made with differentiable=True.

The rule is the one that runs on arrays (`Elementwise.update`): it is handed slots in their place and `Recorder` in the
place of NumPy. A slot holds a tensor; what NumPy would write into the array replaces the slot's tensor. So nothing that
the tape has saved is changed until the end, when parameter and state are given their new values in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS


class Slot:
    """A tensor that can be replaced, standing for an array that is written into."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def fill(self, value: float) -> None:
        self.tensor = self.tensor.new_full(self.tensor.shape, value)

    def __lt__(self, other: float) -> Any:
        return self.tensor < other

    def __gt__(self, other: float) -> Any:
        return self.tensor > other

    def __ne__(self, other: Any) -> Any:
        return self.tensor != held(other)

    __hash__ = None  # type: ignore[assignment]


def held(value: Any) -> Any:
    return value.tensor if isinstance(value, Slot) else value


def _writing(fn: Callable) -> Callable:
    """fn of tensors as a NumPy function whose last argument is `out`."""

    def run(*args: Any, out: Any = None) -> Any:
        if out is None:
            *args, out = args  # type: ignore[assignment]
        out.tensor = fn(*[held(a) for a in args])
        return out

    return staticmethod(run)  # type: ignore[return-value]


class Recorder:
    """As much of NumPy as the rules use."""

    add = _writing(lambda x, y: x + y)
    subtract = _writing(lambda x, y: x - y)
    multiply = _writing(lambda x, y: x * y)
    divide = _writing(lambda x, y: x / y)
    negative = _writing(lambda x: -x)
    sqrt = _writing(lambda x: x.sqrt())
    absolute = _writing(lambda x: x.abs())
    sign = _writing(lambda x: x.sign())
    maximum = _writing(FUNCTIONS["maximum"])
    clip = _writing(lambda x, low, high: x.clamp(low, high))

    @staticmethod
    def copyto(out: Slot, value: Any, where: Any = None) -> None:
        if where is None:
            out.tensor = held(value)
        else:
            new = value if not isinstance(value, (int, float)) else out.tensor.new_full((), value)
            out.tensor = FUNCTIONS["where"](where, held(new), out.tensor)


def record(rule: Callable[..., None], p: Any, state: Any) -> None:
    """Run `rule(Recorder, parameter, gradient, state, three buffers)` and give p and its state what it computed."""
    tensors = [p, *state]
    x, *kept = slots = [Slot(_real(t).clone()) for t in tensors]
    rule(Recorder, x, Slot(_real(p._grad)), kept, [Slot(_real(p).detach()) for _ in range(3)])
    for tensor, slot in zip(tensors, slots, strict=True):
        new = FUNCTIONS["view_as_complex"](slot.tensor) if tensor.is_complex() else slot.tensor
        tensor.copy_(new)


def _real(t: Any) -> Any:
    """As real numbers of single precision at least."""
    if t.is_complex():
        return FUNCTIONS["view_as_real"](t)
    return t if t.dtype in (dtypes.float32, dtypes.float64) else t.float()
