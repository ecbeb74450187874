"""The checks that a spec goes through: each runs one drawn call in both libraries and compares.

Every check raises `Mismatch` with what differs; the runner turns it into a snippet that runs in both libraries.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch

import minitorch as mt
import parity.specs
from parity.calling import NARROW, attempt, in_float64, in_torch, invoke, paths, quietly, random_like, widened
from parity.case import Case
from parity.compare import Mismatch, Tolerant, host, is_tensor, leaves, same, same_tensor
from parity.spec import FLOATING, Bad, Spec, registry
from parity.twins import inplace_twin, method_twin, out_twin


def forward(case: Case, device: Any = None) -> None:
    """Values, dtype and shape; inputs unchanged unless the op is in place."""
    spec = case.spec
    ours, theirs = paths(spec)
    args, kwargs, tensors = case.build(mt, device=device)
    x = invoke(spec, mt, ours, args, kwargs, case.seed)

    def of_torch(case: Case) -> tuple[Any, list]:
        args, kwargs, tensors = case.build(torch)
        return invoke(spec, torch, theirs, args, kwargs, case.seed), tensors

    y, ttensors = in_torch(case, of_torch)
    same(spec, "forward", x, y, in_float64(case))
    for k, (t, u) in enumerate(zip(tensors, ttensors, strict=True)):
        same_tensor(Spec("", spec.calls), f"input {k} after the call", t, u, None)


@quietly
def gradients(
    case: Case, library: Any, path: str, requires: set[int], upstream_seed: int, second: bool, device: Any = None
) -> list:
    """Gradients of the inputs under a random upstream gradient; with `second`, also those of a function of them."""
    args, kwargs, tensors = case.build(library, requires, device)
    out = leaves(invoke(case.spec, library, path, args, kwargs, case.seed))
    if case.spec.grad_of is not None:
        out = [out[i] for i in case.spec.grad_of]
    out = [o for o in out if is_tensor(o) and o.requires_grad]
    narrow = case.dtype if case.dtype in NARROW else None
    wanted = [tensors[k] for k in sorted(requires)]
    return derivatives(library, out, wanted, upstream_seed, second, device, narrow)


def derivatives(
    library: Any, out: list, wanted: list, upstream_seed: int, second: bool, device: Any = None,
    narrow: str | None = None,
) -> list:  # fmt: skip
    """Gradients of `wanted` under random upstream gradients of `out`; with `second`, also of a function of these.

    narrow: the dtype that upstream gradients are rounded to, so that a run in float64 has those of the narrow one.
    """
    if not out:
        return [None] * len(wanted)
    rng = np.random.default_rng(upstream_seed)
    upstream = [random_like(library, o, rng, device, narrow) for o in out]
    if second:
        for g in upstream:
            g.requires_grad_(True)
    first = list(library.autograd.grad(out, wanted, upstream, create_graph=second, allow_unused=True))
    if not second:
        return first
    tracked = [g for g in first if g is not None and g.requires_grad]
    if not tracked:
        return first + [None] * (len(wanted) + len(upstream))
    again = [random_like(library, g, rng, device, narrow) for g in tracked]
    return first + list(library.autograd.grad(tracked, wanted + upstream, again, allow_unused=True))


def compare_gradients(
    case: Case, requires: set[int], second: bool, device: Any = None, ours: str = "", theirs: str = ""
) -> None:
    name, torch_name = paths(case.spec)
    x = gradients(case, mt, ours or name, requires, case.seed + 1, second, device)

    def of_torch(case: Case) -> list:
        return gradients(case, torch, theirs or torch_name, requires, case.seed + 1, second)

    y = in_torch(case, of_torch)
    exact: Any = [None] * len(y)
    if case.dtype in NARROW:
        exact = in_torch(widened(case), of_torch)
    kind = "second derivative" if second else "gradient"
    where = f"(inputs that require grad: {sorted(requires)})"
    same_gradients(case.spec, [f"{kind} {k} {where}" for k in range(len(y))], x, y, exact)


def same_gradients(spec: Tolerant, labels: list[str], ours: list, theirs: list, exact: list) -> None:
    """Raise Mismatch unless the gradients agree; an undefined one and one of zeros mean the same."""
    for label, a, b, e in zip(labels, ours, theirs, exact, strict=True):
        if (a is None) != (b is None):
            if np.any(host(b if a is None else a) != 0):
                raise Mismatch(f"{label}: {'None' if a is None else 'a tensor'}, torch gives the other")
        elif a is not None:
            same(spec, label, a, b, e)


def gradient(case: Case, device: Any = None) -> None:
    """Gradients under a random upstream gradient, for each input alone and all together."""
    able = case.differentiable()
    for requires in subsets(able):
        compare_gradients(case, requires, False, device)


def subsets(able: list[int]) -> Iterator[set[int]]:
    if able:
        yield set(able)
    if len(able) > 1:
        for k in able:
            yield {k}


def second_order(case: Case, device: Any = None) -> None:
    """Derivatives of the gradients, with respect to inputs and upstream gradient."""
    able = case.differentiable()
    if able:
        compare_gradients(case, set(able), True, device)


def refuses(spec: Spec, bad: Bad, device: Any = None) -> None:
    """A bad call raises torch's exception type, with our words."""
    case = Case(spec, bad.call, bad.dtype, 0)
    ours, theirs = paths(spec)
    args, kwargs, _ = case.build(mt, device=device)
    _, error = attempt(lambda: invoke(spec, mt, ours, args, kwargs, 0))
    targs, tkwargs, _ = case.build(torch)
    _, terror = attempt(lambda: invoke(spec, torch, theirs, targs, tkwargs, 0))
    same_refusal(bad, error, terror)


def same_refusal(bad: Bad, error: Exception | None, terror: Exception | None) -> None:
    """Raise Mismatch unless both errors are there, ours of torch's type and with the words."""
    if error is None:
        raise Mismatch(f"bad call {bad.label or bad.call}: accepted; torch: {type(terror).__name__}: {terror}")
    wanted = bad.type or type(terror)
    if terror is None and bad.type is None:
        raise Mismatch(f"bad call {bad.label or bad.call}: torch accepts it")
    if not isinstance(error, wanted if wanted is not torch.linalg.LinAlgError else RuntimeError):
        raise Mismatch(f"bad call: {type(error).__name__} ({error}), torch: {type(terror).__name__} ({terror})")
    if bad.words not in str(error):
        raise Mismatch(f"bad call: the message lacks {bad.words!r}: {error}")


def checks_for(spec: Spec, dtype: str) -> dict[str, Callable]:
    """The checks on drawn calls that apply to a spec at a dtype, by name."""
    found: dict[str, Callable] = {"forward": forward}
    if dtype in FLOATING and spec.order >= 1:
        found["gradient"] = gradient
        if spec.order >= 2 and dtype in ("float64", "complex128"):
            found["second_order"] = second_order
    if spec.method and not spec.name.startswith("Tensor."):
        found["method"] = method_twin
    if spec.inplace:
        found["inplace"] = inplace_twin
    if spec.out:
        found["out"] = out_twin
    return found


def load_specs() -> dict[str, Spec]:
    """Import every file of parity/specs; returns the registry."""
    load_files(parity.specs)
    return registry


def load_files(package: ModuleType) -> None:
    """Import every file of a package; each registers its specs."""
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
