"""Right and wrong versions of chapter 05's functions."""

import numpy as np


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def lse_reduce(x, dim, keepdim):
    return np.logaddexp.reduce(x, axis=dim, keepdims=keepdim)


def lse_shifted(x, dim, keepdim):
    top = np.max(x, dim)
    out = top + np.log(np.sum(np.exp(x - np.expand_dims(top, dim)), dim))
    return np.expand_dims(out, dim) if keepdim else out


def lse_one_top(x, dim, keepdim):
    return np.log(np.exp(x - x.max()).sum(dim, keepdims=keepdim)) + x.max()


def softmax_jacobian(g, out, dim):
    def row(gi, oi):
        return (np.diag(oi) - np.outer(oi, oi)) @ gi

    both = np.moveaxis(np.stack([g, out]), dim + 1, -1)
    flat = both.reshape(2, -1, both.shape[-1])
    rows = np.stack([row(gi, oi) for gi, oi in zip(*flat, strict=True)])
    return np.moveaxis(rows.reshape(both.shape[1:]), -1, dim)


def log_softmax_jacobian(g, out, dim):
    g, out = np.moveaxis(g, dim, -1), np.moveaxis(out, dim, -1)
    total = np.einsum("...i->...", g)[..., None]
    return np.moveaxis(g - total * np.exp(out), -1, dim)


def entropy_one_hot(share, x, target):
    return (softmax(x) - np.eye(x.shape[1])[target]) * share.reshape(-1, 1)


def entropy_loop(share, x, target):
    rows = []
    for s, row, t in zip(share, x, target, strict=True):
        p = softmax(row)
        p[t] -= 1
        rows.append(s * p)
    return np.array(rows)


def entropy_overflow(share, x, target):
    e = np.exp(x)
    return (e / e.sum(1, keepdims=True) - np.eye(x.shape[1])[target]) * share[:, None]


RIGHT = {
    "matmul_backward": [lambda g, x: np.dot(x.T, g), lambda g, x: np.einsum("nk,nm->km", x, g)],
    "logsumexp": [lse_reduce, lse_shifted],
    "softmax_backward": [
        softmax_jacobian,
        lambda g, out, dim: g * out - out * np.sum(g * out, axis=dim, keepdims=True),
    ],
    "log_softmax_backward": [log_softmax_jacobian, lambda g, out, dim: g - np.sum(g, dim, keepdims=True) * np.e**out],
    "cross_entropy_backward": [entropy_one_hot, entropy_loop],
}
WRONG = {
    "matmul_backward": {
        "other way round": lambda g, x: g.T @ x,
        "x not transposed": lambda g, x: x @ g,
        "scaled": lambda g, x: x.T @ g / len(x),
    },
    "logsumexp": {
        "overflows": lambda x, dim, keepdim: np.log(np.exp(x).sum(dim, keepdims=keepdim)),
        "one maximum for all": lse_one_top,
        "keepdim not minded": lambda x, dim, keepdim: np.logaddexp.reduce(x, axis=dim),
    },
    "softmax_backward": {
        "diagonal only": lambda g, out, dim: g * out * (1 - out),
        "sum over everything": lambda g, out, dim: out * (g - (g * out).sum()),
        "out not in the sum": lambda g, out, dim: out * (g - g.sum(dim, keepdims=True)),
    },
    "log_softmax_backward": {
        "of softmax": lambda g, out, dim: out * (g - (g * out).sum(dim, keepdims=True)),
        "exp forgotten": lambda g, out, dim: g - out * g.sum(dim, keepdims=True),
        "last dimension always": lambda g, out, dim: g - np.exp(out) * g.sum(-1, keepdims=True),
    },
    "cross_entropy_backward": {
        "overflows": entropy_overflow,
        "share forgotten": lambda share, x, target: entropy_one_hot(np.ones(len(x)), x, target),
        "sign": lambda share, x, target: -entropy_one_hot(share, x, target),
    },
}
