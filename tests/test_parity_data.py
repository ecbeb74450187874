"""Every sampler, random_split and the orders of a DataLoader against torch's; see parity/data.py."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from hypothesis import given, note, settings

import minitorch as mt
from parity import data
from parity.compare import Mismatch
from parity.data import LIBRARIES, SPECS

ALL = [pytest.param(spec, id=spec.name) for spec in SPECS.values()]


@pytest.mark.parametrize("spec", ALL)
def test_orders(spec: Any) -> None:
    @given(spec.draws)
    def body(options: Any) -> None:
        note(f"{spec.name}({options})")
        data.order(spec, options)

    body()


@pytest.mark.parametrize("spec", [p for p in ALL if p.values[0].workers is not None])
def test_orders_with_workers(spec: Any) -> None:
    @settings(max_examples=12)
    @given(spec.workers)
    def body(options: Any) -> None:
        note(f"{spec.name}({options})")
        data.order(spec, options)

    body()


@pytest.mark.parametrize("spec", ALL)
def test_errors_and_signatures(spec: Any) -> None:
    data.errors(spec)
    data.words(spec)


@pytest.mark.parametrize("spec", ALL)
def test_every_option_is_drawn(spec: Any) -> None:
    drawn: set[str] = set()

    @settings(max_examples=100)
    @given(spec.draws)
    def body(options: Any) -> None:
        drawn.update(options)

    body()
    drawn |= {"persistent_workers", "prefetch_factor"} if spec.workers is not None else set()
    parameters = set(inspect.signature(spec.of(torch)).parameters)
    assert parameters - set(spec.undrawn) == drawn


def test_every_sampler_has_a_spec() -> None:
    for library in LIBRARIES:
        found = vars(library.utils.data).items()
        samplers = {n for n, v in found if inspect.isclass(v) and issubclass(v, library.utils.data.Sampler)}
        assert sorted(samplers | {"random_split", "DataLoader"}) == sorted(SPECS)


@pytest.mark.parametrize("name", ["RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler"])
def test_another_order_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = getattr(mt.utils.data, name)
    monkeypatch.setattr(cls, "__iter__", lambda self, given=cls.__iter__: iter(list(given(self))[::-1]))
    options = {"data_source": 9} if name == "RandomSampler" else {"indices": list(range(9))}
    options = {"weights": [1.0] * 9, "num_samples": 9} if name == "WeightedRandomSampler" else options
    with pytest.raises(Mismatch):
        data.order(SPECS[name], options)
