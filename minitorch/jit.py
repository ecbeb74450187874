"""`minitorch.jit`: TorchScript as scripts write it. Nothing is compiled: what is given comes back. torch.jit's names.

Programs saved by torch.jit.save can't be read, and none is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from minitorch.absent import absent_function
from minitorch.compiling import warn_once
from minitorch.nn.modules.module import Module

__all__ = [
    "Final", "ScriptFunction", "ScriptModule", "annotate", "export", "freeze", "ignore", "is_scripting", "is_tracing",
    "load", "optimize_for_inference", "save", "script", "script_if_tracing", "script_method", "trace", "trace_module",
    "unused",
]  # fmt: skip

_FILES = "there is no TorchScript; save the module's state_dict(), and load it into a module made by its class."


class ScriptModule(Module):
    """A base class of scripts of old: here a Module like any other."""


class ScriptFunction:
    """What torch's `script` makes of a function; `script` here returns the function, so nothing is one."""


def script(obj: Any, **settings: Any) -> Any:
    """`obj` itself, a function, class or module. Warns once."""
    warn_once("script", "torch.jit.script does nothing: minitorch has no compiler")
    return obj


def trace(func: Any, example_inputs: Any = None, **settings: Any) -> Any:
    """`func` itself: unlike a trace it goes on to follow its own control flow. Warns once."""
    warn_once("trace", "torch.jit.trace does nothing: minitorch has no compiler")
    return func


def trace_module(mod: Module, inputs: dict[str, Any], **settings: Any) -> Module:
    """`mod` itself, as `trace`."""
    return trace(mod, inputs)


def script_method(fn: Callable) -> Callable:
    """`fn` itself: a method of a ScriptModule."""
    return fn


def script_if_tracing(fn: Callable) -> Callable:
    """`fn` itself: nothing is ever traced."""
    return fn


def _overload_method(fn: Callable) -> Callable:
    """`fn` itself: the signature of a method for one kind of input, which its last definition replaces."""
    return fn


_overload = _overload_method
_script_if_tracing = script_if_tracing  # torchvision's models and operations take it by this name


def export(fn: Callable) -> Callable:
    """`fn` itself."""
    return fn


def ignore(drop: Any = False, **settings: Any) -> Any:
    """A mark for the compiler, as `@ignore` or `@ignore(drop=True)`: nothing here."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: Callable) -> Callable:
    """`fn` itself."""
    return fn


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value: types are for the compiler."""
    return the_value


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """`mod` itself, which must be in eval mode."""
    if isinstance(mod, Module) and mod.training:
        raise RuntimeError("Freezing is currently only implemented for modules in eval mode. Call .eval() first.")
    return mod


def optimize_for_inference(mod: Any, other_methods: Any = None) -> Any:
    """`mod` itself."""
    return mod


def is_scripting() -> bool:
    """Never."""
    return False


def is_tracing() -> bool:
    """Never."""
    return False


save = absent_function("jit.save", _FILES)
load = absent_function("jit.load", _FILES)
