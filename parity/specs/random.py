"""Specs of the random family: the numbers, and the state of the generator after them, equal torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.case import DType
from parity.spec import Bad, Call, In, call, shapes, spec
from parity.specs.creation import options

FLOATING = ("float64", "float32", "float16", "bfloat16")
WHOLE = ("int64", "int32", "int16", "int8", "uint8")
REAL = (*FLOATING, *WHOLE)
X = In((2, 3))


def state(library: Any) -> Any:
    """The default generator's state, without the last bit of the cached normal (libraries of cosines differ in it)."""
    found = library.get_rng_state().clone()
    found[5024] = 0
    return found


def with_state(result: Any, library: Any) -> Any:
    return result, state(library)


DRAW = {"random": True, "order": 0, "compare": with_state}
FLAT = {"random": True, "order": 1, "grad_of": (0,), "compare": with_state}  # gradients are zero


def large(draw: Any) -> tuple[int, ...]:
    """A shape, now and then of 16 elements or more, which normals are drawn for in another way."""
    return draw(st.one_of(shapes(), st.sampled_from(((16,), (4, 5), (3, 4, 5), (33,), (2, 17)))))


@st.composite
def sized(draw: Any, *first: Any, names: tuple = FLOATING) -> Call:
    s, more = large(draw), draw(options(names))
    form = draw(st.integers(0, 2))
    return (
        call(*first, size=s, **more)
        if form == 0
        else call(*first, *s, **more)
        if form == 1 and s
        else call(*first, s, **more)
    )


@st.composite
def over(draw: Any, *choices: tuple, **tensor: Any) -> Call:
    """f(x, *arguments) with x of any shape and the arguments one of `choices`."""
    return call(In(large(draw), **tensor), *draw(st.sampled_from(choices or ((),))))


NOT_FOR_INTEGERS = Bad(call(2, dtype=DType("int64")), "not implemented for")
BAD_SIZE = Bad(call((2, -1)), "negative dimension")
spec("rand", sized(), dtypes=("float64",), **DRAW, errors=(NOT_FOR_INTEGERS, BAD_SIZE))
spec("randn", sized(names=(*FLOATING, "complex64")), dtypes=("float64",), **DRAW, errors=(NOT_FOR_INTEGERS, BAD_SIZE))
spec(
    "rand_like",
    over(),
    dtypes=FLOATING,
    **DRAW,
    errors=(Bad(call(X), "not implemented for", dtype="int64"), Bad(call([1.0]), "Tensor")),
)
spec(
    "randn_like",
    over(),
    dtypes=FLOATING,
    **DRAW,
    errors=(Bad(call(X), "not implemented for", dtype="int64"), Bad(call([1.0]), "Tensor")),
)


@st.composite
def integers(draw: Any) -> Call:
    """randint(high, size), randint(low, high, size), with names and without."""
    s, low, high = large(draw), draw(st.integers(0, 3)), draw(st.integers(4, 100))
    more = {k: v for k, v in draw(options(REAL)).items() if k == "dtype"}
    form = draw(st.integers(0, 4))
    return (
        call(high, s, **more), call(low, high, s, **more), call(low, high, size=s, **more), call(high, size=s, **more),
        call(low=low, high=high, size=s, **more),
    )[form]  # fmt: skip


spec("randint", integers(), dtypes=("float64",), **DRAW, errors=(
    Bad(call(3, 3, (2,)), "'from' to be less than 'to'"), Bad(call(5), ""), Bad(call(5, 2), ""),
    Bad(call(2.5, (2,)), ""), Bad(call(5, (2,), dtype=DType("bool")), "out of bounds"),
    Bad(call(300, (2,), dtype=DType("uint8")), "out of bounds")))  # fmt: skip
spec("randint_like", over((7,), (2, 9), (-3, 5)), dtypes=("float64", "float32", "int64", "int32", "int8"), **DRAW,
     errors=(Bad(call(X, 3, 3), "'from' to be less than 'to'"),))  # fmt: skip
spec("randperm", st.tuples(st.integers(0, 40), st.sampled_from(REAL)).map(lambda t: call(t[0], dtype=DType(t[1]))),
     dtypes=("float64",), **DRAW, errors=(Bad(call(-1), "negative"), Bad(call(2.5), "must be int"),
     Bad(call(3, dtype=DType("bool")), "not implemented"),
     Bad(call(400, dtype=DType("uint8")), "without overflow")))  # fmt: skip


@st.composite
def normals(draw: Any) -> Call:
    s = large(draw)
    form = draw(st.integers(0, 4))
    positive = In(s, low=0.5, high=2.0)
    row = In(s[-1:], low=0.5, high=2.0)
    return (call(1.5, 2.0, s), call(In(s), 2.0), call(-1.0, positive), call(In(s), row), call(In(s)))[form]


spec("normal", normals(), dtypes=FLOATING, **FLAT, errors=(
    Bad(call(0, 1), ""), Bad(call(0.0, -1.0, (2,)), "std >= 0.0"),
    Bad(call(X, 1.0), "not implemented for", dtype="int64"), Bad(call(X, In((3,), low=-2.0, high=-1.0)), "std >= 0.0"),
    Bad(call(X, In((4,), low=1.0)), "must match"), Bad(call(X, 1.0, (2,)), "")))  # fmt: skip

# -- in place ----------------------------------------------------------------------------------------------------------

BAD_FROM_TO = Bad(call(X, 2, 1), "[from, to) range")
spec("Tensor.uniform_", over((), (-1.0, 3.0), (0.5, 0.5)), dtypes=FLOATING, **DRAW, errors=(
    BAD_FROM_TO, Bad(call(X), "not implemented for", dtype="int64"),
    Bad(call(X, 0, 1e39), "out of bounds", dtype="float32")))  # fmt: skip
