"""Reading and making signatures quickly: `inspect.signature` takes longer than all else that happens at import.

Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

EMPTY = Parameter.empty
_VARARGS, _VARKEYWORDS = 0x04, 0x08  # code flags, see inspect.CO_VARARGS


def positional_names(fn: Callable) -> tuple[str, ...]:
    """Names of the parameters that may be given by position."""
    code = fn.__code__
    return code.co_varnames[: code.co_argcount]


def keyword_names(fn: Callable) -> tuple[str, ...]:
    """Names of the keyword-only parameters."""
    code = fn.__code__
    return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def varargs_name(fn: Callable) -> str | None:
    """The name of `*args`, if there is one."""
    code = fn.__code__
    return code.co_varnames[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & _VARARGS else None


class LaterSignature(Signature):
    """A signature that `make` gives when it is first looked at: most are never looked at, and all cost at import."""

    __slots__ = ("_make", "_made")

    def __init__(self, make: Callable[[], Signature]) -> None:
        self._make = make
        self._made: Signature | None = None

    def read(self) -> Signature:
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def parameters(self) -> Mapping[str, Parameter]:  # type: ignore[override]
        return self.read().parameters

    @property
    def return_annotation(self) -> Any:
        return self.read().return_annotation

    def replace(self, **changes: Any) -> Signature:  # type: ignore[override]
        return self.read().replace(**changes)

    def __reduce__(self) -> Any:
        return self.read().__reduce__()


def signature_of(fn: Callable) -> Signature:
    """The signature of a plain Python function; one that carries its own keeps it."""
    own = getattr(fn, "__signature__", None)
    if own is not None:
        return own
    fn = getattr(fn, "__wrapped__", fn)
    names, keywords, star = positional_names(fn), keyword_names(fn), varargs_name(fn)
    defaults: tuple[Any, ...] = fn.__defaults__ or ()  # type: ignore[attr-defined]
    given = (EMPTY,) * (len(names) - len(defaults)) + defaults
    keyword_defaults = fn.__kwdefaults__ or {}  # type: ignore[attr-defined]
    notes = fn.__annotations__
    code = fn.__code__
    parameters = [
        Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, default=d, annotation=notes.get(n, EMPTY))
        for n, d in zip(names, given, strict=True)
    ]
    if star:
        parameters.append(Parameter(star, Parameter.VAR_POSITIONAL))
    parameters += [
        Parameter(n, Parameter.KEYWORD_ONLY, default=keyword_defaults.get(n, EMPTY), annotation=notes.get(n, EMPTY))
        for n in keywords
    ]
    if code.co_flags & _VARKEYWORDS:
        last = code.co_varnames[code.co_argcount + code.co_kwonlyargcount + bool(star)]
        parameters.append(Parameter(last, Parameter.VAR_KEYWORD))
    return Signature(parameters, return_annotation=notes.get("return", EMPTY), __validate_parameters__=False)
