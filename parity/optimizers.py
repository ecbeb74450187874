"""The optimizers: one `OptimSpec` each, with the values of every setting that are tried; and how they are run."""

from __future__ import annotations

import contextlib
import re
import time
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from minitorch.optim import _muon
from parity import optim_checks
from parity.optim_checks import Number, OptimSpec, Options, Tolerance, tight
from parity.optim_problem import MATRICES
from parity.runner import Outcome

# -- specs -------------------------------------------------------------------------------------------------------------

BAD_LR = ({"lr": -0.1},)
BAD_BETAS = ({"betas": (1.0, 0.9)}, {"betas": (0.9, -0.5)}, {"eps": -1.0}, {"weight_decay": -1.0})
CAPTURABLE = ({"capturable": True},)  # refused on a CPU
FUSED = ({"fused": True, "foreach": True}, {"fused": True, "differentiable": True})
COMMON = {"weight_decay": (0.1,), "maximize": (True,), "foreach": (True, False), "lr": (Number(0.03),)}


def no_tensor_with_foreach(options: Options) -> bool:
    """torch's foreach versions refuse a learning rate that is a tensor."""
    return not (options.get("foreach") and isinstance(options.get("lr"), Number))


def adam_valid(options: Options) -> bool:
    tensors = isinstance(options.get("lr"), Number) or isinstance(options.get("betas", (0,))[0], Number)
    return not (options.get("foreach") and (tensors or options.get("fused")))


def sgd_valid(options: Options) -> bool:
    nesterov = options.get("nesterov") and (not options.get("momentum") or options.get("dampening"))
    return not nesterov and not (options.get("foreach") and options.get("fused"))


def to_nine_places(options: Options) -> Tolerance:
    return 1e-9, 1e-9


def rounded(options: Options) -> Tolerance:
    """Muon: one bfloat16 in thousands differs by its last bit, and the steps after it follow."""
    return tight(options) if options.get("ns_steps") == 0 else (1e-3, 1e-3)


@contextlib.contextmanager
def without_bfloat16() -> Iterator[None]:
    """Within the block Muon's matrices keep their dtype in both libraries."""
    with (
        mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone),
        mock.patch.object(_muon, "to_bfloat16", lambda xp, x: x),
    ):
        yield


ADAM = {
    **COMMON, "betas": ((0.5, 0.9), (0.0, 0.999), (Number(0.8), Number(0.95))), "eps": (1e-3,), "amsgrad": (True,),
    "fused": (True, False),
}  # fmt: skip
MOMENTS = {**COMMON, "betas": ((0.5, 0.9), (0.2, 0.999)), "eps": (1e-3,)}

