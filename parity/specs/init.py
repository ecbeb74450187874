"""Specs of the initializers: the same seed fills a tensor with the same numbers. More in tests/nn/test_init.py."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, shapes, spec

DRAW: dict[str, Any] = {"random": True, "order": 0}
MODES = st.sampled_from(("fan_in", "fan_out"))
GAINS = st.sampled_from((1.0, 0.5, 2.0**0.5))
SLOPES = st.sampled_from((0, 0.2, 5**0.5))
TOO_FEW = "fewer than 2 dimensions"


def filled(*options: Any) -> st.SearchStrategy[Call]:
    """Calls f(x, *one of the options) on any shape."""
    return st.tuples(shapes(zero=False), st.sampled_from(options or ((),))).map(lambda t: call(In(t[0]), *t[1]))


@st.composite
def weights(draw: Any, *options: st.SearchStrategy, dims: tuple[int, int] = (2, 4)) -> Call:
    """Calls f(weight, *options) with at least two dimensions."""
    return call(In(draw(shapes(*dims, zero=False))), *(draw(o) for o in options))


@st.composite
def kaiming(draw: Any) -> Call:
    slope = draw(SLOPES)
    kind = draw(st.sampled_from(("leaky_relu", "relu", "tanh", "linear")))
    return call(In(draw(shapes(2, 4, zero=False))), a=slope, mode=draw(MODES), nonlinearity=kind)


@st.composite
def dirac(draw: Any) -> Call:
    groups = draw(st.sampled_from((1, 2)))
    shape = (draw(st.sampled_from((2, 4))), *draw(shapes(2, 4, zero=False)))
    return call(In(shape), groups)


spec("nn.init.uniform_", filled((), (-1.0, 3.0)), **DRAW)
spec("nn.init.normal_", filled((), (1.0, 2.0)), **DRAW)
spec("nn.init.trunc_normal_", filled((), (0.5, 2.0, -1.0, 1.5), (-1.0, 0.1)), **DRAW)
spec("nn.init.constant_", filled((0.3,), (-2,)), **DRAW)
spec("nn.init.ones_", filled(), **DRAW)
spec("nn.init.zeros_", filled(), **DRAW)
spec("nn.init.eye_", weights(dims=(2, 2)), errors=(Bad(call(In((2,))), "2 dimensions"),), **DRAW)
spec("nn.init.dirac_", dirac(), errors=(Bad(call(In((3, 2, 2)), 2), "divisible"), Bad(call(In((3, 2))), "dim")), **DRAW)
for _name in ("uniform_", "normal_"):
    spec(f"nn.init.xavier_{_name}", weights(GAINS), errors=(Bad(call(In((3,))), TOO_FEW),), **DRAW)
    spec(f"nn.init.kaiming_{_name}", kaiming(), errors=(
        Bad(call(In((3,))), TOO_FEW), Bad(call(In((3, 2)), mode="fan"), "not supported"),
    ), **DRAW)  # fmt: skip
# torch refuses strided weights of more dimensions: contiguous ones are in tests/nn/test_init.py
spec("nn.init.orthogonal_", weights(GAINS, dims=(2, 2)), errors=(Bad(call(In((3,))), "2"),), **DRAW)
spec("nn.init.sparse_", weights(st.sampled_from((0.1, 0.5)), dims=(2, 2)), errors=(
    Bad(call(In((2, 3, 4)), 0.1), "2 dimensions"),
), **DRAW)  # fmt: skip
spec("nn.init.calculate_gain", st.sampled_from([
    call(n) for n in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
] + [call("leaky_relu", 0.2)]), dtypes=("float64",), errors=(Bad(call("softmax"), "softmax"),), **DRAW)  # fmt: skip
