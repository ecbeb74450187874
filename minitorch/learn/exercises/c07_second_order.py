"""Chapter 07: gradients of gradients."""

import numpy as np

import minitorch as mt
from minitorch.autograd.base import wrap
from minitorch.autograd.functional import _grads
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import close, finite, slopes, small, wave

CHAPTER = Chapter(
    "07", "second_order", "Gradients of gradients and your own Function",
    reads=("minitorch/autograd/api.py", "minitorch/autograd/functional.py", "minitorch/autograd/function.py"),
)  # fmt: skip


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _sigmoid_cases(rng):
    for shape in ((1,), (2,), (2, 3)):
        yield small(rng, *shape) + 0.25, _sigmoid(small(rng, *shape))


def _sigmoid_engine(mt):
    x = mt.tensor(wave(3), requires_grad=True)
    (first,) = mt.autograd.grad(mt.sigmoid(x * 2).sum(), x, create_graph=True)
    (second,) = mt.autograd.grad((first * first).sum(), x, create_graph=True)
    (third,) = mt.autograd.grad(second.sum(), x)
    return [first, second, third]


@CHAPTER.exercise(
    seam="op:sigmoid.vjp.x",
    cases=_sigmoid_cases,
    engine=_sigmoid_engine,
    hints=(
        "The slope of the sigmoid is out * (1 - out).",
        "Under create_graph the engine calls the same function with tensors. +, -, *, / work on both; np.* does not.",
    ),
    rules=(finite(lambda got, g, out: close(got, slopes(_sigmoid, np.log(out / (1 - out)), g))),),
    question=Question("What is the slope of the sigmoid at 0?", lambda: sigmoid_backward(1.0, 0.5)),
)
def sigmoid_backward(g, out):
    """The gradient of the loss by x, where out = sigmoid(x) and g is the gradient of the loss by out.

    Use operators alone (+, -, *, /): then the same function serves for second derivatives.
    """
    return g * out * (1 - out)


def _cubes(x):
    """x -> sum(x**3)"""
    return (x * x * x).sum()


def _coupled(x):
    """x -> x[0]**2 x[1] + exp(x[1])"""
    return x[0] * x[0] * x[1] + x[1].exp()


def _hvp_cases(rng):
    yield _cubes, wrap(np.array([2.0])), wrap(np.array([1.0]))
    yield _cubes, wrap(np.array([1.0, 2.0])), wrap(np.array([3.0, -1.0]))
    yield _coupled, wrap(np.array([2.0, 0.0])), wrap(np.array([1.0, -1.0]))


def _hvp_adapt(function):
    def vhp(func, inputs, v=None, create_graph=False, strict=False):
        return func(inputs).detach(), function(func, inputs, v).detach()

    return vhp


def _hvp_engine(mt):
    x, v = mt.tensor(wave(3)), mt.tensor(wave(3, start=4))
    return list(mt.autograd.functional.hvp(lambda x: (x.sin() * x.prod()).sum(), x, v))


@CHAPTER.exercise(
    seam="minitorch.autograd.functional:vhp",
    cases=_hvp_cases,
    engine=_hvp_engine,
    adapt=_hvp_adapt,
    hints=(
        "The Hessian is never built: the derivative of (gradient * v).sum() by x is H v.",
        "Begin with x = x.detach().requires_grad_(): the x that came may not require a gradient.",
        "The first mt.autograd.grad needs create_graph=True, so that its result can be differentiated again.",
    ),
    rules=(Rule("H v has the shape of x", lambda got, f, x, v: got.shape == x.shape),),
    question=Question(
        "f(x) = x**3, x = 2, v = 1. What is H v?",
        lambda: hessian_vector(_cubes, wrap(np.array([2.0])), wrap(np.array([1.0]))).item(),
    ),
)
def hessian_vector(f, x, v):
    """H v: the matrix of second derivatives of f at x, times v. f takes a tensor and gives a scalar tensor.

    x and v are 1-d tensors; `mt.autograd.grad(scalar, x)` gives a tuple of one gradient.
    """
    x = x.detach().requires_grad_()
    (g,) = mt.autograd.grad(f(x), x, create_graph=True)
    (hv,) = mt.autograd.grad((g * v).sum(), x)
    return hv


class Matrix:
    """The vjp of x -> matrix x, as a function."""

    def __init__(self, rows):
        self.rows = np.array(rows, dtype=float)

    def __call__(self, v):
        return v @ self.rows

    def __repr__(self):
        return f"vjp of {self.rows.tolist()}"


def _rows_adapt(function):
    def one_jacobian(out, x, create_graph, strict):
        def of(t):
            def vjp(v):
                return _grads((out,), (t,), (wrap(v.reshape(out._array.shape)),), create_graph, strict)[
                    0
                ]._array.reshape(-1)

            return wrap(function(vjp, out.numel()).reshape(*out.shape, *t.shape))

        return tuple(of(t) for t in x)

    return one_jacobian


@CHAPTER.exercise(
    seam="minitorch.autograd.functional:_one_jacobian",
    cases=lambda rng: (
        (Matrix([[3]]), 1),
        (Matrix([[1, 2]]), 1),
        (Matrix([[1], [2]]), 2),
        (Matrix([[1, 2, 3], [4, 5, 6]]), 2),
    ),
    engine=lambda mt: mt.autograd.functional.jacobian(lambda x: x.sin() * x.sum(), mt.tensor(wave(3))),
    adapt=_rows_adapt,
    hints=(
        "vjp(v) is v^T J: a weighted sum of J's rows.",
        "With a 1 at place i and zeros elsewhere it is row i.",
    ),
    question=Question(
        "f maps 1000 inputs to 2 outputs. How many vjps does its Jacobian take?",
        lambda: len(jacobian_by_vjps(Matrix(np.zeros((2, 1000))), 2)),
    ),
)
def jacobian_by_vjps(vjp, n):
    """The Jacobian J of a function with n outputs, row below row. vjp(v), for a 1-d array v of length n, is v^T J."""
    return np.stack([vjp(e) for e in np.eye(n)])
