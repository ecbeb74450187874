"""Each hand-written program runs with torch and with minitorch, and must see the same."""

import pytest
import torch

from . import programs  # noqa: F401  (the import registers the programs)
from .harness import PROGRAMS, differences, observe, unsaid


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_sees_the_same(name, subject):
    expected = observe(PROGRAMS[name](torch))
    assert not unsaid(expected), f"{name} claims words that torch itself does not say: {unsaid(expected)}"
    different = differences(expected, observe(PROGRAMS[name](subject)))
    assert not different, f"{name} differs from torch:\n  " + "\n  ".join(different)


# Each fault replaces one method of torch by a wrong one; the programs, run so, must not see what they saw before.
FAULTS = {
    "mul_ is not recorded": ("mul_", lambda right: lambda t, *a, **k: right(t.detach(), *a, **k) is None or t),
    "zero_ is not counted": ("zero_", lambda right: lambda t: right(t.data) is None or t),
    "detach copies": ("detach", lambda right: lambda t: right(t).clone()),
    "select copies": ("select", lambda right: lambda t, *a: right(t, *a).clone()),
    "diagonal is off by one": ("diagonal", lambda right: lambda t, *a, **k: right(t.roll(1), *a, **k)),
    "exp_ forgets its derivative": ("exp_", lambda right: lambda t: t.copy_(t.exp().detach())),
}


@pytest.fixture(scope="module")
def seen_by_torch():
    return {name: observe(run(torch)) for name, run in PROGRAMS.items()}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_programs_notice_a_fault(fault, monkeypatch, seen_by_torch):
    name, wrong = FAULTS[fault]
    monkeypatch.setattr(torch.Tensor, name, wrong(getattr(torch.Tensor, name)))
    assert any(_differs(PROGRAMS[p], before) for p, before in seen_by_torch.items()), f"no program noticed that {fault}"


def _differs(function, before):
    try:
        return bool(differences(before, observe(function(torch))))
    except Exception:  # noqa: BLE001 (any error is a difference)
        return True


def test_the_comparison_sees_small_and_structural_differences():
    seen = {"y": [1.0, 2.0], "error": None, "flag": True}
    assert not differences(seen, {"y": [1.0, 2.0 + 1e-13], "error": None, "flag": True})
    assert differences(seen, {"y": [1.0, 2.0 + 1e-11], "error": None, "flag": True}) != []
    assert differences(seen, {"y": [1.0], "error": None, "flag": True}) != []
    assert differences(seen, {"y": [1.0, 2.0], "error": "RuntimeError", "flag": True}) != []
    assert differences(seen, {"y": [1.0, 2.0], "error": None, "flag": 1}) != []
    assert differences(seen, {"y": [1.0, 2.0], "error": None}) != []
    assert unsaid({"e": {"raised": "RuntimeError", "says": {"leaf": False}}}) == ["leaf"]
