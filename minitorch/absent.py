"""What PyTorch has and minitorch leaves out on purpose: it can be imported and named, and says why when it is used.

A script that imports `torch.onnx` at its top and exports only on request runs until that request.
This file imports nothing of ours.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn


def absent_function(name: str, reason: str) -> Any:
    """A function that raises NotImplementedError whatever it is given."""

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"torch.{name} is not in minitorch: {reason}")

    refuse.__name__ = refuse.__qualname__ = name.rpartition(".")[2]
    refuse.__doc__ = f"Not in minitorch: {reason}"
    refuse.__absent__ = reason  # type: ignore[attr-defined]  # read by `minitorch run --check`
    return refuse


def absent_class(name: str, reason: str) -> Any:
    """A class that has no objects: isinstance is False, making one or a subclass raises NotImplementedError."""
    refuse = absent_function(name, reason)
    members = {"__new__": refuse, "__init_subclass__": refuse, "__absent__": reason, "__doc__": refuse.__doc__}
    return type(refuse.__name__, (), members)


def absent_namespace(name: str, reason: str, functions: str = "", classes: str = "") -> SimpleNamespace:
    """A namespace of absent functions and classes, each list a text of names.

    >>> absent_namespace("hub", "nothing is downloaded.", "load list").load("resnet18")
    Traceback (most recent call last):
    NotImplementedError: torch.hub.load is not in minitorch: nothing is downloaded.
    """
    found = {f: absent_function(f"{name}.{f}", reason) for f in functions.split()}
    found.update({c: absent_class(f"{name}.{c}", reason) for c in classes.split()})
    return SimpleNamespace(__doc__=f"Not in minitorch: {reason}", **found)
