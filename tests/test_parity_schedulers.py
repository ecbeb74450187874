"""Every schedule of the learning rate against torch's; see parity/schedulers.py. Then combinations, orders, copies."""

from __future__ import annotations

import copy
import gc
import inspect
import io
import warnings
import weakref
from typing import Any

import pytest
import torch
from hypothesis import given, note, settings
from hypothesis import strategies as st

import minitorch as mt
from parity import scheduler_checks as checks
from parity import schedulers
from parity.compare import Mismatch
from parity.scheduler_checks import LIBRARIES, SETTINGS, Setting, both
from parity.schedulers import SPECS

ALL = [pytest.param(spec, id=spec.name) for spec in SPECS.values()]


@pytest.mark.parametrize("spec", ALL)
def test_fifty_steps(spec: Any) -> None:
    @settings(max_examples=40)
    @given(spec.draws(), SETTINGS, st.integers(0, 1000), st.booleans())
    def body(options: Any, setting: Setting, seed: int, skip: bool) -> None:
        note(f"{spec.name}({options})")
        checks.lockstep(spec, options, setting, seed, skip)

    body()


@pytest.mark.parametrize("spec", ALL)
def test_states_go_both_ways(spec: Any) -> None:
    @settings(max_examples=16)
    @given(spec.draws(), SETTINGS, st.integers(0, 1000))
    def body(options: Any, setting: Setting, seed: int) -> None:
        note(f"{spec.name}({options})")
        checks.exchange(spec, options, setting, seed)

    body()


@pytest.mark.parametrize("spec", [p for p in ALL if p.values[0].resumable])
def test_resuming(spec: Any) -> None:
    @settings(max_examples=16)
    @given(spec.draws(), st.integers(0, 12), SETTINGS)
    def body(options: Any, last_epoch: int, setting: Setting) -> None:
        note(f"{spec.name}({options})")
        checks.resume(spec, options, last_epoch, setting)

    body()


@pytest.mark.parametrize("spec", [p for p in ALL if p.values[0].steps != "alone"])
def test_jumping_to_an_epoch(spec: Any) -> None:
    @settings(max_examples=16)
    @given(spec.draws(), st.lists(st.integers(0, 40), max_size=4), SETTINGS)
    def body(options: Any, epochs: list, setting: Setting) -> None:
        note(f"{spec.name}({options})")
        checks.jumps(spec, options, epochs, setting)

    body()


def test_fractions_of_an_epoch() -> None:
    for mult in (1, 2):
        checks.jumps(SPECS["CosineAnnealingWarmRestarts"], {"T_0": 3, "T_mult": mult}, [0.5, 2.75, 3.0, 9.25, 1.5])


@pytest.mark.parametrize("spec", ALL)
def test_errors(spec: Any) -> None:
    for options in spec.errors:
        checks.failing(spec, options)


@pytest.mark.parametrize("spec", ALL)
def test_signatures(spec: Any) -> None:
    ours, theirs = (
        inspect.signature(getattr(getattr(lib.optim, spec.place), spec.name)).parameters.values() for lib in LIBRARIES
    )
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


@pytest.mark.parametrize("spec", ALL)
def test_every_option_is_drawn(spec: Any) -> None:
    names = set(inspect.signature(getattr(getattr(torch.optim, spec.place), spec.name)).parameters)
    other = {"optimizer", "last_epoch", *({"epochs", "steps_per_epoch"} if spec.name == "OneCycleLR" else ())}
    assert names - other == set(spec.needed) | set(spec.options)


@pytest.mark.parametrize("spec", ALL)
def test_a_learning_rate_off_by_little_is_noticed(spec: Any, monkeypatch: Any) -> None:
    def off(group: dict, key: str, value: Any) -> None:
        group[key] = value * (1 + 1e-9)

    for module in (mt.optim.lr_scheduler.base, mt.optim.lr_scheduler.plateau):
        monkeypatch.setattr(module, "set_value", off)
    options = {name: 0.01 for name in ("base_lr", "swa_lr") if name in spec.needed}
    options |= {name: 0.5 for name in ("max_lr", "gamma") if name in spec.needed}
    options |= {name: 50 for name in ("step_size", "T_max", "T_0", "total_steps") if name in spec.needed}
    options |= {"lr_lambda": schedulers.gentle} if "lr_lambda" in spec.needed else {}
    options |= {"milestones": [3]} if "milestones" in spec.needed else {}
    options |= {"schedulers": [("StepLR", {"step_size": 50})]} if "schedulers" in spec.needed else {}
    options |= {"milestones": []} if spec.name == "SequentialLR" else {}
    options |= {"patience": 0} if spec.name == "ReduceLROnPlateau" else {}
    with pytest.raises(Mismatch):
        checks.lockstep(spec, options)


def test_every_schedule_has_a_spec() -> None:
    names = {n for n in torch.optim.lr_scheduler.__all__ if n != "LRScheduler"} | {"SWALR"}
    assert names == set(SPECS)
    assert all(hasattr(mt.optim.lr_scheduler, n) for n in torch.optim.lr_scheduler.__all__)


