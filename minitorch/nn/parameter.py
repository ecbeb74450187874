"""`Parameter` and `Buffer`: tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.tensor import Tensor
from minitorch.tensor.creation import empty


class Parameter(Tensor):
    """A leaf tensor that a Module lists among its parameters; requires grad unless told otherwise.

    >>> from minitorch import nn, ones
    >>> nn.Parameter(ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    _is_param = True

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = empty(0)
        if not isinstance(data, TensorBase):
            raise TypeError(f"Parameter data should be a tensor, but got {type(data).__name__}")
        t = object.__new__(cls)
        t._array = data._array
        t._counter = data.detach()._counter  # type: ignore[attr-defined]
        t._requires_grad = False
        t._edge = t._grad = t._base = t._hooks = None
        t.requires_grad = requires_grad
        return t

    def __deepcopy__(self, memo: dict) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        new = type(self)(self.detach().clone(), self._requires_grad)
        new.__dict__.update(self.__dict__)
        memo[id(self)] = new
        return new


class Buffer(Tensor):
    """A tensor that a Module lists among its buffers when it is assigned; `persistent` ones are in state_dict."""

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        t = (empty(0) if data is None else data).detach().as_subclass(cls)
        t.persistent = persistent
        return t
