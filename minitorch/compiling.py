"""`compile`: there is no compiler here; what is given comes back and computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.tensor.notice import warn_user

_said: set[str] = set()


def warn_once(key: str, message: str) -> None:
    """Warn at the caller's line the first time that something is used."""
    if key not in _said:
        _said.add(key)
        warn_user(message)


def compile(
    model: Callable | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable | None = None,
    mode: str | None = None,
    options: dict | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """`model` itself, a function or a module; used as `@compile` or `@compile(mode=...)` too. Warns once.

    A `state_dict` of torch's compiled module has keys that begin with "_orig_mod."; this one's don't.
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if not disable:
        warn_once("compile", "torch.compile does nothing: minitorch has no compiler")
    if model is None:
        return lambda model: model
    if not callable(model):
        raise AssertionError(f"A callable function is expected, but {type(model)} is provided.")
    return model


def typename(obj: Any, /) -> str:
    """The name of an object's type: a tensor's legacy type, else module and class, of a builtin the class alone.

    >>> import minitorch as mt
    >>> mt.typename(mt.ones(2)), mt.typename(3)
    ('torch.FloatTensor', 'int')
    """
    from_tensor = getattr(obj, "type", None)
    if hasattr(obj, "_array") and callable(from_tensor) and not isinstance(obj, type):
        return from_tensor()
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None) or ""
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"


FUNCTIONS = {"compile": compile, "typename": typename}
