"""Right and wrong versions of chapter 10's functions."""

import bisect
import itertools

import numpy as np


def batches_iter(order, size, drop_last):
    rest, found = iter(order), []
    while piece := list(itertools.islice(rest, size)):
        if len(piece) == size or not drop_last:
            found.append(piece)
    return found


def batches_count(order, size, drop_last):
    n = len(order) // size if drop_last else -(-len(order) // size)
    return [order[k * size : (k + 1) * size] for k in range(n)]


def locate_bisect(lengths, index):
    ends = list(itertools.accumulate(lengths))
    index = index + ends[-1] if index < 0 else index
    part = bisect.bisect_right(ends, index)
    return part, index - (ends[part - 1] if part else 0)


def locate_list(lengths, index):
    return [(part, k) for part, n in enumerate(lengths) for k in range(n)][index]


def locate_bisect_left(lengths, index):
    ends = list(itertools.accumulate(lengths))
    index = index + ends[-1] if index < 0 else index
    part = bisect.bisect_left(ends, index)
    return part, index - (ends[part - 1] if part else 0)


def locate_positive(lengths, index):
    part = 0
    while index >= lengths[part]:
        index -= lengths[part]
        part += 1
    return part, index


def locate_cumulative(lengths, index):
    return locate_bisect(lengths, index)[0], index


def share_floor(total, fractions):
    return [int(total * f) for f in fractions]


def share_left(total, fractions):
    out = share_floor(total, fractions)
    left = total - sum(out)
    return [n + (k < left) for k, n in enumerate(out)]


def share_cycle(total, fractions):
    out = [total * f // 1 for f in fractions]
    turns = itertools.cycle(range(len(out)))
    while sum(out) < total:
        out[next(turns)] += 1
    return [int(n) for n in out]


def share_last(total, fractions):
    out = share_floor(total, fractions)
    out[-1] += total - sum(out)
    return out


RIGHT = {
    "batches": [batches_iter, batches_count],
    "stack_samples": [lambda samples: np.array(samples), lambda samples: np.concatenate([s[None] for s in samples])],
    "locate": [locate_bisect, locate_list],
    "share_out": [share_left, share_cycle],
}
WRONG = {
    "batches": {
        "drop_last not minded": lambda order, size, drop_last: batches_count(order, size, False),
        "always dropped": lambda order, size, drop_last: batches_count(order, size, True),
        "dealt out": lambda order, size, drop_last: [b for b in (order[k::size] for k in range(size)) if b],
    },
    "stack_samples": {
        "concatenated": lambda samples: np.concatenate([np.atleast_1d(s) for s in samples]),
        "last dimension": lambda samples: np.stack(samples, -1),
        "a list": lambda samples: list(samples),
    },
    "locate": {
        "boundary": locate_bisect_left,
        "negative index": locate_positive,
        "place not shifted": locate_cumulative,
    },
    "share_out": {
        "rest forgotten": share_floor,
        "rest to the last": share_last,
        "rounded": lambda total, fractions: [round(total * f) for f in fractions],
    },
}
