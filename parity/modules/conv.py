"""Specs of the convolution layers, plain, transposed and lazy, and of Unfold and Fold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.case import DType
from parity.module_spec import Layer, bad_layer, layer, layered, module
from parity.spec import FLOATS, Bad, In
from parity.specs.conv import fold_calls, unfold_calls

DTYPES = (*FLOATS, "complex128")


@st.composite
def convs(draw: Any, n: int, lazy: bool = False) -> Layer:
    """Every way to say how wide: numbers, tuples, words; every padding mode; with and without batch, bias, groups."""
    groups = draw(st.sampled_from((1, 1, 2)))
    kernel, dilation = (tuple(draw(st.integers(1, 2 + (n < 3) * one)) for _ in range(n)) for one in (1, 0))
    channels = () if lazy else (2 * groups,)
    x = In((*draw(st.sampled_from(((2,), (2,), ()))), 2 * groups, *(6, 7, 5)[:n]))
    mode = draw(st.sampled_from(("by position", "zeros", "reflect", "replicate", "circular")))
    if mode == "by position":
        return layer(*channels, 3 * groups, kernel, 1, 1).on(x)
    each = (1, 0, 2)[:n]
    options: dict[str, Any] = {"padding": draw(st.sampled_from((each, each, 1, "same", "valid"))), "padding_mode": mode}
    if options["padding"] != "same":
        options["stride"] = draw(st.sampled_from((1, 2, (2, 1, 2)[:n])))
    options.update(dilation=dilation, groups=groups, bias=draw(st.booleans()))
    return layer(*channels, 3 * groups, kernel_size=draw(st.sampled_from((kernel, kernel, 2))), **options).on(x)


@st.composite
def transposed(draw: Any, n: int, lazy: bool = False) -> Layer:
    """Output padding given at construction, or the output's size at the call."""
    groups = draw(st.sampled_from((1, 1, 2)))
    kernel, dilation = (tuple(draw(st.integers(1, 2 + (n < 3) * one)) for _ in range(n)) for one in (1, 0))
    stride, padding = draw(st.sampled_from((1, 2, (2, 1, 3)[:n]))), draw(st.sampled_from((0, (1, 0, 1)[:n])))
    steps = stride if isinstance(stride, tuple) else (stride,) * n
    borders = padding if isinstance(padding, tuple) else (padding,) * n
    spatial = (3, 4, 5)[:n]
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(steps, dilation, strict=True))
    x = In((*draw(st.sampled_from(((2,), (2,), ()))), 2 * groups, *spatial))
    made = layer(
        *(() if lazy else (2 * groups,)), 3 * groups, kernel, stride, padding, extra, groups, draw(st.booleans()),
        dilation,
    )  # fmt: skip
    if draw(st.booleans()):
        return made.on(x)
    terms = zip(spatial, kernel, steps, borders, dilation, strict=True)
    size = [(s - 1) * step - 2 * p + d * (k - 1) + step for s, k, step, p, d in terms]
    return made.on(x, [*x.shape[:-n], *size] if draw(st.booleans()) else size)


def conv_errors(n: int) -> tuple[Bad, ...]:
    s, x = (5, 6, 7)[:n], In((2, 4, *(5, 6, 7)[:n]))
    return (
        bad_layer("groups must be a positive integer", layer(4, 4, 3, groups=0)),
        bad_layer("in_channels must be divisible by groups", layer(4, 4, 3, groups=3)),
        bad_layer("out_channels must be divisible by groups", layer(4, 6, 3, groups=4)),
        bad_layer("Invalid padding string 'some'", layer(4, 4, 3, padding="some")),
        bad_layer("padding='same' is not supported for strided convolutions", layer(4, 4, 3, 2, "same")),
        bad_layer("padding_mode must be one of", layer(4, 4, 3, padding_mode="mirror")),
        bad_layer("weight expects 3 input channels, but the input has 4", layer(3, 4, 3).on(x)),
        bad_layer("Expected", layer(4, 4, 3).on(In(s[:n]))),
        bad_layer("Kernel size can't be greater", layer(4, 4, 9).on(x)),
        bad_layer("non-positive stride", layer(4, 4, 3, 0).on(x)),
        bad_layer("single integer value or a list", layer(4, 4, 3, (1,) * (n + 1)).on(x)),
        bad_layer("expected scalar type", layer(4, 4, 3, dtype=DType("float64")).on(In(x.shape, "float32"))),
        bad_layer("less than the corresponding", layer(4, 4, 3, padding=9, padding_mode="reflect").on(x)),
        bad_layer("negative", layer(4, 4, -1)),
    )


def transposed_errors(n: int) -> tuple[Bad, ...]:
    x = In((2, 4, *(5, 6, 7)[:n]))
    return (
        bad_layer('Only "zeros" padding mode is supported', layer(4, 4, 3, padding_mode="reflect")),
        bad_layer("groups must be a positive integer", layer(4, 4, 3, groups=0)),
        bad_layer("output_size must have", layer(4, 4, 3, 2).on(x, [5] * (n + 1))),
        bad_layer("requested an output size of", layer(4, 4, 3, 2).on(x, [40] * n)),
        bad_layer("output padding must be smaller", layer(4, 4, 3, output_padding=1).on(x)),
        bad_layer("weight expects 3 input channels", layer(3, 4, 3).on(x)),
    )


def lazy_errors(n: int) -> tuple[Bad, ...]:
    return (
        bad_layer("Expected", layer(4, 2).on(In((3, 4, 5)[:n]))),
        bad_layer("in_channels must be divisible by groups", layer(4, 2, groups=2).on(In((1, 3, 4, 5, 6)[: n + 2]))),
    )


# not in 16 bits: torch rounds partial sums of the gradients to them, here they are summed in float32
for _n in (1, 2, 3):
    module(f"nn.Conv{_n}d", convs(_n), dtypes=DTYPES, errors=conv_errors(_n))
    module(f"nn.ConvTranspose{_n}d", transposed(_n), dtypes=DTYPES, errors=transposed_errors(_n))
    module(f"nn.LazyConv{_n}d", convs(_n, lazy=True), errors=lazy_errors(_n))
    module(f"nn.LazyConvTranspose{_n}d", transposed(_n, lazy=True), errors=lazy_errors(_n))

module(
    "nn.Unfold",
    unfold_calls().map(layered),
    dtypes=DTYPES,
    errors=(
        bad_layer("kernel_size should be greater than zero", layer(0).on(In((1, 3, 4)))),
        bad_layer("sliding blocks", layer(9).on(In((1, 3, 4)))),
    ),
)
module(
    "nn.Fold",
    fold_calls().map(layered),
    dtypes=DTYPES,
    errors=(
        bad_layer("divisible by the product", layer((4, 5), 2).on(In((3, 4)))),
        bad_layer("number of sliding blocks", layer((4, 5), 2).on(In((4, 5)))),
    ),
)
