"""How a schedule of the learning rate is compared with torch's: learning rates, momenta, warnings, states, errors.

A `SchedulerSpec` names the schedule and draws its options; `lockstep` runs one draw in both libraries. The arithmetic
is Python's in both, so numbers must agree to 1e-12. The specs are in schedulers.py. Knows torch and minitorch; not
pytest.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import minitorch as mt
from parity.compare import Mismatch
from parity.optim_checks import equal, translated

Options = dict[str, Any]
STEPS = 50
LIBRARIES = (mt, torch)


@dataclass(frozen=True)
class SchedulerSpec:
    """One schedule: how to draw its options, and what it needs.

    needed      option -> strategy, always given
    options     option -> strategy, sometimes given
    errors      options that raise in both libraries
    steps       "plain": step(); "metric": step(value); "alone": step() that takes no epoch
    resumable   whether last_epoch may be given
    build       how it is made where that is not by its class called with the options
    """

    name: str
    needed: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    errors: tuple[Options, ...] = ()
    steps: str = "plain"
    resumable: bool = True
    place: str = "lr_scheduler"
    build: Callable[[Any, Any, Options], Any] | None = None

    def draws(self) -> st.SearchStrategy[Options]:
        return st.fixed_dictionaries(self.needed, optional=self.options)

    def make(self, lib: Any, optimizer: Any, options: Options, **more: Any) -> Any:
        if self.build is not None:
            return self.build(lib, optimizer, options)
        return getattr(getattr(lib.optim, self.place), self.name)(optimizer, **options, **more)


@dataclass(frozen=True)
class Setting:
    """The optimizer that is scheduled: its class, and the learning rate of each of its groups."""

    kind: str = "SGD"
    lrs: tuple[float, ...] = (0.5, 0.03)
    tensors: bool = False

    def build(self, lib: Any) -> Any:
        groups = []
        for lr in self.lrs:
            value = lib.tensor(lr, dtype=lib.float64) if self.tensors else lr
            groups.append({"params": [lib.zeros(1, requires_grad=True)], "lr": value})
        more = {"momentum": 0.9} if self.kind == "SGD" else {}
        return getattr(lib.optim, self.kind)(groups, **more)


SETTINGS = st.builds(
    Setting,
    st.sampled_from(["SGD", "Adam"]),
    st.lists(st.floats(1e-3, 2.0), min_size=2, max_size=2).map(tuple),
    st.booleans(),
)


# -- comparing ---------------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value with tensors as numbers and objects of no library left."""
    if isinstance(value, (mt.Tensor, torch.Tensor)):
        return value.item()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value)
    return value


