"""Chapter 13: parity and proof."""

import numpy as np

from minitorch.autograd.api import grad
from minitorch.autograd.base import wrap
from minitorch.autograd.gradcheck import GradcheckError
from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.learn.exercise import Chapter, Question
from minitorch.learn.exercises.helpers import slopes, wave

CHAPTER = Chapter(
    "13", "proof", "Parity and proof",
    reads=("minitorch/autograd/gradcheck.py", "minitorch/backend/dtypes.py", "minitorch/ops/compare.py"),
)  # fmt: skip


def _close_cases(rng):
    yield np.array([1.0]), np.array([1.0]), 0.0, 0.0
    yield np.array([1.0]), np.array([1.05]), 0.1, 0.0
    yield np.array([100.0, 100.0]), np.array([109.0, 112.0]), 0.1, 0.0
    yield np.array([112.0, 90.5]), np.array([100.0, 100.0]), 0.1, 0.0
    yield np.array([0.0, 0.0]), np.array([0.5, 2.0]), 0.0, 1.0
    yield np.array([-100.0, 100.0]), np.array([-101.5, -100.0]), 0.01, 0.5
    yield np.array([np.inf, np.inf, -np.inf, 1.0]), np.array([np.inf, 1.0, np.inf, np.inf]), 0.1, 0.1
    yield np.array([np.nan, 1.0]), np.array([np.nan, np.nan]), 0.1, 0.1


def _close_engine(mt):
    a, b = mt.tensor([1.0, 100.0, float("inf"), 0.0]), mt.tensor([1.001, 101.0, float("inf"), 0.1])
    return [
        mt.isclose(a, b, rtol=0.002, atol=0.0),
        mt.isclose(a, b, rtol=0.02, atol=0.0),
        mt.isclose(b, a, rtol=0, atol=0.2),
    ]


@CHAPTER.exercise(
    seam="op:isclose.forward",
    cases=_close_cases,
    engine=_close_engine,
    adapt=lambda function: lambda x, y, *, rtol=1e-5, atol=1e-8, equal_nan=False: function(x, y, rtol, atol),
    hints=(
        "The tolerance is atol + rtol * |expected|: it is the expected value that it is relative to.",
        "Equal infinities are close, though inf - inf is nan. A difference of inf is never close.",
    ),
    question=Question(
        "isclose(109, 100, rtol=0.1, atol=0): true or false?",
        lambda: str(bool(is_close(np.array(109.0), np.array(100.0), 0.1, 0.0))).lower(),
    ),
)
def is_close(actual, expected, rtol, atol):
    """A boolean array: True where |actual - expected| <= atol + rtol |expected|, or where both are the same infinity.

    An infinity is close to nothing else, and nan is close to nothing.
    """
    with np.errstate(invalid="ignore"):
        distance = np.abs(actual - expected)
        near = np.isfinite(distance) & (distance <= atol + np.abs(rtol * expected))
    return (actual == expected) | near


ORDER = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def _promote_cases(rng):
    yield "float32", "float32"
    for a in ORDER:
        for b in ORDER:
            if a < b:
                yield a, b


def _promote_engine(mt):
    names = ("bool", "uint8", "int8", "int64", "float16", "float64")
    return [str(mt.promote_types(getattr(mt, a), getattr(mt, b))) for a in names for b in names]


@CHAPTER.exercise(
    seam="minitorch.backend.dtypes:promote_types",
    cases=_promote_cases,
    engine=_promote_engine,
    adapt=lambda function: lambda type1, type2: dtypes.by_name(function(type1.name, type2.name)),
    hints=(
        "Three kinds, each above the last: bool, integers, floats. The higher kind wins, whatever the sizes.",
        "Within a kind the larger wins: int8 with int64 gives int64.",
        "uint8 and int8 are alike in size, and neither holds the other's numbers: int16 does.",
    ),
    question=Question(
        "Which dtype has an int64 tensor plus a float16 tensor (both of one dimension)?",
        lambda: promote("int64", "float16"),
    ),
)
def promote(a, b):
    """The name of the dtype that two dtypes are computed in, by torch's rules, from their names.

    The names are bool, uint8, int8, int16, int32, int64, float16, float32, float64.
    """
    if {a, b} == {"uint8", "int8"}:
        return "int16"
    order = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
    return max(a, b, key=order.index)


