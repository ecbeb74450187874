"""Chapter 05: from matmul to cross entropy."""

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import close, finite, gradients, slopes, small, wave

CHAPTER = Chapter(
    "05", "cross_entropy", "From matmul to cross entropy",
    reads=("minitorch/ops/matmul.py", "minitorch/ops/softmax.py", "minitorch/ops/loss.py"),
)  # fmt: skip


def _softmax(x, dim=-1):
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    return e / e.sum(axis=dim, keepdims=True)


def _mm_cases(rng):
    for n, k, m in ((1, 1, 1), (1, 2, 1), (2, 1, 3), (2, 3, 4)):
        yield small(rng, n, m) + 0.25, small(rng, n, k), small(rng, k, m)


@CHAPTER.exercise(
    seam="op:mm.vjp.y",
    cases=lambda rng: ((g, x) for g, x, y in _mm_cases(rng)),
    engine=lambda mt: gradients(mt, lambda x, y: mt.mm(x, y), wave(2, 3), wave(3, 4, start=3)),
    hints=(
        "Look at the shapes: g is (n, m), x is (n, k), and y's gradient is (k, m).",
        "Only one product of x, g and their transposes has that shape for all n, k, m.",
    ),
    rules=(Rule("the gradient has y's shape, (k, m)", lambda got, g, x: got.shape == (x.shape[1], g.shape[1])),),
    question=Question(
        "x is (5, 2), y is (2, 7). Which shape has the gradient of x @ y by y?",
        lambda: matmul_backward(np.ones((5, 7)), np.ones((5, 2))).shape,
    ),
)
def matmul_backward(g, x):
    """The gradient of the loss by y, where g (n, m) is the gradient of the loss by x @ y; x is (n, k), y (k, m)."""
    return x.T @ g


def _lse_cases(rng):
    for shape, dim, keepdim in (((1,), 0, False), ((2,), 0, False), ((2, 3), 1, False), ((2, 3), 0, True)):
        yield small(rng, *shape), dim, keepdim
    yield np.array([1000.0, 1000.0]), 0, False
    yield np.array([[-1000.0, -1001.0], [0.0, 800.0]]), 1, False


@CHAPTER.exercise(
    seam="op:logsumexp.forward",
    cases=_lse_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.logsumexp(x * 400, 1), wave(3, 4)),
    adapt=lambda function: lambda x, *, dim, keepdim=False: function(x, dim, keepdim),
    hints=(
        "e**1000 is inf in float64, and log(inf) is inf. The result is close to 1000, though.",
        "log(sum(e**x)) = c + log(sum(e**(x - c))) for every c. Which c keeps all exponents at or below 0?",
    ),
    rules=(Rule("the result is finite wherever x is", lambda got, x, dim, keepdim: np.isfinite(got).all()),),
    question=Question(
        "x = [1000, 1000]. What is logsumexp(x) - 1000, rounded to two digits?",
        lambda: round(float(logsumexp(np.array([1000.0, 1000.0]), 0, False)) - 1000, 2),
    ),
)
def logsumexp(x, dim, keepdim):
    """log(sum(e**x)) along the dimension `dim`, without overflow; keepdim leaves it with length 1."""
    top = x.max(axis=dim, keepdims=True)
    total = np.log(np.exp(x - top).sum(axis=dim, keepdims=True)) + top
    return total if keepdim else total.squeeze(dim)


def _softmax_cases(rng):
    for shape, dim in (((2,), 0), ((3,), 0), ((2, 2), 1), ((2, 3), 0)):
        yield small(rng, *shape) + 0.25, _softmax(small(rng, *shape), dim), dim


