"""The schedules of the learning rate: one `SchedulerSpec` each (scheduler_checks.py), and how they are run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from parity.optimizers import outcome
from parity.runner import Outcome
from parity.scheduler_checks import (
    SETTINGS,
    Options,
    SchedulerSpec,
    exchange,
    failing,
    jumps,
    lockstep,
    resume,
)


def select(
    pattern: str | None, dtypes: list[str] | None, examples: int, start: int, device: Any
) -> list[tuple[str, Callable[[], list[Outcome]]]]:
    """For `python -m parity`: ("optim.lr_scheduler.StepLR", a function that runs its checks), on the CPU alone."""
    if device is not None or (dtypes is not None and "float64" not in dtypes):
        return []
    named = [(f"optim.{spec.place}.{spec.name}", spec) for spec in SPECS.values()]
    return [
        (name, lambda n=name, s=spec: outcomes(n, s, examples, start))
        for name, spec in named
        if pattern is None or re.search(pattern, name)
    ]


def outcomes(name: str, spec: SchedulerSpec, examples: int, start: int) -> list[Outcome]:
    """All checks of one schedule."""
    epochs = st.lists(st.integers(0, 40), max_size=4)
    checks: dict[str, Callable[[Any], None]] = {
        "lockstep": lambda d: lockstep(spec, d(spec.draws()), d(SETTINGS), d(st.integers(0, 99)), d(BOOL)),
        "exchange": lambda d: exchange(spec, d(spec.draws()), d(SETTINGS), d(st.integers(0, 99))),
    }
    if spec.steps != "alone":
        checks["jumps"] = lambda d: jumps(spec, d(spec.draws()), d(epochs), d(SETTINGS))
    if spec.resumable:
        checks["resume"] = lambda d: resume(spec, d(spec.draws()), d(st.integers(0, 12)), d(SETTINGS))
    rows = [outcome(name, check, lambda r=run: drawn(r, examples, start)) for check, run in checks.items()]
    return [*rows, outcome(name, "errors", lambda: len([failing(spec, options) for options in spec.errors]))]


def drawn(run: Callable[[Any], None], examples: int, start: int) -> int:
    """Run on draws of Hypothesis; gives their number."""

    @seed(start)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(st.data())
    def body(data: Any) -> None:
        run(data.draw)

    body()
    return examples


# -- specs -------------------------------------------------------------------------------------------------------------


class Decay:
    """A factor that is an object, whose attributes are saved."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, epoch: float) -> float:
        return self.rate**epoch