def _softmax(x):
    """softmax"""
    e = np.exp(x - x.max())
    return e / e.sum()


class Vjp:
    """A derivative under test, right or wrong, with a name to show."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def __call__(self, g):
        return self.function(g)

    def __repr__(self):
        return self.name


def _sine(x):
    """sine"""
    return np.sin(x)


def _mutant_cases(rng):
    x = np.array([0.3, -0.7, 1.1])
    s = _softmax(x)
    slope = np.cos(x)
    yield _sine, Vjp("right", lambda g: g * slope), x
    yield _sine, Vjp("sign flipped", lambda g: -g * slope), x
    yield _sine, Vjp("off by a hundredth", lambda g: g * slope * 1.01), x
    yield _sine, Vjp("upstream gradient ignored", lambda g: slope), x
    yield _sine, Vjp("last element forgotten", lambda g: g * slope * np.array([1, 1, 0])), x
    yield _softmax, Vjp("right", lambda g: s * (g - (g * s).sum())), x
    yield _softmax, Vjp("always zero", lambda g: 0 * g), x
    yield _softmax, Vjp("as if each output had one input", lambda g: g * s * (1 - s)), x
    yield _softmax, Vjp("upstream gradient averaged", lambda g: s * (g.mean() - (g.mean() * s).sum())), x


def _mutant_adapt(function):
    def check(func, inputs, eps, atol, rtol, nondet_tol):
        (t,) = inputs
        array, kept = t._array, t._array.copy()

        def f(v):
            array[...] = v.reshape(array.shape)
            with no_grad():
                out = func(t)._array.reshape(-1).copy()
            array[...] = kept
            return out

        def vjp(g):
            out = func(t)
            return grad(out, [t], wrap(np.array(g, dtype=float).reshape(out._array.shape)))[0]._array.reshape(-1)

        if not function(f, vjp, kept.reshape(-1)):
            raise GradcheckError("the learner's check rejects this derivative")
        return True

    return check


def _mutant_engine(mt):
    x = mt.tensor(wave(3), requires_grad=True)
    functions = (lambda x: x.exp(), lambda x: mt.softmax(x, 0), lambda x: x * x.detach())
    return [mt.autograd.gradcheck(f, (x,), raise_exception=False) for f in functions]


@CHAPTER.exercise(
    seam="minitorch.autograd.gradcheck:_check",
    cases=_mutant_cases,
    engine=_mutant_engine,
    adapt=_mutant_adapt,
    hints=(
        "For any g, vjp(g) must be the gradient of sum(g * f(x)): compare with central differences, eps = 1e-5 or so.",
        "With g all ones, softmax's gradient is 0, and a vjp that always gives 0 would pass. Which g tells them apart?",
        "Try g with a 1 in one place and 0 elsewhere, for every place; or random ones.",
    ),
    question=Question(
        "A vjp of softmax returns zeros. Does a test with g = [1, 1, 1] find out? yes or no",
        lambda: "no" if np.allclose(slopes(_softmax, wave(3), np.ones(3)), 0, atol=1e-8) else "yes",
    ),
)
def accepts(f, vjp, x):
    """True if vjp is a right derivative of f at x, False if it is wrong: you write the test that kills the mutants.

    f takes and gives 1-d arrays; x is one. vjp(g) ought to be the gradient by x of sum(g * f(x)), for every g.
    """
    eps = 1e-5
    for g in np.eye(f(x).size):
        numeric = [(g @ f(x + eps * e) - g @ f(x - eps * e)) / (2 * eps) for e in np.eye(x.size)]
        if not np.allclose(vjp(g), numeric, rtol=1e-4, atol=1e-6):
            return False
    return True
