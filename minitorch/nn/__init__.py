"""Neural networks: modules, parameters, functions. Names are torch.nn's."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from minitorch.nn import functional, init, modules, parameter
from minitorch.nn.modules import *  # noqa: F403 - modules/__init__ lists the public names
from minitorch.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from minitorch.nn import attention, parallel, utils
    from minitorch.nn.parallel import DataParallel

__all__ = [
    "Buffer",
    "DataParallel",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "functional",
    "init",
    "parallel",
    "parameter",
    "utils",
]
if not TYPE_CHECKING:  # see modules/__init__
    __all__ += modules.__all__

_LATER = ("attention", "parallel", "utils")  # imported when they are first named


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"minitorch.nn.{name}")
    if name == "DataParallel":
        return _import_module("minitorch.nn.parallel").DataParallel
    raise AttributeError(f"module 'minitorch.nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, "DataParallel"})
