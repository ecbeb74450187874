"""The tester of layers is tested: each fault planted in a layer must turn the check that is meant to see it red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minitorch import nn
from minitorch.nn import init
from minitorch.nn.modules.batchnorm import BatchNorm2d
from parity import module_checks, runner

SPECS = module_checks.load_modules()
Conv = nn.Conv2d


def bias_first(self: Any) -> None:
    if self.bias is not None:
        init.uniform_(self.bias, -0.1, 0.1)
    init.kaiming_uniform_(self.weight, a=5**0.5)


def drifting(self: Any, input: Any) -> Any:
    out = forward(self, input)
    if self.training and self.running_mean is not None:
        self.running_mean.mul_(1.01)
    return out


forward = BatchNorm2d.forward
edges, words, convolve = Conv._edge_padding, Conv.extra_repr, Conv.forward
# layer, what is replaced, by what, the check that must see it
FAULTS = {
    "another order of draws": (Conv, "reset_parameters", bias_first, "construct"),
    "another repr": (Conv, "extra_repr", lambda self: words(self) + ".", "construct"),
    "height and width exchanged": (Conv, "_edge_padding", lambda self: edges(self)[::-1], "forward"),
    "another result in evaluation": (
        Conv, "forward", lambda self, x: convolve(self, x) + (0.0 if self.training else 1e-3), "forward",
    ),
    "no gradient": (Conv, "forward", lambda self, x: convolve(self, x.detach() + 0 * x), "gradient"),
    "no second derivative": (
        Conv, "forward", lambda self, x: convolve(self, x) + x.detach().sum() * x.sum() - (x * x.detach()).sum(),
        "second_order",
    ),
    "a buffer that drifts": (BatchNorm2d, "forward", drifting, "forward"),
    "a state that is not loaded": (Conv, "_load_from_state_dict", lambda self, *a: None, "state"),
    "a copy that is none": (Conv, "__deepcopy__", lambda self, memo: self, "copies"),
}  # fmt: skip


def run(cls: type, check: str) -> runner.Outcome:
    spec = SPECS[f"nn.{cls.__name__}"]
    return runner.run_check(spec, "float64", check, module_checks.checks_for(spec, "float64")[check], 16, 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, name, wrong, check = FAULTS[fault]
    replacement: Callable = wrong
    monkeypatch.setattr(cls, name, replacement, raising=False)
    assert isinstance(run(cls, check).error, AssertionError)
    monkeypatch.undo()
    assert run(cls, check).ok


def test_failing_layer_is_shown_as_a_program(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Conv, "forward", lambda self, x: convolve(self, x) * 2)
        program = compile(runner.snippet(run(Conv, "gradient")), "snippet", "exec")
        exec(program, {})
        broken = capsys.readouterr().out
    exec(program, {})
    mended = capsys.readouterr().out
    assert broken != mended
    theirs, ours = mended.split("minitorch Conv2d", 1)
    assert theirs.removeprefix("torch Conv2d") == ours.replace("minitorch tensor", "torch tensor")
