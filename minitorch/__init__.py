"""minitorch: a deep-learning framework to read. Tape-based autograd on NumPy and CuPy that behaves like PyTorch."""
# ruff: noqa: E402 - the order of these imports matters

from __future__ import annotations

import gc as _gc
import math as _math
import typing as _typing
from importlib import import_module as _import_module
from types import SimpleNamespace as _SimpleNamespace
from typing import Any as _Any

# What an import makes stays: to search it for garbage, again and again, would take a fifth of the import's time.
_collects = _gc.isenabled()
_gc.disable()

from minitorch import autograd, backends, cuda
from minitorch.autograd.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from minitorch.backend import device, dtypes
from minitorch.backend.dtypes import (
    bfloat16,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from minitorch.tensor import FUNCTIONS as _FUNCTIONS
from minitorch.tensor import Size, Tensor, return_types
from minitorch.tensor.casts import CUDA_LEGACY_TYPES as _CUDA_LEGACY_TYPES
from minitorch.tensor.casts import LEGACY_TYPES as _LEGACY_TYPES
from minitorch.tensor.creation import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    sparse_coo,
    strided,
)
from minitorch.tensor.printing import set_printoptions
from minitorch.tensor.random import Generator, default_generator

__version__ = "0.1.0"

globals().update(_FUNCTIONS)
globals().update(_LEGACY_TYPES)
globals().update(backends.FUNCTIONS)
vars(cuda).update(_CUDA_LEGACY_TYPES)
version = _SimpleNamespace(cuda=None, __version__=__version__)
globals().update(dtypes.ALIASES)
bool = dtypes.bool_
inf, nan, pi, e, newaxis = _math.inf, _math.nan, _math.pi, _math.e, None

from minitorch import linalg, nn  # they build on the names above

if _typing.TYPE_CHECKING:
    from minitorch import func, optim, serialization, testing, utils
    from minitorch.func import vmap
    from minitorch.serialization import load, save

# Modules that not every program uses are imported when they are first named, and what is left out is said only then.
_LATER = ("accelerator", "amp", "compiler", "cpu", "distributed", "distributions", "fft", "func", "futures", "jit",
          "masked", "multiprocessing", "optim", "profiler", "random", "serialization", "signal", "sparse", "special",
          "testing", "utils", "viz")  # fmt: skip
_LATER_FUNCTIONS = {
    "vmap": "func",
    **dict.fromkeys(("load", "save"), "serialization"),
    **dict.fromkeys(("compile", "typename"), "compiling"),
    **dict.fromkeys(("autocast", "is_autocast_enabled", "get_autocast_dtype"), "amp.autocasting"),
    **dict.fromkeys(("is_autocast_cpu_enabled", "get_autocast_cpu_dtype", "get_autocast_gpu_dtype"), "amp.autocasting"),
    **dict.fromkeys(("sparse_coo_tensor", "spmm", "dsmm", "smm"), "sparse"),
    "GradScaler": "amp",
    "Future": "futures",
    "summary": "summaries",
}

if not _typing.TYPE_CHECKING:  # what `from minitorch import *` gives, as torch's does
    _WANTED = ("func", "optim", "serialization", "testing", "utils", *_LATER_FUNCTIONS)
    __all__ = [name for name in (*globals(), *_WANTED) if not name.startswith("_")]  # noqa: PLE0605 - a list it is

if _collects:
    _gc.freeze()
    _gc.unfreeze()  # frozen and thawed, all objects count as old: the next search for garbage leaves them out
    _gc.enable()


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"minitorch.{name}")
    if name in _LATER_FUNCTIONS:
        return getattr(_import_module(f"minitorch.{_LATER_FUNCTIONS[name]}"), name)
    if name.startswith("_foreach_"):
        found = _import_module("minitorch.foreach").FUNCTIONS.get(name)
        if found is not None:
            return found
    left_out, also = _import_module("minitorch.left_out"), _import_module("minitorch.also")
    found = also.FUNCTIONS.get(name) or left_out.FUNCTIONS.get(name) or left_out.NAMESPACES.get(name)
    if found is None:
        raise AttributeError(f"module 'minitorch' has no attribute {name!r}")
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_LATER_FUNCTIONS})
