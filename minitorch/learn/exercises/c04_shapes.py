"""Chapter 04: shapes going backwards."""

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import close, finite, gradients, slopes, small, wave

CHAPTER = Chapter(
    "04", "shapes_backwards", "Shapes going backwards",
    reads=("minitorch/autograd/primitives.py", "minitorch/ops/reduce.py", "minitorch/ops/indexing.py"),
)  # fmt: skip


def _unbroadcast_cases(rng):
    pairs = (((2,), (1,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2,), ()), ((4, 2, 3), (2, 1)), ((4, 2, 3), (1, 1, 3)))
    for have, want in pairs:
        yield small(rng, *have) + 0.25, want


@CHAPTER.exercise(
    seam="minitorch.autograd.primitives:_sum_to",
    cases=_unbroadcast_cases,
    engine=lambda mt: gradients(mt, lambda x, y: x * y + y, wave(2, 3), wave(3, start=3)),
    hints=(
        "An element that was read several times gets the sum of the gradients of all its copies.",
        "Two things were added by broadcasting: dimensions in front, and repetitions along dimensions of length 1.",
        "Sum over the leading dimensions, then over those where `shape` has a 1, and keep those as ones.",
    ),
    rules=(
        Rule("the gradient has the shape of what it is the gradient of", lambda got, g, shape: got.shape == shape),
        Rule(
            "sum(unbroadcast(g) * x) must be sum(g * x broadcast), for every x",
            lambda got, g, shape: np.isclose((got * wave(*shape)).sum(), (g * wave(*shape)).sum()),
        ),
    ),
    question=Question(
        "x is (3, 1), y is (4,). out = x + y, and out's gradient is all ones. What is x.grad[0, 0]?",
        lambda: float(unbroadcast(np.ones((3, 4)), (3, 1))[0, 0]),
    ),
)
def unbroadcast(g, shape):
    """Sum g over all dimensions along which `shape` was broadcast to g's shape; the result has the shape `shape`."""
    lead = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(lead)))
    ones = tuple(k for k, n in enumerate(shape) if n == 1)
    return np.asarray(g).sum(axis=ones, keepdims=True).reshape(shape)


def _sum_cases(rng):
    rows = (((2,), None, False), ((2, 3), 0, False), ((2, 3), 1, True), ((2, 3), 1, False), ((2, 3, 4), (0, 2), False))
    for shape, dim, keepdim in rows:
        yield small(rng, *np.sum(np.zeros(shape), axis=dim, keepdims=keepdim).shape) + 0.25, shape, dim, keepdim


@CHAPTER.exercise(
    seam="op:sum.vjp.x",
    cases=_sum_cases,
    engine=lambda mt: gradients(mt, lambda x: (x * x).sum(1) * x.sum((0, 1)), wave(2, 3)),
    adapt=lambda function: lambda g, x_shape, dim, keepdim: function(g, x_shape, dim, keepdim),
    hints=(
        "Each element was added with the factor 1: its gradient is the gradient of the sum that it went into.",
        "Put the summed dimensions back as ones (np.expand_dims), unless keepdim has kept them.",
        "np.broadcast_to repeats the result along them.",
    ),
    rules=(Rule("the gradient has the shape of x", lambda got, g, shape, dim, keepdim: got.shape == shape),),
    question=Question(
        "x is (2, 3); y = x.sum(0); y.backward(tensor([1, 2, 3])). What is x.grad[1]?",
        lambda: sum_backward(np.array([1, 2, 3]), (2, 3), 0, False)[1].tolist(),
    ),
)
def sum_backward(g, shape, dim, keepdim):
    """The gradient of x, which has the shape `shape`, where g is the gradient of x.sum(dim, keepdim).

    dim is None (all dimensions), an int, or a tuple of ints; none is negative.
    """
    if dim is not None and not keepdim:
        g = np.expand_dims(g, dim)
    return np.broadcast_to(g, shape)


def _max_cases(rng):
    for row in ([2.0], [1.0, 3.0], [3.0, 3.0], [[1.0, 5.0], [5.0, 5.0]], [-1.0, -2.0, -1.0]):
        x = np.array(row)
        yield np.array(6.0), x, x.max()


