"""Loss layers: every reduction, weights as buffers, targets of each kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.case import Of
from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

REDUCTIONS = ("mean", "sum", "none")


def reduced(*inputs: Any, **settings: Any) -> list[Layer]:
    """A layer with each reduction on the inputs; one with the deprecated arguments."""
    made = [layer(reduction=r, **settings).on(*inputs) for r in REDUCTIONS]
    return [*made, layer(size_average=False, **settings).on(*inputs), layer(reduce=False, **settings).on(*inputs)]


def of(*lists: list[Layer]) -> Any:
    return st.sampled_from([one for some in lists for one in some])


def x(*shape: int, **fields: Any) -> In:
    return In(shape, **fields)


def probability(*shape: int) -> In:
    return In(shape, low=0.1, high=0.9)


def fixed(*shape: int, low: float = 0.1, high: float = 2.0) -> In:
    """Targets and weights: no gradient is asked for."""
    return In(shape, low=low, high=high, grad=False)


def chosen(*shape: int, among: int) -> In:
    return In(shape, dtype="int64", low=0, high=among)


def signs(*shape: int) -> In:
    return In(shape, grad=False, make=lambda rng, s, dtype: rng.choice([-1.0, 1.0], s).astype(dtype))


def apart(*shape: int) -> tuple[In, In]:
    """Input and target whose differences stay off 0 and 1."""
    return In(shape, low=-0.9, high=-0.1), In(shape, low=0.0, high=0.05)


BAD = (bad_layer("not a valid value for reduction", layer(reduction="average").on(x(3), x(3))),)

module("nn.MSELoss", of(reduced(x(3, 4), x(3, 4)), reduced(x(3, 4), x(4)), reduced(x(0), x(0))), errors=BAD)
module("nn.L1Loss", of(reduced(*apart(3, 4)), reduced(*apart(5))), errors=BAD)
module("nn.SmoothL1Loss", of(reduced(*apart(3, 4)), reduced(*apart(5), beta=0.05), reduced(*apart(5), beta=0.0)),
       errors=(*BAD, bad_layer("", layer(beta=-1.0).on(x(3), x(3)))))  # fmt: skip
module("nn.HuberLoss",
       st.sampled_from([layer(r, d).on(*apart(3, 4)) for r in REDUCTIONS for d in (1.0, 0.05)]),
       errors=(*BAD, bad_layer("delta must be a float or int", layer(delta="1"))))  # fmt: skip
module("nn.KLDivLoss", of(reduced(x(3, 4), fixed(3, 4)), reduced(x(3, 4), x(3, 4), log_target=True),
                          [layer(reduction="batchmean").on(x(3, 4), fixed(3, 4))]))  # fmt: skip
module("nn.PoissonNLLLoss", of(reduced(x(3, 4), fixed(3, 4, high=5.0)), reduced(x(4), fixed(4, low=1.5), full=True),
                               reduced(probability(4), fixed(4), log_input=False, eps=1e-3)))  # fmt: skip
module(
    "nn.GaussianNLLLoss",
    st.sampled_from([
        layer(reduction=r, full=full, eps=eps).on(x(3, 4), x(3, 4), v)
        for r in REDUCTIONS for full in (False, True) for eps in (1e-6, 0.5)
        for v in (probability(3, 4), probability(3), probability(3, 1), 0.5)
    ]),
    errors=(bad_layer("", layer().on(x(3), x(3), -1.0)), bad_layer("", layer().on(x(3, 4), x(3, 4), x(2)))),
)  # fmt: skip
module("nn.BCELoss", of(reduced(probability(3, 4), fixed(3, 4, high=0.9)),
                        reduced(probability(3, 4), fixed(3, 4, high=0.9), weight=fixed(4))),
       errors=(bad_layer("target size", layer().on(probability(3), fixed(4))),))  # fmt: skip
module("nn.BCEWithLogitsLoss", of(reduced(x(3, 4), probability(3, 4)),
                                  reduced(x(3, 4), probability(3, 4), weight=fixed(4), pos_weight=fixed(4))),
       errors=(bad_layer("Target size", layer().on(x(3), fixed(4))),))  # fmt: skip

# -- classes -----------------------------------------------------------------------------------------------------------


def classes(**more: Any) -> list[Layer]:
    return [
        *reduced(x(5, 4), chosen(5, among=4), **more), *reduced(x(2, 4, 3), chosen(2, 3, among=4), **more),
        *reduced(x(5, 4), chosen(5, among=4), weight=fixed(4), ignore_index=1, **more),
        *reduced(x(4), chosen(among=4), **more),
    ]  # fmt: skip


OUT = (bad_layer("out of bounds", layer().on(x(2, 3), np.array([0, 3]))),
       bad_layer("weight tensor should be defined", layer(weight=fixed(2)).on(x(2, 3), np.array([0, 1]))))  # fmt: skip

module(
    "nn.CrossEntropyLoss",
    of(classes(), classes(label_smoothing=0.2), reduced(x(5, 4), probability(5, 4)),
       reduced(x(2, 4, 3), probability(2, 4, 3), weight=fixed(4), label_smoothing=0.1)),
    errors=(
        *OUT, bad_layer("label_smoothing must be between", layer(label_smoothing=1.5).on(x(2, 3), np.array([0, 1]))),
    ),
)  # fmt: skip
module("nn.NLLLoss", of(classes()), errors=OUT)


def linear_entropy(**more: Any) -> list[Layer]:
    made = [layer(3, 4, reduction=r, **more).on(x(5, 3), chosen(5, among=4)) for r in REDUCTIONS]
    return [*made, layer(3, 4, bias=True, out_features=(2,), **more).on(x(5, 3), chosen(5, 2, among=4))]


module(
    "nn.LinearCrossEntropyLoss",
    of(
        linear_entropy(), linear_entropy(weight=fixed(4), ignore_index=1), linear_entropy(label_smoothing=0.1),
        [layer(3, 4, bias=True).on(x(3), chosen(among=4)), layer(3, 4).on(x(5, 3), probability(5, 4))],
    ),
    errors=(
        bad_layer("expected weight shape", layer(3, 4, weight=fixed(3))),
        bad_layer("label_smoothing", layer(3, 4, label_smoothing=-1.0)),
        bad_layer("dimensionality 1 or 2", layer(3, 4).on(x(2, 5, 3), chosen(2, 5, among=4))),
        bad_layer("equal input and linear_weight", layer(3, 4).on(x(5, 2), chosen(5, among=4))),
        bad_layer("requires batched input", layer(3, 4, out_features=(2,)).on(x(3), chosen(2, among=4))),
        bad_layer("ignore_index cannot be specified", layer(3, 4, ignore_index=1).on(x(5, 3), probability(5, 4))),
    ),
)  # fmt: skip
module(
    "nn.AdaptiveLogSoftmaxWithLoss",
    st.sampled_from([
        layer(8, 10, [3, 6]).on(x(7, 8), chosen(7, among=10)),
        layer(8, 10, (4,), 2.0, True).on(x(7, 8), chosen(7, among=10)),
        layer(8, 10, [3, 6]).on(x(8), chosen(among=10)), layer(8, 10, [9]).on(x(1, 8), chosen(1, among=10)),
    ]),
    compare=tuple,
    errors=(
        bad_layer("length larger than 0", layer(8, 10, [])),
        bad_layer("unique, positive integers", layer(8, 10, [5, 5])),
        bad_layer("unique, positive integers", layer(8, 10, [5, 10])),
        bad_layer("unique, positive integers", layer(8, 10, [0, 5])),
        bad_layer("same size in the batch dimension", layer(8, 10, [5]).on(x(7, 8), chosen(6, among=10))),
        bad_layer("multi-target not supported", layer(8, 10, [5]).on(x(7, 8), chosen(7, 1, among=10))),
        bad_layer("expects 1D input", layer(8, 10, [5]).on(x(7, 8), chosen(among=10))),
        bad_layer("Target values should be in [0, 9]", layer(8, 10, [5]).on(x(1, 8), np.array([10]))),
    ),
)  # fmt: skip


def log_probabilities(rng: Any, shape: tuple, dtype: str) -> np.ndarray:
    scores = rng.normal(size=shape)
    return (scores - np.log(np.exp(scores).sum(-1, keepdims=True))).astype(dtype)


LOGS = In((6, 3, 5), make=log_probabilities)
LABELS, OTHER_LABELS = (In((3, 2), dtype="int64", low=k, high=k + 4) for k in (1, 0))
module(
    "nn.CTCLoss",
    st.sampled_from([
        layer(reduction=r, **more).on(LOGS, LABELS, (6, 5, 6), (2, 1, 2))
        for r in REDUCTIONS for more in ({}, {"blank": 0, "zero_infinity": True})
    ] + [layer(4, zero_infinity=True).on(LOGS, OTHER_LABELS, (6, 5, 6), (2, 1, 2))]),
    order=1,
)  # fmt: skip

# -- margins -----------------------------------------------------------------------------------------------------------

module("nn.MarginRankingLoss", of(reduced(x(5), x(5), signs(5)), reduced(x(3, 4), x(3, 4), signs(3, 4), margin=0.3)))
module("nn.HingeEmbeddingLoss", of(reduced(probability(3, 4), signs(3, 4)), reduced(x(5), signs(5), margin=2.5)))
module("nn.CosineEmbeddingLoss", of(reduced(x(3, 4), x(3, 4), signs(3)), reduced(x(4), x(4), signs(), margin=0.2)))
module("nn.SoftMarginLoss", of(reduced(x(3, 4), signs(3, 4))))
module("nn.MultiLabelSoftMarginLoss", of(reduced(x(3, 4), fixed(3, 4)), reduced(x(3, 4), fixed(3, 4), weight=fixed(4))))
LABELS_TO_THE_FIRST_MINUS_ONE = np.array([[3, 0, -1, 1], [2, -1, 0, 0]])
module("nn.MultiLabelMarginLoss", of(reduced(x(2, 4), LABELS_TO_THE_FIRST_MINUS_ONE),
                                     reduced(x(4), LABELS_TO_THE_FIRST_MINUS_ONE[0])), order=1)  # fmt: skip
module(
    "nn.MultiMarginLoss",
    of(reduced(x(3, 4), chosen(3, among=4)), reduced(x(3, 4), chosen(3, among=4), p=2, margin=0.7, weight=fixed(4))),
    order=1,
    errors=(
        bad_layer("only p == 1 and p == 2 supported", layer(p=3)),
        bad_layer("expected weight to be None or 1D", layer(weight=fixed(2, 2))),
    ),
)  # fmt: skip
THREE = (x(3, 4), x(3, 4), x(3, 4))
module(
    "nn.TripletMarginLoss",
    of(reduced(*THREE), reduced(*THREE, margin=3.0, p=1.5, eps=1e-3, swap=True), reduced(x(4), x(4), x(4))),
    errors=(bad_layer("margin to be greater than 0", layer(0.0)),),
)


def squared(a: Any, b: Any) -> Any:
    return ((a - b) ** 2).sum(-1)


module(
    "nn.TripletMarginWithDistanceLoss",
    st.sampled_from([
        layer(reduction=r, margin=m, swap=s, **f).on(*THREE)
        for r in REDUCTIONS for s in (False, True) for m in (2.0, 7.0)
        for f in ({}, {"distance_function": squared},
                  {"distance_function": Of(lambda library: library.nn.PairwiseDistance(1.0))})
    ]),
    errors=(bad_layer("margin to be greater than 0", layer(margin=-1.0)),),
)  # fmt: skip
