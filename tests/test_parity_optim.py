"""Every optimizer against torch's: values, state, loading, copies, words, errors; see parity/optimizers.py."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

import minitorch as mt
from parity import optim_checks, optimizers
from parity.optimizers import SPECS

ALL = [pytest.param(spec, id=spec.name) for spec in SPECS.values()]
# of torch's, not here, and why
ABSENT = {
    "SparseAdam": "takes sparse gradients only, and no tensor is sparse here",
    "swap_in_optimizer_params_and_state": "a context manager for tracing optimizers as functions",
}


@pytest.mark.parametrize("check", [*optimizers.CHECKS, "errors"])
@pytest.mark.parametrize("spec", ALL)
def test_options(spec: Any, check: str) -> None:
    optimizers.run(spec, check)


@pytest.mark.parametrize("spec", ALL)
def test_options_combined(spec: Any) -> None:
    @settings(max_examples=8)
    @given(options=spec.combinations(), seed=st.integers(0, 2**20))
    @example(options=dict(spec.base), seed=1)
    def body(options: Any, seed: int) -> None:
        note(f"{spec.name}({options}), seed={seed}")
        optim_checks.combined(spec, options, seed)

    body()


def test_every_optimizer_has_a_spec() -> None:
    ours = {n for n, v in vars(mt.optim).items() if inspect.isclass(v) and issubclass(v, mt.optim.Optimizer)}
    assert ours - {"Optimizer"} == set(SPECS)


def test_every_optimizer_of_torch_is_here() -> None:
    missing = {name for name in torch.optim.__all__ if not hasattr(mt.optim, name)}
    assert missing - {"lr_scheduler", "swa_utils"} == set(ABSENT)


def test_tolerances_have_reasons() -> None:
    assert [s.name for s in SPECS.values() if s.tolerance != optim_checks.tight and not s.why] == []


@pytest.mark.parametrize("spec", ALL)
def test_every_option_is_tried(spec: Any) -> None:
    """Each parameter of the constructor is varied, or is one that torch refuses here."""
    names = set(inspect.signature(getattr(torch.optim, spec.name)).parameters) - {"params"}
    refused = {name for bad in spec.errors for name in bad}
    assert names - set(spec.options) - refused <= {"differentiable", "fused"}
