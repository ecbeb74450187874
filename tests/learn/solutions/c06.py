"""Right and wrong versions of chapter 06's functions."""

from functools import reduce

import numpy as np


def repeats_loop(shape, strides):
    if 0 in shape:
        return False
    for n, s in zip(shape, strides, strict=True):
        if n > 1 and s == 0:
            return True
    return False


def meet_by_sets(a, b):
    return bool(set(range(a[0], sum(a))) & set(range(b[0], sum(b))))


def slice_scatter(g, shape, index):
    places = np.arange(int(np.prod(shape))).reshape(shape)[index]
    out = np.zeros(int(np.prod(shape)))
    out[places.reshape(-1)] = g.reshape(-1)
    return out.reshape(shape)


def slice_add(g, shape, index):
    out = np.zeros(shape)
    out[index] += g
    return out


def slice_ones(g, shape, index):
    out = np.ones(shape)
    out[index] = g
    return out


def slice_front(g, shape, index):
    out = np.zeros(shape)
    out[tuple(slice(0, n) for n in g.shape)] = g
    return out


def hooks_all_on_first(g, hooks):
    out = g
    for hook in hooks:
        new = hook(g)
        out = out if new is None else new
    return out


def hooks_none_taken(g, hooks):
    for hook in hooks:
        g = hook(g)
    return g


def one_hook(hook, g):
    new = hook(g)
    return g if new is None else new


RIGHT = {
    "repeats_memory": [
        repeats_loop,
        lambda shape, strides: min(shape) > 0 and any(not s and n != 1 for n, s in zip(shape, strides, strict=True)),
    ],
    "ranges_meet": [meet_by_sets, lambda a, b: min(sum(a), sum(b)) > max(a[0], b[0]) and 0 not in (a[1], b[1])],
    "slice_backward": [slice_scatter, slice_add],
    "run_hooks": [
        lambda g, hooks: reduce(lambda g, h: one_hook(h, g), hooks, g),
        lambda g, hooks: run_recursive(g, hooks),
    ],
}


def run_recursive(g, hooks):
    return run_recursive(one_hook(hooks[0], g), hooks[1:]) if hooks else g


WRONG = {
    "repeats_memory": {
        "length one counted": lambda shape, strides: 0 in strides,
        "first dimension only": lambda shape, strides: shape[0] > 1 and strides[0] == 0,
        "empty counted": lambda shape, strides: any(s == 0 and n > 1 for n, s in zip(shape, strides, strict=True)),
    },
    "ranges_meet": {
        "touching counts": lambda a, b: a[0] <= sum(b) and b[0] <= sum(a),
        "one start inside": lambda a, b: b[0] <= a[0] < sum(b),
        "same start": lambda a, b: a[0] == b[0],
    },
    "slice_backward": {"ones": slice_ones, "at the front": slice_front, "g itself": lambda g, shape, index: g},
    "run_hooks": {
        "all on the first": hooks_all_on_first,
        "None taken": hooks_none_taken,
        "backwards": lambda g, hooks: run_recursive(g, hooks[::-1]),
    },
}