def close(found: Any, expected: Any, where: str) -> None:
    """Equal in structure, and numbers to 1e-12."""
    if isinstance(expected, dict):
        equal(sorted(map(str, found)), sorted(map(str, expected)), f"{where}: keys")
        for key in expected:
            close(found[key], expected[key], f"{where}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        equal((type(found), len(found)), (type(expected), len(expected)), f"{where}: type and length")
        for k, (f, e) in enumerate(zip(found, expected, strict=True)):
            close(f, e, f"{where}[{k}]")
    elif isinstance(expected, float):
        equal(type(found), float, f"{where}: type")
        if not (found == expected or abs(found - expected) <= 1e-12 * max(1.0, abs(expected))):
            if not (np.isnan(found) and np.isnan(expected)):
                raise Mismatch(f"{where}:\n  minitorch {found!r}\n  torch     {expected!r}")
    else:
        equal(found, expected, where)


WORDS = ("before `optimizer.step()`", "has been overridden", "epoch parameter in `scheduler.step()`", "get_last_lr()")


def heard(caught: list[warnings.WarningMessage]) -> list[tuple[str, str]]:
    """(category, key words) of the warnings."""
    return [(w.category.__name__, next((k for k in WORDS if k in str(w.message)), str(w.message))) for w in caught]


def attempted(run: Callable[[], Any]) -> tuple[Any, Any, list[tuple[str, str]]]:
    """(result, type of the exception or None, warnings) of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return run(), None, heard(caught)
        except Exception as error:  # noqa: BLE001 - the type is compared
            return None, type(error).__name__, heard(caught)


def both(run: Callable[[Any, int], Any], where: str) -> list[Any]:
    """Run in both libraries: same exception, same warnings; the results of each."""
    found, expected = (attempted(lambda k=k, lib=lib: run(lib, k)) for k, lib in enumerate(LIBRARIES))
    equal(found[1], expected[1], f"{where}: exception")
    equal(found[2], expected[2], f"{where}: warnings")
    return [found[0], expected[0]]


def groups(optimizer: Any) -> list[Options]:
    """The settings of an optimizer's groups, without the parameters."""
    return [{k: plain(v) for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


def same_now(pair: list[Any], optimizers: list[Any], where: str) -> None:
    close(groups(optimizers[0]), groups(optimizers[1]), f"{where}: groups")
    close(plain(pair[0].get_last_lr()), plain(pair[1].get_last_lr()), f"{where}: get_last_lr")
    close(plain(pair[0].state_dict()), plain(pair[1].state_dict()), f"{where}: state_dict")


# -- checks ------------------------------------------------------------------------------------------------------------


def metric(k: int, seed: int) -> float:
    """What a training might measure: it falls, with noise."""
    return float(np.random.default_rng([seed, k]).normal() * 0.05 + 1 / (1 + k / 5))


def advance(spec: SchedulerSpec, pair: list[Any], k: int, seed: int) -> None:
    """One step of both."""
    args = (metric(k, seed),) if spec.steps == "metric" else ()
    both(lambda lib, which: pair[which].step(*args), f"{spec.name} step {k}")


def lockstep(
    spec: SchedulerSpec, options: Options, setting: Setting = Setting(), seed: int = 0, skip: bool = False
) -> None:
    """Fifty steps; `skip`: without steps of the optimizer, which warns."""
    optimizers = [setting.build(lib) for lib in LIBRARIES]
    pair = both(lambda lib, k: spec.make(lib, optimizers[k], options), spec.name)
    if None in pair:
        return
    same_now(pair, optimizers, f"{spec.name} at the start")
    for k in range(STEPS):
        if not skip:
            for optimizer in optimizers:
                optimizer.step()
        advance(spec, pair, k, seed)
        same_now(pair, optimizers, f"{spec.name} step {k}")


def exchange(spec: SchedulerSpec, options: Options, setting: Setting = Setting(), seed: int = 0) -> None:
    """States go from each library to the other, and the schedules go on alike."""
    optimizers = [setting.build(lib) for lib in LIBRARIES]
    pair = both(lambda lib, k: spec.make(lib, optimizers[k], options), spec.name)
    if None in pair:
        return
    for k in range(7):
        for optimizer in optimizers:
            optimizer.step()
        advance(spec, pair, k, seed)
    saved = [(translated(s.state_dict(), lib, other), translated(o.state_dict(), lib, other))
             for s, o, lib, other in zip(pair, optimizers, LIBRARIES, LIBRARIES[::-1], strict=True)]  # fmt: skip
    fresh = [setting.build(lib) for lib in LIBRARIES]
    again = both(lambda lib, k: spec.make(lib, fresh[k], options), spec.name)
    for k in (0, 1):
        again[k].load_state_dict(dict(saved[1 - k][0]))
        fresh[k].load_state_dict(saved[1 - k][1])
        fresh[k].step()
    same_now(again, fresh, f"{spec.name} loaded")
    for k in range(7, 20):
        advance(spec, again, k, seed)
        same_now(again, fresh, f"{spec.name} loaded, step {k}")


def resume(spec: SchedulerSpec, options: Options, last_epoch: int, setting: Setting = Setting()) -> None:
    """Made with last_epoch, for an optimizer that was scheduled before; and for one that wasn't, which raises."""
    optimizers = [setting.build(lib) for lib in LIBRARIES]
    both(
        lambda lib, k: spec.make(lib, optimizers[k], options, last_epoch=last_epoch), f"{spec.name} without initial_lr"
    )
    both(lambda lib, k: spec.make(lib, optimizers[k], options), spec.name)
    pair = both(lambda lib, k: spec.make(lib, optimizers[k], options, last_epoch=last_epoch), f"{spec.name} resumed")
    if None in pair:
        return
    same_now(pair, optimizers, f"{spec.name} resumed")
    for k in range(15):
        for optimizer in optimizers:
            optimizer.step()
        advance(spec, pair, k, 0)
        same_now(pair, optimizers, f"{spec.name} resumed, step {k}")


def jumps(spec: SchedulerSpec, options: Options, epochs: list[float], setting: Setting = Setting()) -> None:
    """step(epoch), which is deprecated where it isn't meant; and get_lr from outside, which warns."""
    optimizers = [setting.build(lib) for lib in LIBRARIES]
    pair = both(lambda lib, k: spec.make(lib, optimizers[k], options), spec.name)
    if None in pair:
        return
    args = (0.5,) if spec.steps == "metric" else ()
    for epoch in epochs:
        both(lambda lib, k, e=epoch: pair[k].step(*args, e), f"{spec.name} to epoch {epoch}")
        same_now(pair, optimizers, f"{spec.name} at epoch {epoch}")
    close(*(plain(x) for x in both(lambda lib, k: pair[k].get_lr(), "get_lr")), f"{spec.name}: get_lr")


def failing(spec: SchedulerSpec, options: Options) -> None:
    """The same exception in both, in the same words."""
    said = []
    for lib in LIBRARIES:
        try:
            spec.make(lib, Setting().build(lib), options)
            said.append(("nothing", ""))
        except Exception as error:  # noqa: BLE001 - the type is compared
            said.append((type(error).__name__, str(error)))
    equal(said[0], said[1], f"{spec.name}({options})")
    if said[0][0] == "nothing":
        raise Mismatch(f"{spec.name}({options}) raises nothing")