@CHAPTER.exercise(
    seam="op:max_all.vjp.x",
    cases=_max_cases,
    engine=lambda mt: gradients(mt, lambda x: x.max() * 3, np.array([[1.0, 4.0], [4.0, 0.0]])),
    hints=(
        "Only elements that are equal to the maximum get a gradient.",
        "If there are k of them, each gets g / k: that is torch's rule for ties of max().",
    ),
    rules=(Rule("the gradients of all elements together are g", lambda got, g, x, out: np.isclose(np.sum(got), g)),),
    question=Question(
        "x = [2, 5, 5]. What is the gradient of x.max() by x?",
        lambda: max_backward(1.0, np.array([2.0, 5.0, 5.0]), 5.0).tolist(),
    ),
)
def max_backward(g, x, out):
    """The gradient of x where out = x.max() and g (one number) is the gradient of out. Ties share g equally."""
    winners = (x == out).astype(x.dtype)
    return g * winners / winners.sum()


def _rows_cases(rng):
    yield np.array([[1.0], [2.0]]), np.array([1]), np.array([[0.5]])
    yield np.array([[1.0], [2.0]]), np.array([1, 1]), np.array([[0.5], [3.0]])
    for n, k, width in ((2, 1, 1), (2, 2, 2), (3, 5, 2), (4, 0, 3)):
        yield small(rng, n, width), rng.integers(0, n, k), small(rng, k, width) + 0.25


def _read_thrice():
    out = np.zeros((2, 1))
    add_rows(out, np.array([1, 1, 1]), np.ones((3, 1)))
    return out[:, 0].tolist()


def _rows_adapt(function):
    def index_spread(x, *, shape, positions):
        out, (places,) = np.zeros((shape[0], int(np.prod(shape[1:]))), dtype=x.dtype), positions.key
        function(out, places, x.reshape(places.size, -1))
        return out.reshape(shape)

    return index_spread


@CHAPTER.exercise(
    seam="op:index_spread.forward",
    adapt=_rows_adapt,
    cases=_rows_cases,
    engine=lambda mt: gradients(mt, lambda x: x[mt.tensor([0, 2, 0, 0])], wave(3, 2)),
    writes=(0,),
    hints=(
        "x[[0, 0]] reads row 0 twice: in the backward pass two gradients arrive at it.",
        "out[places] += rows reads, adds and writes once for each place: of two gradients for one row, one is lost.",
        "np.add.at(out, places, rows) adds one after the other; so does a loop.",
    ),
    question=Question("x = [1.0, 2.0]; x[[1, 1, 1]].sum().backward(). What is x.grad?", lambda: _read_thrice()),
)
def add_rows(out, places, rows):
    """Add rows[i] to out[places[i]], for every i, in place; a place may come several times. Returns nothing.

    out is (N, width), rows is (k, width), places is (k,).
    """
    np.add.at(out, places, rows)


def _prod_cases(rng):
    for row in ([3.0], [2.0, 5.0], [0.0, 4.0], [0.0, 0.0, 2.0], [1.0, -2.0, 0.5, 3.0], [2.0, 0.0, 3.0, 5.0]):
        yield np.array(2.0), np.array(row)


def _prod_adapt(function):
    return lambda g, x, x_shape, dim: function(g, x.reshape(-1)).reshape(x_shape)


@CHAPTER.exercise(
    seam="op:prod.vjp.x",
    cases=_prod_cases,
    engine=lambda mt: [gradients(mt, lambda x: x.prod(), np.array(r)) for r in ([2.0, 0.0, 3.0], [1.5, 2.0])],
    adapt=_prod_adapt,
    hints=(
        "The derivative by one factor is the product of all the others.",
        "prod / x[k] is right and quick, unless x[k] is 0.",
        "With zeros: multiply what is left of k with what is right of k, or leave k out with np.delete.",
    ),
    rules=(finite(lambda got, g, x: close(got, slopes(np.prod, x, g))),),
    question=Question(
        "x = [0, 3, 4]. What is the gradient of x.prod() by x?",
        lambda: prod_backward(1.0, np.array([0.0, 3.0, 4.0])).tolist(),
    ),
)
def prod_backward(g, x):
    """The gradient of the loss by the 1-d array x, where g (one number) is the gradient of the loss by x.prod().

    x may hold zeros.
    """
    return g * np.array([np.prod(np.delete(x, k)) for k in range(x.size)])
