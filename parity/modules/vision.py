"""Specs of the layers that pad, resize, and trade channels for places."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, layered, module
from parity.spec import FLOATS, Bad, In
from parity.specs.vision import CHANNELS, SHUFFLED, UNSHUFFLED, resizes

KINDS = ("Circular", "Constant", "Reflection", "Replication", "Zero")
EXACT = (*FLOATS, "complex128", "int64")


@st.composite
def pads(draw: Any, n: int, kind: str) -> Layer:
    low = -1 if draw(st.booleans()) and kind != "Circular" else 0
    widths = draw(st.sampled_from((1, tuple(draw(st.integers(low, 2)) for _ in range(2 * n)))))
    x = In((*(2, 3)[: draw(st.integers(1, 2))], *(4, 5, 6)[:n]))
    return layer(widths, draw(st.sampled_from((1.5, 0, -2)))).on(x) if kind == "Constant" else layer(widths).on(x)


def pad_errors(n: int, kind: str) -> tuple[Bad, ...]:
    value = (1.0,) if kind == "Constant" else ()
    x = In((2, 3, *(4, 5, 6)[:n]))
    found = [bad_layer("divisible by 2", layer((1, 1, 1), *value).on(x))]
    if kind in ("Constant", "Zero"):
        return (*found, bad_layer("non-negative", layer(-4, *value).on(x)))
    too_wide = {"Circular": "more than once", "Reflection": "less than the corresponding"}
    if kind in too_wide:
        found.append(bad_layer(too_wide[kind], layer(9).on(x)))
    flat = bad_layer(
        f"expected {n + 1}D or {n + 2}D input" if kind == "Circular" else "not supported", layer(1).on(In((4,) * n))
    )
    return (*found, flat)


for _kind in KINDS:
    for _n in (1, 2, 3):
        module(f"nn.{_kind}Pad{_n}d", pads(_n, _kind), dtypes=EXACT, errors=pad_errors(_n, _kind))


@st.composite
def upsamples(draw: Any) -> Layer:
    """What F.interpolate takes, without antialias."""
    found = draw(resizes().filter(lambda c: not c.kwargs.get("antialias")))
    return layered(type(found)(found.args, {k: v for k, v in found.kwargs.items() if k != "antialias"}))


X = In((2, 3, 4, 5))
module(
    "nn.Upsample",
    upsamples(),
    errors=(
        bad_layer("either size or scale_factor", layer().on(X)),
        bad_layer("only one of size", layer(3, 2).on(X)),
        bad_layer("linear mode", layer(3, mode="linear").on(X)),
        bad_layer("align_corners option", layer(3, align_corners=True).on(X)),
        bad_layer("float", layer(scale_factor=[2, 2])),
    ),
)
_FACTORS = st.sampled_from((layer(6), layer((6, 7)), layer(scale_factor=2), layer(scale_factor=(1.5, 2.0))))
for _name in ("UpsamplingNearest2d", "UpsamplingBilinear2d"):
    module(f"nn.{_name}", _FACTORS.map(lambda made: made.on(X)), errors=(bad_layer("either size", layer().on(X)),))
module(
    "nn.PixelShuffle",
    SHUFFLED.map(layered),
    dtypes=(*FLOATS, "int64"),
    errors=(bad_layer("square of upscale_factor", layer(2).on(X)),),
)
module(
    "nn.PixelUnshuffle",
    UNSHUFFLED.map(layered),
    dtypes=(*FLOATS, "int64"),
    errors=(bad_layer("divisible by downscale_factor", layer(4).on(X)),),
)
module(
    "nn.ChannelShuffle",
    CHANNELS.map(layered),
    errors=(bad_layer("divisible by groups", layer(2).on(X)),),
)
