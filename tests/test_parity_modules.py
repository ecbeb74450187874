"""Every layer against torch's: construction, output, gradients, state, copies, errors; see parity/module_checks.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from parity import module_checks as checks
from parity.runner import LAYOUTS

SPECS = checks.load_modules()
CHECKS = [
    pytest.param(spec, dtype, name, id=f"{spec.name}-{dtype}-{name}")
    for spec in SPECS.values()
    for dtype in spec.dtypes
    for name in checks.checks_for(spec, dtype)
]


@pytest.mark.parametrize("spec, dtype, check", CHECKS)
def test_module(spec: Any, dtype: str, check: str) -> None:
    run = checks.checks_for(spec, dtype)[check]

    @given(call=spec.calls, seed=st.integers(0, 2**20), layout=st.sampled_from(LAYOUTS))
    def body(call: Any, seed: int, layout: str) -> None:
        note(f"{spec.name} {call}, dtype={dtype}, seed={seed}, layout={layout}")
        run(checks.LayerCase(spec, call, dtype, seed, layout))

    body()


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in SPECS.values() if s.errors])
def test_refuses(spec: Any) -> None:
    for bad in spec.errors:
        checks.refuses(spec, bad)