# -- combinations ------------------------------------------------------------------------------------------------------


def test_wrong_combinations() -> None:
    said = []
    for lib in LIBRARIES:
        s = lib.optim.lr_scheduler
        opt, other = Setting().build(lib), Setting().build(lib)
        first = s.StepLR(opt, 2)
        for bad in (
            lambda: s.SequentialLR(opt, [], []),  # noqa: B023 - called at once
            lambda: s.SequentialLR(opt, [first], [3]),  # noqa: B023
            lambda: s.SequentialLR(opt, [first, s.ReduceLROnPlateau(opt)], [3]),  # noqa: B023
            lambda: s.SequentialLR(opt, [first, 5], [3]),  # noqa: B023
            lambda: s.SequentialLR(other, [first], []),  # noqa: B023
            lambda: s.ChainedScheduler([]),  # noqa: B023
            lambda: s.ChainedScheduler([first, s.ReduceLROnPlateau(opt)]),  # noqa: B023
            lambda: s.ChainedScheduler([first, s.StepLR(other, 2)]),  # noqa: B023
            lambda: s.StepLR(5, 2),  # noqa: B023
            lambda: s.ReduceLROnPlateau(5),  # noqa: B023
            lambda: s.CyclicLR(5, 0.1, 1.0),  # noqa: B023
            lambda: s.OneCycleLR(5, 0.1, 10),  # noqa: B023
            lambda: s.CyclicLR(lib.optim.Adagrad([lib.zeros(1)]), 0.1, 1.0),  # noqa: B023
            lambda: s.OneCycleLR(lib.optim.Adagrad([lib.zeros(1)]), 0.1, 10),  # noqa: B023
            lambda: s.LRScheduler(opt),  # noqa: B023
        ):
            with pytest.raises((ValueError, TypeError, NotImplementedError)) as info:
                bad()
            said.append((info.type, str(info.value).split(" has ")[0]))
    assert said[: len(said) // 2] == said[len(said) // 2 :]


def test_too_many_steps_of_one_cycle() -> None:
    for lib in LIBRARIES:
        opt = Setting().build(lib)
        s = lib.optim.lr_scheduler.OneCycleLR(opt, 1.0, epochs=2, steps_per_epoch=3)
        opt.step()
        for _ in range(6):
            s.step()
        with pytest.raises(ValueError, match="Tried to step 7 times. The specified number of total steps is 6"):
            s.step()


def test_a_group_added_later() -> None:
    said = []
    for lib in LIBRARIES:
        for options in ({"min_lr": [0.1, 0.2]}, {"min_lr": 0.1}):
            opt = Setting().build(lib)
            s = lib.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, **options)
            opt.add_param_group({"params": [lib.zeros(1, requires_grad=True)], "lr": 3.0})
            try:
                for _ in range(3):
                    s.step(1.0)
                said.append(s.get_last_lr())
            except RuntimeError as error:
                said.append(str(error))
    assert said[:2] == said[2:]


def test_an_overridden_step_warns() -> None:
    def make(lib: Any, k: int) -> None:
        opt = Setting().build(lib)
        s = lib.optim.lr_scheduler.StepLR(opt, 2)
        opt.step = lambda: None
        s.step()

    both(make, "overridden")
    with pytest.warns(UserWarning, match="has been overridden"):
        make(mt, 0)


def test_a_schedule_of_the_users_own() -> None:
    def make(lib: Any, k: int) -> list:
        class Halving(lib.optim.lr_scheduler.LRScheduler):
            def get_lr(self) -> list:
                return [lr / 2**self.last_epoch for lr in self.base_lrs]

        opt = Setting().build(lib)
        s = Halving(opt)
        opt.step()
        s.step()
        return s.get_last_lr()

    found, expected = both(make, "own")
    assert found == expected == [0.25, 0.015]


def test_a_scheduled_optimizer_is_freed_and_copied_and_saved() -> None:
    opt = Setting().build(mt)
    s = mt.optim.lr_scheduler.CyclicLR(opt, 0.1, 1.0, mode="exp_range", gamma=0.9)
    twin = copy.deepcopy(opt)
    assert twin.param_groups[0]["lr"] == opt.param_groups[0]["lr"]
    file = io.BytesIO()
    mt.save({"opt": opt.state_dict(), "sched": s.state_dict()}, file)
    found = torch.load(io.BytesIO(file.getvalue()))
    theirs = Setting().build(torch)
    torch.optim.lr_scheduler.CyclicLR(theirs, 0.1, 1.0, mode="exp_range", gamma=0.9).load_state_dict(found["sched"])
    gone = weakref.ref(opt)
    gc.disable()
    try:
        del opt, s, found
        assert gone() is None
    finally:
        gc.enable()


def test_no_warning_in_the_right_order() -> None:
    opt = Setting().build(mt)
    s = mt.optim.lr_scheduler.StepLR(opt, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            opt.step()
            s.step()
