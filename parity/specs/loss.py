"""Specs of the losses over pairs of equal shapes: regression, two classes, distributions, margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec
from parity.tables import HALVES, ROUNDED_OFTEN

ALL_FLOATS = (*FLOATS, *HALVES)
REDUCTIONS = ["mean", "sum", "none"]
SIGNS = {
    "make": lambda rng, shape, dtype: rng.choice([-1.0, 1.0], shape).astype(
        dtype if dtype != "bfloat16" else "float32"
    ),
    "grad": False,
}


def settings(draw: Any, **optional: Any) -> dict:
    """Some of the optional settings; the deprecated size_average and reduce rarely."""
    chosen = draw(st.fixed_dictionaries({}, optional={"reduction": st.sampled_from(REDUCTIONS), **optional}))
    if draw(st.integers(0, 5)) == 0:
        chosen |= draw(st.fixed_dictionaries({}, optional={"size_average": st.booleans(), "reduce": st.booleans()}))
    return chosen


@st.composite
def pair(
    draw: Any,
    first: dict | None = None,
    second: dict | None = None,
    weight: str = "",
    legacy: bool = True,
    broadcast: bool = False,
    **optional: Any,
) -> Call:
    """f(input, target, ...): of one shape, or with `broadcast` a target that lacks dimensions."""
    shape = draw(shapes())
    short = broadcast and draw(st.integers(0, 3)) == 0
    chosen = (
        settings(draw, **optional)
        if legacy
        else draw(st.fixed_dictionaries({}, optional={"reduction": st.sampled_from(REDUCTIONS), **optional}))
    )
    if weight and draw(st.booleans()):
        part = shape if weight == "full" or draw(st.booleans()) else shape[-1:]
        chosen["weight"] = In(part, low=0.5, high=2.0, grad=False)
    return call(In(shape, **(first or {})), In(shape[1:] if short else shape, **(second or {})), **chosen)


def bad_reductions(*tensors: In, words: str = "is not a valid value for reduction") -> tuple[Bad, ...]:
    return (Bad(call(*tensors, reduction="average"), words),)


TWO = (In((2, 3)), In((2, 3)))
CLASH = Bad(call(In((2, 3)), In((2, 4))), "must match the size of tensor b")
TIES = np.array([0.0, 0.0, 1.0, -1.0, 2.0, 0.5, 1e200])
OTHER = np.array([0.0, 1.0, 0.0, 0.0, 2.0, 1.0, 0.0])
COMMON = {"dtypes": ALL_FLOATS, **ROUNDED_OFTEN}

# -- regression ------------------------------------------------------------------------------------------------------

REGRESSION = (CLASH, *bad_reductions(*TWO), Bad(call(*TWO), "not implemented for 'Long'", dtype="int64"))
spec(
    "nn.functional.mse_loss",
    pair(weight="full", broadcast=True),
    **COMMON,
    edges=(call(TIES, OTHER), call(TIES, np.array([1.0]))),
    errors=(
        *REGRESSION,
        Bad(call(*TWO, weight=In((3,))), "Weights and input must have the same size"),
        Bad(call(*TWO, weight=In((2, 3)), reduction="average"), "Invalid reduction mode"),
    ),
)
spec(
    "nn.functional.l1_loss",
    pair({"low": 3.0, "high": 5.0}, {"low": 0.0, "high": 2.5}, weight="full", broadcast=True),
    **COMMON,
    edges=(call(TIES, OTHER, reduction="none"),),
    ties="0 where input and target are equal",
    errors=(
        CLASH,
        *bad_reductions(*TWO),
        Bad(call(*TWO, weight=In((3,))), "Weights and input must have the same size"),
    ),
)
spec(
    "nn.functional.smooth_l1_loss",
    pair(broadcast=True, beta=st.sampled_from([1.0, 0.25, 2, 0])),
    **COMMON,
    edges=(call(TIES, OTHER, reduction="none"), call(TIES, OTHER, reduction="none", beta=0.5)),
    errors=(*REGRESSION, Bad(call(*TWO, beta=-1.0), "does not support negative values for beta")),
)
spec(
    "nn.functional.huber_loss",
    pair(legacy=False, weight="full", broadcast=True, delta=st.sampled_from([1.0, 0.25, 2])),
    **COMMON,
    edges=(call(TIES, OTHER, reduction="none"), call(TIES, OTHER, reduction="none", delta=0.5)),
    errors=(*REGRESSION, Bad(call(*TWO, delta=0.0), "does not support non-positive values for delta")),
)

# -- two classes -----------------------------------------------------------------------------------------------------

INSIDE = {"low": 0.05, "high": 0.95}
ENDS = np.array([0.0, 1.0, 0.0, 1.0, 0.5, 1e-300])
LABELS = np.array([0.0, 1.0, 1.0, 0.0, 0.5, 1.0])
PROBABILITIES = (In((2, 3), **INSIDE), In((2, 3), **INSIDE))
spec(
    "nn.functional.binary_cross_entropy",
    pair(INSIDE, INSIDE, weight="broadcast"),
    edges=(call(ENDS, LABELS, reduction="none"),),
    errors=(
        *bad_reductions(*PROBABILITIES),
        Bad(call(In((2, 3), low=1.5, high=2.0), In((2, 3))), "should be between 0 and 1"),
        Bad(call(In((2, 3), **INSIDE), In((2,))), "Please ensure they have the same size"),
        Bad(call(In((2, 3), **INSIDE), In((2, 3), dtype="int64")), "Found dtype Long but expected Double"),
        Bad(call(*PROBABILITIES, weight=In((2,))), "must match the size of tensor b"),
        Bad(call(*TWO), "not implemented for 'Long'", dtype="int64"),
    ),
)
LARGE = np.array([0.0, 1000.0, -1000.0, 1000.0, 0.5, float("nan")])


@st.composite
def logits(draw: Any) -> Call:
    made = draw(pair({"low": -5, "high": 5}, {"low": 0.0, "high": 1.0}, weight="broadcast"))
    if draw(st.booleans()):
        made.kwargs["pos_weight"] = In(made.args[0].shape[-1:], low=0.5, high=3.0, grad=False)
    return made


spec(
    "nn.functional.binary_cross_entropy_with_logits",
    logits(),
    dtypes=(*FLOATS, "float16"),
    **ROUNDED_OFTEN,
    edges=(call(LARGE, LABELS, reduction="none"),),
    errors=(
        *bad_reductions(*TWO),
        Bad(call(In((2, 3)), In((3,))), "must be the same as input size"),
        Bad(call(In((2, 3)), In((2, 3), dtype="int64")), "can't be cast to the desired output type Long"),
        Bad(call(*TWO, pos_weight=In((2,))), "must match the size of tensor b"),
    ),
)

# -- distributions ---------------------------------------------------------------------------------------------------


@st.composite
def divergence(draw: Any) -> Call:
    made = draw(pair({"low": -3.0, "high": 0.0}, {"low": 0.1, "high": 1.0}, log_target=st.booleans()))
    if draw(st.integers(0, 3)) == 0:
        made.kwargs["reduction"] = "batchmean"
    shape = made.args[0].shape
    return made if shape[:1] != (0,) else call(In((2, 3)), In((2, 3), low=0.1), **made.kwargs)


spec(
    "nn.functional.kl_div",
    divergence(),
    edges=(call(np.zeros(4), np.array([0.0, 1.0, -1.0, float("nan")]), reduction="none"),),
    errors=(
        *bad_reductions(*TWO),
        Bad(call(In((2, 3)), In((2, 4))), "must match the size of tensor b"),
        Bad(call(*TWO), "Integral inputs not supported", dtype="int64"),
        Bad(call(*TWO), "Complex inputs not supported", dtype="complex64"),
    ),
)
COUNTS = {"low": 0.1, "high": 4.0, "avoid": (1.0,)}
POISSON = {"full": st.booleans(), "eps": st.sampled_from([1e-8, 0.1]), "log_input": st.booleans()}
spec(
    "nn.functional.poisson_nll_loss",
    pair({"low": 0.2, "high": 3.0}, COUNTS, **POISSON),
    dtypes=(*FLOATS, "int64"),
    edges=(call(np.zeros(5), np.array([0.0, 1.0, 2.0, 5.0, 0.5]), full=True, reduction="none"),),
    errors=(*bad_reductions(*TWO), Bad(call(In((2, 3)), In((2, 4))), "must match the size of tensor b")),
)


@st.composite
def gaussian(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1))
    part = draw(st.sampled_from([shape, shape[:-1], (*shape[:-1], 1)]))
    var: Any = draw(st.sampled_from([In(part, low=0.2, high=2.0), 0.5]))
    how = {"reduction": st.sampled_from(REDUCTIONS), "full": st.booleans(), "eps": st.sampled_from([1e-6, 0.1])}
    return call(In(shape), In(shape), var, **draw(st.fixed_dictionaries({}, optional=how)))


POSITIVE = In((2, 3), low=0.5, high=1.0)
spec(
    "nn.functional.gaussian_nll_loss",
    gaussian(),
    edges=(call(np.ones(3), np.zeros(3), np.array([0.0, 1e-7, 2.0])),),
    ties="var below eps counts as eps, but its gradient passes",
    errors=(
        *bad_reductions(*TWO, POSITIVE, words="is not valid"),
        Bad(call(*TWO, In((2, 3), low=-2, high=-1)), "negative entry"),
        Bad(call(*TWO, -1.0), "negative entry"),
        Bad(call(*TWO, In((4,), low=0.5)), "var is of incorrect size"),
    ),
)


# -- margins ---------------------------------------------------------------------------------------------------------


def with_signs(
    n: int, shape_of_target: Callable[[tuple], tuple] | None = None, **first: Any
) -> st.SearchStrategy[Call]:
    """f(*inputs, target of signs, ...)."""

    @st.composite
    def made(draw: Any) -> Call:
        shape = draw(shapes(**first))
        inputs = [In(shape, low=-3, high=3) for _ in range(n)]
        target = In((shape_of_target or (lambda s: s))(shape), **SIGNS)
        return call(*inputs, target, **settings(draw, margin=st.sampled_from([0.0, 0.5, 1.0])))

    return made()


ONES, SIGNED = np.array([1.0, 1.0, -1.0, -1.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0, 0.0])
spec(
    "nn.functional.margin_ranking_loss",
    with_signs(2),
    **COMMON,
    edges=(call(SIGNED, SIGNED, ONES, reduction="none"),),
    ties="at the margin itself the gradient passes",
    errors=(
        *bad_reductions(*TWO, In((2, 3))),
        Bad(call(*TWO, In((3,))), "All input tensors should have same dimension"),
        Bad(call(In((2, 3)), In((2, 4)), In((2, 3))), "must match the size of tensor b"),
    ),
)
spec(
    "nn.functional.hinge_embedding_loss",
    with_signs(1),
    **COMMON,
    edges=(call(SIGNED, ONES, reduction="none"),),
    ties="at the margin itself the gradient passes",
    errors=(*bad_reductions(*TWO), CLASH),
)


@st.composite
def soft(draw: Any) -> Call:
    shape = draw(shapes())
    return call(In(shape, low=-3, high=3), In(shape, **SIGNS), **settings(draw))


spec(
    "nn.functional.soft_margin_loss",
    soft(),
    edges=(call(np.array([0.0, 30.0, -30.0]), np.ones(3, "int64"), reduction="none"),),
    errors=(
        *bad_reductions(*TWO),
        Bad(call(In((2, 3)), In((2, 4))), "must match the size of tensor b"),
        Bad(call(*TWO), "can't be cast to the desired output type Long", dtype="int64"),
    ),
)


@st.composite
def cosines(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1, max_dims=2, zero=False))
    spot = {"low": 0.2, "high": 3}
    return call(
        In(shape, **spot),
        In(shape, **spot),
        In(shape[:-1], **SIGNS),
        **settings(draw, margin=st.sampled_from([0.0, 0.5])),
    )


spec(
    "nn.functional.cosine_embedding_loss",
    cosines(),
    edges=(call(np.zeros((2, 3)), np.ones((2, 3)), np.array([1.0, -1.0])),),
    errors=(
        *bad_reductions(*TWO, In((2,))),
        Bad(call(*TWO, In(())), "0D target tensor expects 1D input tensors"),
        Bad(call(In((3,)), In((3,)), In((1,))), "1D target tensor expects 2D input tensors"),
        Bad(call(In((4, 3)), In((2, 3)), In((4,))), "must match the size of tensor b"),
    ),
)


def triplets(legacy: bool, **optional: Any) -> st.SearchStrategy[Call]:
    @st.composite
    def made(draw: Any) -> Call:
        shape = draw(shapes(min_dims=1, zero=False))
        how = {"margin": st.sampled_from([1.0, 0.5, 5.0]), "swap": st.booleans(), **optional}
        chosen = settings(draw, **how)
        if not legacy:
            chosen = {k: v for k, v in chosen.items() if k not in ("size_average", "reduce")}
        return call(In(shape, low=0, high=1), In(shape, low=2, high=4), In(shape, low=-4, high=-1), **chosen)

    return made()


THREE = (In((2, 3)),) * 3
TRIPLET_ERRORS = (
    *bad_reductions(*THREE),
    Bad(call(*THREE, margin=0), "margin must be greater than 0"),
    Bad(call(In((2, 3)), In((2, 3)), In((3,))), "expected to have the same number of dimensions"),
    Bad(call(In((4, 3)), In((2, 3)), In((4, 3))), "must match the size of tensor b"),
)
spec(
    "nn.functional.triplet_margin_loss",
    triplets(True, p=st.sampled_from([2.0, 1, 3.5]), eps=st.sampled_from([1e-6, 0.1])),
    errors=TRIPLET_ERRORS,
)
spec("nn.functional.triplet_margin_with_distance_loss", triplets(False), errors=TRIPLET_ERRORS)
