"""Nothing public without a spec: every op, function and method is compared with torch, or exempt with a reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

import minitorch as mt
from minitorch.nn import functional as F
from parity import checks, module_checks
from parity.calling import lookup
from parity.exempt import EXEMPT, NO_LAYER, NOT_HERE, UNVARIED

SPECS = checks.load_specs()
LAYERS = module_checks.load_modules()
SPACES = tuple((getattr(mt, name), f"{name}.") for name in ("linalg", "fft", "special", "masked"))


def covered() -> set[str]:
    """All public paths that some spec checks, the method, in-place and NumPy-style twins included."""
    names = set()
    for spec in SPECS.values():
        names.add(spec.name)
        last = spec.name.rsplit(".", 1)[-1]
        if spec.method:
            names.add(f"Tensor.{last}")
        if spec.inplace:
            names.add(f"Tensor.{last}_")
            names.add(f"{last}_")
    return names


def public() -> dict[str, Callable]:
    found: dict[str, Callable] = {}
    for name in dir(mt):  # those included that are imported when they are first named
        value = getattr(mt, name)
        if not name.startswith("_") and inspect.isfunction(value):
            found[name] = value
    windows = mt.signal.windows
    for namespace, prefix in ((F, "nn.functional."), *SPACES, (windows, "signal.windows.")):
        for name in namespace.__all__:
            found[prefix + name] = getattr(namespace, name)
    for name, value in inspect.getmembers(mt.Tensor):
        if callable(value) and not name.startswith("_"):
            found[f"Tensor.{name}"] = value
    return found


def test_every_public_name_has_a_spec() -> None:
    have = covered()
    missing = sorted(n for n in public() if n not in have and n not in EXEMPT)
    assert not missing, f"{len(missing)} public names have neither a spec nor an exemption:\n" + "\n".join(missing)


def test_exemptions_are_needed() -> None:
    have, names = covered(), public()
    assert sorted(n for n in EXEMPT if n in have or n not in names) == []
    assert all(reason.strip() for reason in EXEMPT.values())


def test_tolerances_have_reasons() -> None:
    assert [s.name for s in (*SPECS.values(), *LAYERS.values()) if s.tolerance and not s.why] == []


def layers(library: Any) -> set[str]:
    """The public classes of layers."""
    found = [(n, getattr(library.nn, n)) for n in dir(library.nn)]
    return {n for n, v in found if inspect.isclass(v) and issubclass(v, library.nn.Module) and not n.startswith("_")}


def test_every_layer_has_a_spec() -> None:
    ours = {f"nn.{name}" for name in layers(mt)}
    assert sorted(ours - set(LAYERS)) == sorted(NO_LAYER)
    assert sorted(set(LAYERS) - ours) == []


def test_every_layer_of_torch_is_here() -> None:
    assert sorted(layers(torch) - layers(mt)) == sorted(NOT_HERE)
    assert sorted(layers(mt) - layers(torch)) == []


def unvaried(spec: Any) -> list[str]:
    """Parameters of the constructor, with a default, to which a hundred drawn layers give one value only."""
    parameters = module_checks.parameters(lookup(torch, spec.name))
    names = [n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    values: dict[str, set[str]] = {n: set() for n, p in parameters.items() if p.default is not p.empty}

    @seed(0)
    @settings(max_examples=100, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(spec.calls)
    def draw(call: Any) -> None:
        passed = dict(zip(names, call.init.args, strict=False)) | call.init.kwargs
        for name, found in values.items():
            found.add(repr(passed.get(name, parameters[name].default)))

    draw()
    return [name for name, found in values.items() if len(found) < 2]


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_option_of_a_layer_is_varied(name: str) -> None:
    missing = [f"{name}.{option}" for option in unvaried(LAYERS[name]) if option not in UNVARIED]
    assert name in UNVARIED or [m for m in missing if m not in UNVARIED] == []
