"""`Variable`: what a tensor that knows its history was called before tensors and variables became one."""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.autograd import base
from minitorch.autograd.base import TensorBase


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorBase)


class Variable(metaclass=_VariableMeta):
    """`Variable(data, requires_grad=False)` is a tensor that shares memory with `data`, without its history.

    Every tensor is an instance. `volatile` has no effect any more: use `no_grad`.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        if volatile is not None and volatile is not False:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=2
            )
        if data is None:
            data = base.result_class([])
        if not isinstance(data, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.data.requires_grad_(requires_grad)