SPECS = {
    spec.name: spec
    for spec in (
        OptimSpec(
            "SGD",
            {**COMMON, "momentum": (0.9,), "dampening": (0.3,), "nesterov": (True,), "fused": (True,)},
            {"lr": 0.05}, {"lr": 0.02, "momentum": 0.5, "dampening": 0.0}, sgd_valid,
            ({"lr": -1.0}, {"momentum": -0.5}, {"weight_decay": -1.0}, {"nesterov": True}, *FUSED),
        ),
        OptimSpec(
            "Adam", {**ADAM, "decoupled_weight_decay": (True,)}, {"lr": 0.05}, {"lr": 0.02, "weight_decay": 0.3},
            adam_valid, (*BAD_LR, *BAD_BETAS, {"betas": (0, 0.9)}, *FUSED, *CAPTURABLE),
        ),
        OptimSpec(
            "AdamW", ADAM, {"lr": 0.05}, {"lr": 0.02, "weight_decay": 0.3, "betas": (0.6, 0.7)}, adam_valid,
            (*BAD_LR, *BAD_BETAS, *FUSED, *CAPTURABLE),
        ),
        OptimSpec(
            "Adamax", MOMENTS, {"lr": 0.05}, valid=no_tensor_with_foreach, errors=(*BAD_LR, *BAD_BETAS, *CAPTURABLE)
        ),
        OptimSpec(
            "NAdam", {**MOMENTS, "momentum_decay": (0.1,), "decoupled_weight_decay": (True,)}, {"lr": 0.03},
            {"lr": 0.02, "weight_decay": 0.2}, no_tensor_with_foreach,
            (*BAD_LR, *BAD_BETAS, {"momentum_decay": -1.0}, *CAPTURABLE),
        ),
        OptimSpec(
            "RAdam", {**MOMENTS, "decoupled_weight_decay": (True,)}, {"lr": 0.05}, {"lr": 0.02, "weight_decay": 0.2},
            no_tensor_with_foreach, (*BAD_LR, *BAD_BETAS, *CAPTURABLE),
        ),
        OptimSpec(
            "RMSprop", {**COMMON, "alpha": (0.5, 0.9), "eps": (1e-3,), "momentum": (0.7,), "centered": (True,)},
            {"lr": 0.02}, {"lr": 0.01, "alpha": 0.8}, no_tensor_with_foreach,
            (*BAD_LR, {"alpha": -1.0}, {"eps": -1.0}, {"momentum": -1.0}, {"weight_decay": -1.0}, *CAPTURABLE),
        ),
        OptimSpec(
            "Rprop", {"lr": (0.1, Number(0.03)), "etas": ((0.3, 1.4), (0.7, 1.05)), "step_sizes": ((1e-2, 0.1),),
                      "maximize": (True,), "foreach": (True, False)},
            {"lr": 0.01}, {"lr": 0.02, "etas": (0.4, 1.3)}, no_tensor_with_foreach,
            (*BAD_LR, {"etas": (1.1, 1.2)}, {"etas": (0.5, 0.9)}, *CAPTURABLE),
        ),
        OptimSpec(
            "Adagrad",
            {**COMMON, "lr_decay": (0.1,), "initial_accumulator_value": (0.5,), "eps": (1e-3,), "fused": (True,)},
            {"lr": 0.1}, {"lr": 0.05, "lr_decay": 0.01}, adam_valid,
            (*BAD_LR, {"lr_decay": -1.0}, {"initial_accumulator_value": -1.0}, {"eps": -1.0}, *FUSED),
        ),
        OptimSpec(
            "Adadelta", {**COMMON, "rho": (0.5, 0.99, 0.0), "eps": (1e-3,)}, {"lr": 0.5}, {"lr": 0.8, "rho": 0.7},
            no_tensor_with_foreach, (*BAD_LR, {"rho": 1.5}, {"eps": -1.0}, {"weight_decay": -1.0}, *CAPTURABLE),
        ),
        OptimSpec(
            "ASGD", {**COMMON, "foreach": (False,), "lambd": (0.1,), "alpha": (0.3,), "t0": (3.0, 20.0)}, {"lr": 0.05},
            {"lr": 0.02, "t0": 10.0}, no_tensor_with_foreach, (*BAD_LR, {"weight_decay": -1.0}, *CAPTURABLE),
        ),
        OptimSpec(
            "Adafactor",
            {"lr": (0.1, Number(0.03)), "beta2_decay": (-0.5,), "eps": ((1e-4, 1e-2),), "d": (2.0,),
             "weight_decay": (0.1,), "maximize": (True,), "foreach": (True, False)},
            {"lr": 0.05}, {"lr": 0.02, "d": 1.5}, no_tensor_with_foreach,
            (*BAD_LR, {"beta2_decay": 1.0}, {"eps": (-1.0, 1e-3)}, {"eps": (None, -1.0)}, {"d": 0.5},
             {"weight_decay": -1.0}),
            complex=False,
        ),
        OptimSpec(
            "LBFGS",
            {"lr": (0.02, Number(0.15)), "max_iter": (1, 7), "max_eval": (2, 6), "history_size": (1, 3, 100),
             "tolerance_grad": (1e-2,), "tolerance_change": (1e-3,), "line_search_fn": ("strong_wolfe",)},
            {"lr": 0.05, "max_iter": 4, "history_size": 6}, {}, also=({"line_search_fn": "strong_wolfe"},),
            errors=(*BAD_LR, {"line_search_fn": "armijo"}), closure=True, narrow=("float32",), tolerance=to_nine_places,
            why="the state has differences of gradients near the minimum, and quotients of them",
        ),
        OptimSpec(
            "Muon",
            {"lr": (0.01,), "weight_decay": (0.0,), "momentum": (0.5,), "nesterov": (False,), "ns_steps": (1, 2),
             "ns_coefficients": ((2.0, -1.5, 0.5),), "eps": (5.0,), "adjust_lr_fn": ("original", "match_rms_adamw")},
            {"lr": 0.005}, {"lr": 0.003}, also=({"ns_steps": 0},),
            parameters=MATRICES, complex=False, tolerance=rounded, unrounded=without_bfloat16,
            why="matrices are made orthogonal in bfloat16: a sum in another order may round to the next of its numbers "
            "(how rarely: tests/test_optim.py); without these steps, or these in float64, the default holds",
            errors=(*BAD_LR, {"momentum": -1.0}, {"weight_decay": -1.0}, {"adjust_lr_fn": "none"}, {"ns_steps": 100},
                    {"ns_coefficients": (1.0, 2.0)}),
        ),
    )
}  # fmt: skip


