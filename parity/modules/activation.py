"""Activation layers. Those that can work in place are also tried so."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

FLOAT = ("float64", "float32")


def x(*shape: int, avoid: tuple[float, ...] = (0.0,), **fields: Any) -> In:
    return In(shape or (2, 4, 3), low=-4.0, high=4.0, avoid=avoid, **fields)


def pointwise(*layers: Layer, avoid: tuple[float, ...] = (0.0,)) -> Any:
    """Each layer on inputs of several shapes."""
    return st.sampled_from([one.on(x(*s, avoid=avoid)) for one in layers for s in ((2, 4, 3), (5,), (0, 3))])


def refuses_integers() -> tuple:
    return (bad_layer("not implemented for", layer().on(In((3,), dtype="int64"))),)


module("nn.ReLU", pointwise(layer(), layer(True), layer(inplace=False)),
       errors=(bad_layer("unexpected keyword argument", layer(slope=1)),))  # fmt: skip
module("nn.ReLU6", pointwise(layer(), layer(inplace=True), avoid=(0.0, 6.0)))
module("nn.LeakyReLU", pointwise(layer(), layer(0.2), layer(negative_slope=0.3, inplace=True)))
module(
    "nn.PReLU",
    st.sampled_from([
        layer().on(x()), layer(4).on(x()), layer(3, 0.1).on(x(2, 3)), layer(init=-0.5).on(x(3)), layer().on(x(0, 2)),
    ]),
    errors=(bad_layer("", layer(3).on(x(2, 4))),),
)  # fmt: skip
module("nn.RReLU", pointwise(layer(), layer(0.1, 0.7), layer(0.1, upper=0.2, inplace=True)), random=True,
       errors=(bad_layer("", layer(0.5, 0.1).on(x())),))  # fmt: skip
module("nn.Threshold", pointwise(layer(0.1, 20.0), layer(-1.0, value=2.0, inplace=True), avoid=(0.1, -1.0)),
       errors=(bad_layer("value", layer(1.0)),))  # fmt: skip
module(
    "nn.Hardtanh",
    pointwise(layer(), layer(-2.0, 0.5), layer(-0.5, 2.0, True), layer(min_value=-0.5, max_value=0.5),
              avoid=(-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)),
    errors=(bad_layer("must be greater than min_val", layer(2.0, 1.0)),),
)  # fmt: skip
module("nn.Hardsigmoid", pointwise(layer(), layer(inplace=True), avoid=(-3.0, 3.0)), order=1, errors=refuses_integers())
module("nn.Hardswish", pointwise(layer(), layer(inplace=True), avoid=(-3.0, 3.0)))
module("nn.Hardshrink", pointwise(layer(), layer(1.5), avoid=(-1.5, -0.5, 0.5, 1.5)))
module("nn.Softshrink", pointwise(layer(), layer(lambd=1.5), avoid=(-1.5, -0.5, 0.5, 1.5)),
       errors=(bad_layer("lambda must be greater or equal to 0", layer(-1.0).on(x())),))  # fmt: skip
module("nn.ELU", pointwise(layer(), layer(0.7), layer(alpha=1.5, inplace=True)), errors=refuses_integers())
module("nn.CELU", pointwise(layer(), layer(0.7), layer(alpha=1.5, inplace=True)), errors=refuses_integers())
module("nn.SELU", pointwise(layer(), layer(inplace=True)), errors=refuses_integers())
module("nn.GELU", pointwise(layer(), layer("tanh"), layer(approximate="none")),
       errors=(*refuses_integers(), bad_layer("none or tanh", layer("sigmoid").on(x()))))  # fmt: skip
module("nn.SiLU", pointwise(layer(), layer(inplace=True)), errors=refuses_integers())
module("nn.Mish", pointwise(layer(), layer(inplace=True)), errors=refuses_integers())
module("nn.Softplus", pointwise(layer(), layer(2.0), layer(0.5, threshold=1.0), avoid=(2.0,)),
       errors=refuses_integers())  # fmt: skip
module("nn.Sigmoid", pointwise(layer()), errors=(bad_layer("positional argument", layer(1)),))
module("nn.LogSigmoid", pointwise(layer()), errors=refuses_integers())
module("nn.Tanh", pointwise(layer()))
module("nn.Tanhshrink", pointwise(layer()))
module("nn.Softsign", pointwise(layer()))
module(
    "nn.GLU", st.sampled_from([layer().on(x(3, 4)), layer(0).on(x(4, 3)), layer(dim=-2).on(x(2, 6, 3))]),
    errors=(bad_layer("Halving dimension must be even", layer().on(x(3))),
            bad_layer("does not support scalars", layer().on(In(())))),
)  # fmt: skip
for name in ("Softmax", "Softmin", "LogSoftmax"):
    module(
        f"nn.{name}",
        st.sampled_from([
            layer(1).on(x()), layer(dim=-1).on(x()), layer(0).on(x(5)), layer().on(x()), layer().on(x(3, 4)),
        ]),
        errors=(bad_layer("out of range", layer(3).on(x())),),
    )  # fmt: skip
module("nn.Softmax2d", st.sampled_from([layer().on(x(2, 3, 4, 2)), layer().on(x())]),
       errors=(bad_layer("expected input to be 3D or 4D", layer().on(x(2, 3))),))  # fmt: skip
