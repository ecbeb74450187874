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
    for b in biases:
        if b is not None:
            z += b
    return z


def _states_before(xp: Any, start: Any, states: Any, steps: list[tuple[int, int]]) -> Any:
    """The state that each step starts from, all of them below each other; `states` are those the steps end in."""
    before, now = xp.empty_like(states), start.copy()
    for a, b in steps:
        before[a:b] = now[: b - a]
        now[: b - a] = states[a:b]
    return before


def _weight_gradients(xp: Any, dz_x: Any, dz_h: Any, x: Any, before: Any, w_ih: Any, needs: tuple) -> tuple:
    """(dx, dw_ih, dw_hh, db_ih, db_hh) from the gradients of both products; needs: of x, w_ih, w_hh, b_ih, b_hh."""
    return (
        xp.matmul(dz_x, w_ih) if needs[0] else None,
        xp.matmul(dz_x.T, x) if needs[1] else None,
        xp.matmul(dz_h.T, before) if needs[2] else None,
        dz_x.sum(axis=0) if needs[3] else None,
        dz_h.sum(axis=0) if needs[4] else None,
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
    for a, b in _steps(sizes, reverse):
        z, n = y[a:b], b - a
        z += xp.matmul(h[:n], w)
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
    dh = xp.zeros_like(h0) if gh is None else gh.copy()
    for a, b in steps[::-1]:
        d, n = dz[a:b], b - a
        if gy is not None:
            dh[:n] += gy[a:b]
        d *= dh[:n]
        xp.matmul(d, w_hh, out=dh[:n])
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
    xp, kernels, H = xp_of(x), kernels_of(x), c0.shape[1]
    gates = _project(xp, x, w_ih, b_ih, b_hh)
    h, c, w = h0.copy(), c0.copy(), xp.ascontiguousarray(w_hh.T)
    cells = xp.empty((x.shape[0], H), dtype=x.dtype)
    y = xp.empty((x.shape[0], h0.shape[1]), dtype=x.dtype)
    out = xp.empty_like(c)
    for a, b in _steps(sizes, reverse):
        n = b - a
        kernels.lstm_step(gates[a:b], xp.matmul(h[:n], w), c[:n], cells[a:b], out[:n])
        y[a:b] = h[:n] = out[:n] if w_hr is None else xp.matmul(out[:n], w_hr.T)
    return y, h, c, gates, cells


@lstm.vjp("x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr")
def _(
    g: Any, x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, w_hr: Any, out0: Any, gates: Any, cells: Any,
    sizes: Any, reverse: bool, needs: Any,
) -> Any:  # fmt: skip
    xp, kernels, (gy, gh, gc), H = xp_of(x), kernels_of(x), g, c0.shape[1]
    steps = _steps(sizes, reverse)
    dz, dc_of_dm, tc = kernels.lstm_slopes(gates, cells, _states_before(xp, c0, cells, steps))
    dh = xp.zeros_like(h0) if gh is None else gh.copy()
    dc = xp.zeros_like(c0) if gc is None else gc.copy()
    dp = None if w_hr is None else xp.empty_like(out0)  # gradients of the projections W_hr m, m = o tanh(c)
    for a, b in steps[::-1]:
        n = b - a
        if gy is not None:
            dh[:n] += gy[a:b]
        dm = dh[:n]
        if dp is not None:
            dp[a:b] = dm
            dm = xp.matmul(dm, w_hr)
        kernels.lstm_step_grad(dz[a:b], dm, dc[:n], dc_of_dm[a:b], gates[a:b, H : 2 * H])
        xp.matmul(dz[a:b], w_hh, out=dh[:n])
    before = _states_before(xp, h0, out0, steps) if needs[4] else None
    dx, *weights = _weight_gradients(xp, dz, dz, x, before, w_ih, (needs[0], *needs[3:7]))
    dw_hr = xp.matmul(dp.T, gates[:, 3 * H :] * tc) if dp is not None and needs[7] else None
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
    xp, H = xp_of(x), h0.shape[1]
    gates = _project(xp, x, w_ih, b_ih)
    h = h0.copy()
    y = xp.empty((x.shape[0], H), dtype=x.dtype)
    news = xp.empty_like(y)  # W_hn h + b_hn: the backward needs them
    for a, b in _steps(sizes, reverse):
        z, state = gates[a:b], h[: b - a]
        from_state = _project(xp, state, w_hh, b_hh)
        rz = z[:, : 2 * H]
        rz += from_state[:, : 2 * H]
        rz *= 0.5
        xp.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        news[a:b] = new = from_state[:, 2 * H :]
        n = z[:, 2 * H :]
        n += z[:, :H] * new
        xp.tanh(n, out=n)
        state -= n
        state *= z[:, H : 2 * H]
        state += n
        y[a:b] = state
    return y, h, gates, news


@gru.vjp("x", "h0", "w_ih", "w_hh", "b_ih", "b_hh")
def _(
    g: Any, x: Any, h0: Any, w_ih: Any, w_hh: Any, out0: Any, gates: Any, news: Any, sizes: Any, reverse: bool,
    needs: Any,
) -> Any:  # fmt: skip
    xp, (gy, gh), H = xp_of(x), g, h0.shape[1]
    steps = _steps(sizes, reverse)
    before = _states_before(xp, h0, out0, steps)
    r, z, n = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    # dn = dh (1-z)(1-n^2), dz = dh (h'-n) z(1-z), dr = dn (W_hn h' + b_hn) r(1-r), where h' is the state before
    dz_x = xp.empty_like(gates)
    dz_x[:, 2 * H :] = (1 - z) * (1 - n * n)
    dz_x[:, H : 2 * H] = (before - n) * z * (1 - z)
    dz_x[:, :H] = dz_x[:, 2 * H :] * news * r * (1 - r)
    dz_h = dz_x.copy()
    dz_h[:, 2 * H :] *= r
    dh = xp.zeros_like(h0) if gh is None else gh.copy()
    for a, b in steps[::-1]:
        d = dh[: b - a]
        if gy is not None:
            d += gy[a:b]
        dz_h[a:b].reshape(-1, 3, H)[...] *= d[:, None]
        dz_x[a:b, 2 * H :] *= d
        d *= z[a:b]
        d += xp.matmul(dz_h[a:b], w_hh)
    dz_x[:, : 2 * H] = dz_h[:, : 2 * H]
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
