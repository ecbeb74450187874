"""How an op is called: short ways for one or two tensors, and the general way (Op.run) for everything else.

The short ways do what Op.run does, flat and without looking anything up twice, for the calls that make up nearly all
of a program: they step aside (`run`) as soon as anything is unusual. Overhead per op is a feature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd import base, modes
from minitorch.autograd.base import TensorBase, wrap, wrap_view
from minitorch.autograd.failures import FAILURES, explain_failure
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.autograd.wiring import as_array, shares

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


def dispatcher(made: Op) -> Callable:
    """The function that users of an op call: a short way for one or two tensors, the general way for the rest."""
    if made.n_outputs == 1 and not made.aux and made.variadic is None and len(made.inputs) == 1:
        call = _unary_view(made) if made.view else _unary(made)
    elif made.n_outputs == 1 and not made.aux and not made.view and len(made.inputs) == 2 and not made.settings:
        call = _binary(made)
    else:
        call = _general(made)
    call.__name__ = call.__qualname__ = made.name
    call.__doc__ = made.forward.__doc__
    call.__module__ = made.forward.__module__
    call.__wrapped__ = made.forward  # type: ignore[attr-defined]  # inspect.signature looks here
    call.op, call.vjp, call.composed_as = made, made.vjp, made.composed_as  # type: ignore[attr-defined]
    return call


def _general(made: Op) -> Callable:
    run = made.run

    def call(*inputs: Any, **settings: Any) -> Any:
        return run(inputs, settings)

    return call


FLOATS = "fdeFDE"  # dtype chars that need no promotion to float: float32, 64, 16, complex64, 128, bfloat16
NUMPY_FLOATS = "fdeFD"  # with these, NumPy takes a Python number for weak
ONE = (True,)
NONE: dict = {}


def _unary(made: Op) -> Callable:
    """The short way for one tensor: everything flat, nothing looked up twice."""
    forward, run, new = made.forward, made.run, object.__new__
    to_float = made.promote == "float"

    def call(x: Any, **settings: Any) -> Any:
        try:
            a = x._array
        except AttributeError:
            return run((x,), settings)
        if modes.special_threads or (to_float and a.dtype.char not in FLOATS):
            return run((x,), settings)
        try:
            out = forward(a, **settings)
        except FAILURES as error:
            out = explain_failure(made, (x,), settings, error)
        if out.__class__ is not a.__class__:
            out = as_array(out, a)
        t: Any = new(base.result_class)
        t._array = out
        t._counter = [0]
        t._requires_grad = False
        t._edge = t._grad = t._base = t._hooks = None
        if (x._requires_grad or x._base is not None) and made.vjps and state.grad:
            edge = edge_of(x)
            if edge is not None:
                t._edge = node = made.make_node((x,), settings, (edge,), (t,), (), ONE)
                t._requires_grad = True
                node.shape, node.dtype = out.shape, out.dtype
        return t

    return call


def _unary_view(made: Op) -> Callable:
    """The short way for views of one tensor."""
    forward, run, always = made.forward, made.run, made.view is True

    def call(x: Any, **settings: Any) -> Any:
        if modes.special_threads or not isinstance(x, TensorBase):
            return run((x,), settings)
        a = x._array
        try:
            out = forward(a, **settings)
        except FAILURES as error:
            out = explain_failure(made, (x,), settings, error)
        if out.__class__ is not a.__class__:
            out = as_array(out, a)
        t = wrap_view(out, x) if always or shares(out, a) else wrap(out)
        if (x._requires_grad or x._base is not None) and made.vjps and state.grad:
            edge = edge_of(x)
            if edge is not None:
                t._edge = node = made.make_node((x,), settings, (edge,), (t,), (), ONE)
                t._requires_grad = True
                node.shape, node.dtype = out.shape, out.dtype
        return t

    return call


def _binary(made: Op) -> Callable:
    """The short way for two tensors of one dtype, or a floating tensor and a Python number."""
    forward, run, new = made.forward, made.run, object.__new__
    to_float = made.promote == "float"
    numbers = frozenset((float, int)) if made.promote else frozenset()

    def call(x: Any, y: Any) -> Any:
        try:
            a = x._array
            if y.__class__ in numbers:
                b, number = y, True
                if a.dtype.char not in NUMPY_FLOATS:
                    return run((x, y), {})
            else:
                b, number = y._array, False
                if a.dtype is not b.dtype or (to_float and a.dtype.char not in FLOATS):
                    return run((x, y), {})
        except AttributeError:
            return run((x, y), {})
        if modes.special_threads:
            return run((x, y), {})
        try:
            out = forward(a, b)
        except FAILURES:
            return run((x, y), {})  # which tries again and explains
        if out.__class__ is not a.__class__:
            out = as_array(out, a)
        t: Any = new(base.result_class)
        t._array = out
        t._counter = [0]
        t._requires_grad = False
        t._edge = t._grad = t._base = t._hooks = None
        if x._requires_grad or x._base is not None or not (number or (y._base is None and not y._requires_grad)):
            if made.vjps and state.grad:
                from_x = edge_of(x)
                from_y = None if number else edge_of(y)
                if from_x is not None or from_y is not None:
                    needs = (from_x is not None, from_y is not None)
                    t._edge = node = made.make_node((x, y), NONE, (from_x, from_y), (t,), (), needs)
                    t._requires_grad = True
                    node.shape, node.dtype = out.shape, out.dtype
        return t

    return call
