"""Specs of the activations: nn.functional's, and those that are also Tensor methods or top-level functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.case import DType
from parity.spec import FLOATS, Bad, Call, In, call, dims, shapes, spec
from parity.tables import HALVES, INF, NAN, ROUNDED_OFTEN, refused

EDGES = np.array(
    [-INF, -200.0, -20.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.25, 0.5, 1.0, 3.0, 6.0, 20.0, 21.0, 200.0, INF, NAN]
)
NO_INTEGERS = refused("not implemented for 'Long'", "int64") + refused("not implemented for 'Bool'", "bool")
NOT_A_TENSOR = (Bad(call([1.0]), "must be Tensor, not list"),)
ALL_FLOATS = (*FLOATS, *HALVES)


def wide_range(settings: dict[str, st.SearchStrategy] | None = None, **tensor: Any) -> st.SearchStrategy[Call]:
    """Calls f(x, **settings), each setting drawn or left out."""
    drawn = st.fixed_dictionaries({}, optional=settings or {})
    spot = {"low": -5.0, "high": 5.0, **tensor}
    return st.tuples(shapes(), drawn).map(lambda t: call(In(t[0], **spot), **t[1]))


def activation(
    name: str, settings: dict | None = None, edges: tuple = ({},), errors: tuple = (), ties: str = "", **more: Any
) -> None:
    """The spec of nn.functional.name, which refuses integers and takes halves unless `more` says otherwise."""
    fields = {"dtypes": ALL_FLOATS, **ROUNDED_OFTEN, **more}
    avoid = fields.pop("avoid", ())
    spec(
        f"nn.functional.{name}",
        wide_range(settings, avoid=avoid),
        edges=tuple(call(EDGES, **e) for e in edges),
        errors=errors,
        ties=ties,
        **fields,
    )


# -- straight pieces -------------------------------------------------------------------------------------------------

BOOL_RELU = refused("Boolean inputs not supported", "bool") + refused("not supported for complex", "complex64")
WITH_INTEGERS = (*ALL_FLOATS, "int64", "int32", "uint8")
activation(
    "relu",
    dtypes=WITH_INTEGERS,
    errors=BOOL_RELU + NOT_A_TENSOR,
    ties="the derivative at 0 is 0; nan passes",
    avoid=(0.0,),
)
spec(
    "relu",
    wide_range(avoid=(0.0,)),
    dtypes=WITH_INTEGERS,
    method=True,
    inplace=True,
    edges=(call(EDGES),),
    errors=BOOL_RELU,
)
spec("nn.functional.relu_", wide_range(), dtypes=WITH_INTEGERS, order=0, edges=(call(EDGES),), errors=BOOL_RELU)

BOUNDS = st.sampled_from([-2.0, -1.0, 0.0])
HARDTANH = {"min_val": BOUNDS, "max_val": st.sampled_from([0.5, 1.0, 2.0])}
HARDTANH_ERRORS = (
    Bad(call(In((2,)), 2.0, 1.0), "min_val cannot be greater than max_val"),
    *refused("Bool inputs not supported for hardtanh", "bool"),
    *refused("unsigned type with negative limits", "uint8"),
)
activation("hardtanh", HARDTANH, ({}, {"min_val": -0.5, "max_val": 3.0}), HARDTANH_ERRORS, "0 at both ends; nan passes")
spec(
    "nn.functional.hardtanh_",
    wide_range(HARDTANH),
    dtypes=(*ALL_FLOATS, "int64"),
    order=0,
    edges=(call(EDGES),),
    errors=HARDTANH_ERRORS[1:],
)
activation(
    "relu6", dtypes=WITH_INTEGERS, errors=refused("Bool inputs not supported", "bool"), ties="0 at 0 and 6; nan passes"
)

SLOPES = {"negative_slope": st.sampled_from([0.01, 0.0, 0.3, 1.5, -0.5])}
activation(
    "leaky_relu",
    SLOPES,
    ({}, {"negative_slope": -0.5}, {"negative_slope": 2.0}),
    NO_INTEGERS + NOT_A_TENSOR,
    "the slope from the left at 0, and for nan",
)
spec(
    "nn.functional.leaky_relu_",
    wide_range(SLOPES),
    dtypes=ALL_FLOATS,
    order=0,
    edges=(call(EDGES),),
    errors=NO_INTEGERS,
)


@st.composite
def with_threshold(draw: Any) -> Call:
    return call(
        In(draw(shapes()), low=-5, high=5), draw(st.sampled_from([0, 0.5, -1.25])), draw(st.sampled_from([2, -1.5]))
    )


for _path, _order in (
    ("threshold", 2),
    ("nn.functional.threshold", 2),
    ("threshold_", 0),
    ("nn.functional.threshold_", 0),
):
    spec(
        _path,
        with_threshold(),
        dtypes=(*ALL_FLOATS, "int64"),
        order=_order,
        ties="0 at the threshold; nan passes",
        edges=(call(EDGES, 0.5, 7.0), call(EDGES, 0.0, NAN)),
        errors=(
            *(Bad(call(In((2,)), 0.5, 1.0), "not implemented", dtype=d) for d in ("bool", "complex64")),
            Bad(call(In((2,)), 1, -1.5), "without overflow", dtype="uint8"),
        ),
    )

LAMBDAS = {"lambd": st.sampled_from([0.5, 0.0, 1.25])}
activation(
    "hardshrink", LAMBDAS, ({}, {"lambd": 1.0}, {"lambd": -1.0}), NO_INTEGERS, "0 at -lambd and lambd; nan passes"
)
spec(
    "hardshrink",
    wide_range(LAMBDAS),
    dtypes=ALL_FLOATS,
    method=True,
    out=True,
    edges=(call(EDGES), call(EDGES, 1.0)),
    errors=NO_INTEGERS + NOT_A_TENSOR,
)
activation(
    "softshrink",
    LAMBDAS,
    ({}, {"lambd": 1.0}),
    (*NO_INTEGERS, Bad(call(In((2,)), -1.0), "lambda must be")),
    "0 at -lambd and lambd; nan passes",
)
activation("hardsigmoid", order=1, errors=NO_INTEGERS, ties="0 at -3 and 3, and for nan")
activation("hardswish", errors=NO_INTEGERS, ties="0 at -3, 1 at 3 and for nan")


@st.composite
def with_weight(draw: Any) -> Call:
    """prelu's input and weight: one number, or one for each channel."""
    shape = draw(shapes(min_dims=1, max_dims=4))
    channels = shape[1] if len(shape) > 1 else 1
    weight = draw(st.sampled_from([(), (1,), (channels,)])) if channels else draw(st.sampled_from([(), (1,)]))
    return call(In(shape, low=-5, high=5, avoid=(0.0,)), In(weight))


