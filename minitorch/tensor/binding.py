"""How a method becomes a function, an in-place twin, and takes torch's alternative argument names. Written once, here.

A public op is a typed method on one of the mixins. From it come `minitorch.name(input, ...)` with `out=` where torch
has it (`function`), and `tensor.name_(...)` (`inplace_twin`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import check_partial_overlap
from minitorch.errors import type_error
from minitorch.signatures import LaterSignature, signature_of
from minitorch.tensor.out import write_out

# torch takes NumPy's names for these arguments everywhere
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "x2": "other", "a": "input",
               "split_size": "split_size_or_sections"}  # fmt: skip
TORCH_NAMES = frozenset(NUMPY_NAMES.values())


def aliases(method: Callable) -> tuple[tuple[str, ...], dict[str, str]]:
    """The names of a function's parameters, and {NumPy's name: name} for those that have one."""
    code = method.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if TORCH_NAMES.isdisjoint(names):
        return names, {}
    return names, {alias: name for alias, name in NUMPY_NAMES.items() if name in names and alias not in names}


def flags_of(method: Callable) -> frozenset[str]:
    """The names of a function's parameters that take True or False and nothing else."""
    notes = getattr(method, "__annotations__", {})
    if "bool" not in notes.values():
        return frozenset()
    return frozenset([n for n, t in notes.items() if t == "bool"])


def rename(name: str, known: dict[str, str], kwargs: dict[str, Any], flags: frozenset[str]) -> None:
    """Put torch's names in the place of NumPy's; see that flags are bools."""
    for given, value in kwargs.items():
        if value is not True and value is not False and given in flags and not isinstance(value, np.bool_):
            raise TypeError(f"{name}(): argument '{given}' must be bool, not {type(value).__name__}")
    for alias in kwargs.keys() & known.keys():
        if known[alias] in kwargs:
            raise TypeError(f"{name}(): got both '{alias}' and '{known[alias]}'")
        kwargs[known[alias]] = kwargs.pop(alias)


def forgiving(method: Callable) -> Callable:
    """Let a method with `dim` or `keepdim` also take `axis` and `keepdims`, and say which argument is no tensor.

    Methods that need neither are given back as they are, and so are those whose op says it (`other`).
    """
    if getattr(method, "__code__", None) is None:
        return method
    names, known = aliases(method)
    notes, flags = getattr(method, "__annotations__", {}), flags_of(method)
    if (
        not known
        and not flags
        and not any("Tensor" in str(notes.get(n, "")) and n not in ("other", "mat2") for n in names[1:])
    ):
        return method

    @functools.wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            if not kwargs:
                return method(*args)
            rename(method.__name__, known, kwargs, flags)
            return method(*args, **kwargs)
        except AttributeError as error:
            raise no_tensor(method.__name__, names, args, kwargs, error) from None

    return called


def no_tensor(name: str, names: tuple[str, ...], args: tuple, kwargs: dict, error: AttributeError) -> Exception:
    """torch's TypeError if `error` arose because an argument is no tensor; else `error` itself."""
    culprit = error.obj
    if isinstance(culprit, TensorBase) or error.name not in ("_array", "_counter", "dtype", "shape", "ndim"):
        return error
    for position, (argument, value) in enumerate([*zip(names, args, strict=False), *kwargs.items()]):
        if value is culprit:
            return type_error(name, "input" if argument == "self" else argument, position + 1, "Tensor", value)
        if isinstance(value, (tuple, list)):
            for i, item in enumerate(value):
                if item is culprit:
                    return TypeError(
                        f"expected Tensor as element {i} in argument {position}, but got {type(item).__name__}"
                    )
    return error


def function(method: Callable, name: str | None = None, out: bool = False) -> Callable:
    """`minitorch.name(input, ...)` from the method `name`, with `out=` when asked for."""
    names, known = aliases(method) if hasattr(method, "__code__") else ((), {})
    flags = flags_of(method)
    name = name or method.__name__
    sizes = getattr(method, "sizes", None)

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs:
                target = kwargs.pop("out", None) if out else None
                rename(name, known, kwargs, flags)
                args = args or _first_by_name(kwargs)
                if target is not None:
                    _check_first(name, args)
                    if isinstance(target, TensorBase):
                        check_partial_overlap(target, args)
                    return write_out(name, target, method(*args, **kwargs), (*args, *kwargs.values()))
            if not args or not isinstance(args[0], TensorBase):
                _check_first(name, args)
            if sizes is not None:
                _check_sizes(name, sizes, args)
            return method(*args, **kwargs)
        except AttributeError as error:
            raise no_tensor(name, names, args, kwargs, error) from None

    call.__name__ = call.__qualname__ = name  # type: ignore[attr-defined]
    call.__doc__ = method.__doc__
    call.__module__ = method.__module__
    call.__signature__ = LaterSignature(lambda: _as_function(method, out))  # type: ignore[attr-defined]
    return call


def _as_function(method: Callable, out: bool) -> inspect.Signature:
    """The signature of `minitorch.name` from that of the method."""
    parameters = list(signature_of(method).parameters.values())
    parameters[0] = parameters[0].replace(name="input", annotation="Tensor")
    if out:
        at = next((i for i, p in enumerate(parameters) if p.kind is p.VAR_KEYWORD), len(parameters))
        parameters.insert(at, inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None))
    return inspect.Signature(parameters, __validate_parameters__=False)


def _first_by_name(kwargs: dict[str, Any]) -> tuple:
    for first in ("input", "self", "x", "a", "tensor"):
        if first in kwargs:
            return (kwargs.pop(first),)
    return ()


def _check_sizes(name: str, sizes: str, args: tuple) -> None:
    """A method takes sizes one by one, too; its function doesn't."""
    if len(args) > 2:
        raise TypeError(f"{name}() takes 2 positional arguments but {len(args)} were given")
    if len(args) == 2 and isinstance(args[1], int):
        raise TypeError(f"{name}(): argument '{sizes}' (position 2) must be tuple of ints, not int")


def _check_first(name: str, args: tuple) -> None:
    if not args:
        raise TypeError(f'{name}() missing 1 required positional arguments: "input"')
    if not isinstance(args[0], TensorBase):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(args[0]).__name__}\n"
            "    hint  minitorch.as_tensor(...) makes a tensor of numbers, lists and NumPy arrays"
        )


def inplace_twin(name: str, method: Callable, call: Callable) -> Callable:
    """`tensor.name_(...)` with the signature of `tensor.name(...)`; `call(self, ...)` does the work."""

    def twin(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self, *args, **kwargs)

    twin.__name__ = twin.__qualname__ = name + "_"
    twin.__doc__ = f"In-place version of `{name}`."
    twin.__wrapped__ = method  # type: ignore[attr-defined]
    return twin
