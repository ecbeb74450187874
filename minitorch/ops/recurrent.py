"""Recurrent layers over time: all input projections in one product, then one small product per step.

A layer reads *packed* sequences: x (N, I) holds the first step of all sequences, then the second step of those that
still run, and so on; `sizes` says how many rows each step has and never grows. A plain (T, B, I) input is the case
sizes = (B,) * T. The state h has a row for each sequence, longest first; a step touches its first `size` rows, so that
ended sequences keep their last state, and read backwards (`reverse`) a sequence joins in at its own last step.

The backwards are written by hand (backpropagation through time): the loop runs the steps the other way round and makes
the gradients of the pre-activations; gradients of weights and inputs then are one product each. Under create_graph the
step-by-step formula beside each op is differentiated instead.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.activation import relu
from minitorch.ops.elementwise import sigmoid, tanh
from minitorch.ops.joining import cat
from minitorch.ops.matmul import matmul
from minitorch.ops.shape import transpose


def _steps(sizes: tuple[int, ...], reverse: bool) -> list[tuple[int, int]]:
    """The rows (start, stop) of each step, in the order of reading."""
    found, start = [], 0
    for size in sizes:
        found.append((start, start + size))
        start += size
    return found[::-1] if reverse else found


def _project(xp: Any, x: Any, weight: Any, *biases: Any) -> Any:
    """x weight^T + biases, for all steps at once."""
    z = xp.matmul(x, weight.T)
    if biases[0] is not None:
        z += biases[0] if len(biases) == 1 else biases[0] + biases[1]
    return z


def _states_before(xp: Any, start: Any, states: Any, steps: list[tuple[int, int]]) -> Any:
    """The state that each step starts from, all of them below each other; `states` are those the steps end in."""
    if len(states) == len(start) * len(steps):  # all steps have all sequences
        n = len(states) - len(start)
        return xp.concatenate([start, states[:n]] if steps[0][0] == 0 else [states[-n:] if n else states[:0], start])
    before, now = xp.empty_like(states), start.copy()
    for a, b in steps:
        before[a:b] = now[: b - a]
        now[: b - a] = states[a:b]
    return before


def _weight_gradients(xp: Any, dz_x: Any, dz_h: Any, x: Any, before: Any, w_ih: Any, needs: tuple) -> tuple:
    """(dx, dw_ih, dw_hh, db_ih, db_hh) from the gradients of both products; needs: of x, w_ih, w_hh, b_ih, b_hh."""
    db_ih = dz_x.sum(axis=0) if needs[3] else None
    return (
        xp.matmul(dz_x, w_ih) if needs[0] else None,
        xp.matmul(dz_x.T, x) if needs[1] else None,
        xp.matmul(dz_h.T, before) if needs[2] else None,
        db_ih,
        (db_ih if dz_h is dz_x and needs[3] else dz_h.sum(axis=0)) if needs[4] else None,
    )


def _composed(step: Any, x: Any, state: tuple, sizes: tuple[int, ...], reverse: bool) -> tuple:
    """The layer as a chain of ops: step(x_t, *state) gives the next state, whose first member is the output."""
    outs = []
    for a, b in _steps(sizes, reverse):
        n = b - a
        now = step(x[a:b], *(s[:n] for s in state))
        state = tuple(cat(new, old[n:], dim=0) for new, old in zip(now, state, strict=True))
        outs.append(now[0])
    return cat(*(outs[::-1] if reverse else outs), dim=0), *state


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    z = matmul(x, transpose(weight, dim0=0, dim1=1))
    return z if bias is None else z + bias


# -- simple recurrence -----------------------------------------------------------------------------------------------


@op(outputs=2, node="RnnBackward0")
def rnn(
    x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *, sizes: Any, reverse: bool = False,
    nonlinearity: str = "tanh",
) -> Any:  # fmt: skip
    """h = tanh (or relu) of W_ih x + b_ih + W_hh h + b_hh: x (N, I), h0 (B, H) -> all h (N, H), the last h (B, H)."""
    xp = xp_of(x)
    y, h, w = _project(xp, x, w_ih, b_ih, b_hh), h0.copy(), w_hh.T
    from_state = xp.empty_like(h)
    for a, b in _steps(sizes, reverse):
        z, n = y[a:b], b - a
        z += xp.dot(h[:n], w, out=from_state[:n])
        if nonlinearity == "relu":
            xp.maximum(z, 0, out=z)
        else:
            xp.tanh(z, out=z)
        h[:n] = z
    return y, h


@rnn.vjp("x", "h0", "w_ih", "w_hh", "b_ih", "b_hh")
def _(
    g: Any, x: Any, h0: Any, w_ih: Any, w_hh: Any, out0: Any, sizes: Any, reverse: bool, nonlinearity: str, needs: Any
) -> Any:  # fmt: skip
    xp, (gy, gh) = xp_of(x), g
    steps = _steps(sizes, reverse)
    dz = (out0 > 0).astype(out0.dtype) if nonlinearity == "relu" else 1 - out0 * out0  # the slopes, times dh below
    dh = xp.zeros(h0.shape, dtype=h0.dtype) if gh is None else gh.copy()
    for a, b in steps[::-1]:
        d, n = dz[a:b], b - a
        if gy is not None:
            dh[:n] += gy[a:b]
        d *= dh[:n]
        xp.dot(d, w_hh, out=dh[:n])
    before = _states_before(xp, h0, out0, steps) if needs[3] else None
    dx, *weights = _weight_gradients(xp, dz, dz, x, before, w_ih, (needs[0], *needs[2:]))
    return dx, dh, *weights


@rnn.composed_as
def _(x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, sizes: Any, reverse: bool, nonlinearity: str) -> Any:
    activation = relu if nonlinearity == "relu" else tanh

    def step(x: Any, h: Any) -> tuple:
        return (activation(_affine(x, w_ih, b_ih) + _affine(h, w_hh, b_hh)),)

    return _composed(step, x, (h0,), sizes, reverse)


# -- long short-term memory ------------------------------------------------------------------------------------------


@op(outputs=3, aux=("gates", "cells"), node="LstmBackward0")
def lstm(
    x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, w_hr: Any, *, sizes: Any,
    reverse: bool = False,
) -> Any:  # fmt: skip
    """x (N, I), h0 (B, P), c0 (B, H) -> all h (N, P), the last h (B, P), the last c (B, H).

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x + b_ih + W_hh h + b_hh;  c = f c + i g;
    h = W_hr (o tanh(c)). Without the projection W_hr, P = H and h = o tanh(c).
    """
    gates, h, c = _project(xp_of(x), x, w_ih, b_ih, b_hh), h0.copy(), c0.copy()
    y, cells = kernels_of(x).lstm(gates, h, c, w_hh, w_hr, _steps(sizes, reverse))
    return y, h, c, gates, cells


@lstm.vjp("x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr")
def _(
    g: Any, x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, w_hr: Any, out0: Any, gates: Any, cells: Any,
    sizes: Any, reverse: bool, needs: Any,
) -> Any:  # fmt: skip
    xp, (gy, gh, gc), H = xp_of(x), g, c0.shape[1]
    steps = _steps(sizes, reverse)
    dh = xp.zeros(h0.shape, dtype=h0.dtype) if gh is None else gh.copy()
    dc = xp.zeros(c0.shape, dtype=c0.dtype) if gc is None else gc.copy()
    old = _states_before(xp, c0, cells, steps)
    dz, dp = kernels_of(x).lstm_grad(gy, dh, dc, gates, cells, old, w_hh, w_hr, steps)
    before = _states_before(xp, h0, out0, steps) if needs[4] else None
    dx, *weights = _weight_gradients(xp, dz, dz, x, before, w_ih, (needs[0], *needs[3:7]))
    dw_hr = xp.matmul(dp.T, gates[:, 3 * H :] * xp.tanh(cells)) if dp is not None and needs[7] else None
    return dx, dh, dc, *weights, dw_hr


@lstm.composed_as
def _(
    x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, w_hr: Any, sizes: Any, reverse: bool
) -> Any:
    H = c0.shape[1]

    def step(x: Any, h: Any, c: Any) -> tuple:
        z = _affine(x, w_ih, b_ih) + _affine(h, w_hh, b_hh)
        i, f = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H])
        g, o = tanh(z[:, 2 * H : 3 * H]), sigmoid(z[:, 3 * H :])
        c = f * c + i * g
        h = o * tanh(c)
        return (h if w_hr is None else _affine(h, w_hr, None)), c

    return _composed(step, x, (h0, c0), sizes, reverse)


# -- gated recurrent unit --------------------------------------------------------------------------------------------


@op(outputs=2, aux=("gates", "news"), node="GruBackward0")
def gru(x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *, sizes: Any, reverse: bool = False) -> Any:
    """x (N, I), h0 (B, H) -> all h (N, H), the last h (B, H).

    r, z = sigmoid of W_ih x + b_ih + W_hh h + b_hh;  n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h = n + z (h - n).
    """
    gates, h = _project(xp_of(x), x, w_ih, b_ih), h0.copy()
    y, news = kernels_of(x).gru(gates, h, w_hh, b_hh, _steps(sizes, reverse))
    return y, h, gates, news


@gru.vjp("x", "h0", "w_ih", "w_hh", "b_ih", "b_hh")
def _(
    g: Any, x: Any, h0: Any, w_ih: Any, w_hh: Any, out0: Any, gates: Any, news: Any, sizes: Any, reverse: bool,
    needs: Any,
) -> Any:  # fmt: skip
    xp, (gy, gh) = xp_of(x), g
    steps = _steps(sizes, reverse)
    before = _states_before(xp, h0, out0, steps)
    dh = xp.zeros(h0.shape, dtype=h0.dtype) if gh is None else gh.copy()
    dz_x, dz_h = kernels_of(x).gru_grad(gy, dh, gates, news, before, w_hh, steps)
    dx, *weights = _weight_gradients(xp, dz_x, dz_h, x, before, w_ih, (needs[0], *needs[2:]))
    return dx, dh, *weights


@gru.composed_as
def _(x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, sizes: Any, reverse: bool) -> Any:
    H = h0.shape[1]

    def step(x: Any, h: Any) -> tuple:
        zx, zh = _affine(x, w_ih, b_ih), _affine(h, w_hh, b_hh)
        rz = sigmoid(zx[:, : 2 * H] + zh[:, : 2 * H])
        n = tanh(zx[:, 2 * H :] + rz[:, :H] * zh[:, 2 * H :])
        return (n + rz[:, H:] * (h - n),)

    return _composed(step, x, (h0,), sizes, reverse)
