"""Loops of recurrent layers, for float32: see kernels/recurrent.py for what they compute.

The steps of a layer come in two forms: alone, for a loop in Python with products by BLAS between them, and all at once
with products written out here, for small layers, where the calls would take longer than what they do.

Reference: RecurrentKernels in kernels/recurrent.py, step by step with NumPy. Sources: LSTM (Hochreiter and Schmidhuber,
1997; Gers and others, 2000), GRU (Cho and others, 2014); all gates of a step in one pass, products with the input taken
out of the loop (Appleyard, Kocisky and Blunsom, "Optimizing performance of recurrent neural networks on GPUs", 2016).
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.compiled.functions import ONE, f32, logistic, tangent
from minitorch.backend.compiled.jit import exact


@exact
def product(out, a, b):
    """out = a b, four rows of b at a time."""
    K = a.shape[1]
    whole = K - K % 4
    for r in range(len(a)):
        row, x = out[r], a[r]
        row[:] = f32(0)
        for k in range(0, whole, 4):
            x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
            b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
            for j in range(row.size):
                row[j] = row[j] + x0 * b0[j] + x1 * b1[j] + x2 * b2[j] + x3 * b3[j]
        for k in range(whole, K):
            x0, b0 = x[k], b[k]
            for j in range(row.size):
                row[j] += x0 * b0[j]


@exact
def add_to(out, x):
    """out += x, in the rows that x has."""
    for r in range(len(x)):
        row, new = out[r], x[r]
        for j in range(row.size):
            row[j] += new[j]


# -- long short-term memory ------------------------------------------------------------------------------------------


@exact
def lstm_step(z, from_state, c, cell, out):
    H = c.shape[1]
    for r in range(len(z)):
        for k in range(4):
            gate, new = z[r, k * H : (k + 1) * H], from_state[r, k * H : (k + 1) * H]
            if k == 2:
                for j in range(H):
                    gate[j] = tangent(gate[j] + new[j])
            else:
                for j in range(H):
                    gate[j] = logistic(gate[j] + new[j])
        i, f, g, o = z[r, :H], z[r, H : 2 * H], z[r, 2 * H : 3 * H], z[r, 3 * H :]
        state, kept, m = c[r], cell[r], out[r]
        for j in range(H):
            state[j] = state[j] * f[j] + i[j] * g[j]
        for j in range(H):
            kept[j] = state[j]
            m[j] = tangent(state[j]) * o[j]


@exact
def lstm_step_grad(dz, dm, dc, gates, cells, before):
    """dz = dc g i(1-i), dc c' f(1-f), dc i (1-g^2), dm tanh(c) o(1-o); dc gains dm o (1-tanh(c)^2) first, and is f dc
    in the end."""
    H = dc.shape[1]
    for r in range(len(dz)):
        i, f, g, o = gates[r, :H], gates[r, H : 2 * H], gates[r, 2 * H : 3 * H], gates[r, 3 * H :]
        di, df, dg, do = dz[r, :H], dz[r, H : 2 * H], dz[r, 2 * H : 3 * H], dz[r, 3 * H :]
        cell, old, d, state = cells[r], before[r], dm[r], dc[r]
        for j in range(H):
            t = tangent(cell[j])
            do[j] = d[j] * t * (o[j] - o[j] * o[j])
            state[j] += d[j] * o[j] * (ONE - t * t)
        for j in range(H):
            di[j] = state[j] * g[j] * (i[j] - i[j] * i[j])
        for j in range(H):
            dg[j] = state[j] * i[j] * (ONE - g[j] * g[j])
        for j in range(H):
            df[j] = state[j] * old[j] * (f[j] - f[j] * f[j])
            state[j] *= f[j]


@exact
def lstm(z, h, c, w, y, cells, steps):
    from_state = np.empty((len(h), z.shape[1]), np.float32)
    for k in range(len(steps)):
        a, b = steps[k]
        product(from_state, h[: b - a], w)
        lstm_step(z[a:b], from_state, c, cells[a:b], y[a:b])
        h[: b - a] = y[a:b]


@exact
def lstm_grad(dz, gy, dh, dc, gates, cells, before, w, steps):
    for k in range(len(steps) - 1, -1, -1):
        a, b = steps[k]
        add_to(dh, gy[a:b])
        lstm_step_grad(dz[a:b], dh, dc, gates[a:b], cells[a:b], before[a:b])
        product(dh, dz[a:b], w)


# -- gated recurrent unit --------------------------------------------------------------------------------------------


@exact
def gru_step(z, from_state, h, news):
    H = h.shape[1]
    for r in range(len(z)):
        for k in range(2):
            gate, new = z[r, k * H : (k + 1) * H], from_state[r, k * H : (k + 1) * H]
            for j in range(H):
                gate[j] = logistic(gate[j] + new[j])
        reset, update, n = z[r, :H], z[r, H : 2 * H], z[r, 2 * H :]
        new, kept, state = from_state[r, 2 * H :], news[r], h[r]
        for j in range(H):
            kept[j] = new[j]
            n[j] = tangent(n[j] + reset[j] * new[j])
        for j in range(H):
            state[j] = n[j] + update[j] * (state[j] - n[j])


@exact
def gru_step_grad(dz, ds, dh, gates, news, before):
    H = dh.shape[1]
    for r in range(len(dz)):
        reset, update, n = gates[r, :H], gates[r, H : 2 * H], gates[r, 2 * H :]
        dn, dsn, d, new, old = dz[r, 2 * H :], ds[r, 2 * H :], dh[r], news[r], before[r]
        for j in range(H):
            dn[j] = d[j] * (ONE - update[j]) * (ONE - n[j] * n[j])
            dsn[j] = dn[j] * reset[j]
        for k in range(2):
            each = dz[r, k * H : (k + 1) * H]
            if k:
                for j in range(H):
                    each[j] = d[j] * (old[j] - n[j]) * (update[j] - update[j] * update[j])
            else:
                for j in range(H):
                    each[j] = dn[j] * new[j] * (reset[j] - reset[j] * reset[j])
            ds[r, k * H : (k + 1) * H] = each
        for j in range(H):
            d[j] *= update[j]


@exact
def gru(z, h, w, b_hh, y, news, steps):
    from_state = np.empty((len(h), z.shape[1]), np.float32)
    for k in range(len(steps)):
        a, b = steps[k]
        product(from_state, h[: b - a], w)
        for r in range(b - a):
            row = from_state[r]
            for j in range(row.size):
                row[j] += b_hh[j]
        gru_step(z[a:b], from_state, h, news[a:b])
        y[a:b] = h[: b - a]


@exact
def gru_grad(dz, ds, gy, dh, gates, news, before, w, steps):
    from_steps = np.empty_like(dh)
    for k in range(len(steps) - 1, -1, -1):
        a, b = steps[k]
        add_to(dh, gy[a:b])
        gru_step_grad(dz[a:b], ds[a:b], dh, gates[a:b], news[a:b], before[a:b])
        product(from_steps, ds[a:b], w)
        add_to(dh, from_steps[: b - a])