PRELU_ERRORS = (
    Bad(call(In((4, 5)), In((3,))), "Found parameter numbers = 3 and channel size = 5."),
    Bad(call(In((4, 5)), In((5, 1))), "to be a scalar or 1D tensor"),
    Bad(call(In((4, 5)), In((5,), dtype="float32")), "Type promoting not supported"),
    Bad(call(In((5,)), In((5,))), "channel size = 1"),
    Bad(call(In(()), In((5,))), "Not allow zero-dim input tensor"),
    Bad(call(In((4, 5)), 0.25), "must be Tensor, not float"),
    Bad(call(In((4, 5)), In((1,))), "not implemented for 'Long'", dtype="int64"),
)
for _path, _method in (("prelu", True), ("nn.functional.prelu", False)):
    spec(
        _path,
        with_weight(),
        dtypes=ALL_FLOATS,
        method=_method,
        errors=PRELU_ERRORS,
        ties="at 0 as from the left",
        **ROUNDED_OFTEN,
        edges=(call(EDGES, np.array([0.25])), call(np.stack([EDGES, EDGES], 1), np.array([2.0, -1.0]))),
    )

RRELU = {"lower": st.sampled_from([0.125, 0.1]), "upper": st.sampled_from([0.3, 0.75]), "training": st.booleans()}
RRELU_ERRORS = (
    *NO_INTEGERS,
    Bad(call(In((2,)), 0.5, 0.2), "Lower bound should be less than or equal to the upper bound"),
)
for _path, _order in (("rrelu", 2), ("nn.functional.rrelu", 2), ("rrelu_", 0), ("nn.functional.rrelu_", 0)):
    spec(
        _path,
        wide_range(RRELU),
        random=True,
        order=_order,
        errors=RRELU_ERRORS,
        edges=(call(EDGES), call(EDGES, training=True)),
    )

# -- smooth ----------------------------------------------------------------------------------------------------------

