"""Expressions evaluated in both libraries: `torch` is minitorch, then torch; the results must read the same."""

from __future__ import annotations

import copy
import pickle
import re
import warnings
from typing import Any

import numpy as np
import torch

import minitorch as mt


def outcome(expression: str, library: Any, setup: str = "") -> str:
    """What an expression gives, as text; of an error the type only."""
    names: dict[str, Any] = {"torch": library, "T": library.tensor, "np": np, "pickle": pickle, "copy": copy}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(setup, names)
            return re.sub(r" at 0x\w+", "", repr(eval(expression, names)))
        except Exception as error:  # noqa: BLE001 - compared with torch's
            return type(error).__name__


def both(expression: str, setup: str = "") -> tuple[str, str]:
    return outcome(expression, mt, setup), outcome(expression, torch, setup)


def agree(expression: str, setup: str = "") -> None:
    """Raise unless both libraries give the same result, or the same type of error."""
    ours, theirs = both(expression, setup)
    assert ours == theirs, f"{expression}: {ours}, torch: {theirs}"


def message(expression: str, library: Any = mt, setup: str = "") -> str:
    """The first line of the error that an expression raises."""
    try:
        exec(setup, names := {"torch": library, "T": library.tensor, "np": np})
        eval(expression, names)
    except Exception as error:  # noqa: BLE001 - its text is what is asked for
        return str(error).splitlines()[0]
    raise AssertionError(f"{expression} raises nothing")
