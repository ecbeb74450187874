"""Microbenchmarks of every operation with a parity spec: the spec draws the call, here it is made larger and timed.

So a new operation is measured as soon as it has a spec. "small" is a call as the parity tests draw it (a few to some
hundred elements); "medium" has every size multiplied by the same factor, which keeps shapes compatible. Calls that
name a size in numbers (reshape) or that one of the libraries then refuses have no medium form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace as with_fields
from math import prod
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.workload import Step, Workload
from parity import checks
from parity.calling import lookup, quietly, random_like
from parity.case import Case, inputs_of, replace
from parity.spec import Call, In, Spec

DRAWN = 12  # calls drawn from each spec; the one with most elements is taken
MEDIUM = 200_000  # elements at most, in the largest input
FACTORS = (64, 32, 16, 8, 4)


def workloads(only: str | None) -> Iterator[Workload]:
    """One workload per spec, size and direction."""
    for spec in checks.load_specs().values():
        if "float32" not in spec.dtypes or (only and only not in spec.name):
            continue
        call = drawn(spec)
        if call is None:
            continue
        medium = enlarged(call)
        for size, form in (("small", call), ("medium", medium)):
            if form is None or not works(spec, form):
                continue
            yield Workload(f"{spec.name} {size}", "specs", stepping(spec, form, False))
            if spec.order >= 1 and works(spec, form, True):
                yield Workload(f"{spec.name} {size} + backward", "specs", stepping(spec, form, True))


def drawn(spec: Spec) -> Call | None:
    """The largest of a few calls, always the same; None if all are of explicit arrays or empty."""
    calls: list[Call] = []

    @seed(0)
    @settings(
        max_examples=DRAWN, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(spec.calls)
    def collect(call: Call) -> None:
        calls.append(call)

    collect()
    calls = [call for call in calls if elements(call) and all(isinstance(x, In) for x in inputs_of(call))]
    return max(calls, key=elements, default=None)


def elements(call: Call) -> int:
    """Of the largest input; 0 if one is empty."""
    counts = [prod(np.shape(x) if isinstance(x, np.ndarray) else x.shape) for x in inputs_of(call)]
    return max(counts, default=0) if all(counts) else 0


def enlarged(call: Call) -> Call | None:
    """The call with every size above 1 multiplied, so that the largest input has at most MEDIUM elements."""
    for factor in FACTORS:

        def larger(spot: In, factor: int = factor) -> In:
            return with_fields(spot, shape=tuple(n * factor if n > 1 else n for n in spot.shape))

        made = Call(
            tuple(replace(a, larger) for a in call.args), {k: replace(v, larger) for k, v in call.kwargs.items()}
        )
        if elements(call) < elements(made) <= MEDIUM:
            return made
    return None


def stepping(spec: Spec, call: Call, backward: bool) -> Callable[..., Step]:
    """make(L, device) for one call; with `backward`, the gradients of its inputs under a fixed random one."""

    @quietly
    def make(L: Any, device: str) -> Step:
        case = Case(spec, call, "float32", 0)
        on = device if device != "cpu" else None
        args, kwargs, tensors = case.build(L, set(case.differentiable()) if backward else None, on)
        forward = calling(spec, L, args, kwargs)
        if not backward:
            return forward
        wanted = [tensors[k] for k in case.differentiable()]
        upstream = [random_like(L, out, np.random.default_rng(1), on) for out in _tracked(spec, forward())]
        if not upstream or not wanted:
            raise ValueError(f"{spec.name}: nothing to differentiate")
        return lambda: L.autograd.grad(_tracked(spec, forward()), wanted, upstream, allow_unused=True)[0]

    return make


def calling(spec: Spec, L: Any, args: tuple, kwargs: dict) -> Step:
    """The bare call; seeded before if it draws random numbers."""
    fn = lookup(L, spec.name if L.__name__ == "minitorch" else spec.torch or spec.name)
    if not spec.random:
        return lambda: fn(*args, **kwargs)

    def seeded() -> Any:
        L.manual_seed(0)
        return fn(*args, **kwargs)

    return seeded


def _tracked(spec: Spec, result: Any) -> list:
    outs = checks.leaves(result)
    if spec.grad_of is not None:
        outs = [outs[i] for i in spec.grad_of]
    return [out for out in outs if checks.is_tensor(out) and out.requires_grad]


@quietly
def works(spec: Spec, call: Call, backward: bool = False) -> bool:
    """Whether both libraries take the call."""
    import torch

    import minitorch

    try:
        for L in (minitorch, torch):
            stepping(spec, call, backward)(L, "cpu")()
    except Exception:  # noqa: BLE001 - whatever it is, there is nothing to time
        return False
    return True
