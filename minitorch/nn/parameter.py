"""`Parameter` and `Buffer`: tensors that a module registers when they are assigned to it; and the uninitialized ones
that lazy modules hold until their first input shows the shapes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.tensor import Tensor
from minitorch.tensor.creation import empty

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


class _ParameterMeta(type):
    """isinstance(t, Parameter) also holds for tensors of other classes that `Parameter(t)` has marked."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls is Parameter and isinstance(instance, TensorBase) and getattr(instance, "_is_param", False):
            return True
        return super().__instancecheck__(instance)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A leaf tensor that a Module lists among its parameters; requires grad unless told otherwise.

    A tensor of a class of the user's own keeps its class, and is only marked as a parameter.

    >>> from minitorch import nn, ones
    >>> nn.Parameter(ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    _is_param = True

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = empty(0)
        leaf = data.detach()
        if type(data) is not Tensor and not isinstance(data, cls):
            leaf = leaf.as_subclass(type(data))
            leaf._is_param = True
        else:
            leaf = leaf.as_subclass(cls)
        return leaf.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict) -> Any:
        """Values and requires_grad are copied; the gradient and attributes set on the tensor are not, as in torch."""
        if id(self) in memo:
            return memo[id(self)]
        new = type(self)(self.detach().clone(), self._requires_grad)
        memo[id(self)] = new
        return new


class _BufferMeta(type):
    """isinstance(t, Buffer) holds for the tensors that `Buffer(t)` has marked."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls is Buffer and isinstance(instance, TensorBase) and getattr(instance, "_is_buffer", False):
            return True
        return super().__instancecheck__(instance)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a Module lists among its buffers when it is assigned; `persistent` ones are in state_dict.

    >>> from minitorch import nn, ones
    >>> nn.Buffer(ones(2))
    tensor([1., 1.])
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = empty(0)
        t = data.detach().requires_grad_(data.requires_grad)
        if type(data) not in (Tensor, Parameter):
            t = t.as_subclass(type(data))
        t.persistent = persistent
        t._is_buffer = True
        return t


_memory: Any = TensorBase.__dict__["_array"]  # the slot that UninitializedTensorMixin hides


class UninitializedTensorMixin:
    """A tensor without a shape: it can be moved, cast and given its memory by `materialize`; all else raises.

    It hides the array, so that whatever tries to compute with it fails where it reaches for the values.
    """

    __slots__ = ()
    cls_to_become: type

    @property
    def _array(self) -> Any:
        where = sys._getframe(1).f_code.co_name
        raise ValueError(
            f"Attempted to use an uninitialized parameter in {where}. This error happens when you are using a "
            "`LazyModule` or explicitly manipulating "
            f"`torch.nn.parameter.{type(self).__name__}` objects. When using LazyModules Call `forward` with a dummy "
            "batch to initialize the parameters before calling torch functions"
        )

    @_array.setter
    def _array(self, value: Any) -> None:
        _memory.__set__(self, value)

    @property
    def data(self) -> Any:
        """An empty tensor of the device and dtype that the values will have."""
        return wrap(_memory.__get__(self))

    @data.setter
    def data(self, value: Any) -> None:
        _memory.__set__(self, value._array)

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def device(self) -> Any:
        return self.data.device

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self._requires_grad = value  # type: ignore[misc]

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary Parameter or Tensor of this shape, its values not yet set."""
        self.data = empty(shape, device=device or self.device, dtype=dtype or self.dtype)
        self.__class__ = self.cls_to_become

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Nothing to copy from another uninitialized tensor; anything with values doesn't fit."""
        self.data.copy_(src.data)
        return self

    def share_memory_(self) -> Any:
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)


def _question(name: str) -> Callable:
    def ask(self: Any, *args: Any) -> Any:
        return getattr(self.data, name)(*args)

    return ask


def _refusal(name: str) -> Callable:
    def refuse(self: Any, *args: Any) -> Any:
        return self._array  # raises, as all that needs values does

    refuse.__name__ = name
    refuse.__code__ = refuse.__code__.replace(co_name=name)
    return refuse


def _conversion(name: str) -> Callable:
    def convert(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._converted(getattr(self.data, name)(*args, **kwargs))

    return convert


for _name in ("is_floating_point", "is_complex", "size", "get_device"):
    setattr(UninitializedTensorMixin, _name, _question(_name))
for _name in ("requires_grad_", "type"):
    setattr(UninitializedTensorMixin, _name, _refusal(_name))
for _name in ("half", "float", "double", "char", "short", "int", "long", "cuda", "cpu", "to"):
    setattr(UninitializedTensorMixin, _name, _conversion(_name))


def is_lazy(param: Any) -> bool:
    """True for an UninitializedParameter or UninitializedBuffer."""
    return isinstance(param, UninitializedTensorMixin)


def _uninitialized(cls: type, requires_grad: bool, device: Any, dtype: Any) -> Any:
    t = empty(0, device=device, dtype=dtype).as_subclass(cls)
    t.requires_grad = requires_grad
    return t


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A Parameter whose shape is not known yet; a lazy module materializes it at its first input.

    >>> from minitorch import nn
    >>> w = nn.UninitializedParameter()
    >>> w
    <UninitializedParameter>
    >>> w.materialize((2, 3))
    >>> w.shape
    torch.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return _uninitialized(cls, requires_grad, device, dtype)

    def _converted(self, data: Any) -> Any:
        return data

    def __deepcopy__(self, memo: dict) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet."""

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        t = _uninitialized(cls, requires_grad, device, dtype)
        t.persistent = persistent
        t._is_buffer = True
        return t

    def _converted(self, data: Any) -> Any:
        return type(self)(self.requires_grad, data.device, data.dtype, self.persistent)

    def __deepcopy__(self, memo: dict) -> Any:  # torch can copy a lazy linear layer, but no lazy batch norm
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype, self.persistent)
        return memo[id(self)]
