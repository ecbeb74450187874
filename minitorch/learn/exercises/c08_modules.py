"""Chapter 08: modules."""

import math

import numpy as np

from minitorch import nn
from minitorch.autograd.base import wrap
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import small, wave
from minitorch.nn.functional.dropout import _kept

CHAPTER = Chapter(
    "08", "modules", "Modules",
    reads=("minitorch/nn/modules/module_tree.py", "minitorch/nn/init.py", "minitorch/nn/functional/norm.py"),
)  # fmt: skip


def _named_adapt(function):
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        for name, module in function(self):
            yield ".".join(part for part in (prefix, name) if part), module

    return named_modules


def _tree(nn):
    shared = nn.ReLU()
    return nn.Sequential(nn.Linear(2, 3), shared, nn.Sequential(shared, nn.Sequential(nn.Linear(3, 1))))


def _named_cases(rng):
    yield (nn.ReLU(),)
    yield (nn.Sequential(nn.ReLU()),)
    yield (nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())),)
    shared = nn.ReLU()
    yield (nn.Sequential(shared, shared),)
    yield (_tree(nn),)


def _named_engine(mt):
    net = _tree(mt.nn)
    return [[name for name, _ in net.named_parameters()], [type(m).__name__ for m in net.modules()]]


@CHAPTER.exercise(
    seam="minitorch.nn.modules.module:Module.named_modules",
    cases=_named_cases,
    engine=_named_engine,
    adapt=_named_adapt,
    hints=(
        "The module itself comes first, under the name ''. Then its children, each followed by all below it.",
        "The name of a child of 'a' is 'a.child', but a child of '' is just 'child'.",
        "A module that hangs in two places comes once: remember the ids (or the modules) that were there.",
    ),
    question=Question(
        "How many names has list(nn.Sequential(nn.ReLU(), nn.ReLU()).named_modules())?",
        lambda: len(named_modules(nn.Sequential(nn.ReLU(), nn.ReLU()))),
    ),
)
def named_modules(module):
    """The list of (dotted name, module) of a module (named "") and all below it, in the order of registration.

    Each module comes once. module.named_children() gives the pairs (name, child) one level below.
    """
    found, seen = [], set()

    def visit(name, m):
        if id(m) in seen:
            return
        seen.add(id(m))
        found.append((name, m))
        for key, child in m.named_children():
            visit(f"{name}.{key}" if name else key, child)

    visit("", module)
    return found


def _fan_engine(mt):
    w = mt.empty(6, 4, 3, 3, dtype=mt.float64)
    mt.manual_seed(1)
    return [mt.nn.init.kaiming_uniform_(w).clone(), mt.nn.init.xavier_uniform_(w).clone()]


@CHAPTER.exercise(
    seam="minitorch.nn.init:_fans",
    cases=lambda rng: (((1, 1),), ((2, 3),), ((5, 1),), ((4, 2, 3),), ((8, 4, 3, 5),)),
    engine=_fan_engine,
    adapt=lambda function: lambda tensor: function(tuple(tensor.shape)),
    hints=(
        "A Linear weight is (out, in): an output sums over `in` inputs.",
        "A convolution's weight is (out, in, *kernel): an output sums over all places of the kernel, in all channels.",
    ),
    question=Question("What is the fan in of a Conv2d(3, 16, kernel_size=5)?", lambda: fans((16, 3, 5, 5))[0]),
)
def fans(shape):
    """(fan in, fan out) of a weight (out, in, *kernel): how many inputs an output sums over, and the reverse."""
    places = math.prod(shape[2:])
    return shape[1] * places, shape[0] * places


def _move_cases(rng):
    for n in (1, 3):
        yield small(rng, n), small(rng, n), 0.1, None
        yield small(rng, n), small(rng, n) ** 2, 0.25, 4


def _move_adapt(function):
    def move(running, batch, momentum, count=None, over_batch=False):
        running._array[...] = function(running._array.copy(), batch, momentum, count)

    return move


def _move_engine(mt):
    layer = mt.nn.BatchNorm1d(3, momentum=0.3).double()
    for k in range(3):
        layer(mt.tensor(wave(5, 3, start=k)))
    return [layer.running_mean, layer.running_var, layer.eval()(mt.tensor(wave(2, 3)))]


@CHAPTER.exercise(
    seam="minitorch.nn.functional.norm:_move",
    cases=_move_cases,
    engine=_move_engine,
    adapt=_move_adapt,
    hints=(
        "In torch, momentum is the weight of the new value, not of the old one.",
        "A variance is stored unbiased: the batch's one, divided by n, becomes one divided by n - 1 by n / (n - 1).",
    ),
    rules=(
        Rule(
            "momentum is the weight of the batch's value",
            lambda got, running, batch, momentum, count: (
                count or np.allclose(got - running, momentum * (batch - running))
            ),
        ),
    ),
    question=Question(
        "running = 0, the batch's mean is 10, momentum = 0.1. What is running after one step?",
        lambda: running_statistic(0.0, 10.0, 0.1, None),
    ),
)
def running_statistic(running, batch, momentum, count):
    """A BatchNorm statistic after one more batch: (1 - momentum) running + momentum batch.

    count is None for a mean. For a variance it is the number n of values: `batch` was divided by n and must be
    brought to the division by n - 1 first.
    """
    if count is not None:
        batch = batch * count / (count - 1)
    return (1 - momentum) * running + momentum * batch


def _noise_cases(rng):
    for n, p in ((1, 0.5), (3, 0.5), (4, 0.2)):
        yield rng.random(n) >= p, p
    yield np.array([True, False]), 0.75


def _noise_adapt(function):
    def dropout(op, input, p, training, inplace, features=False, alpha=False):
        if p == 0 or not training:
            return input
        return input * wrap(function(_kept(input._array, 1 - p), p).astype(input._array.dtype))

    return dropout


def _noise_engine(mt):
    mt.manual_seed(0)
    x = mt.tensor(wave(4, 5), requires_grad=True)
    y = mt.nn.functional.dropout(x, 0.4)
    y.backward(mt.tensor(wave(4, 5, start=2)))
    return [y, x.grad, mt.nn.Dropout(0.4).eval()(x)]


@CHAPTER.exercise(
    seam="minitorch.nn.functional.dropout:_dropout",
    cases=_noise_cases,
    engine=_noise_engine,
    adapt=_noise_adapt,
    hints=(
        "An element that is dropped is multiplied by 0.",
        "The mean must stay: a share 1 - p of the elements is left, so each is made larger.",
    ),
    rules=(Rule("what is dropped is multiplied by 0", lambda got, keep, p: not np.any(got[~keep])),),
    question=Question(
        "p = 0.75. By which number is an element multiplied that is not dropped?",
        lambda: float(dropout_noise(np.array([True]), 0.75)[0]),
    ),
)
def dropout_noise(keep, p):
    """What the input is multiplied by in training: an array of floats. keep: a boolean array, True where an element
    stays; each was True with probability 1 - p. The mean of the output must be that of the input."""
    return keep / (1 - p)
