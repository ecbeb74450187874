"""Chapter 10: data."""

import math

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import small, wave

CHAPTER = Chapter(
    "10", "data", "Data",
    reads=("minitorch/utils/data/sampler.py", "minitorch/utils/data/collate.py", "minitorch/utils/data/dataset.py"),
)  # fmt: skip


@CHAPTER.exercise(
    seam="minitorch.utils.data.sampler:BatchSampler.__iter__",
    cases=lambda rng: (
        ([0, 1], 1, False),
        ([0, 1, 2], 2, False),
        ([2, 0, 1], 2, True),
        ([], 3, False),
        ([3, 1, 0, 2], 2, True),
        ([1, 0], 5, True),
    ),
    engine=lambda mt: [
        list(b) for drop in (False, True) for b in mt.utils.data.DataLoader(wave(7), batch_size=3, drop_last=drop)
    ],
    adapt=lambda function: lambda self: iter(function(list(self.sampler), self.batch_size, self.drop_last)),
    hints=(
        "Cut the list at 0, size, 2 size, ...: range has a third argument.",
        "Only the last piece can be shorter; with drop_last it goes, if it is.",
    ),
    rules=(Rule("no batch is longer than size", lambda got, order, size, drop_last: all(len(b) <= size for b in got)),),
    question=Question(
        "10 samples, batch_size = 4, drop_last = True. How many batches are there?",
        lambda: len(batches(list(range(10)), 4, True)),
    ),
)
def batches(order, size, drop_last):
    """The list of indices `order` cut into lists of `size`; the last one may be shorter, or is dropped if drop_last."""
    cut = [order[k : k + size] for k in range(0, len(order), size)]
    return [b for b in cut if len(b) == size or not drop_last]


@CHAPTER.exercise(
    seam="minitorch.utils.data.collate:_stacked",
    cases=lambda rng: (([small(rng, *s) for _ in range(n)],) for n, s in ((1, (1,)), (2, (2,)), (3, (2, 2)), (2, ()))),
    engine=lambda mt: [
        b for b in mt.utils.data.DataLoader([mt.tensor(wave(2, 2, start=k)) for k in range(5)], batch_size=2)
    ],
    hints=(
        "Samples of shape s become a batch of shape (n, *s): a new dimension in front.",
        "np.stack does that; np.concatenate joins along one that is there already.",
    ),
    question=Question(
        "32 pictures of shape (3, 8, 8) are collated. Which shape has the batch?",
        lambda: stack_samples([np.zeros((3, 8, 8))] * 32).shape,
    ),
)
def stack_samples(samples):
    """One array out of a list of arrays of the same shape, each of which becomes one entry along a new first axis."""
    return np.stack(samples)


def _locate_adapt(function):
    def getitem(self, idx):
        part, place = function([len(d) for d in self.datasets], idx)
        return self.datasets[part][place]

    return getitem


def _locate_engine(mt):
    joined = mt.utils.data.ConcatDataset([[1, 2], [3], [4, 5, 6]])
    return [joined[k] for k in (0, 1, 2, 3, 5, -1, -4, -6)]


@CHAPTER.exercise(
    seam="minitorch.utils.data.dataset:ConcatDataset.__getitem__",
    cases=lambda rng: (([3], 2), ([2, 3], 1), ([2, 3], 2), ([2, 3], -1), ([1, 0, 2], 1), ([2, 3, 1], -6)),
    engine=_locate_engine,
    adapt=_locate_adapt,
    hints=(
        "A negative index counts from the end: add the total length first.",
        "Go through the parts; as long as the index is not smaller than the part's length, take that away and go on.",
    ),
    question=Question(
        "Parts of lengths 2, 3, 1. In which part (counted from 0) is index 4?", lambda: locate([2, 3, 1], 4)[0]
    ),
)
def locate(lengths, index):
    """(part, place in it) of an index into parts of the given lengths that are joined to one. It may be negative.

    A part may be empty. The index is in range.
    """
    if index < 0:
        index += sum(lengths)
    for part, n in enumerate(lengths):
        if index < n:
            return part, index
        index -= n
    raise IndexError("the index is out of range")


def _split_engine(mt):
    generator = mt.Generator().manual_seed(0)
    parts = mt.utils.data.random_split(range(11), [0.5, 0.3, 0.2], generator)
    return [list(p) for p in parts]


@CHAPTER.exercise(
    seam="minitorch.utils.data.dataset:_share_out",
    cases=lambda rng: (
        (10, [1.0]),
        (10, [0.5, 0.5]),
        (11, [0.5, 0.5]),
        (10, [0.75, 0.25]),
        (11, [0.5, 0.25, 0.25]),
        (3, [0.25, 0.25, 0.25, 0.25]),
    ),
    engine=_split_engine,
    hints=(
        "Begin with the whole number below total * fraction, for each.",
        "What is left over goes out one by one, to the first parts.",
    ),
    rules=(Rule("the lengths add up to the total", lambda got, total, fractions: sum(got) == total),),
    question=Question(
        "random_split of 5 samples by [0.5, 0.5]: how many are in the first part?", lambda: share_out(5, [0.5, 0.5])[0]
    ),
)
def share_out(total, fractions):
    """The lengths of the parts of `total` samples, a list of ints: floor(total * fraction) each, and what is left is
    given out one by one, from the first part on. The fractions add up to 1."""
    lengths = [math.floor(total * f) for f in fractions]
    for k in range(total - sum(lengths)):
        lengths[k % len(lengths)] += 1
    return lengths
