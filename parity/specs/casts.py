"""Specs of the casts: other dtypes, other devices, legacy types."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.checks import DType
from parity.spec import Bad, Call, In, call, shapes, spec

ALL = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex128", "complex64")
FROM = ("float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool", "complex64")
POSITIVE = {"low": 0.0, "high": 3.0}  # what negative floats become in uint8 is not defined in C
X = In((2, 3), **POSITIVE)




@st.composite
def casted(draw: Any, *choices: Any) -> Call:
    """f(x, *arguments, **names) with one of the choices: (arguments, names)."""
    args, names = draw(st.sampled_from(choices or (((), {}),)))
    return call(In(draw(shapes()), **POSITIVE), *args, **names)


METHODS = ("float", "double", "half", "bfloat16", "long", "int", "short", "char", "byte", "bool", "cfloat", "cdouble")
for name in METHODS:
    spec(f"Tensor.{name}", casted(), dtypes=FROM)

TO = [((DType(name),), {}) for name in ALL] + [
    (("cpu",), {}), (("cpu", DType("float32")), {}), ((), {"dtype": DType("int64")}), ((), {"device": "cpu", "dtype": DType("float64")}),
    ((DType("float64"), False, True), {}), (("cpu", DType("float32"), False, True), {}), ((DType("float32"),), {"copy": True}),
    ((None,), {}), ((float,), {}), ((int,), {}), ((bool,), {}), ((In((1,), grad=False),), {}), ((In((), dtype="int64"),), {}),
]  # fmt: skip
spec("Tensor.to", casted(*TO), dtypes=FROM, errors=(
    Bad(call(X, [1]), "invalid combination"), Bad(call(X, foo=1), "invalid combination"),
    Bad(call(X, DType("int64"), DType("int32")), "invalid combination"), Bad(call(X, "xyz"), "device"), Bad(call(X, "cpu", "cpu"), ""),
    Bad(call(X, "cpu:01"), "Invalid device string"), Bad(call(X, "cpu:x"), "Invalid device string"), Bad(call(X, ""), "must not be empty"),
))  # fmt: skip
spec("Tensor.type", casted(*[((DType(n),), {}) for n in ALL], *[((t,), {}) for t in ("torch.DoubleTensor", "torch.LongTensor", "torch.BoolTensor")],
                           ((), {}), ((), {"dtype": DType("float32")})), dtypes=FROM, errors=(
    Bad(call(X, "DoubleTensor"), "invalid type"), Bad(call(X, "torch.FooTensor"), "invalid type"), Bad(call(X, 3), "dtype must be a type"),
    Bad(call(X, float), "invalid type")))  # fmt: skip
spec("Tensor.type_as", st.tuples(shapes(), st.sampled_from(ALL)).map(lambda t: call(In(t[0], **POSITIVE), In((1,), dtype=t[1], low=0, grad=False))),
     dtypes=FROM, errors=(Bad(call(X, 3), "must be Tensor"),))  # fmt: skip
spec("Tensor.cpu", casted(), dtypes=FROM)
spec("Tensor.is_pinned", casted(), dtypes=("float64",), order=0)
