"""Which names are public, in which namespace, and in which file each is defined."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import minitorch as mt

TOP = "minitorch"
NAMESPACES = (
    TOP,
    "minitorch.Tensor",
    *(
        f"minitorch.{name}"
        for name in (
            "linalg", "fft", "special", "signal.windows", "masked", "sparse", "random",
            "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrize",
            "nn.utils.parametrizations", "nn.utils.prune", "nn.utils.stateless", "nn.parallel", "nn.attention",
            "optim", "optim.lr_scheduler", "optim.swa_utils", "utils.data", "utils.checkpoint",
            "autograd", "autograd.functional", "autograd.graph", "autograd.profiler", "func",
            "distributions", "distributions.constraints", "distributions.kl",
            "serialization", "amp", "cuda", "backends", "accelerator", "testing", "viz", "compat", "profiler", "jit",
            "multiprocessing", "distributed", "futures",
        )
    ),
)  # fmt: skip


@functools.cache
def members(namespace: str) -> dict[str, Any]:
    """The public functions and classes of a namespace, by name; of Tensor, its methods and attributes."""
    if namespace == "minitorch.Tensor":
        return {n: inspect.getattr_static(mt.Tensor, n) for n in dir(mt.Tensor) if not n.startswith("_")}
    module = importlib.import_module(namespace)
    names = (namespace != TOP and getattr(module, "__all__", None)) or [
        n for n in dir(module) if n not in ("absent_class", "annotations")
    ]
    found = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {name: thing for name, thing in found.items() if _shown(namespace, name, thing)}


def _shown(namespace: str, name: str, thing: Any) -> bool:
    if not (inspect.isclass(thing) or callable(thing)) or inspect.ismodule(thing):
        return False
    if hasattr(thing, "__absent__"):
        return False  # what is left out has a page of its own
    home = defined_in(thing)
    if not home.startswith(TOP):
        return False  # of the standard library
    if hasattr(importlib.import_module(namespace), "__all__") or namespace == TOP:
        return True
    return home == namespace


def defined_in(thing: Any) -> str:
    """The module that defines an object."""
    if isinstance(thing, property):
        thing = thing.fget
    if isinstance(thing, (staticmethod, classmethod)):
        thing = thing.__func__
    if getattr(thing, "__module__", None) == "minitorch.tensor.binding":
        thing = getattr(thing, "__wrapped__", thing)  # an in-place twin
    return getattr(thing, "__module__", None) or "minitorch.tensor.core"


def file_of(thing: Any) -> str:
    """The path of the file that defines an object, from the root of the repository."""
    file = sys.modules[defined_in(thing)].__file__ or ""
    return Path(file).resolve().relative_to(Path(mt.__file__).resolve().parent.parent).as_posix()


def select(namespaces: list[str], files: list[str]) -> list[tuple[str, str, Any]]:
    """(namespace, name, object) of the public names of these namespaces; with files, of those that they define."""
    homes = {f"{TOP}.{file}" for file in files}
    return [
        (namespace, name, thing)
        for namespace in namespaces
        for name, thing in members(namespace).items()
        if not homes or defined_in(thing) in homes
    ]


def everything() -> set[str]:
    """The full name of every public function, class, method and attribute that the reference must have."""
    return {f"{namespace}.{name}" for namespace in NAMESPACES for name in members(namespace)}
