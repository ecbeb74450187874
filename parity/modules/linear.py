"""Specs of the linear layers."""

from __future__ import annotations

from hypothesis import strategies as st

from parity.module_spec import bad_layer, layer, module
from parity.spec import In

SHAPES = st.sampled_from([(4,), (3, 4), (2, 3, 4), (0, 4)])

module(
    "nn.Identity",
    SHAPES.map(lambda s: layer(54, unused=1).on(In(s))),
)
module(
    "nn.Linear",
    st.builds(lambda s, bias: layer(4, 3, bias=bias).on(In(s)), SHAPES, st.booleans()),
    errors=(bad_layer("shapes cannot be multiplied", layer(4, 3).on(In((2, 5)))),),
)
module("nn.LazyLinear", st.builds(lambda s, bias: layer(3, bias=bias).on(In(s)), SHAPES, st.booleans()))
