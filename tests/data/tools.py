"""What the tests of utils.data share: the same program in both libraries, and values compared by structure."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import minitorch as mt
from minitorch.autograd.base import TensorBase

LIBRARIES = (mt, torch)


def plain(value: Any) -> Any:
    """Tensors as (dtype, shape, values); containers by their type's name and content."""
    if isinstance(value, (TensorBase, torch.Tensor)):
        return str(value.dtype).removeprefix("torch."), tuple(value.shape), value.requires_grad, value.tolist()
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [plain(part) for part in value]
    return value


def outcome(program: Callable[[Any], Any], library: Any) -> tuple:
    """What `program(library)` gives or raises, what it warns of, and the random numbers that follow."""
    library.manual_seed(1234)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = "gives", plain(program(library))
        except Exception as error:
            result = "raises", type(error).__name__
    return result, sorted(w.category.__name__ for w in caught), library.rand(3).tolist()


def same(program: Callable[[Any], Any], gives: bool = True) -> Any:
    """Require one outcome in both libraries; `gives`: whether that is a value or an exception."""
    ours, theirs = (outcome(program, library) for library in LIBRARIES)
    assert ours == theirs
    assert (ours[0][0] == "gives") == gives, ours
    return ours[0][1]


def messages(program: Callable[[Any], Any]) -> tuple[str, str]:
    """The texts of the exceptions (of the same type) that `program` raises in both."""
    found = []
    for library in LIBRARIES:
        try:
            program(library)
        except Exception as error:
            found.append((type(error).__name__, str(error)))
        else:
            raise AssertionError(f"{library.__name__} raised nothing")
    assert found[0][0] == found[1][0], found
    return found[0][1], found[1][1]


def running(pid: int) -> bool:
    """True if the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids, seconds: float = 8.0) -> bool:
    """Whether all the processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(map(running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(running, pids))