# 0 is chosen by the edges; away from it the kink of the exponential units is no concern of second derivatives
ALPHAS = {"alpha": st.sampled_from([1.0, 0.5, 2.0])}
activation("elu", ALPHAS, ({}, {"alpha": 0.5}, {"alpha": -1.0}), NO_INTEGERS + NOT_A_TENSOR, "alpha at 0")
activation(
    "celu",
    ALPHAS,
    ({}, {"alpha": 0.5}),
    (*NO_INTEGERS, Bad(call(In((2,)), 0.0), "alpha cannot be 0 for CELU")),
    "1 at 0",
)
activation("selu", errors=NO_INTEGERS, ties="from the left at 0")
for _name, _settings in (("elu_", ALPHAS), ("celu_", ALPHAS), ("selu_", {})):
    spec(
        f"nn.functional.{_name}",
        wide_range(_settings),
        dtypes=ALL_FLOATS,
        order=0,
        edges=(call(EDGES),),
        errors=NO_INTEGERS,
        **ROUNDED_OFTEN,
    )
for _name, _settings in (("celu", ALPHAS), ("selu", {})):
    spec(_name, wide_range(_settings), dtypes=ALL_FLOATS, edges=(call(EDGES),), errors=NO_INTEGERS, **ROUNDED_OFTEN)
    spec(
        _name + "_",
        wide_range(_settings),
        dtypes=ALL_FLOATS,
        order=0,
        edges=(call(EDGES),),
        errors=NO_INTEGERS,
        **ROUNDED_OFTEN,
    )

activation(
    "gelu",
    {"approximate": st.sampled_from(["none", "tanh"])},
    ({}, {"approximate": "tanh"}),
    (*NO_INTEGERS, Bad(call(In((2,)), approximate="erf"), "approximate argument must be either none or tanh")),
)
activation("silu", errors=NO_INTEGERS)
activation("mish", errors=NO_INTEGERS)
activation(
    "softplus",
    {"beta": st.sampled_from([1, 2.5, 0.5]), "threshold": st.sampled_from([20, 1.0])},
    ({}, {"beta": 2.0, "threshold": 1.0}),
    NO_INTEGERS,
    "x itself where beta x > threshold",
)
activation("logsigmoid", errors=NO_INTEGERS)
activation("tanhshrink", dtypes=(*ALL_FLOATS, "int64", "complex128"), errors=refused("bool", "bool"))
activation("softsign", dtypes=(*ALL_FLOATS, "int64"), errors=refused("", "bool"), ties="|x| has derivative 0 at 0")
activation("sigmoid", dtypes=(*ALL_FLOATS, "int64", "bool", "complex128"))
activation("tanh", dtypes=(*FLOATS, "int64", "bool", "complex128"))


@st.composite
def halves(draw: Any) -> Call:
    """glu's input: even along the dimension that is halved."""
    shape = list(draw(shapes(min_dims=1)))
    dim = draw(dims(len(shape)))
    shape[dim] *= 2
    return call(In(tuple(shape)), dim)


spec(
    "nn.functional.glu",
    halves(),
    dtypes=ALL_FLOATS,
    **ROUNDED_OFTEN,
    edges=(call(EDGES),),
    errors=(
        Bad(call(In((4, 5))), "Halving dimension must be even, but dimension 1 is size 5"),
        Bad(call(In(())), "glu does not support scalars"),
        Bad(call(In((4, 6)), 2), "Dimension out of range"),
        Bad(call(In((4, 6))), "not implemented for 'Long'", dtype="int64"),
    ),
)

# -- normalized along a dimension ------------------------------------------------------------------------------------


@st.composite
def along(draw: Any, implicit: bool = True) -> Call:
    shape = draw(shapes())
    settings: dict[str, Any] = {}
    if not implicit or draw(st.integers(0, 3)):
        settings["dim"] = draw(dims(len(shape)))
    if draw(st.integers(0, 4)) == 0:
        settings["dtype"] = DType("float64")
    return call(In(shape, low=-4, high=4), **settings)


ROWS = np.array([[0.0, -1.0, 2.0, 1e300], [0.0, -INF, INF, 1.0], [NAN, 1.0, 2.0, 3.0], [-INF, -INF, 0.0, 1.0]])
# no halves: torch rounds between the steps of log_softmax and is wrong by half of small values there
for _name in ("softmax", "softmin", "log_softmax"):
    spec(
        f"nn.functional.{_name}",
        along(),
        edges=(call(ROWS, 1), call(ROWS, 0)),
        errors=(
            Bad(call(In((4, 5)), 2), "Dimension out of range"),
            Bad(call(In((4, 5)), 1), "not implemented for 'Long'", dtype="int64"),
        ),
    )


@st.composite
def gumbel(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1, zero=False))
    settings = {"tau": st.sampled_from([1, 0.5]), "hard": st.booleans(), "dim": dims(len(shape))}
    return call(In(shape), **draw(st.fixed_dictionaries({}, optional=settings)))


spec(
    "nn.functional.gumbel_softmax",
    gumbel(),
    random=True,
    errors=refused("Exponential distribution is a continuous", "int64"),
)