spec("Tensor.normal_", over((), (1.0, 2.0), (0, 0)), dtypes=(*FLOATING, "complex64", "complex128"), **DRAW, errors=(
    Bad(call(X, 0.0, -1.0), "std >= 0.0"), Bad(call(X), "not implemented for", dtype="int64")))  # fmt: skip
spec("Tensor.random_", over((), (7,), (2, 9), (0, 2**7)),
    dtypes=("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16"),
     **DRAW, errors=(Bad(call(X, 5, 5), "'from' to be less than 'to'"),
     Bad(call(X, 300), "out of bounds", dtype="uint8")))  # fmt: skip
CHANCES = In((3,), low=0.0, high=1.0)
spec("Tensor.bernoulli_", st.one_of(over((), (0.3,), (0,), (1,)), st.sampled_from((
    call(X, CHANCES), call(In((4, 3)), In((4, 1), low=0.0, high=1.0)),
    call(In((2, 4, 3)), In((4, 3), low=0.0, high=1.0))))),
    dtypes=FLOATING, **DRAW, errors=(Bad(call(X, 2.0), "p to be in [0, 1]"),
    Bad(call(X, In((4,), low=0.0, high=1.0)), "")))  # fmt: skip
spec("Tensor.exponential_", over((), (2.5,)), dtypes=FLOATING, **DRAW, errors=(
    Bad(call(X, -1.0), "lambda > 0.0"), Bad(call(X), "continuous", dtype="int64")))  # fmt: skip
spec("Tensor.geometric_", over((0.3,), (0.9,)), dtypes=(*FLOATING, "int64", "int32"), **DRAW, errors=(
    Bad(call(X, 2.0), "p to be in (0, 1)"),))  # fmt: skip
spec("Tensor.cauchy_", over((), (1.0, 2.0)), dtypes=FLOATING, **DRAW, errors=(
    Bad(call(X, 0.0, -1.0), "sigma > 0.0"), Bad(call(X), "continuous", dtype="int64")))  # fmt: skip
spec("Tensor.log_normal_", over((), (0.5, 0.25)), dtypes=FLOATING, **DRAW, errors=(
    Bad(call(X, 0.0, -1.0), "std > 0.0"), Bad(call(X), "not implemented for", dtype="int64")))  # fmt: skip

# -- choices -----------------------------------------------------------------------------------------------------------

spec("bernoulli", over(low=0.0, high=1.0), dtypes=FLOATING, **FLAT, method=True, errors=(
    Bad(call(In((3,), low=1.5, high=2.0)), "p_in >= 0 && p_in <= 1"),
    Bad(call(X), "not implemented for", dtype="int64")))  # fmt: skip
spec("poisson", over(low=0.0, high=30.0), dtypes=FLOATING, **FLAT, errors=(
    Bad(call(In((3,), low=-2.0, high=-1.0)), "non-negative"),
    Bad(call(X), "not implemented for", dtype="int64")))  # fmt: skip


@st.composite
def choices(draw: Any) -> Call:
    k = draw(st.integers(1, 8))
    weights = In(draw(st.sampled_from(((k,), (3, k)))), low=0.1, high=1.0)
    if draw(st.booleans()):
        return call(weights, draw(st.integers(1, 12)), replacement=True)
    return call(weights, draw(st.integers(1, k)))


ONES = In((3,), low=0.5, high=1.0)
spec("multinomial", choices(), dtypes=("float64", "float32"), method=True, **DRAW, errors=(
    Bad(call(ONES, 4), "without replacement"), Bad(call(ONES, 0), "n_sample <= 0"),
    Bad(call(In((2, 3, 4), low=0.5), 1), "1 or 2 dim"), Bad(call(X, 1), "floating-point", dtype="int64"),
    Bad(call(In((3,), low=-1.0, high=-0.5), 1), "element < 0"), Bad(call(ONES, 2.5), "must be int"),
    Bad(call(np.zeros(3), 1), "sum of probabilities <= 0")))  # fmt: skip


@st.composite
def trials(draw: Any) -> Call:
    """Few trials and many: the two ways of drawing. Counts are whole numbers."""
    shape = draw(shapes())
    most = draw(st.sampled_from((6, 400)))
    return call(
        In(shape, make=lambda rng, s, d: rng.integers(0, most, s).astype(d)),
        In(shape, low=0.0, high=1.0),
    )


spec("binomial", trials(), dtypes=("float64", "float32"), **DRAW, errors=(
    Bad(call(np.ones(3), np.ones(3, "float32")), "Found dtype Float but expected Double"),
    Bad(call(X, X), "only supports floating-point dtypes for count", dtype="int64"),
    Bad(call(2.0, X), "must be Tensor")))  # fmt: skip

# -- seeds and states --------------------------------------------------------------------------------------------------


def after(result: Any, library: Any) -> Any:
    """The seed and the stream that a call leaves behind."""
    return library.initial_seed(), library.rand(3), state(library)


SEEDED = {"random": True, "order": 0, "dtypes": ("float64",), "compare": after}
spec(
    "manual_seed",
    st.integers(-(2**63), 2**64 - 1).map(call),
    **SEEDED,
    errors=(Bad(call(2**65), "verflow"), Bad(call("a"), "")),
)
spec("initial_seed", st.just(call()), **SEEDED)


def restored(result: Any, library: Any) -> Any:
    """The state itself, and what is drawn after going elsewhere and back to it."""
    library.rand(700)
    library.set_rng_state(result)
    return result, library.rand(5)


spec("get_rng_state", st.just(call()), random=True, order=0, dtypes=("float64",), compare=restored)
spec("seed", st.just(call()), random=True, order=0, dtypes=("float64",),
     compare=lambda result, library: (type(result), result == library.initial_seed()))  # fmt: skip
