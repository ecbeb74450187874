"""Chapter 01: a tensor is a view on memory."""

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import wave

CHAPTER = Chapter(
    "01", "memory", "A tensor is a view on memory",
    reads=("minitorch/autograd/base.py", "minitorch/autograd/primitives.py", "minitorch/tensor/memory.py"),
)  # fmt: skip


@CHAPTER.exercise(
    seam="minitorch.ops.memory:contiguous_strides",
    cases=lambda rng: (((),), ((3,),), ((2, 3),), ((4, 1, 5),), ((2, 3, 4, 5),), ((2, 0, 3),)),
    engine=lambda mt: [list(mt.tensor(wave(*s)).stride()) for s in ((4,), (2, 3), (5, 0, 2), (1, 4, 3))],
    hints=(
        "In row-major order the last index moves fastest: its stride is 1.",
        "Going from right to left, each stride is the one before times the length of the dimension before.",
        "A length of 0 counts as 1: otherwise all strides left of it would be 0.",
    ),
    rules=(
        Rule("the last index moves fastest: its stride is 1", lambda got, shape: got[-1:] in ((), (1,))),
        Rule("a length of 0 counts as 1", lambda got, shape: 0 not in got),
    ),
    question=Question(
        "What are the strides, in elements, of a contiguous tensor of shape (2, 3, 4)?",
        lambda: contiguous_strides((2, 3, 4)),
    ),
)
def contiguous_strides(shape):
    """How many elements of memory lie between neighbors along each dimension of a row-major tensor: a tuple of ints.

    A length of 0 counts as 1.
    """
    strides: tuple = ()
    step = 1
    for n in reversed(shape):
        strides, step = (step, *strides), step * max(n, 1)
    return strides


def _shape_cases(rng):
    yield ([(3,), (3,)],)
    yield ([(3,), (1,)],)
    yield ([(2, 3), (3,)],)
    yield ([(2,), (3,)],)
    yield ([(2, 1), (1, 3)],)
    yield ([(2, 3), (2,)],)
    yield ([(), (4,)],)
    yield ([(0,), (1,)],)
    yield ([(4, 1, 2), (3, 1), (1, 1, 1)],)
    yield ([(5, 1), (1, 6), (4, 1, 1)],)


def _shape_engine(mt):
    return [
        list(mt.broadcast_shapes((4, 1), (3,))),
        list(mt.broadcast_shapes((2, 1, 5), (7, 1))),
        [list(t.shape) for t in mt.broadcast_tensors(mt.zeros(3, 1), mt.zeros(1, 2), mt.zeros(2))],
    ]


@CHAPTER.exercise(
    seam="minitorch.ops.indexing:broadcast_shape",
    cases=_shape_cases,
    engine=_shape_engine,
    hints=(
        "Align the shapes at the right; a missing length counts as 1.",
        "In each place the lengths must be equal, where they are not 1.",
        "A 1 gives way to any length, also to 0.",
    ),
    question=Question(
        "Which shape do (4, 1, 3) and (2, 1) broadcast to?", lambda: broadcast_shape([(4, 1, 3), (2, 1)])
    ),
)
def broadcast_shape(shapes):
    """The shape that a list of shapes broadcasts to, as a tuple; None if they do not."""
    rank = max(len(s) for s in shapes)
    result = []
    for column in zip(*[(1,) * (rank - len(s)) + tuple(s) for s in shapes]):  # noqa: B905 - padded to one length
        lengths = {n for n in column if n != 1}
        if len(lengths) > 1:
            return None
        result.append(lengths.pop() if lengths else 1)
    return tuple(result)


def _stretch_cases(rng):
    for have, want in (((1,), (3,)), ((2, 1), (2, 3)), ((3,), (2, 3)), ((1, 2, 1), (4, 3, 2, 5)), ((), (2,))):
        yield wave(*have), want


def _stretch_engine(mt):
    x = mt.tensor(wave(2, 1), requires_grad=True)
    y = x.expand(3, 2, 4)
    y.backward(mt.tensor(wave(3, 2, 4)))
    return [y, x.grad, list(y.stride()), y.data_ptr() == x.data_ptr()]


@CHAPTER.exercise(
    seam="op:broadcast_to.forward",
    cases=_stretch_cases,
    engine=_stretch_engine,
    hints=(
        "No element is copied: a stride of 0 reads the same place again and again.",
        "New dimensions in front and dimensions of length 1 get the stride 0, all others keep theirs.",
        "np.lib.stride_tricks.as_strided(x, shape, strides) makes the view; x.strides are in bytes.",
    ),
    rules=(
        Rule("the result must be a view: it has to share x's memory", lambda got, x, shape: np.shares_memory(got, x)),
    ),
    adapt=lambda function: lambda x, *, shape, **rest: function(x, shape),
    question=Question(
        "A contiguous tensor of shape (2, 1) is expanded to (2, 5). What are its strides, in elements?",
        lambda: tuple(s // 8 for s in stretch(np.zeros((2, 1)), (2, 5)).strides),
    ),
)
def stretch(x, shape):
    """A view of the array x with the given shape, where dimensions of length 1, and missing ones in front, repeat.

    The shape is one that x broadcasts to. Nothing is copied.
    """
    lead = len(shape) - x.ndim
    steps = [s if n == m else 0 for n, m, s in zip(x.shape, shape[lead:], x.strides, strict=True)]
    return np.lib.stride_tricks.as_strided(x, shape, (0,) * lead + tuple(steps))
