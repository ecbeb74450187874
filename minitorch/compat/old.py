"""Modules that torch has dropped, or never made public, and scripts still import."""

from __future__ import annotations

import collections.abc
import itertools
import queue
import typing
from math import inf, nan
from types import SimpleNamespace

from minitorch import futures

# torch._six, until 1.13: what Python 2 and 3 called differently
six = SimpleNamespace(
    PY2=False,
    PY3=True,
    PY37=True,
    string_classes=(str, bytes),
    int_classes=int,
    container_abcs=collections.abc,
    queue=queue,
    inf=inf,
    nan=nan,
    FileNotFoundError=FileNotFoundError,
    get_function_from_type=lambda cls, name: getattr(cls, name, None),
    istuple=lambda obj: isinstance(obj, tuple),
    with_metaclass=lambda meta, *bases: meta("base", bases, {}),
)

# torch._utils: of what old scripts take from it, the running sums by which they split a data set
utils = SimpleNamespace(_accumulate=itertools.accumulate)

# torch._C, PyTorch's compiled part: of it, what copies of torchvision's and detectron2's models call
compiled = SimpleNamespace(
    _log_api_usage_once=lambda name: None,
    _get_tracing_state=lambda: None,
)

# torch.jit.annotations: where torchvision's and timm's models take types for the compiler from
types_for_jit = SimpleNamespace(
    Any=typing.Any, Dict=dict, Future=futures.Future, List=list, Optional=typing.Optional, Tuple=tuple,
    Union=typing.Union, **{f"BroadcastingList{n}": list for n in range(1, 7)},
)  # fmt: skip
