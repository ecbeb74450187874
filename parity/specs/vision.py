"""Specs of padding, resizing, sampling at grids, and channels traded for places."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import COMPLEX, FLOATS, INTEGERS, Bad, Call, In, call, spec

SIZES = (2, 3, 4, 5, 6)


@st.composite
def pads(draw: Any) -> Call:
    mode = draw(st.sampled_from(("constant", "constant", "reflect", "replicate", "circular")))
    if mode == "constant":
        ndim = draw(st.integers(1, 4))
        s = (*SIZES[:ndim],)
        n = draw(st.integers(0, ndim))
        widths = tuple(draw(st.integers(-1 if s[ndim - 1 - i // 2] > 2 else 0, 3)) for i in range(2 * n))
        return (
            call(In(s), widths)
            if draw(st.booleans())
            else call(In(s), widths, "constant", draw(st.sampled_from((1.5, None, 0))))
        )
    n = draw(st.integers(1, 3))
    s = (*(2, 3)[: draw(st.integers(1, 2))], *(4, 5, 6)[:n])
    low = -1 if draw(st.booleans()) and mode != "circular" else 0
    return call(In(s), tuple(draw(st.integers(low, 2)) for _ in range(2 * n)), mode)


X = In((2, 3, 4, 5))
spec(
    "nn.functional.pad",
    pads(),
    dtypes=(*FLOATS, *COMPLEX, *INTEGERS),
    errors=(
        Bad(call(X, (5, 0), mode="reflect"), "not supported for 4D"),
        Bad(call(X, (5, 0, 0, 0), mode="reflect"), "less than the corresponding"),
        Bad(call(X, (1,)), "divisible by 2"),
        Bad(call(X, (1, 1, 1, 1), mode="reflect", value=2.0), "value"),
        Bad(call(X, (1, 1), mode="foo"), "Unrecognised"),
        Bad(call(X, (1,) * 10), "two times the input"),
        Bad(call(X, (-3, -3)), "non-negative"),
        Bad(call(X, (6, 0, 1, 1), mode="circular"), "more than once"),
        Bad(call(X, 1.5), "tuple of ints"),
    ),
)

_MODES = {
    1: ("nearest", "nearest-exact", "linear", "area"),
    2: ("nearest", "nearest-exact", "bilinear", "bicubic", "area"),
    3: ("nearest", "nearest-exact", "trilinear", "area"),
}


@st.composite
def resizes(draw: Any) -> Call:
    n = draw(st.integers(1, 3))
    mode = draw(st.sampled_from(_MODES[n]))
    options: dict[str, Any] = {"mode": mode}
    if mode.endswith(("linear", "cubic")):
        options["align_corners"] = draw(st.sampled_from((None, True, False)))
        options["antialias"] = n == 2 and draw(st.booleans())
    x = In((2, 3, *(4, 5, 3)[:n]))
    if draw(st.booleans()):
        return call(x, tuple(draw(st.integers(1, 8)) for _ in range(n)), **options)
    options["recompute_scale_factor"] = draw(st.sampled_from((None, True, False)))
    return call(x, scale_factor=draw(st.sampled_from((2, 1.7, 0.6, tuple(1.3 + 0.4 * i for i in range(n))))), **options)


spec(
    "nn.functional.interpolate",
    resizes(),
    errors=(
        Bad(call(X), "either size or scale_factor"),
        Bad(call(X, 3, 2), "only one of size"),
        Bad(call(X, (3, 3, 3)), "same number of spatial dimensions"),
        Bad(call(X, scale_factor=(2, 2, 2)), "same number of spatial dimensions"),
        Bad(call(X, 3, mode="linear"), "linear mode"),
        Bad(call(X, 3, mode="foo"), "foo"),
        Bad(call(X, 3, align_corners=True), "align_corners option"),
        Bad(call(X, 3, antialias=True), "Anti-alias"),
        Bad(call(X, 0), "greater than 0"),
        Bad(call(X, 3, recompute_scale_factor=True), "recompute_scale_factor"),
        Bad(call(In((4, 5)), 3), "Only 3D, 4D and 5D"),
        Bad(call(X, "a"), "size"),
    ),
)
spec(
    "nn.functional.upsample",
    st.sampled_from((call(X, (6, 7)), call(X, scale_factor=2, mode="bilinear"))),
    errors=(Bad(call(X), "either size"),),
)
spec(
    "nn.functional.upsample_nearest",
    st.sampled_from((call(X, (6, 7)), call(X, scale_factor=2))),
    errors=(Bad(call(X), "either size"),),
)
spec(
    "nn.functional.upsample_bilinear",
    st.sampled_from((call(X, (6, 7)), call(X, scale_factor=2))),
    errors=(Bad(call(X), "either size"),),
)


@st.composite
def grid_samples(draw: Any) -> Call:
    n = draw(st.sampled_from((2, 2, 3)))
    mode = draw(st.sampled_from(("bilinear", "nearest", "bicubic") if n == 2 else ("bilinear", "nearest")))
    padding = draw(st.sampled_from(("zeros", "border", "reflection")))
    grid = In((2, *(4, 3, 2)[:n], n), low=-1.4, high=1.4)
    return call(In((2, 3, *(5, 6, 4)[:n])), grid, mode, padding, draw(st.booleans()))


@st.composite
def affine_grids(draw: Any) -> Call:
    n = draw(st.integers(2, 3))
    return call(In((2, n, n + 1)), (2, 3, *(4, 5, 1)[:n]), draw(st.booleans()))


G = In((2, 6, 7, 2))
spec(
    "nn.functional.grid_sample",
    grid_samples(),
    ties="at whole positions the derivative is that of the interval to the right",
    errors=(
        Bad(call(X, In((1, 6, 7, 2))), "same batch size"),
        Bad(call(X, In((2, 6, 7, 1))), "size 2 in last dimension"),
        Bad(call(X, G, "foo"), "mode"),
        Bad(call(X, G, padding_mode="foo"), "padding_mode"),
        Bad(call(X, In((2, 6, 7, 2), "float32")), "expected scalar type"),
        Bad(call(In((2, 3, 0, 5)), G), "non-empty"),
    ),
)
spec(
    "nn.functional.affine_grid",
    affine_grids(),
    errors=(
        Bad(call(In((2, 2, 3)), (2, 3, 4)), "only supports"),
        Bad(call(In((2, 3)), (2, 3, 4, 5)), "Expected a batch"),
        Bad(call(In((2, 2, 3), "int64"), (2, 3, 4, 5)), "floating point"),
        Bad(call(In((2, 2, 3)), (1, 3, 4, 5)), "batch"),
        Bad(call(In((2, 2, 3)), (2, 3, 0, 5)), "non-zero"),
    ),
)

SHUFFLED = st.sampled_from(
    (call(In((2, 8, 3, 5)), 2), call(In((9, 2, 4)), 3), call(In((2, 3, 4, 2, 5)), 2), call(In((2, 3, 4)), 1))
)
UNSHUFFLED = st.sampled_from((call(In((2, 3, 4, 6)), 2), call(In((2, 6, 3)), 3), call(In((2, 3, 4)), 1)))
spec(
    "nn.functional.pixel_shuffle",
    SHUFFLED,
    dtypes=(*FLOATS, "int64"),
    errors=(
        Bad(call(X, 2), "square of upscale_factor"),
        Bad(call(In((4, 5)), 2), "at least 3 dimensions"),
        Bad(call(X, 0), "positive upscale_factor"),
    ),
)
spec(
    "nn.functional.pixel_unshuffle",
    UNSHUFFLED,
    dtypes=(*FLOATS, "int64"),
    errors=(
        Bad(call(X, 2), "divisible by downscale_factor"),
        Bad(call(In((4, 5)), 2), "at least 3 dimensions"),
        Bad(call(X, 0), "positive downscale_factor"),
    ),
)
CHANNELS = st.sampled_from((call(In((2, 6, 3)), 2), call(In((2, 6, 3, 4)), 3), call(In((2, 6, 3, 4, 5)), 1)))
for _name in ("channel_shuffle", "native_channel_shuffle"):
    spec(
        f"nn.functional.{_name}",
        CHANNELS,
        order=0 if _name.startswith("native") else 2,
        errors=(
            Bad(call(X, 2), "divisible by groups"),
            Bad(call(In((4, 5)), 1), "> 2 dims"),
            Bad(call(X, 0), "positive"),
        ),
    )
