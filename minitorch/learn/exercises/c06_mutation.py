"""Chapter 06: mutation, views and the safety rules."""

import numpy as np

from minitorch.autograd.hooks import _as_gradient, _as_tensor
from minitorch.autograd.views import OVERLAPS
from minitorch.learn.exercise import Chapter, Question
from minitorch.learn.exercises.helpers import gradients, small, wave

CHAPTER = Chapter(
    "06", "mutation", "Mutation, views and the safety rules",
    reads=("minitorch/autograd/views.py", "minitorch/autograd/saved.py", "minitorch/autograd/hooks.py"),
)  # fmt: skip


def _refused(action):
    """True if the engine refuses."""
    try:
        action()
    except RuntimeError:
        return True
    return False


def _overlap_adapt(function):
    def check(array):
        if function(array.shape, array.strides):
            raise RuntimeError(OVERLAPS)

    return check


def _overlap_engine(mt):
    x = mt.zeros(3, 1)
    return [
        _refused(lambda: x.expand(3, 2).add_(1)),
        _refused(lambda: x.expand(3, 1).add_(1)),
        _refused(lambda: x.add_(1)),
    ]


@CHAPTER.exercise(
    seam="minitorch.autograd.views:check_overlap",
    cases=lambda rng: (
        ((3,), (8,)), ((3,), (0,)), ((1,), (0,)), ((2, 3), (0, 8)), ((2, 3), (24, 8)), ((4, 1), (8, 0)),
        ((2, 0), (0, 8)),
    ),
    engine=_overlap_engine,
    adapt=_overlap_adapt,
    hints=(
        "What does a stride of 0 mean for neighbors along that dimension?",
        "A dimension of length 1 has no neighbors, whatever its stride; and an empty tensor has no elements at all.",
    ),
    question=Question(
        "x has shape (3, 1). Does the engine refuse to write to x.expand(3, 4)? yes or no",
        lambda: "yes" if repeats_memory((3, 4), (8, 0)) else "no",
    ),
)  # fmt: skip
def repeats_memory(shape, strides):
    """True if a stride of 0 lets several elements of a tensor lie on one place in memory: writing is refused then.

    shape and strides are tuples. The result is True or False.
    """
    return 0 not in shape and any(s == 0 and n > 1 for n, s in zip(shape, strides, strict=True))


def _meet_adapt(function):
    return lambda a, b, pointer: function(
        (pointer(a), a.size * a.dtype.itemsize), (pointer(b), b.size * b.dtype.itemsize)
    )


def _meet_engine(mt):
    def on(first, second):
        x = mt.zeros(6)
        return _refused(lambda: x[first].add_(x[second]))

    cut = slice
    return [on(cut(0, 3), cut(3, 6)), on(cut(0, 3), cut(2, 5)), on(cut(1, 4), cut(0, 3)), on(cut(0, 2), cut(0, 2))]


@CHAPTER.exercise(
    seam="minitorch.autograd.views:_ranges_meet",
    cases=lambda rng: (
        ((0, 8), (8, 8)), ((0, 8), (0, 8)), ((0, 16), (8, 8)), ((8, 8), (0, 8)), ((8, 16), (0, 12)), ((4, 0), (0, 8)),
        ((0, 100), (40, 4)), ((40, 4), (0, 100)),
    ),
    engine=_meet_engine,
    adapt=_meet_adapt,
    hints=(
        "Two ranges meet if each begins before the other ends.",
        "The end is start + length, and is not part of the range. An empty range meets nothing.",
    ),
    question=Question(
        "Does x[0:3] share memory with x[3:6]? yes or no",
        lambda: "yes" if ranges_meet((0, 24), (24, 24)) else "no",
    ),
)  # fmt: skip
def ranges_meet(a, b):
    """True if two ranges of memory, each (start, length) in bytes, have a byte in common; else False."""
    return a[1] > 0 and b[1] > 0 and a[0] < b[0] + b[1] and b[0] < a[0] + a[1]


def _slice_cases(rng):
    for shape, index in (
        ((3,), (slice(0, 2), ...)),
        ((3,), (1, ...)),
        ((2, 3), (0, ...)),
        ((4, 3), (slice(1, 4, 2), slice(0, 2), ...)),
    ):
        yield small(rng, *np.zeros(shape)[index].shape) + 0.25, shape, index


@CHAPTER.exercise(
    seam="op:embed.forward",
    cases=_slice_cases,
    engine=lambda mt: gradients(mt, lambda x: x[1] * x[:2, 0].sum() * x[:, 2:][0].sum(), wave(3, 4)),
    adapt=lambda function: lambda x, *, shape, index: function(x, shape, index),
    hints=(
        "What was not selected has no influence: its gradient is 0.",
        "Begin with zeros of `shape`; assigning by the same index puts g where the elements were read.",
    ),
    question=Question(
        "x = [1, 2, 3]; x[1:].sum().backward(). What is x.grad?",
        lambda: slice_backward(np.ones(2), (3,), (slice(1, None),)).tolist(),
    ),
)
def slice_backward(g, shape, index):
    """The gradient of x, which has the shape `shape`, where g is the gradient of the view x[index].

    index is a tuple of ints, slices and `...`, as NumPy takes it.
    """
    out = np.zeros(shape, dtype=g.dtype)
    out[index] = g
    return out


def _double(g):
    """g -> g * 2"""
    return g * 2


def _watch(g):
    """g -> None"""
    return None


def _plus_one(g):
    """g -> g + 1"""
    return g + 1


def _hook_adapt(function):
    def leaf_before(leaf, g, graph):
        return _as_gradient(function(_as_tensor(g, graph), list(leaf._hooks.pre.values())), graph)

    return leaf_before


def _hook_engine(mt):
    x = mt.tensor(wave(3), requires_grad=True)
    seen = []
    x.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: seen.append(g.clone()))
    x.register_hook(lambda g: g + 1)
    (x * x).sum().backward()
    return [x.grad, seen]


@CHAPTER.exercise(
    seam="minitorch.autograd.hooks:leaf_before",
    cases=lambda rng: (
        (small(rng, 2), hooks)
        for hooks in ([], [_double], [_watch], [_double, _plus_one], [_plus_one, _watch, _double])
    ),
    engine=_hook_engine,
    adapt=_hook_adapt,
    hints=(
        "Each hook sees what the one before has left.",
        "A hook that only looks returns None: then the gradient stays as it is.",
    ),
    question=Question(
        "The gradient is 3. Hooks: first g * 2, then g + 1. Which gradient is accumulated?",
        lambda: run_hooks(3, [_double, _plus_one]),
    ),
)
def run_hooks(g, hooks):
    """The gradient after all hooks, in their order: each is called with it, and may return a new one, or None."""
    for hook in hooks:
        new = hook(g)
        if new is not None:
            g = new
    return g
