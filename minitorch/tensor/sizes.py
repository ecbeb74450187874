"""Arguments that are sizes or dims: one tuple, or ints one by one; an int may be a NumPy int or a 0-d tensor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.errors import type_error
from minitorch.signatures import positional_names


def ints(op: str, name: str, values: Any, position: int = 1) -> tuple[int, ...]:
    """`values` as a tuple of ints; TypeError in torch's words if it is anything else."""
    if isinstance(values, TensorBase):
        values = values._array.tolist() if values._array.ndim == 1 else (values,)
    try:
        found = tuple(values)
    except TypeError:
        raise type_error(op, name, position, "tuple of ints", values) from None
    for v in found:
        if v.__class__ is not int:
            return tuple([integer(op, name, v, position, "tuple of ints") for v in found])
    return found


def all_ints(values: tuple) -> bool:
    """True for the usual case: ints, one by one, at least one."""
    for v in values:
        if v.__class__ is not int:
            return False
    return bool(values)


def integer(op: str, name: str, value: Any, position: int = 1, expected: str = "int") -> int:
    """One int, from whatever has `__index__`; floats and bools are refused."""
    if value.__class__ is int:
        return value
    if not isinstance(value, bool) and hasattr(value, "__index__"):
        return value.__index__()
    raise type_error(op, name, position, expected, value)


def one_or_many(method: Callable) -> Callable:
    """Let a method whose first argument is a tuple of ints also take the ints one by one: view(2, 3), view((2, 3))."""
    name = positional_names(method)[1]
    op = method.__name__.removeprefix("_").removesuffix("_shape")

    @functools.wraps(method)
    def call(self: Any, *values: Any, **kwargs: Any) -> Any:
        for v in values:
            if v.__class__ is not int:
                break
        else:
            if values and not kwargs:
                return method(self, values)
        if len(values) == 1 and hasattr(values[0], "__len__") and getattr(values[0], "ndim", True):
            values = values[0]
        elif not values and name in kwargs:
            values = kwargs.pop(name)
            values = (values,) if values.__class__ is int else values
        elif not values:
            raise TypeError(f'{op}() missing 1 required positional arguments: "{name}"')
        for v in values:
            if v.__class__ is not int:
                values = ints(op, name, values)
                break
        return method(self, values if values.__class__ is tuple else tuple(values), **kwargs)

    call.sizes = name  # type: ignore[attr-defined]  # the function of the same name takes them in a tuple only
    return call
