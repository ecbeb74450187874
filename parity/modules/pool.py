"""Specs of the pooling layers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, layered, module
from parity.spec import Call, In
from parity.specs.pool import SIZES, adaptive_calls, avg_calls, fractional_calls, lp_calls, max_calls, unpool_calls


@st.composite
def fractional(draw: Any, n: int) -> Layer:
    """With the random numbers given, as the function takes them, or drawn at the call."""
    found = draw(fractional_calls(n))
    kwargs = dict(found.kwargs)
    if draw(st.booleans()):
        del kwargs["_random_samples"]
    return layer(*found.args[1:], **kwargs).on(found.args[0])


def unpooled(found: Call) -> Layer:
    return layer(*found.args[2:]).on(*found.args[:2], **found.kwargs)


for _n in (1, 2, 3):
    _x = In((2, 3, *SIZES[_n]))
    _windows = (
        bad_layer("Output size is too small", layer(12).on(_x)),
        bad_layer("at most half", layer(2, padding=2).on(_x)),
        bad_layer("kernel_size must", layer((2,) * (_n + 1)).on(_x)),
    )
    module(
        f"nn.MaxPool{_n}d",
        max_calls(_n).map(layered),
        errors=(*_windows, bad_layer("dilation", layer(2, dilation=0).on(_x))),
    )
    module(f"nn.AvgPool{_n}d", avg_calls(_n).map(layered), errors=_windows)
    module(
        f"nn.LPPool{_n}d",
        lp_calls(_n).map(layered),
        errors=(bad_layer("float", layer("two", 2).on(_x)),),
    )
    module(
        f"nn.AdaptiveAvgPool{_n}d",
        adaptive_calls(_n).map(layered),
        errors=(bad_layer("Expected", layer(2).on(In((3,)))),),
    )
    module(
        f"nn.AdaptiveMaxPool{_n}d",
        adaptive_calls(_n, True).map(layered),
        errors=(bad_layer("Expected", layer(2).on(In((3,)))),),
    )
    # torch's backward refuses upstream gradients and inputs that are not contiguous: see tests/test_nn_pool.py
    module(
        f"nn.MaxUnpool{_n}d",
        unpool_calls(_n).map(unpooled),
        order=0,
        errors=(
            bad_layer("shape of indices", layer(2).on(In((2, *(3,) * _n)), In((2, *(2,) * _n), "int64"))),
            bad_layer("int64", layer(2).on(In((2, *(3,) * _n)), In((2, *(3,) * _n), "int32"))),
        ),
    )
for _n in (2, 3):
    module(
        f"nn.FractionalMaxPool{_n}d",
        fractional(_n),
        random=True,
        errors=(
            bad_layer("requires specifying either an output size, or a pooling ratio", layer(2)),
            bad_layer("only one of output_size and output_ratio may be specified", layer(2, 2, 0.5)),
            bad_layer("output_ratio must be between 0 and 1", layer(2, output_ratio=1.5)),
            bad_layer("too large", layer(9, 2).on(In((2, 3, *SIZES[_n])))),
        ),
    )
