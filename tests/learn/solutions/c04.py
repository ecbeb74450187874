"""Right and wrong versions of chapter 04's functions."""

import math

import numpy as np


def unbroadcast_stepwise(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return np.asarray(g)


def unbroadcast_aligned(g, shape):
    full = (1,) * (g.ndim - len(shape)) + tuple(shape)
    axes = tuple(k for k, (n, m) in enumerate(zip(full, g.shape, strict=True)) if n != m)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


def unbroadcast_lead_only(g, shape):
    return np.asarray(g.sum(axis=tuple(range(g.ndim - len(shape)))))


def unbroadcast_first(g, shape):
    full = (1,) * (g.ndim - len(shape)) + tuple(shape)
    return g[tuple(slice(0, n) for n in full)].reshape(shape)


def unbroadcast_mean(g, shape):
    out = unbroadcast_aligned(g, shape)
    return out * math.prod(shape) / g.size


def sum_with_reshape(g, shape, dim, keepdim):
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return np.zeros(shape) + g.reshape([1 if k in dims else n for k, n in enumerate(shape)])


def sum_with_ones(g, shape, dim, keepdim):
    if dim is None:
        return np.full(shape, g)
    return np.ones(shape) * (g if keepdim else np.expand_dims(g, dim))


def sum_keepdim_not_minded(g, shape, dim, keepdim):
    return np.broadcast_to(g if dim is None else np.expand_dims(g, dim), shape)


def rows_loop(out, places, rows):
    for k, place in enumerate(places):
        out[place] += rows[k]


def rows_by_matrix(out, places, rows):
    out += (places[None, :] == np.arange(len(out))[:, None]).astype(float) @ rows


def rows_lost(out, places, rows):
    out[places] += rows


def rows_written(out, places, rows):
    for k, place in enumerate(places):
        out[place] = rows[k]


def rows_returned(out, places, rows):
    out = out.copy()
    np.add.at(out, places, rows)
    return out


def prod_left_right(g, x):
    left = np.concatenate([[1.0], np.cumprod(x)[:-1]])
    right = np.concatenate([np.cumprod(x[::-1])[::-1][1:], [1.0]])
    return g * left * right


def prod_loop(g, x):
    out = np.ones(x.size)
    for k in range(x.size):
        for j in range(x.size):
            if j != k:
                out[k] *= x[j]
    return out * g


def max_loop(g, x, out):
    k = sum(1 for v in x.flat if v == out)
    return np.array([g / k if v == out else 0.0 for v in x.flat]).reshape(x.shape)


def max_first(g, x, out):
    grad = np.zeros(x.shape)
    grad[np.unravel_index(x.argmax(), x.shape)] = g
    return grad


RIGHT = {
    "unbroadcast": [unbroadcast_stepwise, unbroadcast_aligned],
    "sum_backward": [sum_with_reshape, sum_with_ones],
    "max_backward": [lambda g, x, out: np.where(x == out, g / np.count_nonzero(x == out), 0.0), max_loop],
    "add_rows": [rows_loop, rows_by_matrix],
    "prod_backward": [prod_left_right, prod_loop],
}
WRONG = {
    "unbroadcast": {
        "leading dimensions only": unbroadcast_lead_only,
        "first copy": unbroadcast_first,
        "mean": unbroadcast_mean,
    },
    "sum_backward": {
        "keepdim not minded": sum_keepdim_not_minded,
        "no dimension put back": lambda g, shape, dim, keepdim: np.broadcast_to(g, shape),
        "divided as a mean": lambda g, shape, dim, keepdim: sum_with_ones(g, shape, dim, keepdim) / math.prod(shape),
    },
    "max_backward": {
        "each tie gets all": lambda g, x, out: g * (x == out),
        "the first tie gets all": max_first,
        "g forgotten": lambda g, x, out: (x == out) / np.sum(x == out),
    },
    "add_rows": {"duplicates lost": rows_lost, "written over": rows_written, "a copy": rows_returned},
    "prod_backward": {
        "divides by zero": lambda g, x: g * np.prod(x) / x,
        "zeros give zero": lambda g, x: g * np.array([np.prod(x) / v if v else 0.0 for v in x]),
        "g forgotten": lambda g, x: prod_loop(1, x),
    },
}
