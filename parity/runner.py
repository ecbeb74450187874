"""Run specs outside pytest: draw cases, run checks, collect outcomes (for `python -m parity` and the mutation test)."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from parity import checks, module_checks
from parity.case import Case
from parity.module_checks import LayerCase
from parity.module_spec import ModuleSpec
from parity.spec import Call, In, Spec

LAYOUTS = ("plain", "plain", "transposed", "sliced", "reversed")


@dataclass
class Outcome:
    """What became of one check of one spec at one dtype."""

    spec: Spec | ModuleSpec
    dtype: str
    check: str
    examples: int = 0
    seconds: float = 0.0
    error: Exception | None = None
    case: Case | LayerCase | None = None
    messages: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.error is None


def select(pattern: str | None, dtypes: list[str] | None) -> Iterator[tuple[Spec | ModuleSpec, tuple[str, ...]]]:
    """The specs of functions and layers whose name matches, with their dtypes that were asked for."""
    for spec in (*checks.load_specs().values(), *module_checks.load_modules().values()):
        if pattern is None or re.search(pattern, spec.name):
            wanted = tuple(d for d in spec.dtypes if dtypes is None or d in dtypes)
            if wanted:
                yield spec, wanted


def run_check(
    spec: Spec | ModuleSpec, dtype: str, name: str, fn: Callable, examples: int, start: int, device: Any = None
) -> Outcome:
    """Draw `examples` cases and run one check on each; Hypothesis shrinks the first failure."""
    outcome = Outcome(spec, dtype, name)
    began = time.perf_counter()

    @seed(start)
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(call=spec.calls, value_seed=st.integers(0, 2**20), layout=st.sampled_from(LAYOUTS))
    def body(call: Any, value_seed: int, layout: str) -> None:
        made = LayerCase if isinstance(spec, ModuleSpec) else Case
        case: Any = made(spec, call, dtype, value_seed, layout)
        outcome.examples += 1
        try:
            fn(case, device)
        except Exception:
            outcome.case = case
            raise

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body()
    except Exception as error:  # noqa: BLE001 - any exception is a failed check, shown to the user
        outcome.error = error
    outcome.seconds = time.perf_counter() - began
    return outcome


def run_spec(
    spec: Spec | ModuleSpec, dtypes: tuple[str, ...], examples: int, start: int, device: Any = None
) -> Iterator[Outcome]:
    """All checks of a spec."""
    of: Any = module_checks if isinstance(spec, ModuleSpec) else checks
    for dtype in dtypes:
        for name, fn in of.checks_for(spec, dtype).items():
            yield run_check(spec, dtype, name, fn, examples, start, device)
    if spec.errors:
        yield _plain(spec, "errors", [lambda b=b: of.refuses(spec, b, device) for b in spec.errors])
    if isinstance(spec, Spec) and spec.edges:
        yield _plain(
            spec, "edges", [lambda e=e: checks.forward(Case(spec, e, "float64", 0), device) for e in spec.edges]
        )


def _plain(spec: Spec | ModuleSpec, name: str, runs: list[Callable]) -> Outcome:
    outcome = Outcome(spec, "float64", name, examples=len(runs))
    began = time.perf_counter()
    for run in runs:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - shown to the user
            outcome.error = error
            break
    outcome.seconds = time.perf_counter() - began
    return outcome


def snippet(outcome: Outcome) -> str:
    """A failing case as a program that runs in both libraries."""
    if outcome.case is None:
        return ""
    layered = isinstance(outcome.case, LayerCase)
    case: Case = outcome.case.case if isinstance(outcome.case, LayerCase) else outcome.case
    lines = ["import numpy as np", "for name in ('torch', 'minitorch'):", "    torch = __import__(name)"]
    names: list[str] = []

    def one(spot: Any) -> str:
        k = len(names)
        array = case.arrays[k]
        names.append(f"x{k}")
        text = f"np.array({array.tolist()!r}, dtype={array.dtype.name!r})"
        if array.size == 0:
            text = f"np.zeros({array.shape!r}, dtype={array.dtype.name!r})"
        text = text.replace("nan", "float('nan')").replace("inf", "float('inf')")
        grad = ".requires_grad_()" if differentiates and k in case.differentiable() else ""
        lines.append(f"    x{k} = torch.from_numpy({text}){grad}")
        return f"x{k}"

    differentiates = outcome.check in ("gradient", "second_order") or not (layered or outcome.check == "forward")
    if case.spec.random or layered:
        lines.append(f"    torch.manual_seed({case.seed})")
    if isinstance(outcome.case, LayerCase):
        init, inputs = outcome.case.call.init, outcome.case.call.inputs
        lines.append(f"    layer = torch.{case.spec.name}({arguments(init, one)}).to(torch.{case.dtype})")
        lines.append("    print(name, layer)")
        if inputs is None:
            return "\n".join(lines)
        lines.append(f"    out = layer({arguments(inputs, one)})")
    else:
        lines.append(f"    out = torch.{case.spec.name}({arguments(case.call, one)})")
    lines.append("    print(name, out)")
    if outcome.check in ("gradient", "second_order"):
        wanted = ", ".join(f"x{k}" for k in case.differentiable())
        wanted += ", *layer.parameters()" if layered else ""
        lines.append("    out = out if hasattr(out, 'backward') else out[0]")
        lines.append("    g = torch.from_numpy(np.random.default_rng(0).normal(size=tuple(out.shape)))")
        lines.append(f"    print(torch.autograd.grad(out, [{wanted}], g.to(out.dtype), allow_unused=True))")
    return "\n".join(lines)


def arguments(call: Call, one: Callable) -> str:
    """Source text of a call's arguments."""
    return ", ".join([show(a, one) for a in call.args] + [f"{n}={show(v, one)}" for n, v in call.kwargs.items()])


def show(value: Any, one: Callable) -> str:
    """Source text of an argument."""
    import numpy as np

    if isinstance(value, (In, np.ndarray)):
        return one(value)
    if type(value) in (tuple, list):
        inner = ", ".join(show(v, one) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    return repr(value)


__all__ = ["Outcome", "run_check", "run_spec", "select", "snippet"]
