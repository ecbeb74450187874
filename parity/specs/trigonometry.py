"""Specs of minitorch/ops/trigonometry.py: circular and hyperbolic functions and their inverses."""

from __future__ import annotations

from parity.spec import ANY_REAL, COMPLEX, FLOATS, Bad, In, binary, call, spec, unary
from parity.tables import EDGES, EVERYTHING, ROUNDED_OFTEN, pairs, refused, refused_pair, shapes_that_clash

ALL = {"method": True, "inplace": True, "out": True}
UNIT = {"low": -0.9, "high": 0.9}

for _name, _domain in (
    ("sin", {}),
    ("cos", {}),
    ("tan", {"low": -1.2, "high": 1.2}),
    ("asin", UNIT),
    ("arcsin", UNIT),
    ("acos", UNIT),
    ("arccos", UNIT),
    ("atan", {}),
    ("arctan", {}),
    ("sinh", {}),
    ("cosh", {}),
    ("tanh", {}),
):
    spec(_name, unary(**_domain), dtypes=(*EVERYTHING, "float16"), **ALL, **ROUNDED_OFTEN, edges=(call(EDGES),))
for _name, _domain in (
    ("asinh", {}),
    ("arcsinh", {}),
    ("acosh", {"low": 1.2, "high": 4.0}),
    ("arccosh", {"low": 1.2, "high": 4.0}),
    ("atanh", UNIT),
    ("arctanh", UNIT),
):
    spec(
        _name,
        unary(**_domain),
        dtypes=(*EVERYTHING, "float16"),
        method=True,
        out=True,
        **ROUNDED_OFTEN,
        edges=(call(EDGES),),
    )
    # order 0: torch has no derivative of these done in place
    spec(f"Tensor.{_name}_", unary(**_domain), dtypes=(*FLOATS, *COMPLEX), order=0)

for _name in ("deg2rad", "rad2deg"):
    spec(
        _name,
        unary(),
        dtypes=(*ANY_REAL, "float16", "bfloat16"),
        **ALL,
        edges=(call(EDGES),),
        errors=refused("complex tensors", "complex64"),
    )
spec("sinc", unary(avoid=(0.0,)), dtypes=(*EVERYTHING,), **ALL, edges=(call(EDGES),), ties="the gradient at 0 is 0")
for _name in ("atan2", "arctan2"):
    spec(
        _name,
        binary({"avoid": (0.0,)}, {"avoid": (0.0,)}, ()),
        dtypes=ANY_REAL,
        **ALL,
        edges=(call(*pairs()),),
        ties="the gradient at (0, 0) is 0",
        errors=(
            shapes_that_clash(),
            *refused_pair("not implemented", "complex64"),
            Bad(call(In((2,)), 1), "must be Tensor"),
        ),
    )
spec(
    "hypot",
    binary({"avoid": (0.0,)}, {}, ()),
    dtypes=FLOATS,
    **ALL,
    edges=(call(*pairs()),),
    ties="nan at (0, 0)",
    errors=(shapes_that_clash(), *refused_pair("not implemented", "int64"), Bad(call(In((2,)), 1), "must be Tensor")),
)
