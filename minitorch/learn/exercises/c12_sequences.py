"""Chapter 12: sequences and attention."""

import math

import numpy as np

from minitorch import nn
from minitorch.autograd.base import wrap
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import small, wave

CHAPTER = Chapter(
    "12", "sequences", "Sequences and attention",
    reads=(
        "minitorch/ops/recurrent.py", "minitorch/nn/functional/recurrent.py",
        "minitorch/nn/functional/attention.py",
    ),
)  # fmt: skip


def _recurrent(mt, kind):
    """The outputs of a layer with weights that are the same in every library, without a tape."""
    layer = getattr(mt.nn, kind)(3, 2).double()
    with mt.no_grad():
        for k, p in enumerate(layer.parameters()):
            p.copy_(mt.tensor(wave(*p.shape, start=k)))
        y, state = layer(mt.tensor(wave(4, 2, 3)))
    return [y, *(state if isinstance(state, tuple) else [state])]


def _cell_cases(rng, gates):
    for b, i, h in ((1, 1, 1), (1, 2, 2), (2, 3, 2)):
        x, state = small(rng, b, i), small(rng, b, h)
        w_ih, w_hh = small(rng, gates * h, i) / 4, small(rng, gates * h, h) / 4  # small: no gate is full on or off
        yield x, state, small(rng, b, h), w_ih, w_hh, small(rng, gates * h)


def _rnn_adapt(function):
    def rnn(x, h0, w_ih, w_hh, b_ih, b_hh, *, sizes, reverse=False, nonlinearity="tanh"):
        h, outs, start = h0, [], 0
        for n in sizes:
            h = function(x[start : start + n], h, w_ih, w_hh, b_ih + b_hh)
            outs.append(h)
            start += n
        return np.concatenate(outs), h

    return rnn


@CHAPTER.exercise(
    seam="op:rnn.forward",
    cases=lambda rng: ((x, h, w, u, b) for x, h, _, w, u, b in _cell_cases(rng, 1)),
    engine=lambda mt: _recurrent(mt, "RNN"),
    adapt=_rnn_adapt,
    hints=(
        "Two linear maps, one of the input and one of the state, are added; then comes the tanh.",
        "Weights are stored as (out, in): x @ w_ih.T and h @ w_hh.T.",
    ),
    rules=(Rule("tanh keeps the state between -1 and 1", lambda got, *args: np.all(np.abs(got) <= 1)),),
    question=Question(
        "How many numbers are in w_hh of a layer with a hidden state of 10?", lambda: nn.RNN(3, 10).weight_hh_l0.numel()
    ),
)
def rnn_step(x, h, w_ih, w_hh, b):
    """The next state of a simple recurrent layer: tanh(x w_ih^T + h w_hh^T + b). x (B, I), h (B, H), w_ih (H, I),
    w_hh (H, H), b (H,) -> (B, H)."""
    return np.tanh(x @ w_ih.T + h @ w_hh.T + b)


def _keep_all(c):
    """The next c where the input gate is closed and the forget gate is open."""
    none, bias = np.zeros((1, 1)), np.array([-50.0, 50.0, 0.0, 0.0])
    return lstm_cell(none, none, np.array([[c]]), np.zeros((4, 1)), np.zeros((4, 1)), bias)[1].item()


def _lstm_adapt(function):
    def lstm(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, *, sizes, reverse=False):
        h, c, outs, start = h0, c0, [], 0
        for n in sizes:
            h, c = function(x[start : start + n], h, c, w_ih, w_hh, b_ih + b_hh)
            outs.append(h)
            start += n
        none = np.zeros((len(x), 0))  # what only a backward pass reads
        return np.concatenate(outs), h, c, none, none

    return lstm


@CHAPTER.exercise(
    seam="op:lstm.forward",
    cases=lambda rng: _cell_cases(rng, 4),
    engine=lambda mt: _recurrent(mt, "LSTM"),
    adapt=_lstm_adapt,
    hints=(
        "One linear map gives all four gates, (B, 4H); cut it in four: np.split(z, 4, axis=1).",
        "torch's order is i, f, g, o. i, f and o go through the sigmoid, g through the tanh.",
        "c = f c + i g; h = o tanh(c), with the new c.",
    ),
    rules=(Rule("h = o tanh(c) lies between -1 and 1", lambda got, *args: np.all(np.abs(got[0]) <= 1)),),
    question=Question("The forget gate is 1, the input gate is 0, c = 5. What is the next c?", lambda: _keep_all(5.0)),
)
def lstm_cell(x, h, c, w_ih, w_hh, b):
    """(next h, next c) of a long short-term memory. x (B, I), h and c (B, H), w_ih (4H, I), w_hh (4H, H), b (4H,).

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of the four quarters of x w_ih^T + h w_hh^T + b;
    c = f c + i g; h = o tanh(c).
    """
    z = np.split(x @ w_ih.T + h @ w_hh.T + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-z[k])) for k in (0, 1, 3))
    c = f * c + i * np.tanh(z[2])
    return o * np.tanh(c), c