# -- running -----------------------------------------------------------------------------------------------------------

CHECKS: dict[str, Callable] = {
    "values": optim_checks.values, "unrounded": optim_checks.unrounded, "narrow": optim_checks.narrow,
    "complex": optim_checks.complex_,
    "state": optim_checks.state, "exchange": optim_checks.exchange, "copies": optim_checks.copies,
    "words": optim_checks.words,
}  # fmt: skip


def run(spec: OptimSpec, check: str) -> int:
    """One check with each option by itself; how many cases that were."""
    cases = list(spec.singles())
    if check == "errors":
        optim_checks.errors(spec)
        return len(spec.errors)
    if check in ("copies", "words"):
        cases = cases[:2]
    if check in ("narrow", "complex") and spec.closure:  # from many starts, and from starts that must be sought
        cases = [{**spec.base, **more} for more in ({}, *spec.also)]
    for options in cases:
        # torch's fused kernels know no complex numbers
        if not (check == "complex" and options.get("fused")):
            CHECKS[check](spec, options)
    if check == "narrow":
        for dtype in spec.narrow[1:]:
            optim_checks.narrow(spec, cases[0], dtype=dtype)
    return len(cases)


def select(
    pattern: str | None, dtypes: list[str] | None, examples: int, start: int, device: Any
) -> list[tuple[str, Callable[[], list[Outcome]]]]:
    """For `python -m parity`: ("optim.Adam", a function that runs its checks) of the optimizers whose name matches."""
    if dtypes is not None and "float64" not in dtypes:
        return []
    names = [name for name in SPECS if pattern is None or re.search(pattern, f"optim.{name}")]
    return [(f"optim.{n}", lambda n=n: outcomes(SPECS[n], examples, start, device)) for n in names]


def outcomes(spec: OptimSpec, examples: int, start: int, device: Any = None) -> list[Outcome]:
    """All checks of one optimizer; a GPU accepts some of what is refused on a CPU."""
    name = f"optim.{spec.name}"
    with optim_checks.ours_on(device):
        checks = [*CHECKS, *["errors"] * (device is None)]
        rows = [outcome(name, check, lambda c=check: run(spec, c)) for check in checks]
        return [*rows, outcome(name, "combined", lambda: combine(spec, examples, start))]


def outcome(name: str, check: str, fn: Callable[[], int]) -> Outcome:
    """What became of one check; fn gives the number of cases."""
    found = Outcome(SimpleNamespace(name=name), "float64", check)  # type: ignore[arg-type]
    began = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.examples = fn()
    except Exception as error:  # noqa: BLE001 - any exception is a failed check, shown to the user
        found.error = error
    found.seconds = time.perf_counter() - began
    return found


def combine(spec: OptimSpec, examples: int, start: int) -> int:
    """Several options at once, drawn by Hypothesis."""

    @seed(start)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(options=spec.combinations(), value_seed=st.integers(0, 2**20))
    def body(options: Options, value_seed: int) -> None:
        optim_checks.combined(spec, options, value_seed)

    body()
    return examples
