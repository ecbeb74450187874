"""Right and wrong versions of chapter 01's functions."""

import math

import numpy as np


def broadcast_by_numpy(shapes):
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def broadcast_pairwise(shapes):
    result = ()
    for s in shapes:
        n = max(len(s), len(result))
        a, b = (1,) * (n - len(s)) + tuple(s), (1,) * (n - len(result)) + result
        if any(i != j and 1 not in (i, j) for i, j in zip(a, b, strict=True)):
            return None
        result = tuple(j if i == 1 else i for i, j in zip(a, b, strict=True))
    return result


def broadcast_largest(shapes):
    n = max(map(len, shapes))
    return tuple(map(max, zip(*[(1,) * (n - len(s)) + tuple(s) for s in shapes], strict=True)))


def broadcast_left(shapes):
    n = max(map(len, shapes))
    return broadcast_by_numpy([tuple(s) + (1,) * (n - len(s)) for s in shapes])


def broadcast_raises(shapes):
    return np.broadcast_shapes(*shapes)


def stretch_by_strides(x, shape):
    x = x.reshape((1,) * (len(shape) - x.ndim) + x.shape)
    strides = tuple(0 if n == 1 and m != 1 else s for n, m, s in zip(x.shape, shape, x.strides, strict=True))
    return np.lib.stride_tricks.as_strided(x, shape, strides)


RIGHT = {
    "contiguous_strides": [
        lambda shape: tuple(math.prod(max(n, 1) for n in shape[k + 1 :]) for k in range(len(shape))),
        lambda shape: tuple(s // 8 for s in np.empty([max(n, 1) for n in shape]).strides) if 1 not in shape else tuple(
            math.prod(max(n, 1) for n in shape[k + 1 :]) for k in range(len(shape))
        ),
    ],
    "broadcast_shape": [broadcast_by_numpy, broadcast_pairwise],
    "stretch": [lambda x, shape: np.broadcast_to(x, shape), stretch_by_strides],
}  # fmt: skip

WRONG = {
    "contiguous_strides": {
        "column-major": lambda shape: tuple(math.prod(max(n, 1) for n in shape[:k]) for k in range(len(shape))),
        "zero not as one": lambda shape: tuple(math.prod(shape[k + 1 :]) for k in range(len(shape))),
        "bytes": lambda shape: tuple(8 * math.prod(max(n, 1) for n in shape[k + 1 :]) for k in range(len(shape))),
    },
    "broadcast_shape": {"largest": broadcast_largest, "aligned left": broadcast_left, "raises": broadcast_raises},
    "stretch": {
        "a copy": lambda x, shape: np.broadcast_to(x, shape).copy(),
        "times ones": lambda x, shape: x * np.ones(shape),
        "reads on": lambda x, shape: np.resize(x, shape),
    },
}
