"""Specs of the creation family: filled, uninitialized, like others, ranges, triangles, data."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.case import DType
from parity.spec import Bad, Call, In, call, shapes, spec

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool", "complex64")
WHOLE = ("int64", "int32", "int16", "int8", "uint8")
REAL = (*DTYPES[:4], *WHOLE)
NO_GRAD = {"order": 0, "dtypes": ("float64",)}
LIKE = {"order": 0, "dtypes": DTYPES}
X = In((2, 3))
BAD_SIZES = (
    Bad(call((2, -1)), "negative dimension"), Bad(call(2.0), "must be tuple of ints"),
    Bad(call((2, "a")), "must be tuple of ints"),
)  # fmt: skip


def form(result: Any, library: Any) -> Any:
    """What is told of memory that was not initialized: shape and dtype, as zeros."""
    return result.clone().zero_() if result.numel() else result


def with_strides(result: Any, library: Any) -> Any:
    """The values and, where they mean something, the strides."""
    return result, tuple(result.stride()) if result.numel() > 1 and 1 not in result.shape else None


def zeros_and_strides(result: Any, library: Any) -> Any:
    return with_strides(form(result, library), library)


@st.composite
def options(draw: Any, names: tuple[str, ...] = DTYPES) -> dict:
    """dtype=, requires_grad=, or neither."""
    chosen = draw(st.sampled_from((None, *names)))
    found = {} if chosen is None else {"dtype": DType(chosen)}
    # not where the dtype is that of another tensor, which may hold integers
    if chosen is not None and (chosen in DTYPES[:4] or chosen.startswith("complex")) and draw(st.booleans()):
        found["requires_grad"] = True
    return found


@st.composite
def sized(draw: Any, first: tuple = (), named: bool = True) -> Call:
    """f((2, 3)), f(2, 3), f(size=(2, 3)), after the arguments `first`."""
    s, more = draw(shapes()), draw(options())
    form = draw(st.integers(0, 2))
    if form == 0 and named:
        return call(*first, size=s, **more)
    return call(*first, *s, **more) if form == 1 and s else call(*first, s, **more)


def like(*more: Any) -> st.SearchStrategy[Call]:
    """f(x, ...), with another dtype now and then."""
    return st.tuples(shapes(), options()).map(lambda t: call(In(t[0]), *more, **t[1]))


NOT_A_TENSOR = Bad(call([1.0]), "must be Tensor")
spec("zeros", sized(), **NO_GRAD, errors=(*BAD_SIZES, Bad(call(2, dtype=3), "must be torch.dtype")))
spec("ones", sized(), **NO_GRAD, errors=BAD_SIZES)
spec("empty", sized(), **NO_GRAD, errors=BAD_SIZES, compare=form)
spec("zeros_like", like(), **LIKE, errors=(NOT_A_TENSOR,), compare=with_strides)
spec("ones_like", like(), **LIKE, errors=(NOT_A_TENSOR,), compare=with_strides)
spec("empty_like", like(), **LIKE, errors=(NOT_A_TENSOR,), compare=zeros_and_strides)
spec("Tensor.new_zeros", sized((X,)), **LIKE, errors=(Bad(call(X, -1), "negative dimension"),))
spec("Tensor.new_ones", sized((X,)), **LIKE, errors=(Bad(call(X, -1), "negative dimension"),))
spec("Tensor.new_empty", sized((X,)), **LIKE, errors=(Bad(call(X, -1), "negative dimension"),), compare=form)
spec("Tensor.new", st.sampled_from((call(X, 2, 3), call(X), call(X, (2, 0)))), **LIKE, compare=form)

VALUES = (3, -1.5, True, 0, float("inf"))


@st.composite
def filled(draw: Any) -> Call:
    value = draw(st.sampled_from((*VALUES, 2j)))
    names = DTYPES if value != float("inf") and not isinstance(value, complex) else ("float64", "float16")
    names = ("complex64", "complex128") if isinstance(value, complex) else names
    if not isinstance(value, complex) and value < 0:
        names = tuple(n for n in names if n != "uint8")
    return call(draw(shapes()), value, **draw(options(names) if not isinstance(value, (bool, int)) else st.just({})))


TOO_LARGE = "without overflow"
spec("full", filled(), **NO_GRAD, out=False, errors=(
    Bad(call(2, 1.0), "must be tuple of ints"), Bad(call((2,), 300, dtype=DType("uint8")), TOO_LARGE),
    Bad(call((2,), 1j, dtype=DType("float32")), TOO_LARGE),
    Bad(call((2,), float("nan"), dtype=DType("int64")), TOO_LARGE),
    Bad(call((2,), 1e6, dtype=DType("float16")), TOO_LARGE), Bad(call((2,), 1e300, dtype=DType("float32")), TOO_LARGE),
    Bad(call((2,), In((1,))), "must be Number"), Bad(call((2,), "a"), "must be Number"),
    Bad(call((2,), 2**70), "too big"),
))  # fmt: skip
FULL_LIKE_ERRORS = (
    Bad(call(X, 300), TOO_LARGE, dtype="uint8"),
    Bad(call(X, 1j), TOO_LARGE),
    Bad(call(X, "a"), "must be Number"),
)
spec(
    "full_like", st.one_of([like(v) for v in (3, 1.5, True, 0)]), **LIKE, errors=FULL_LIKE_ERRORS, compare=with_strides
)
spec("Tensor.new_full", st.tuples(shapes(), st.sampled_from((3, 1.5, True)), options()).map(
    lambda t: call(X, t[0], t[1], **t[2])), **LIKE, errors=(Bad(call(X, (2,), 1j), TOO_LARGE),))  # fmt: skip
spec(
    "scalar_tensor",
    st.one_of(
        st.tuples(st.sampled_from((3, True)), options()),
        st.tuples(st.just(-1.5), options(tuple(n for n in DTYPES if n != "uint8"))),
    ).map(lambda t: call(t[0], **t[1])),
    **NO_GRAD,
)

# -- data --------------------------------------------------------------------------------------------------------------

DATA = (
    [[1, 2], [3, 4]],
    [1.5, 2],
    (True, False),
    3,
    -2.5,
    2j,
    [],
    [[], []],
    [True, 1],
    [1, 2.5, True],
    [1, 2j],
    [[[1.0]]],
)


def data(*first: Any) -> st.SearchStrategy[Call]:
    names = ("float64", "float16", "bfloat16", "complex64", "bool")
    return st.tuples(st.sampled_from(DATA), options(names)).filter(
        # complex data fits complex tensors only; new_tensor takes the dtype of the tensor that it is called on
        lambda t: "j" not in repr(t[0]) or (t[1]["dtype"].name == "complex64" if "dtype" in t[1] else not first)
    ).map(lambda t: call(*first, t[0], **{k: v for k, v in t[1].items() if k == "dtype"}))  # fmt: skip


BAD_DATA = (
    Bad(call([1, [2, 3]]), ""), Bad(call([[1, 2], [3]]), "expected sequence of length 2 at dim 1 (got 1)"),
    Bad(call("ab"), "invalid data type 'str'"), Bad(call(None), "NoneType"), Bad(call([1, "a"]), ""),
    Bad(call([None]), "NoneType"), Bad(call({1: 2}), "dict"), Bad(call([2**70]), "verflow"),
    Bad(call([float("nan")], dtype=DType("int64")), "without overflow"),
)  # fmt: skip
spec("tensor", data(), **NO_GRAD, errors=BAD_DATA)
spec("as_tensor", data(), **NO_GRAD, errors=BAD_DATA[:3])
spec("asarray", data(), **NO_GRAD, errors=BAD_DATA[:2])
spec("Tensor.new_tensor", data(X), order=0, dtypes=("float64", "complex64"))

# -- ranges ------------------------------------------------------------------------------------------------------------


@st.composite
def ranges(draw: Any) -> Call:
    start, step = draw(st.sampled_from((0, 1, -3, 0.5, 2.25))), draw(st.sampled_from((1, 2, -1, 0.5, -0.3, 3)))
    end = start + step * draw(st.sampled_from((0, 1, 2.5, 7, 20)))
    more = {k: v for k, v in draw(options(REAL)).items() if k == "dtype"}
    if more and more["dtype"].name in WHOLE:
        start, end, step = abs(int(start)), abs(int(start)) + draw(st.integers(0, 9)), draw(st.integers(1, 3))
    kind = draw(st.integers(0, 3))
    if kind == 0 and step > 0 and end >= 0:
        return call(end, **more)
    return call(start, end, step=step, **more) if kind == 1 else call(start, end, step, **more)


spec("arange", ranges(), **NO_GRAD, tolerance={"float16": (2e-3, 1e-3), "bfloat16": (1.6e-2, 1e-2)},
     why="torch steps from a rounded start within each vector of lanes; we round each value once", errors=(
    Bad(call(), "invalid combination"), Bad(call(5, 0), "inconsistent with step sign"),
    Bad(call(1, 5, -1), "inconsistent"), Bad(call(0, 5, 0), "step must be nonzero"),
    Bad(call(float("nan")), "unsupported range"), Bad(call("a"), "must be Number"),
    Bad(call(3, dtype=DType("bool")), "not implemented for 'Bool'"),
    Bad(call(3, dtype=DType("complex64")), "not implemented"),
    Bad(call(0, 5, 0.5, dtype=DType("int64")), "step must be nonzero"),
))  # fmt: skip


@st.composite
def spaced(draw: Any, low: float, high: float, names: tuple[str, ...]) -> Call:
    more = {k: v for k, v in draw(options(names)).items() if k == "dtype"}
    ends = (
        st.integers(int(max(low, 0)), int(high))
        if more and more["dtype"].name in WHOLE
        else st.floats(low, high, width=16)
    )
    return call(draw(ends), draw(ends), draw(st.integers(0, 12)), **more)


HALF_STEPS = {
    "tolerance": {"float16": (4e-3, 6e-2), "bfloat16": (3e-2, 0.4)},
    "why": "torch computes step and values in half precision, rounding each; we compute in float32 and round once",
}
SPACED_ERRORS = (
    Bad(call(0, 1, -1), "must be non-negative"), Bad(call(0, 1, 3, dtype=DType("bool")), "not implemented for 'Bool'"),
    Bad(call(0, 1j, 3, dtype=DType("float32")), "can't be safely cast"), Bad(call(0, 1, 2.5), ""),
    Bad(call(0, 300, 3, dtype=DType("uint8")), TOO_LARGE), Bad(call(In((2,)), 1, 3), "0-dimensional"),
)  # fmt: skip
spec("linspace", st.one_of(spaced(-4, 9, (*REAL, "complex64")), st.just(call(0, 1 + 2j, 4)),
    st.just(call(In(()), In(()), 5))),
     **NO_GRAD, **HALF_STEPS, errors=SPACED_ERRORS)  # fmt: skip
spec("logspace", st.one_of(spaced(-1, 2, ("float64", "float32", "int64", "int32", "complex64")),
    st.just(call(0, 4, 5, 2)),
                           st.just(call(0, 3, 4, base=-2.0))), **NO_GRAD, errors=SPACED_ERRORS[:4],
     tolerance={"float32": (1e-5, 1e-5), "complex64": (1e-5, 1e-5)},
     why="torch raises to single-precision exponents, whose rounding the power magnifies")  # fmt: skip

# -- matrices ----------------------------------------------------------------------------------------------------------

spec("eye", st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)), options()).map(
    lambda t: call(*(t[:1] if t[1] is None else t[:2]), **t[2])), **NO_GRAD, errors=(
    Bad(call(-1), "n must be greater or equal to 0"), Bad(call(2, -1), "m must be"),
    Bad(call(2.5), "must be int")))  # fmt: skip
for name in ("tril_indices", "triu_indices"):
    spec(name, st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(-5, 5),
        st.sampled_from(("int64", "int32"))).map(
        lambda t: call(*t[:3], dtype=DType(t[3])) if t[2] else call(*t[:2])), **NO_GRAD, errors=(
        Bad(call(-1, 2), "row must be non-negative"), Bad(call(2, -1), "col must be non-negative"),
        Bad(call(2, 2, dtype=DType("float32")), "not implemented for 'Float'"),
        Bad(call(2.0, 2), "must be int")))  # fmt: skip

# -- memory ------------------------------------------------------------------------------------------------------------

STRIDED = (((2, 3), (1, 2)), ((2, 3), (3, 1)), ((2, 3), (10, 2)), ((), ()), ((4,), (0,)), ((2, 3, 4), (1, 8, 2)))


def strided_form(result: Any, library: Any) -> Any:
    return tuple(result.shape), tuple(result.stride()), repr(result.dtype)


STRIDE_ERRORS = (
    Bad(call((2, 3), (1,)), "dimensionality"),
    Bad(call((2, -3), (1, 2)), "negative dimension"),
    Bad(call((2, 3), (-1, 2)), ""),
)
spec(
    "empty_strided",
    st.sampled_from(STRIDED).map(lambda t: call(*t)),
    **NO_GRAD,
    compare=strided_form,
    errors=STRIDE_ERRORS,
)
spec("Tensor.new_empty_strided", st.sampled_from(STRIDED).map(lambda t: call(X, *t)), **LIKE, compare=strided_form)
spec("empty_permuted", st.permutations((0, 1, 2)).map(lambda p: call((2, 3, 4), tuple(p))), **NO_GRAD,
    compare=strided_form,
     errors=(Bad(call((2, 3), (0,)), "physical_layout"), Bad(call((2, 3), (0, 0)), "Duplicate dim"),
             Bad(call((2, 3), (0, 2)), "Dimension out of range")))  # fmt: skip

# -- where and what by default -----------------------------------------------------------------------------------------


def default_of(result: Any, library: Any) -> Any:
    """The default device as text, after the call; the CPU again for the next one."""
    found = str(library.get_default_device())
    library.set_default_device(None)
    return found


spec("set_default_device", st.sampled_from((call("cpu"), call(None))), **NO_GRAD, compare=default_of)
spec("get_default_device", st.just(call()), **NO_GRAD, compare=lambda result, library: str(result))
