"""Ops as Python's operators and in-place methods; what elementwise methods share. Knows no single op.

An operator differs from the function of the same op in what it does with strangers: `x + array` takes a NumPy array,
and `x == "a"` or `x + None` returns NotImplemented, so that Python asks the other side and then raises its own error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.dispatch import dispatcher
from minitorch.autograd.op import Op
from minitorch.autograd.primitives import cast
from minitorch.autograd.views import inplace
from minitorch.backend import dtypes, xp_of
from minitorch.errors import type_error
from minitorch.tensor.binding import inplace_twin

NUMBERS = (int, float, complex, np.number, np.bool_)  # bool is an int
OPERANDS = (TensorBase, *NUMBERS)


class Operator(Op):
    """An op as Python's operator calls it. It shares everything with the op but the general way of being called.

    check(x, y) sees operands of unlike dtypes before they are promoted, and may refuse them.
    """

    def __init__(self, made: Op, check: Callable[[Any, Any], None] | None) -> None:
        self.__dict__.update(made.__dict__)
        self.made = made
        self.check = check

    @functools.cached_property
    def node_class(self) -> type:  # the op's, not one more of that name
        return self.made.node_class

    def run(self, inputs: tuple, settings: dict) -> Any:
        x, y = inputs
        if not isinstance(y, OPERANDS):
            if not isinstance(y, np.ndarray) and not _is_bfloat16(y):
                return NotImplemented
            y = from_host(y) if isinstance(y, np.ndarray) else float(y)
        if self.check is not None:
            self.check(x, y)
        return super().run((x, y), settings)


def _is_bfloat16(value: Any) -> bool:
    """Whether that is a bfloat16 number, no np.number: what a derivative has saved of a number.

    By name, as its library is loaded only once a bfloat16 tensor is made.
    """
    return type(value).__module__ == "ml_dtypes"


def from_host(array: np.ndarray) -> Any:
    """A NumPy operand as a tensor."""
    dtypes.from_numpy(array.dtype)
    return wrap(np.asarray(array, dtype=array.dtype.newbyteorder("=")))


def operator(call: Callable, check: Callable[[Any, Any], None] | None = None) -> Callable:
    """The binary operator (`__add__`, ...) of an op: its dispatcher, as fast as the op itself."""
    return dispatcher(Operator(call.op, check))  # type: ignore[attr-defined]


def reflected(method: Callable[[Any, Any], Any]) -> Callable:
    """The reflected operator (`__rpow__`, ...): method(other, self) for a number or array on the left."""

    def call(self: Any, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            other = from_host(other)
        elif _is_bfloat16(other):
            other = float(other)
        return method(other, self) if isinstance(other, OPERANDS) else NotImplemented

    return call


def inplace_operator(call: Callable, check: Callable[[Any, Any], None] | None = None) -> Callable:
    """The in-place operator (`__iadd__`, ...) of an op; anything but tensors and numbers is left to `__add__`."""

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, OPERANDS):
            return NotImplemented
        if check is not None:
            check(self, other)
        return inplace(call, self, other)

    return method


def twin(method: Callable, call: Callable) -> Callable:
    """`name_` for a method of self alone (and keyword-only settings) that does nothing but call one op."""

    def work(self: Any, **settings: Any) -> Any:
        return inplace(call, self, **settings)

    return inplace_twin(method.__name__, method, work)


def twin_binary(method: Callable, call: Callable, tensors: bool = False) -> Callable:
    """`name_` for a method of self and `other` that does nothing but call one op; `tensors`: `other` is no number."""
    name = method.__name__ + "_"
    check = tensor_argument if tensors else operand

    def work(self: Any, other: Any) -> Any:
        return inplace(call, self, check(name, "other", other))

    work.__qualname__ = f"Tensor.{name}"
    return inplace_twin(method.__name__, method, work)


def tensor_argument(op: str, argument: str, value: Any, position: int = 1) -> Any:
    """`value`, if it is a tensor; torch's TypeError if not."""
    if not isinstance(value, TensorBase):
        raise type_error(op, argument, position, "Tensor", value)
    return value


def operand(op: str, argument: str, value: Any, position: int = 1) -> Any:
    """`value`, if it is a tensor or a number; torch's TypeError if not."""
    if not isinstance(value, OPERANDS):
        raise type_error(op, argument, position, "Tensor or Number", value)
    return value


def result_type(*operands: Any) -> dtypes.dtype:
    """The dtype that tensors and Python numbers are promoted to together."""
    pairs = []
    for t in operands:
        if isinstance(t, TensorBase):
            pairs.append((dtypes.from_numpy(t._array.dtype), 0 if t._array.ndim else 1))
        else:
            pairs.append((dtypes.scalar_dtype(t.item() if isinstance(t, np.generic) else t), 2))
    return dtypes.result_dtype(pairs)


def scaled(op: str, x: Any, y: Any, alpha: Any) -> Any:
    """alpha * y, in the dtype that x and y have together, as add and sub take it; checks alpha as torch does."""
    to = result_type(x, y)
    if isinstance(alpha, bool) and to is not dtypes.bool_:
        raise RuntimeError(f"{op}: Boolean alpha only supported for Boolean results.")
    if not isinstance(alpha, (int, np.integer)) and to.category < 2:
        raise RuntimeError(f"{op}: For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and not to.is_complex:
        raise RuntimeError(f"{op}: For non-complex input tensors, argument alpha must not be a complex number.")
    if to is dtypes.bool_:
        alpha = bool(alpha)
    if not isinstance(y, TensorBase):
        return y and alpha if to is dtypes.bool_ else y * alpha
    return (y if y._array.dtype == to.numpy else cast(y, dtype=to.numpy)) * alpha


_NEED_A_TENSOR = (
    "pow", "float_power", "remainder", "xlogy", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
    "bitwise_right_shift",
)  # fmt: skip


def number_first(call: Callable) -> Callable:
    """Let a function of two tensors take a Python number as its first argument too: mul(2, x), as torch does."""

    def function(*args: Any, **kwargs: Any) -> Any:
        if not args and isinstance(kwargs.get("self"), NUMBERS):
            args = (kwargs.pop("self"),)
        if args and isinstance(args[0], NUMBERS):
            other = args[1] if len(args) > 1 else kwargs.get("other", kwargs.get("exponent"))
            if not isinstance(other, TensorBase) and call.__name__ in _NEED_A_TENSOR:
                raise TypeError(f"{call.__name__}() received two numbers: one of the two must be a Tensor")
            to = result_type(*(t for t in (args[0], other) if isinstance(t, OPERANDS)))
            args = (like_number(args[0], other, to), *args[1:])
        return call(*args, **kwargs)

    function.__name__ = function.__qualname__ = call.__name__
    function.__doc__, function.__module__ = call.__doc__, call.__module__
    function.__signature__ = call.__signature__  # type: ignore[attr-defined]
    return function


def like_number(value: Any, other: Any, to: dtypes.dtype) -> Any:
    """A 0-d tensor of a number, on the device of `other`."""
    like = other._array if isinstance(other, TensorBase) else np.empty(())
    return wrap(xp_of(like).asarray(value, dtype=to.numpy))
