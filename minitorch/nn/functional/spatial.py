"""What functions over spatial dimensions share: settings per dimension, inputs without a batch, letters of shapes."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.errors import explain, type_error
from minitorch.ops.shape import squeeze, unsqueeze

LETTERS = {1: "L", 2: "H, W", 3: "D, H, W"}


def need_tensor(op: str, argument: str, position: int, value: Any) -> None:
    """torch's TypeError for an argument that is no tensor."""
    if not isinstance(value, TensorBase):
        raise type_error(op, argument, position, "Tensor", value)


def is_int(value: Any) -> bool:
    return value.__class__ is int or (hasattr(value, "__index__") and not isinstance(value, (bool, TensorBase)))


def sizes(op: str, argument: str, value: Any, n: int, position: int, what: str | None = None) -> tuple[int, ...]:
    """A setting as a tuple of n ints, from one int for all dimensions, or n of them, or one of them in a list.

    `what` is the message for a wrong number of them, where the op has torch's own words.
    """
    if value.__class__ is int:
        return (value,) * n
    if isinstance(value, (tuple, list)) and all(is_int(v) for v in value):
        if len(value) == n:
            return tuple(v.__index__() for v in value)
        if len(value) == 1:
            return (value[0].__index__(),) * n
        what = what or (
            f"expected {argument} to be a single integer value or a list of {n} values to match the convolution "
            f"dimensions, but got {argument}={list(value)}"
        )
        raise RuntimeError(f"{op}: {what}\n    hint  {argument}=k for all {n} dimensions, or a tuple of {n}")
    if is_int(value):
        return (value.__index__(),) * n
    raise type_error(op, argument, position, "tuple of ints", value)


def batched(op: str, x: Any, n: int, message: str | None = None) -> tuple[Any, bool]:
    """(x with a batch dimension, whether it had one) for an input of n spatial dimensions."""
    ndim = x._array.ndim
    if ndim == n + 2:
        return x, True
    if ndim == n + 1:
        return unsqueeze(x, dim=0), False
    shape = x._array.shape
    what = (
        message
        or f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {op}, but got input of size: {list(shape)}"
    )
    letters = LETTERS[n]
    raise RuntimeError(
        explain(
            f"{op}: {what}",
            [("input", shape, "")],
            f"the input is (N, C, {letters}), or (C, {letters}) for a single one",
        )
    )


def unbatched(y: Any, was: bool) -> Any:
    """The result without the batch dimension that the input did not have."""
    return y if was else squeeze(y, dims=0)
