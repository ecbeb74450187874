"""The settings of a training run, checked by the same functions on the command line and in a checkpoint.

Knows how a setting is written and which values make sense; not what is done with it.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from minitorch.cli.console import Failure

DEFAULT_EPOCHS = {"digits": 15, "mnist": 3}
DEFAULT_LR = {"adam": 0.004, "sgd": 0.05}
MOMENTUM = 0.9  # of --optimizer sgd
LARGEST_COUNT = 10**9

# What --resume may change: how long, where, and with what; the rest decides the weights and stays as it was.
FREE_ON_RESUME = ("epochs", "device", "data")


def one_of(*names: str) -> Callable[[str], str]:
    """A checker that takes one of `names`."""

    def check(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"expected {', '.join(names[:-1])} or {names[-1]}, got {text!r}")
        return text

    return check


def count(text: str) -> int:
    """A whole number from 1 on."""
    return _whole_number(text, 1, LARGEST_COUNT)


def seed(text: str) -> int:
    """A whole number that the generator can be seeded with."""
    return _whole_number(text, 0, 2**63 - 1)


def _whole_number(text: str, low: int, high: int) -> int:
    """A whole number in [low, high], written in decimal digits."""
    if not re.fullmatch(r"[+-]?[0-9]{1,25}", text):
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    value = int(text)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, got {text}")
    return value


def learning_rate(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a finite number above 0, got {text!r}")
    return value


def device_name(text: str) -> str:
    """`cpu`, `cuda`, `cuda:N` or `auto`."""
    if not re.fullmatch(r"cpu|auto|cuda(:[0-9]{1,3})?", text):
        raise argparse.ArgumentTypeError(f"unknown device {text!r}: expected cpu, cuda, cuda:N or auto")
    return text


def path_name(text: str) -> str:
    """A path that an operating system could have."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a path, got {text!r}")
    return text


def data_name(text: str) -> str:
    """`digits`, or `mnist:DIR` with the folder made absolute, so that a run can be resumed from anywhere."""
    kind, _, folder = text.partition(":")
    if text == "digits":
        return text
    if kind == "mnist" and folder:
        return f"mnist:{Path(path_name(folder)).expanduser().absolute()}"
    hint = "; mnist needs its folder, mnist:DIR" if kind == "mnist" else ""
    raise argparse.ArgumentTypeError(f"expected digits or mnist:DIR, got {text!r}{hint}")


CHECKS: dict[str, Callable[[str], Any]] = {
    "model": one_of("mlp", "cnn", "lstm"),
    "data": data_name,
    "epochs": count,
    "lr": learning_rate,
    "optimizer": one_of("sgd", "adam"),
    "batch_size": count,
    "seed": seed,
    "device": device_name,
}


@dataclass(frozen=True)
class Settings:
    """Everything that decides the outcome of a run, as the options of `minitorch train` name it."""

    model: str
    data: str
    epochs: int
    lr: float
    optimizer: str
    batch_size: int
    seed: int
    device: str

    @classmethod
    def from_options(cls, given: Mapping[str, Any]) -> Settings:
        """The settings of a new run: what was given, and the defaults of the rest."""
        data = given.get("data", "digits")
        optimizer = given.get("optimizer", "adam")
        defaults = {
            "model": "cnn",
            "data": data,
            "epochs": DEFAULT_EPOCHS[data.partition(":")[0]],
            "lr": DEFAULT_LR[optimizer],
            "optimizer": optimizer,
            "batch_size": 32,
            "seed": 0,
            "device": "auto",
        }
        return cls(**{**defaults, **given})

    @classmethod
    def from_json(cls, stored: Any) -> Settings:
        """The settings that a checkpoint holds; ValueError if they are not what `as_json` gave."""
        if not isinstance(stored, dict) or stored.keys() != CHECKS.keys():
            raise ValueError("the settings have other names")
        try:
            return cls(**{name: check(str(stored[name])) for name, check in CHECKS.items()})
        except argparse.ArgumentTypeError as error:
            raise ValueError(str(error)) from error

    def as_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)

    def resumed_with(self, given: Mapping[str, Any], epochs_done: int) -> Settings:
        """These stored settings with the options given beside --resume, if those may change."""
        for name, value in given.items():
            option, stored = "--" + name.replace("_", "-"), getattr(self, name)
            if name not in FREE_ON_RESUME and value != stored:
                raise Failure(
                    f"{option} {value} does not go with --resume: the run was started with {option} {stored} and "
                    f"only --epochs, --device, --data and --out may change"
                )
        if given.get("epochs", self.epochs) < epochs_done:
            raise Failure(f"--epochs {given['epochs']} is behind the checkpoint, which has {epochs_done} epochs")
        return replace(self, **given)
