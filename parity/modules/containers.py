"""Specs of the containers: what they hold and how it is named. Methods: tests/nn/test_container.py."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import strategies as st

from parity.case import Of
from parity.module_spec import bad_layer, layer, module
from parity.spec import In

LINEAR = Of(lambda lib: lib.nn.Linear(4, 3), "torch.nn.Linear(4, 3)")
RELU = Of(lambda lib: lib.nn.ReLU(), "torch.nn.ReLU()")
NORM = Of(lambda lib: lib.nn.BatchNorm1d(3), "torch.nn.BatchNorm1d(3)")
PARAMETER = Of(lambda lib: lib.nn.Parameter(lib.ones(2, 3)), "torch.nn.Parameter(torch.ones(2, 3))")
PLAIN = Of(lambda lib: lib.zeros(3), "torch.zeros(3)")


def mapping(**values: Of) -> Of:
    """A dict whose values each library makes."""
    return Of(lambda lib: {k: v.make(lib) for k, v in values.items()}, f"dict({values})")


def ordered(**values: Of) -> Of:
    return Of(lambda lib: OrderedDict((k, v.make(lib)) for k, v in values.items()), f"OrderedDict({values})")


module(
    "nn.Sequential",
    st.sampled_from([
        layer(LINEAR, RELU), layer(LINEAR, NORM, RELU), layer(LINEAR), layer(),
        layer(ordered(first=LINEAR, norm=NORM, last=RELU)), layer(LINEAR, NORM, NORM),
    ]).map(lambda made: made.on(In((5, 4)))),
    order=2,
    errors=(bad_layer("is not a Module subclass", layer(3)),),
)  # fmt: skip
module(
    "nn.ModuleList",
    st.sampled_from([layer(), layer([LINEAR, RELU, NORM]), layer([LINEAR, LINEAR]), layer(modules=[RELU])]),
    order=0,
    errors=(bad_layer("is not a Module subclass", layer([3])),),
)
module(
    "nn.ModuleDict",
    st.sampled_from([layer(), layer(mapping(a=LINEAR, b=RELU)), layer(modules=mapping(norm=NORM))]),
    order=0,
    errors=(bad_layer("is not a Module subclass", layer({"a": 3})),),
)
module(
    "nn.ParameterList",
    st.sampled_from([layer(), layer([PARAMETER, PLAIN]), layer(values=[PARAMETER])]),
    order=0,
)
module(
    "nn.ParameterDict",
    st.sampled_from([layer(), layer(mapping(a=PARAMETER, b=PLAIN)), layer(parameters=mapping(w=PARAMETER))]),
    order=0,
)
