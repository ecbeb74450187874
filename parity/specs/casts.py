"""Specs of the casts: other dtypes, other devices, legacy types."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.case import DType
from parity.spec import Bad, Call, In, call, shapes, spec

ALL = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex128",
    "complex64",
)
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
    (("cpu",), {}), (("cpu", DType("float32")), {}), ((), {"dtype": DType("int64")}),
    ((), {"device": "cpu", "dtype": DType("float64")}), ((DType("float64"), False, True), {}),
    (("cpu", DType("float32"), False, True), {}), ((DType("float32"),), {"copy": True}), ((None,), {}), ((float,), {}),
    ((int,), {}), ((bool,), {}), ((In((1,), grad=False),), {}), ((In((), dtype="int64"),), {}),
]  # fmt: skip
spec("Tensor.to", casted(*TO), dtypes=FROM, errors=(
    Bad(call(X, [1]), "invalid combination"), Bad(call(X, foo=1), "invalid combination"),
    Bad(call(X, DType("int64"), DType("int32")), "invalid combination"), Bad(call(X, "xyz"), "device"),
    Bad(call(X, "cpu", "cpu"), ""), Bad(call(X, "cpu:01"), "Invalid device string"),
    Bad(call(X, "cpu:x"), "Invalid device string"), Bad(call(X, ""), "must not be empty"),
))  # fmt: skip
spec("Tensor.type", casted(*[((DType(n),), {}) for n in ALL],
    *[((t,), {}) for t in ("torch.DoubleTensor", "torch.LongTensor", "torch.BoolTensor")],
                           ((), {}), ((), {"dtype": DType("float32")})), dtypes=FROM, errors=(
    Bad(call(X, "DoubleTensor"), "invalid type"), Bad(call(X, "torch.FooTensor"), "invalid type"),
    Bad(call(X, 3), "dtype must be a type"), Bad(call(X, float), "invalid type")))  # fmt: skip
spec("Tensor.type_as", st.tuples(shapes(),
    st.sampled_from(ALL)).map(lambda t: call(In(t[0], **POSITIVE), In((1,), dtype=t[1], low=0, grad=False))),
     dtypes=FROM, errors=(Bad(call(X, 3), "must be Tensor"),))  # fmt: skip
spec("Tensor.cpu", casted(), dtypes=FROM)
spec("Tensor.is_pinned", casted(), dtypes=("float64",), order=0)

# -- questions about tensors and dtypes --------------------------------------------------------------------------------

ASKED = {"dtypes": ALL, "order": 0}
NOT_TENSOR = Bad(call(3), "must be Tensor")
for name in ("is_floating_point", "is_complex", "is_signed", "is_inference", "numel", "get_device"):
    spec(name, casted(), **ASKED, errors=(NOT_TENSOR,))
spec("is_nonzero", st.sampled_from((call(In(())), call(In((1, 1))), call(In((), low=0.0, high=0.0)))), **ASKED,
    method=True, errors=(
    NOT_TENSOR, Bad(call(X), "more than one value is ambiguous"),
    Bad(call(In((0,))), "no values is ambiguous")))  # fmt: skip
spec("is_same_size", st.tuples(shapes(), shapes()).map(lambda t: call(In(t[0]), In(t[1]))), dtypes=("float64",),
    order=0,
     method=True, errors=(Bad(call(X, 3), "must be Tensor"),))  # fmt: skip
OPERAND = st.one_of(
    st.tuples(st.sampled_from(((), (2,))), st.sampled_from(ALL)).map(lambda t: In(t[0], dtype=t[1], low=0.0)),
    st.sampled_from((2, 1.5, True, 2j)),
)
spec("result_type", st.tuples(OPERAND, OPERAND).map(lambda t: call(*t)), dtypes=("float64",), order=0,
     compare=lambda result, library: repr(result).replace("complex32", "complex64"),
     errors=(Bad(call(X, "a"), ""), Bad(call(X), "")))  # fmt: skip
PAIRS = st.tuples(st.sampled_from(ALL), st.sampled_from(ALL)).map(lambda t: call(DType(t[0]), DType(t[1])))
spec("promote_types", PAIRS, dtypes=("float64",), order=0, errors=(Bad(call(DType("int8"), 3), "must be torch.dtype"),))
spec("can_cast", PAIRS, dtypes=("float64",), order=0, errors=(Bad(call(DType("int8"), 3), "must be torch.dtype"),))


def default_after(result: Any, library: Any) -> str:
    """The default dtype that a call leaves; float32 again for the next one."""
    found = repr(library.get_default_dtype())
    library.set_default_dtype(library.float32)
    return found


spec("set_default_tensor_type", st.sampled_from(("torch.DoubleTensor", "torch.FloatTensor",
    DType("DoubleTensor"))).map(call),
     dtypes=("float64",), order=0, compare=default_after, errors=(
    Bad(call("torch.LongTensor"), "only floating-point types"), Bad(call(3), "invalid type object")))  # fmt: skip
