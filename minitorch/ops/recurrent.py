"""Recurrent layers over time: all input projections in one product, then one small product per step.

The backward is written by hand (backpropagation through time); under create_graph the step-by-step formula is
differentiated instead.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.elementwise import sigmoid, tanh
from minitorch.ops.joining import stack
from minitorch.ops.matmul import matmul
from minitorch.ops.shape import transpose


def _sigmoid(xp: Any, x: Any) -> Any:
    return 0.5 * xp.tanh(0.5 * x) + 0.5


@op(outputs=3, aux=("gates", "cells"), node="LstmBackward0")
def lstm(x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One LSTM layer: x (T, B, I), h0 and c0 (B, H), w_ih (4H, I), w_hh (4H, H) -> y (T, B, H), h (B, H), c (B, H).

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x + b_ih + W_hh h + b_hh;  c = f c + i g;  h = o tanh(c).
    """
    xp = xp_of(x)
    T, B, H = x.shape[0], x.shape[1], h0.shape[1]
    gates = (x.reshape(T * B, -1) @ w_ih.T).reshape(T, B, 4 * H)
    if b_ih is not None:
        gates += b_ih + b_hh
    cells = xp.empty((T, B, H), dtype=x.dtype)
    y = xp.empty((T, B, H), dtype=x.dtype)
    h, c, w = h0, c0, w_hh.T
    for t in range(T):
        z = gates[t]
        z += h @ w
        z[:, : 2 * H] = _sigmoid(xp, z[:, : 2 * H])
        z[:, 2 * H : 3 * H] = xp.tanh(z[:, 2 * H : 3 * H])
        z[:, 3 * H :] = _sigmoid(xp, z[:, 3 * H :])
        i, f, g, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        c = f * c + i * g
        cells[t] = c
        h = o * xp.tanh(c)
        y[t] = h
    return y, h.copy(), c.copy(), gates, cells


@lstm.vjp("x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh")
def _(g: Any, x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, out0: Any, gates: Any, cells: Any, needs: Any) -> Any:
    # dh and dc run backwards in time; dz are the gradients of the pre-activations, from which all else follows by GEMM
    xp = xp_of(x)
    gy, gh, gc = g
    T, B, H = cells.shape
    dz = xp.empty_like(gates)
    dh = xp.zeros((B, H), dtype=x.dtype) if gh is None else gh.copy()
    dc = xp.zeros((B, H), dtype=x.dtype) if gc is None else gc.copy()
    for t in range(T - 1, -1, -1):
        if gy is not None:
            dh = dh + gy[t]
        z = gates[t]
        i, f, gg, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        tc = xp.tanh(cells[t])
        dc = dc + dh * o * (1 - tc * tc)
        before = cells[t - 1] if t else c0
        d = dz[t]
        d[:, :H] = dc * gg * i * (1 - i)
        d[:, H : 2 * H] = dc * before * f * (1 - f)
        d[:, 2 * H : 3 * H] = dc * i * (1 - gg * gg)
        d[:, 3 * H :] = dh * tc * o * (1 - o)
        dh = d @ w_hh
        dc = dc * f
    flat = dz.reshape(T * B, 4 * H)
    dx = (flat @ w_ih).reshape(x.shape) if needs[0] else None
    dw_ih = flat.T @ x.reshape(T * B, -1) if needs[3] else None
    previous = xp.concatenate([h0[None], out0[:-1]]).reshape(T * B, H) if T else out0.reshape(0, H)
    dw_hh = flat.T @ previous if needs[4] else None
    db = flat.sum(axis=0) if len(needs) > 5 and (needs[5] or needs[6]) else None
    return dx, dh, dc, dw_ih, dw_hh, db, None if db is None else db.copy()


@lstm.composed_as
def _(x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    h, c, ys = h0, c0, []
    size = h0.shape[1]
    for t in range(x.shape[0]):
        z = matmul(x[t], transpose(w_ih, dim0=0, dim1=1)) + matmul(h, transpose(w_hh, dim0=0, dim1=1))
        if b_ih is not None:
            z = z + b_ih + b_hh
        i, f = sigmoid(z[:, :size]), sigmoid(z[:, size : 2 * size])
        g, o = tanh(z[:, 2 * size : 3 * size]), sigmoid(z[:, 3 * size :])
        c = f * c + i * g
        h = o * tanh(c)
        ys.append(h)
    return stack(*ys, dim=0), h, c