def halving(epoch: float) -> float:
    return 0.5 ** (epoch // 7)


def gentle(epoch: float) -> float:
    return 1 - epoch / 100


part = st.floats(0.0, 1.0)
positive = st.floats(0.01, 1.0)
count = st.integers(1, 30)
functions = st.sampled_from([halving, gentle]) | st.builds(Decay, st.floats(0.8, 1.0))
ONE_OR_TWO = functions | st.lists(functions, min_size=2, max_size=2)
BOOL = st.booleans()
MOMENTUM = st.floats(0.5, 0.99) | st.lists(st.floats(0.5, 0.99), min_size=2, max_size=2)
LR = st.floats(1e-3, 2.0) | st.lists(st.floats(1e-3, 2.0), min_size=2, max_size=2)


# -- schedules of schedules: each part as (name, options)


def one_after_the_other(lib: Any, optimizer: Any, options: Options) -> Any:
    inner = [SPECS[name].make(lib, optimizer, o) for name, o in options["schedulers"]]
    return lib.optim.lr_scheduler.SequentialLR(optimizer, inner, options["milestones"][: len(inner) - 1])


def all_at_once(lib: Any, optimizer: Any, options: Options) -> Any:
    inner = [SPECS[name].make(lib, optimizer, o) for name, o in options["schedulers"]]
    return lib.optim.lr_scheduler.ChainedScheduler(inner, optimizer)


@st.composite
def parts(draw: Any, nested: bool = False) -> list[tuple[str, Options]]:
    """One to three schedules; with `nested` the first may be a sequence itself."""
    plain_ones = [n for n in SPECS if n not in ("ReduceLROnPlateau", "SWALR", "OneCycleLR", "CyclicLR", *COMBINING)]
    names = draw(st.lists(st.sampled_from(plain_ones), min_size=1, max_size=3))
    found = [(name, draw(SPECS[name].draws())) for name in names]
    if nested and draw(BOOL):
        found[0] = ("SequentialLR", {"schedulers": draw(parts()), "milestones": draw(MILESTONES)})
    return found


COMBINING = ("SequentialLR", "ChainedScheduler")
MILESTONES = st.lists(st.integers(1, 30), min_size=3, max_size=3, unique=True).map(sorted)

SPECS = {
    spec.name: spec
    for spec in (
        SchedulerSpec("LambdaLR", {"lr_lambda": ONE_OR_TWO}, errors=({"lr_lambda": [gentle]}, {"lr_lambda": 3})),
        SchedulerSpec(
            "MultiplicativeLR", {"lr_lambda": ONE_OR_TWO}, errors=({"lr_lambda": [gentle]}, {"lr_lambda": 3})
        ),
        SchedulerSpec("StepLR", {"step_size": count}, {"gamma": part}),
        SchedulerSpec("MultiStepLR", {"milestones": st.lists(count, max_size=6)}, {"gamma": part}),
        SchedulerSpec(
            "ConstantLR", {}, {"factor": positive, "total_iters": count}, errors=({"factor": 1.5}, {"factor": -0.1})
        ),
        SchedulerSpec(
            "LinearLR", {}, {"start_factor": positive, "end_factor": part, "total_iters": count},
            ({"start_factor": 0.0}, {"start_factor": 1.5}, {"end_factor": 2.0}, {"end_factor": -1.0}),
        ),
        SchedulerSpec("ExponentialLR", {"gamma": st.floats(0.5, 1.1)}),
        SchedulerSpec("PolynomialLR", {}, {"total_iters": count, "power": st.floats(0.5, 3.0)}),
        SchedulerSpec("CosineAnnealingLR", {"T_max": count}, {"eta_min": st.floats(0.0, 0.01)}),
        SchedulerSpec(
            "CosineAnnealingWarmRestarts", {"T_0": count},
            {"T_mult": st.integers(1, 3), "eta_min": st.floats(0.0, 0.01)},
            ({"T_0": 0}, {"T_0": 1.5}, {"T_0": 2, "T_mult": 0}, {"T_0": 2, "T_mult": 1.5}, {"T_0": 2, "eta_min": "a"}),
        ),
        SchedulerSpec(
            "CyclicLR", {"base_lr": LR, "max_lr": LR},
            {"step_size_up": count, "step_size_down": count, "gamma": st.floats(0.8, 1.0), "cycle_momentum": BOOL,
             "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]), "base_momentum": MOMENTUM,
             "max_momentum": MOMENTUM, "scale_fn": functions, "scale_mode": st.sampled_from(["cycle", "iterations"])},
            ({"base_lr": 0.1, "max_lr": 1.0, "mode": "square"}, {"base_lr": [0.1], "max_lr": 1.0},
             {"base_lr": 0.1, "max_lr": [1.0] * 3}, {"base_lr": 0.1, "max_lr": 1.0, "base_momentum": [0.5]}),
        ),
        SchedulerSpec(
            "OneCycleLR", {"max_lr": LR, "total_steps": st.integers(45, 70)},
            {"pct_start": st.floats(0.1, 0.9), "anneal_strategy": st.sampled_from(["cos", "linear"]),
             "cycle_momentum": BOOL, "base_momentum": MOMENTUM, "max_momentum": MOMENTUM,
             "div_factor": st.floats(1.0, 50.0), "final_div_factor": st.floats(1.0, 1e5), "three_phase": BOOL},
            ({"max_lr": 1.0}, {"max_lr": 1.0, "total_steps": 0}, {"max_lr": 1.0, "total_steps": 1.5},
             {"max_lr": 1.0, "epochs": 3}, {"max_lr": 1.0, "epochs": -3, "steps_per_epoch": 1},
             {"max_lr": 1.0, "epochs": 3, "steps_per_epoch": 0.5}, {"max_lr": 1.0, "total_steps": 9, "pct_start": 2.0},
             {"max_lr": 1.0, "total_steps": 9, "pct_start": 1}, {"max_lr": [1.0], "total_steps": 9},
             {"max_lr": 1.0, "total_steps": 9, "anneal_strategy": "steps"}),
        ),
        SchedulerSpec(
            "ReduceLROnPlateau", {},
            {"mode": st.sampled_from(["min", "max"]), "factor": st.floats(0.1, 0.9), "patience": st.integers(0, 5),
             "threshold": st.floats(0.0, 0.1), "threshold_mode": st.sampled_from(["rel", "abs"]),
             "cooldown": st.integers(0, 4), "min_lr": part | st.lists(part, min_size=2, max_size=2),
             "eps": st.sampled_from([0.0, 1e-8, 1e-2])},
            ({"factor": 1.0}, {"mode": "best"}, {"threshold_mode": "all"}, {"min_lr": [0.1]}),
            steps="metric", resumable=False,
        ),
        SchedulerSpec(
            "SWALR", {"swa_lr": LR},
            {"anneal_epochs": st.integers(0, 20), "anneal_strategy": st.sampled_from(["cos", "linear"])},
            ({"swa_lr": [0.1]}, {"swa_lr": 0.1, "anneal_strategy": "steps"}, {"swa_lr": 0.1, "anneal_epochs": -1},
             {"swa_lr": 0.1, "anneal_epochs": 1.5}),
            place="swa_utils",
        ),
        SchedulerSpec(
            "SequentialLR", {"schedulers": parts(nested=True), "milestones": MILESTONES},
            steps="alone", resumable=False, build=one_after_the_other,
        ),
        SchedulerSpec("ChainedScheduler", {"schedulers": parts()}, steps="alone", resumable=False, build=all_at_once),
    )
}  # fmt: skip
