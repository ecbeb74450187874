"""Tensors of a module computed from others: `layer.weight` becomes a property, a function of the original parameter.

The module gets a class of its own, derived from its old one, with the property; the functions and the originals are
in `layer.parametrizations.weight`, a ParametrizationList.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.nn.modules import ModuleDict, ModuleList
from minitorch.nn.parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache: dict[tuple[int, str], Any] = {}
_depth = 0  # of `with cached()` blocks


@contextmanager
def cached() -> Iterator[None]:
    """Inside the block each parametrized tensor is computed once, at its first use."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


def _register(module: Any, name: str, value: Any) -> None:
    kind = module.register_parameter if isinstance(value, Parameter) else module.register_buffer
    kind(name, value)


def _become(old: Any, new: Any) -> None:
    """`old` stays the same object, with the memory of `new`."""
    with no_grad():
        old.set_(new.detach())


class ParametrizationList(ModuleList):
    """The functions that a tensor goes through, and the original(s) they start from.

    `original` is the parameter; where the first function takes several tensors (its right_inverse gave a sequence),
    there are original0, original1, ... instead. Without `unsafe`, the result must keep dtype and shape.
    """

    def __init__(self, modules: Sequence, original: Any, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new = self._invert_where_possible(original)
        if not isinstance(new, (TensorBase, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, TensorBase)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._keep_one(original, new)
        else:
            self._keep_several(original, list(new))
        if not unsafe:
            _check_kept(self(), dtype, shape, "unparametrized", "parametrized", "unless `unsafe` flag")

    @no_grad()
    def _invert_where_possible(self, value: Any) -> Any:
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                try:
                    value = module.right_inverse(value)
                except NotImplementedError:
                    pass
        return value

    def _keep_one(self, original: Any, new: Any) -> None:
        for what in ("dtype", "device"):
            before, after = getattr(original, what), getattr(new, what)
            if before != after:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                    f"original.{what}: {before}\nright_inverse(original).{what}: {after}"
                )
        _become(original, new)
        _register(self, "original", original)

    def _keep_several(self, original: Any, new: Sequence) -> None:
        for i, t in enumerate(new):
            if not isinstance(t, TensorBase):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                    f"Got element {i} of the sequence with type {type(t).__name__}."
                )
            if isinstance(original, Parameter):
                t = Parameter(t, original.requires_grad)
            _register(self, f"original{i}", t.requires_grad_(original.requires_grad))  # type: ignore[attr-defined]

    @no_grad()
    def right_inverse(self, value: Any) -> None:
        """Set the original(s) so that the parametrized tensor becomes `value`: what assigning to it does."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
            value = module.right_inverse(value)
        if self.is_tensor:
            if not isinstance(value, TensorBase):
                raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
            self._replace("original", value, "The tensor")
            return
        if not isinstance(value, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
        if len(value) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                f"Got a sequence of length {len(value)}."
            )
        for i, t in enumerate(value):
            if not isinstance(t, TensorBase):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got element {i} of type {type(t).__name__}."
                )
            self._replace(f"original{i}", t, f"Tensor {i}")

    def _replace(self, name: str, value: Any, which: str) -> None:
        original = getattr(self, name)
        if value.dtype != original.dtype:
            raise ValueError(
                f"{which} returned by `right_inverse` has dtype {value.dtype} while `{name}` has dtype {original.dtype}"
            )
        _become(original, value)

    def forward(self) -> Any:
        originals = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        first, *rest = self
        value = first(*(getattr(self, name) for name in originals))
        for module in rest:
            value = module(value)
        return value


def _check_kept(new: Any, dtype: Any, shape: Any, before: str, after: str, unless: str) -> None:
    """A parametrization gives a tensor of the same dtype and shape."""
    if not isinstance(new, TensorBase):
        raise ValueError(f"A parametrization must return a tensor. Got {type(new).__name__}.")
    for what, old in (("dtype", dtype), ("shape", shape)):
        if getattr(new, what) != old:  # type: ignore[attr-defined]
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, {unless} is enabled.\n"
                f"{before} {what}: {old}\n{after} {what}: {getattr(new, what)}"
            )


def _deepcopy(self: Any, memo: dict) -> Any:
    """As the default, which would call __getstate__."""
    if id(self) in memo:
        return memo[id(self)]
    replica: Any = object.__new__(type(self))
    memo[id(self)] = replica
    replica.__dict__ = copy.deepcopy(self.__dict__, memo)
    return replica


def _getstate(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). Their class is made when they "
        "are parametrized, and a pickle could not find it."
    )


def _give_own_class(module: Any) -> None:
    cls = type(module)
    members: dict[str, Any] = {"__getstate__": _getstate}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _add_property(module: Any, name: str) -> None:
    def get(self: Any) -> Any:
        function = self.parametrizations[name]
        if not _depth:
            return function()
        key = (id(module), name)
        if key not in _cache:
            _cache[key] = function()
        return _cache[key]

    def assign(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, assign))


def register_parametrization(module: Any, tensor_name: str, parametrization: Any, *, unsafe: bool = False) -> Any:
    """Let module.tensor_name be parametrization(original); registered again, functions are composed.

    If the parametrization has a method `right_inverse`, the original becomes right_inverse(tensor), and the tensor can
    be assigned to. `unsafe` allows another dtype or shape.

    >>> import minitorch as mt
    >>> class Symmetric(mt.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = mt.nn.utils.parametrize.register_parametrization(mt.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        functions = module.parametrizations[tensor_name]
        functions.append(parametrization)
        functions.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        functions = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _add_property(module, tensor_name)
        module.parametrizations[tensor_name] = functions
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _check_next(module: Any, name: str, parametrization: Any) -> None:
    """One more function on a parametrized tensor, and its right_inverse, keep dtype and shape."""
    value = getattr(module, name)
    new = parametrization(value)
    labels = (f"module.{name}.", f"parametrization(module.{name}).")
    _check_kept(new, value.dtype, value.shape, *labels, "unless the `unsafe` flag")
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(new)
    except NotImplementedError:
        return
    if not isinstance(back, TensorBase):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    for what in ("dtype", "shape"):
        if getattr(back, what) != getattr(value, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, "
                f"unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(value, what)}\n"
                f"returned {what}: {getattr(back, what)}"
            )


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Does the module have a parametrization (of `tensor_name`)?"""
    functions = getattr(module, "parametrizations", None)
    if not isinstance(functions, ModuleDict):
        return False
    return len(functions) > 0 if tensor_name is None else tensor_name in functions


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make module.tensor_name an ordinary tensor again: with its present value, or with the original's."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    functions = module.parametrizations[tensor_name]
    if functions.is_tensor:
        original = functions.original
        if leave_parametrized:
            with no_grad():
                _become(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Any) -> type:
    """The module's class, without the one that parametrizing made."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Any, to_module: Any, tensor_name: str | None = None) -> Any:
    """Parametrize `to_module` as `from_module`, with the same functions and originals (of one tensor, or of all)."""
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        source = from_module.parametrizations[name]
        for function in source:
            register_parametrization(to_module, name, function)
        target = to_module.parametrizations[name]
        for original in ["original"] if source.is_tensor else [f"original{i}" for i in range(source.ntensors)]:
            setattr(target, original, getattr(source, original))
    return to_module
