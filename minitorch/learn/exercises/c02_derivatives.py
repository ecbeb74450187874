"""Chapter 02: derivatives you can trust."""

import numpy as np

from minitorch.autograd.modes import no_grad
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import close, finite, gradients, slopes, small, wave

CHAPTER = Chapter(
    "02", "derivatives", "Derivatives you can trust",
    reads=("minitorch/autograd/gradcheck.py", "minitorch/ops/arithmetic.py", "minitorch/ops/trigonometry.py"),
)  # fmt: skip


def _square(v):
    """v -> v * v"""
    return v * v


def _cube_sum(v):
    """v -> [sum(v**3)]"""
    return np.array([np.sum(v**3)])


def _mixed(v):
    """v -> [v[0] * v[1], exp(v[0]), 7]"""
    return np.array([v[0] * v[1], np.exp(v[0]), 7.0])


def _jacobian_cases(rng):
    yield _square, np.array([3.0]), 1e-3
    yield _square, np.array([1.0, -2.0]), 1e-3
    yield _cube_sum, np.array([1.0, 2.0]), 1e-3
    yield _mixed, np.array([0.5, 2.0]), 1e-3


def _jacobian_adapt(function):
    def numeric(func, inputs, t, number, eps):
        array = t._array
        kept = array.copy()

        def f(v):
            array[...] = v.reshape(array.shape)
            with no_grad():
                out = func(*inputs)
            array[...] = kept
            return (out[number] if isinstance(out, tuple) else out)._array.reshape(-1).copy()

        return function(f, kept.reshape(-1), eps)

    return numeric


def _jacobian_engine(mt):
    x = mt.tensor(wave(2, 2), requires_grad=True)
    right = mt.autograd.gradcheck(lambda x: (x * x).sin().sum(0), (x,))
    wrong = mt.autograd.gradcheck(lambda x: x * x.detach(), (x,), raise_exception=False)
    return [right, wrong]


@CHAPTER.exercise(
    seam="minitorch.autograd.gradcheck:_numeric",
    cases=_jacobian_cases,
    engine=_jacobian_engine,
    adapt=_jacobian_adapt,
    hints=(
        "Move one element of x at a time, on a copy, and look how every output changes.",
        "Central differences, (f(x + eps) - f(x - eps)) / (2 eps), have an error of eps**2; one-sided ones of eps.",
        "What element j changes is column j: J[i, j] = d out[i] / d x[j]; np.stack(columns, axis=1).",
    ),
    rules=(
        Rule(
            "J has a row for each output and a column for each input", lambda got, f, x, eps: got.shape[1:] == x.shape
        ),
    ),
    question=Question(
        "f(x) = x**2 at x = 3, eps = 1. What does the central difference give?",
        lambda: float(jacobian_by_differences(_square, np.array([3.0]), 1.0)[0, 0]),
    ),
)
def jacobian_by_differences(f, x, eps):
    """The matrix of derivatives of f at x by central differences: J[i, j] = d f(x)[i] / d x[j].

    f takes a 1-d array and gives a 1-d array; x is a 1-d array, which is not changed.
    """
    columns = []
    for j in range(x.size):
        step = np.zeros(x.size)
        step[j] = eps
        columns.append((f(x + step) - f(x - step)) / (2 * eps))
    return np.stack(columns, axis=1)


def _tanh_cases(rng):
    for shape in ((1,), (2,), (2, 3)):
        yield small(rng, *shape) + 0.25, np.tanh(small(rng, *shape) / 2)


@CHAPTER.exercise(
    seam="op:tanh.vjp.x",
    cases=_tanh_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.tanh(x * 2), wave(3, 2)),
    hints=(
        "The derivative of tanh is 1 - tanh**2.",
        "tanh(x) is at hand: it is `out`. Nothing has to be computed again.",
    ),
    rules=(finite(lambda got, g, out: close(got, slopes(np.tanh, np.arctanh(out), g))),),
    question=Question("What is the slope of tanh at 0?", lambda: tanh_backward(1.0, 0.0)),
)
def tanh_backward(g, out):
    """The gradient of the loss by x, where out = tanh(x) and g is the gradient of the loss by out; all of one shape."""
    return g * (1 - out * out)


def _div_cases(rng):
    for shape in ((1,), (2,), (2, 3)):
        yield small(rng, *shape) + 0.25, small(rng, *shape), small(rng, *shape) + 3.25


@CHAPTER.exercise(
    seam="op:div.vjp.y",
    cases=_div_cases,
    engine=lambda mt: gradients(mt, lambda x, y: x / (y + 3), wave(2, 3), wave(3, start=4)),
    hints=("x / y = x y**-1: differentiate by y.", "The derivative of 1 / y is -1 / y**2."),
    rules=(finite(lambda got, g, x, y: close(got, slopes(lambda y: x / y, y, g))),),
    question=Question("What is the derivative of 8 / y by y at y = 2?", lambda: div_backward(1.0, 8.0, 2.0)),
)
def div_backward(g, x, y):
    """The gradient of the loss by y, where out = x / y and g is the gradient of the loss by out; all of one shape."""
    return -g * x / (y * y)