def _attention_cases(rng):
    for n, s, e, v in ((1, 1, 1, 1), (1, 2, 1, 1), (2, 2, 4, 1), (2, 3, 2, 4)):
        yield small(rng, n, e), small(rng, s, e), small(rng, s, v)
    yield np.full((1, 4), 30.0), np.array([[30.0] * 4, [0.0] * 4]), np.array([[1.0], [2.0]])


def _attention_adapt(function):
    def attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
        q, k, v = query._array, key._array, value._array
        rows = [function(*t) for t in zip(*(a.reshape(-1, *a.shape[-2:]) for a in (q, k, v)), strict=True)]
        return wrap(np.stack(rows).reshape(*q.shape[:-1], v.shape[-1]))

    return attention


def _attention_engine(mt):
    q, k, v = (mt.tensor(wave(2, 3, n, 4, start=s)) for n, s in ((2, 1), (5, 2), (5, 3)))
    return mt.nn.functional.scaled_dot_product_attention(q, k, v)


@CHAPTER.exercise(
    seam="minitorch.nn.functional.attention:scaled_dot_product_attention",
    cases=_attention_cases,
    engine=_attention_engine,
    adapt=_attention_adapt,
    hints=(
        "scores[i, j] is the dot product of query i and key j, divided by the root of E.",
        "Each row of the scores goes through a softmax: weights of the values.",
        "Take each row's maximum away before exp, or large scores overflow.",
    ),
    rules=(
        Rule(
            "each output is a mean of values: it lies between the smallest and the largest",
            lambda got, q, k, v: np.all(got >= v.min(0) - 1e-9) and np.all(got <= v.max(0) + 1e-9),
        ),
    ),
    question=Question(
        "All keys are equal, the values are [1], [2], [6]. What is every output?",
        lambda: float(attention(np.ones((1, 1)), np.ones((3, 1)), np.array([[1.0], [2.0], [6.0]]))[0, 0]),
    ),
)
def attention(q, k, v):
    """softmax(q k^T / sqrt(E)) v for one sequence: q (L, E), k (S, E), v (S, V) -> (L, V)."""
    scores = q @ k.T / math.sqrt(q.shape[1])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ v


def _masked_cases(rng):
    yield np.array([[1.0, 2.0]]), np.array([[True, True]])
    yield np.array([[1.0, 2.0]]), np.array([[True, False]])
    yield np.array([[1.0, 2.0], [0.5, 0.5]]), np.tri(2) > 0
    yield np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[False, False], [True, True]])
    yield small(rng, 3, 4), rng.random((3, 4)) < 0.5
    yield np.array([[1.0, 900.0]]), np.array([[True, False]])


def _masked_adapt(function):
    def masked_softmax(scores, mask, is_causal):
        s = scores._array
        allowed = np.tri(*s.shape[-2:]) > 0 if is_causal else mask._array > -np.inf
        rows = [function(*pair) for pair in zip(s, np.broadcast_to(allowed, s.shape), strict=True)]
        return wrap(np.stack(rows))

    return masked_softmax


def _masked_engine(mt):
    q, k, v = (mt.tensor(wave(n, 3, 4, start=s)) for n, s in ((2, 1), (1, 2), (1, 3)))  # where heads are shared,
    f = mt.nn.functional.scaled_dot_product_attention  # the engine takes the steps one by one
    allowed = mt.tensor([[True, False, True], [False, True, False], [True, True, True]])
    return [f(q, k, v, is_causal=True), f(q, k, v, attn_mask=allowed)]


@CHAPTER.exercise(
    seam="minitorch.ops.attention:masked_softmax",
    cases=_masked_cases,
    engine=_masked_engine,
    adapt=_masked_adapt,
    hints=(
        "What must not be seen has the weight 0: its score counts as -inf, and e**-inf is 0.",
        "The maximum that is taken away must be one of the allowed scores, and the sum one over the allowed ones.",
        "A row that allows nothing is all zeros: take care not to divide 0 by 0 (or inf by inf).",
    ),
    rules=(
        Rule("what is not allowed has the weight 0", lambda got, scores, allowed: not np.any(got[~allowed])),
        Rule(
            "a row sums to 1, or to 0 if it allows nothing",
            lambda got, scores, allowed: np.allclose(got.sum(1), allowed.any(1)),
        ),
    ),
    question=Question(
        "A causal mask over 4 positions: how many of the 16 pairs may attend?",
        lambda: int((masked_softmax(np.zeros((4, 4)), np.tri(4) > 0) > 0).sum()),
    ),
)
def masked_softmax(scores, allowed):
    """The softmax of each row of scores (L, S) over the places where `allowed` (bool, same shape) is True.

    The other places are 0, and a row that allows nothing is all 0.
    """
    out = np.zeros(scores.shape)
    for row, s, ok in zip(out, scores, allowed, strict=True):
        if ok.any():
            e = np.exp(s[ok] - s[ok].max())
            row[ok] = e / e.sum()
    return out
