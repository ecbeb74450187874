"""Chapter 00: the four functions of a net in thirty lines."""

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import close, finite, gradients, slopes, small, wave

CHAPTER = Chapter(
    "00", "thirty_lines", "A net in thirty lines",
    reads=("minitorch/ops/activation.py", "minitorch/ops/linear.py", "minitorch/ops/loss.py", "minitorch/optim/sgd.py"),
)  # fmt: skip


def _arrays(rng):
    for shape in ((1,), (2,), (3,), (2, 3), (2, 1, 4)):
        yield (small(rng, *shape),)


@CHAPTER.exercise(
    seam="op:relu.forward",
    cases=_arrays,
    engine=lambda mt: gradients(mt, lambda x: mt.nn.functional.relu(x * 2), wave(3, 4)),
    hints=(
        "Compare each element with 0.",
        "np.maximum compares two arrays, or an array and a number, element by element.",
    ),
    rules=(Rule("where x is negative, the result is 0", lambda got, x: not got[x < 0].any()),),
    question=Question("What is relu(-2.0) + relu(3.0)?", lambda: float(relu(np.array([-2.0, 3.0])).sum())),
)
def relu(x):
    """The elements of the array x that are positive; 0 in the place of all others. x itself stays as it is."""
    return np.maximum(x, 0)


def _linear_cases(rng):
    for n, i, o in ((1, 1, 1), (1, 2, 1), (2, 2, 3), (4, 3, 2)):
        yield small(rng, n, i), small(rng, o, i), small(rng, o)


@CHAPTER.exercise(
    seam="op:linear.forward",
    cases=_linear_cases,
    engine=lambda mt: gradients(mt, mt.nn.functional.linear, wave(4, 3), wave(2, 3, start=3), wave(2, start=5)),
    adapt=lambda function: lambda x, w, b=None, kind="": function(x, w, b),
    hints=(
        "Row n of the result is the matrix w times row n of x, plus b.",
        "The weight is stored as (out, in), so it must be transposed: x (N, in) times (in, out).",
    ),
    question=Question(
        "x has shape (8, 3), w has shape (5, 3). What is the shape of linear(x, w, b)?",
        lambda: linear(np.ones((8, 3)), np.ones((5, 3)), np.ones(5)).shape,
    ),
)
def linear(x, w, b):
    """x w^T + b: the rows of x (N, in), each turned into a row of (N, out). w is (out, in), b is (out,)."""
    return x @ w.T + b


def _mse_cases(rng):
    for shape in ((1,), (2,), (3,), (2, 3)):
        yield np.array(float(rng.integers(1, 4))), small(rng, *shape), small(rng, *shape)


@CHAPTER.exercise(
    seam="op:mse_loss.vjp.x",
    cases=_mse_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.nn.functional.mse_loss(x, mt.tensor(wave(4, 2, start=4))), wave(4, 2)),
    hints=(
        "The loss is the sum of (x - y)**2, divided by the number of elements. Differentiate by one element of x.",
        "Each element's derivative is 2 (x - y) / x.size. Then the chain rule multiplies by g.",
    ),
    rules=(finite(lambda got, g, x, y: close(got, slopes(lambda x: np.mean((x - y) ** 2), x, g))),),
    question=Question(
        "x = [3, 1], y = [1, 1]. What is the gradient of mean((x - y)**2) by x?",
        lambda: mse_backward(1.0, np.array([3.0, 1.0]), np.array([1.0, 1.0])).tolist(),
    ),
)
def mse_backward(g, x, y):
    """The gradient of mean((x - y)**2) by x, times g. x and y have one shape, and so has the result.

    g is one number. It is 1 if the mean is the loss itself; else it says how the loss changes with the mean, and the
    result is the gradient of the loss by x.
    """
    return g * 2 * (x - y) / x.size


def _sgd_cases(rng):
    for n in (1, 2, 4):
        yield small(rng, n), small(rng, n), 0.1


def _sgd_engine(mt):
    p = mt.tensor(wave(3), requires_grad=True)
    optimizer = mt.optim.SGD([p], lr=0.25)
    for _ in range(3):
        optimizer.zero_grad()
        (p * p * p).sum().backward()
        optimizer.step()
    return p


def _sgd_adapt(function):
    def update(self, xp, numbers, x, g, state, a, b):
        x[...] = function(x.copy(), g, -numbers[0])

    return update


@CHAPTER.exercise(
    seam="minitorch.optim.sgd:SGD.update",
    cases=_sgd_cases,
    engine=_sgd_engine,
    adapt=_sgd_adapt,
    hints=("The gradient points uphill.", "A step downhill is lr times the gradient, taken away from p."),
    rules=(
        Rule("a step goes against the gradient: down", lambda got, p, grad, lr: ((got - p) * grad <= 0).all()),
        Rule(
            "a step is lr times as long as the gradient", lambda got, p, grad, lr: close(abs(got - p), abs(lr * grad))
        ),
    ),
    question=Question(
        "p = 1.0, its gradient is -2.0, lr is 0.1. What is p after one step?", lambda: sgd_step(1.0, -2.0, 0.1)
    ),
)
def sgd_step(p, grad, lr):
    """The parameters after one step of gradient descent. p and grad are arrays of one shape; they are not changed."""
    return p - lr * grad
