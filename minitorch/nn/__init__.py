"""Neural networks: modules, parameters, functions. Names are torch.nn's."""

from typing import TYPE_CHECKING

from minitorch.nn import attention, functional, init, modules, parallel, parameter, utils
from minitorch.nn.modules import *  # noqa: F403 - modules/__init__ lists the public names
from minitorch.nn.parallel import DataParallel
from minitorch.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

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
