"""Every spec against torch: forward, gradients, twins, errors, edge values; see parity/checks.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, note
from hypothesis import strategies as st

import minitorch as mt
from parity import checks
from parity.case import place
from parity.checks import Case
from parity.spec import In, call

SPECS = checks.load_specs()
CHECKS = [
    pytest.param(spec, dtype, name, id=f"{spec.name}-{dtype}-{name}")
    for spec in SPECS.values()
    for dtype in spec.dtypes
    for name in checks.checks_for(spec, dtype)
]
LAYOUTS = ("plain", "plain", "transposed", "sliced", "reversed")


@pytest.mark.parametrize("spec, dtype, check", CHECKS)
def test_spec(spec: Any, dtype: str, check: str) -> None:
    run = checks.checks_for(spec, dtype)[check]

    @given(call=spec.calls, seed=st.integers(0, 2**20), layout=st.sampled_from(LAYOUTS))
    def body(call: Any, seed: int, layout: str) -> None:
        note(f"{spec.name}{call}, dtype={dtype}, seed={seed}, layout={layout}")
        run(Case(spec, call, dtype, seed, layout))

    body()


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in SPECS.values() if s.errors])
def test_refuses(spec: Any) -> None:
    for bad in spec.errors:
        checks.refuses(spec, bad)


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in SPECS.values() if s.edges])
def test_edges(spec: Any) -> None:
    with np.errstate(all="ignore"):
        for edge in spec.edges:
            case = Case(spec, edge, "float64", 0)
            checks.forward(case)
            if spec.order:
                checks.gradient(case)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS)))
@pytest.mark.parametrize("shape", [(1, 4, 1), (4, 1), (1, 3), (1,), (2, 3)])
def test_laid_out_copy(shape: tuple[int, ...], layout: str) -> None:
    """A case's own numbers are never shared with the tensors made of them: an in-place op would change them."""
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for library in (mt, torch):
        made = place(library, array, layout)
        assert np.array_equal(made.numpy(), array)
        assert not np.shares_memory(made.numpy(), array)


def uniform(*shape: int) -> In:
    return In(shape, low=-1.0, high=1.0)


FOUND = {  # calls that longer runs found, and the check that failed
    "recurrent steps from a state of other strides": (
        "nn.functional.recurrent.rnn_tanh", "second_order", "transposed",
        call(
            uniform(3, 3, 2), uniform(2, 3, 5), [uniform(5, 2), uniform(5, 5), uniform(5, 5), uniform(5, 5)],
            False, 2, 0.0, False, False, False,
        ),
    ),
    "a matrix whose strides torch's kron refuses": (
        "kron", "gradient", "transposed", call(uniform(2), uniform(3, 2)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FOUND)
def test_found(what: str) -> None:
    name, check, layout, found = FOUND[what]
    spec = SPECS[name]
    checks.checks_for(spec, "float64")[check](Case(spec, found, "float64", 0, layout))