@CHAPTER.exercise(
    seam="op:softmax.vjp.x",
    cases=_softmax_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.softmax(x, 0) + mt.softmax(x, 1), wave(3, 4)),
    hints=(
        "Every output depends on every input: d out_i / d x_j = out_i (1 if i == j else 0) - out_i out_j.",
        "Multiply by g_i and sum over i: out_j (g_j - sum_i g_i out_i).",
        "The sum goes along dim and keeps it: keepdims=True.",
    ),
    rules=(
        Rule(
            "softmax(x + c) = softmax(x), so the gradient sums to 0 along dim",
            lambda got, g, out, dim: close(got.sum(dim), 0 * got.sum(dim)),
        ),
        finite(lambda got, g, out, dim: close(got, slopes(lambda x: _softmax(x, dim), np.log(out), g))),
    ),
    question=Question(
        "What is the gradient of softmax(x).sum() by x = [1.0, 2.0]?",
        lambda: softmax_backward(np.ones(2), _softmax(np.array([1.0, 2.0])), 0).tolist(),
    ),
)
def softmax_backward(g, out, dim):
    """The gradient of the loss by x, where out = softmax(x) along `dim` and g is the gradient of the loss by out."""
    return out * (g - (g * out).sum(dim, keepdims=True))


def _log_softmax_cases(rng):
    for shape, dim in (((2,), 0), ((3,), 0), ((2, 2), 1), ((2, 3), 0)):
        yield small(rng, *shape) + 0.25, np.log(_softmax(small(rng, *shape), dim)), dim


@CHAPTER.exercise(
    seam="op:log_softmax.vjp.x",
    cases=_log_softmax_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.log_softmax(x, 1) * 2, wave(3, 4)),
    hints=(
        "out_i = x_i - logsumexp(x): the first part is easy. What is the derivative of logsumexp by x_j?",
        "It is softmax(x)_j, and that is e**out_j. It is multiplied by the sum of all g_i.",
    ),
    rules=(finite(lambda got, g, out, dim: close(got, slopes(lambda x: np.log(_softmax(x, dim)), out, g))),),
    question=Question(
        "log_softmax gives [log 0.25, log 0.75]; g = [1, 0]. What is the gradient by x?",
        lambda: log_softmax_backward(np.array([1.0, 0.0]), np.log([0.25, 0.75]), 0).tolist(),
    ),
)
def log_softmax_backward(g, out, dim):
    """The gradient of the loss by x, where out = log_softmax(x) along `dim`; g is the gradient of the loss by out."""
    return g - np.exp(out) * g.sum(dim, keepdims=True)


def _entropy_cases(rng):
    for n, c in ((1, 2), (2, 2), (3, 4)):
        yield small(rng, n) + 0.25, small(rng, n, c), rng.integers(0, c, n)
    yield np.array([1.0]), np.array([[1000.0, 0.0]]), np.array([1])


def _entropy_adapt(function):
    def vjp(g, x, target1, slope):
        return function(np.broadcast_to(g * slope, target1.shape), x, target1)

    return vjp


def _entropy(x, target):
    return -np.log(_softmax(x))[np.arange(len(x)), target]


@CHAPTER.exercise(
    seam="op:cross_entropy.vjp.x",
    cases=_entropy_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.nn.functional.cross_entropy(x * 3, mt.tensor([2, 0, 2])), wave(3, 4)),
    adapt=_entropy_adapt,
    hints=(
        "The loss of a row is -log_softmax(row)[target]. The last exercise gives its gradient.",
        "It is softmax(row), with 1 taken away at the target.",
        "Multiply row n by share[n]; and take the row's maximum away before exp.",
    ),
    rules=(
        Rule("each row's gradient sums to 0", lambda got, share, x, target: close(got.sum(1), 0 * share)),
        finite(
            lambda got, share, x, target: (
                np.abs(x).max() > 99 or close(got, slopes(lambda x: _entropy(x, target), x, share))
            )
        ),
    ),
    question=Question(
        "Logits [0, 0], target 1, loss = cross entropy of this one row. What is its gradient?",
        lambda: cross_entropy_backward(np.ones(1), np.zeros((1, 2)), np.array([1]))[0].tolist(),
    ),
)
def cross_entropy_backward(share, x, target):
    """The gradient by the logits x (N, C) of sum over n of share[n] * cross_entropy(x[n], target[n]).

    target (N,) holds class numbers. share (N,) is 1/N each where the loss is their mean.
    """
    e = np.exp(x - x.max(1, keepdims=True))
    grad = e / e.sum(1, keepdims=True)
    grad[np.arange(len(x)), target] -= 1
    return grad * share[:, None]
