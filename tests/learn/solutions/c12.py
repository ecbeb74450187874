"""Right and wrong versions of chapter 12's functions."""

import math

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_joined(x, h, c, w_ih, w_hh, b):
    z = np.concatenate([x, h], 1) @ np.concatenate([w_ih, w_hh], 1).T + b
    n = c.shape[1]
    i, f, o = (sigmoid(z[:, k * n : (k + 1) * n]) for k in (0, 1, 3))
    c = f * c + i * np.tanh(z[:, 2 * n : 3 * n])
    return o * np.tanh(c), c


def lstm_loop(x, h, c, w_ih, w_hh, b):
    n, hs, cs = c.shape[1], [], []
    for xr, hr, cr in zip(x, h, c, strict=True):
        z = (w_ih @ xr + w_hh @ hr + b).reshape(4, n)
        new = sigmoid(z[1]) * cr + sigmoid(z[0]) * np.tanh(z[2])
        hs.append(sigmoid(z[3]) * np.tanh(new))
        cs.append(new)
    return np.array(hs), np.array(cs)


def lstm_other_order(x, h, c, w_ih, w_hh, b):
    i, f, o, g = np.split(x @ w_ih.T + h @ w_hh.T + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def lstm_old_cell(x, h, c, w_ih, w_hh, b):
    i, f, g, o = np.split(x @ w_ih.T + h @ w_hh.T + b, 4, axis=1)
    return sigmoid(o) * np.tanh(c), sigmoid(f) * c + sigmoid(i) * np.tanh(g)


def lstm_no_tanh(x, h, c, w_ih, w_hh, b):
    i, f, g, o = np.split(x @ w_ih.T + h @ w_hh.T + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * c, c


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention_loop(q, k, v):
    return np.array([softmax(k @ row / math.sqrt(len(row))) @ v for row in q])


def attention_unstable(q, k, v):
    e = np.exp(q @ k.T / math.sqrt(q.shape[1]))
    return e / e.sum(1, keepdims=True) @ v


def masked_infinity(scores, allowed):
    s = np.where(allowed, scores, -np.inf)
    top = np.where(allowed.any(1, keepdims=True), s.max(1, keepdims=True), 0.0)
    e = np.exp(s - top)
    return e / np.maximum(e.sum(1, keepdims=True), 1e-300)


def masked_loop(scores, allowed):
    out = np.zeros(scores.shape)
    for i in range(len(scores)):
        places = [j for j in range(scores.shape[1]) if allowed[i, j]]
        if places:
            out[i, places] = softmax(scores[i, places])
    return out


def masked_after(scores, allowed):
    return softmax(scores) * allowed


def masked_zero_score(scores, allowed):
    return softmax(np.where(allowed, scores, 0.0))


def masked_nan(scores, allowed):
    with np.errstate(invalid="ignore"):
        return softmax(np.where(allowed, scores, -np.inf))


RIGHT = {
    "rnn_step": [
        lambda x, h, w_ih, w_hh, b: np.tanh(np.concatenate([x, h], 1) @ np.concatenate([w_ih, w_hh], 1).T + b),
        lambda x, h, w_ih, w_hh, b: np.array([np.tanh(w_ih @ r + w_hh @ s + b) for r, s in zip(x, h, strict=True)]),
    ],
    "lstm_cell": [lstm_joined, lstm_loop],
    "attention": [attention_loop, lambda q, k, v: softmax((q / math.sqrt(q.shape[-1])) @ k.T) @ v],
    "masked_softmax": [masked_infinity, masked_loop],
}
WRONG = {
    "rnn_step": {
        "state forgotten": lambda x, h, w_ih, w_hh, b: np.tanh(x @ w_ih.T + b),
        "no tanh": lambda x, h, w_ih, w_hh, b: x @ w_ih.T + h @ w_hh.T + b,
        "weight not transposed": lambda x, h, w_ih, w_hh, b: np.tanh(x @ w_ih.T + h @ w_hh + b),
    },
    "lstm_cell": {
        "order i, f, o, g": lstm_other_order,
        "h of the old cell": lstm_old_cell,
        "no tanh of c": lstm_no_tanh,
    },
    "attention": {
        "no scale": lambda q, k, v: softmax(q @ k.T) @ v,
        "overflows": attention_unstable,
        "softmax over queries": lambda q, k, v: softmax((q @ k.T / math.sqrt(q.shape[1])).T).T @ v,
    },
    "masked_softmax": {"masked after": masked_after, "score 0": masked_zero_score, "nan rows": masked_nan},
}
