"""The tester is tested: break one derivative at a time and see that the gradient check goes red.

For each vjp of each op, the cases of the specs that reach it are recorded; then the vjp is scaled by 1.001, its sign
flipped, its gradient zeroed, its upstream ignored, and at least one of those cases must fail each time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from minitorch.autograd.base import TensorBase
from minitorch.autograd.op import Op, Vjp, registry
from minitorch.autograd.saved import make_apply
from parity import checks
from parity.checks import Case

KEEP = 6  # recorded cases for each vjp


def _map(result: Any, fn: Callable) -> Any:
    if isinstance(result, (tuple, list)):
        return [None if r is None else fn(r) for r in result]
    return None if result is None else fn(result)


def _ones(g: Any) -> Any:
    if isinstance(g, (tuple, list)):
        return [None if x is None else _ones(x) for x in g]
    return g * 0 + 1


MUTATIONS: dict[str, Callable[[Callable], Callable]] = {
    "scaled by 1.001": lambda fn: lambda g, *a: _map(fn(g, *a), lambda r: r * 1.001),
    "sign flipped": lambda fn: lambda g, *a: _map(fn(g, *a), lambda r: r * -1.0),
    "zeroed": lambda fn: lambda g, *a: _map(fn(g, *a), lambda r: r * 0.0),
    "upstream ignored": lambda fn: lambda g, *a: fn(_ones(g), *a),
}


@contextlib.contextmanager
def replaced(op: Op, vjp: Vjp, fn: Callable) -> Iterator[None]:
    """Within the block, `vjp` of `op` computes `fn`."""
    original = vjp.fn
    try:
        vjp.fn = fn
        rebuild(op)
        yield
    finally:
        vjp.fn = original
        rebuild(op)


def rebuild(op: Op) -> None:
    apply = make_apply(op)
    for cls in op.node_classes.values():
        cls.apply = apply  # type: ignore[attr-defined]


def record(examples: int = 8) -> dict[tuple[str, int], list[Case]]:
    """For each (op, number of vjp): cases whose float64 gradient check calls it with a nonzero result."""
    found: dict[tuple[str, int], list[Case]] = {}
    current: list[Case] = []
    undo: list[tuple[Op, Vjp, Callable]] = []

    def watch(key: tuple[str, int], fn: Callable) -> Callable:
        def watched(g: Any, *args: Any) -> Any:
            result = fn(g, *args)
            cases = found.setdefault(key, [])
            if current and len(cases) < KEEP and (not cases or cases[-1] is not current[0]) and _nonzero(result):
                cases.append(current[0])
            return result

        return watched

    specs = checks.load_specs()  # first: it imports the modules that are otherwise imported on request
    for op in registry.values():
        for k, vjp in enumerate(op.vjps):
            undo.append((op, vjp, vjp.fn))
            vjp.fn = watch((op.name, k), vjp.fn)
        rebuild(op)
    try:
        for spec in specs.values():
            dtype = next((d for d in ("float64", "complex128") if d in spec.dtypes), None)
            if dtype is not None and spec.order >= 1:
                _drive(spec, dtype, examples, current)
    finally:
        for op, vjp, fn in undo:
            vjp.fn = fn
            rebuild(op)
    return found


def _drive(spec: Any, dtype: str, examples: int, current: list) -> None:
    """Draw cases of a spec and run their gradients in minitorch, noting the case being run."""

    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(call=spec.calls, value_seed=st.integers(0, 2**20))
    def body(call: Any, value_seed: int) -> None:
        case = Case(spec, call, dtype, value_seed)
        able = set(case.differentiable())
        if able:
            current[:] = [case]
            # both ways: an op with a composed reference uses its own vjp only in an ordinary pass
            for second in (False, True)[: spec.order]:
                checks.attempt(
                    lambda second=second: checks.gradients(case, checks.mt, spec.name, able, value_seed + 1, second)
                )
            current.clear()

    body()


def _nonzero(result: Any) -> bool:
    for r in result if isinstance(result, (tuple, list)) else [result]:
        if r is not None:
            array = np.asarray(r._array if isinstance(r, TensorBase) else r)
            if array.size and np.any(array != 0):
                return True
    return False


def survives(op: Op, vjp: Vjp, mutate: Callable, cases: list[Case]) -> bool:
    """True if no recorded case notices the mutation."""
    with replaced(op, vjp, mutate(vjp.fn)):
        for case in cases:
            able = set(case.differentiable())
            try:
                checks.compare_gradients(case, able, False)
                if case.spec.order >= 2:
                    checks.compare_gradients(case, able, True)
            except Exception:  # noqa: BLE001 - a mutant may fail in any way; all that counts is that it fails
                return False
    return True
