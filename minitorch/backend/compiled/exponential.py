"""Loops with exponentials in them, for float32: functions of one number, elementwise loops, softmax.

The functions are written so that a loop over them runs on all lanes of a vector unit. All in one file, because Numba
compiles a loop again when its own file has changed, not when a function that it calls has.


e**x = 2**n e**r with n = round(x / ln 2), |r| <= ln(2) / 2, and e**r by its series. Adding 1.5 * 2**23 rounds to an
integer, which then stands in the last bits of the sum; added to the exponent's bits, it multiplies by 2**n.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from minitorch.backend.compiled.jit import exact, inlined, summing
from minitorch.backend.kernels import pointwise as plain

f32 = np.float32


def _reinterpret(source: Any, target: Any) -> Any:
    """The function that takes the bits of one type for another."""

    @intrinsic
    def bits(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(target))

        return target(source), generate

    return bits


int_bits, float_bits = _reinterpret(types.float32, types.int32), _reinterpret(types.int32, types.float32)

LOG2E, ROUND = f32(1.4426950408889634), f32(12582912.0)
LN2_HIGH, LN2_LOW = f32(0.693145751953125), f32(1.4286068203094172e-06)  # n times the high part is exact
LOW, HIGH = f32(-87.33), f32(88.72)  # outside, e**x is no normal float32
INFINITY = f32(np.inf)
ONE, TWO, FOUR, HALF = map(f32, (1, 2, 4, 0.5))
ROOT_HALF, DENSITY, INNER, CUBIC = map(f32, (plain.ROOT_HALF, plain.DENSITY, plain.INNER, plain.CUBIC))
E2, E3, E4, E5, E6, E7 = (f32(1 / k) for k in (2, 6, 24, 120, 720, 5040))
N0, N1, N2, N3, N4, N5 = map(f32, plain.ERF_NEAR)
F0, F1, F2, F3, F4, F5 = map(f32, plain.ERF_FAR)
TANH_NEAR = f32(0.625)
T0, T1, T2, T3, T4 = map(f32, (-3.3333281e-01, 1.3331442e-01, -5.3739712e-02, 2.0639075e-02, -5.7049743e-03))  # minimax


@exact
def exp(x):
    """e**x within 2 units in the last place; 0 where it is not a normal number, inf, nan."""
    z = LOW if x < LOW else x
    z = HIGH if z > HIGH else z
    t = z * LOG2E + ROUND
    n = t - ROUND
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    p = ((((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2) * r + ONE) * r + ONE
    half = int_bits(t) << np.int32(23)
    y = float_bits(np.int32(int_bits(p) + np.int32(half)))
    y = f32(0) if x < LOW else y
    return INFINITY if x > HIGH else y


@exact
def logistic(x):
    """1 / (1 + e**-x)."""
    return ONE / (ONE + exp(-x))


@exact
def tangent(x):
    """x + x^3 P(x^2) near 0, else 1 - 2 / (1 + e**2x) with x's sign."""
    t = abs(x)
    s = x * x
    p = ((((T4 * s + T3) * s + T2) * s + T1) * s + T0) * s
    near = x + x * p if s > f32(0) else x  # -0.0 stays
    far = ONE - TWO / (ONE + exp(t + t))
    far = -far if x < f32(0) else far
    return near if t < TANH_NEAR else far


@inlined
def erf(x):
    """The error function: see ERF_NEAR."""
    t = abs(x)
    t = FOUR if t > FOUR else t
    s = t * t
    near = x + x * (((((N0 * s + N1) * s + N2) * s + N3) * s + N4) * s + N5)
    far = ONE - exp(-t * (((((F0 * t + F1) * t + F2) * t + F3) * t + F4) * t + F5))
    far = -far if x < f32(0) else far
    return near if t < ONE else far


# -- elementwise, over flat arrays ----------------------------------------------------------------------------------


@exact
def sigmoid(y, x):
    for i in range(y.size):
        y[i] = logistic(x[i])


@exact
def sigmoid_grad(gx, g, y):
    for i in range(y.size):
        gx[i] = g[i] * ((ONE - y[i]) * y[i])


@exact
def tanh(y, x):
    for i in range(y.size):
        y[i] = tangent(x[i])


@exact
def tanh_grad(gx, g, y):
    for i in range(y.size):
        gx[i] = g[i] * (ONE - y[i] * y[i])


@exact
def silu(y, x):
    for i in range(y.size):
        y[i] = x[i] * logistic(x[i])


@exact
def silu_grad(gx, g, x):
    for i in range(x.size):
        s = logistic(x[i])
        gx[i] = g[i] * (s * (ONE + x[i] * (ONE - s)))


@exact
def erf_all(y, x):
    for i in range(y.size):
        y[i] = erf(x[i])


@exact
def gelu(y, x):
    for i in range(y.size):
        y[i] = x[i] * (HALF + HALF * erf(x[i] * ROOT_HALF))


@exact
def gelu_grad(gx, g, x):
    for i in range(x.size):
        share = HALF + HALF * erf(x[i] * ROOT_HALF)
        gx[i] = g[i] * (share + x[i] * DENSITY * exp(-HALF * x[i] * x[i]))


@exact
def gelu_tanh(y, x):
    for i in range(y.size):
        v = x[i]
        y[i] = v * logistic(TWO * INNER * (v + CUBIC * v * v * v))


@exact
def gelu_tanh_grad(gx, g, x):
    for i in range(x.size):
        v = x[i]
        share = logistic(TWO * INNER * (v + CUBIC * v * v * v))
        gx[i] = g[i] * (share + v * TWO * (share * (ONE - share)) * (INNER * (ONE + f32(3) * CUBIC * v * v)))


# -- softmax over the rows of a matrix --------------------------------------------------------------------------

LANES = 16


@exact
def largest(row, lanes):
    """The greatest of a row: a maximum on each of several lanes, then among them. nan may be passed over."""
    n = row.size
    m = n - n % LANES
    for k in range(LANES):
        lanes[k] = -np.inf
    for j in range(0, m, LANES):
        for k in range(LANES):
            v = row[j + k]
            lanes[k] = v if v > lanes[k] else lanes[k]
    top = lanes[0]
    for k in range(1, LANES):
        top = lanes[k] if lanes[k] > top else top
    for j in range(m, n):
        top = row[j] if row[j] > top else top
    return top


@summing
def softmax(y, x):
    lanes = np.empty(LANES, np.float32)
    for r in range(len(x)):
        top, total = largest(x[r], lanes), f32(0)
        for j in range(x.shape[1]):
            e = exp(x[r, j] - top)
            y[r, j] = e
            total += e
        scale = ONE / total
        for j in range(x.shape[1]):
            y[r, j] *= scale


@summing
def softmax_grad(gx, g, y):
    for r in range(len(y)):
        total = f32(0)
        for j in range(y.shape[1]):
            total += g[r, j] * y[r, j]
        for j in range(y.shape[1]):
            gx[r, j] = y[r, j] * (g[r, j] - total)


@summing
def log_softmax(y, x):
    lanes = np.empty(LANES, np.float32)
    for r in range(len(x)):
        top, total = largest(x[r], lanes), f32(0)
        for j in range(x.shape[1]):
            total += exp(x[r, j] - top)
        log = f32(math.log(total))
        for j in range(x.shape[1]):
            y[r, j] = (x[r, j] - top) - log


@summing
def log_softmax_grad(gx, g, y):
    for r in range(len(y)):
        total = f32(0)
        for j in range(y.shape[1]):
            total += g[r, j]
        for j in range(y.shape[1]):
            gx[r, j] = g[r, j] - exp(y[r, j]) * total


@summing
def log_total(top, total, x):
    """The greatest of each row, and the sum of e**(x - greatest)."""
    lanes = np.empty(LANES, np.float32)
    for r in range(len(x)):
        high, s = largest(x[r], lanes), f32(0)
        for j in range(x.shape[1]):
            s += exp(x[r, j] - high)
        top[r], total[r] = high, s


@exact
def scaled_exp(y, x, top, scale):
    """e**(x - top) scale, with one top and one scale for each row."""
    for r in range(len(x)):
        high, s = top[r], scale[r]
        for j in range(x.shape[1]):
            y[r, j] = exp(x[r, j] - high) * s


# -- long short-term memory: see kernels/recurrent.py ----------------------------------------------------------------


@exact
def lstm_step(z, from_state, c, cell, out):
    H = c.shape[1]
    for r in range(len(z)):
        for k in range(4):
            row, new = z[r, k * H : (k + 1) * H], from_state[r, k * H : (k + 1) * H]
            if k == 2:
                for j in range(H):
                    row[j] = tangent(row[j] + new[j])
            else:
                for j in range(H):
                    row[j] = logistic(row[j] + new[j])
        i, f, g, o = z[r, :H], z[r, H : 2 * H], z[r, 2 * H : 3 * H], z[r, 3 * H :]
        state, kept, m = c[r], cell[r], out[r]
        for j in range(H):
            state[j] = state[j] * f[j] + i[j] * g[j]
        for j in range(H):
            kept[j] = state[j]
            m[j] = tangent(state[j]) * o[j]


@exact
def lstm_step_grad(d, dm, dc, dc_of_dm, f):
    H = dc.shape[1]
    for r in range(len(d)):
        state, m, slope, kept = dc[r], dm[r], dc_of_dm[r], f[r]
        for j in range(H):
            state[j] += m[j] * slope[j]
        for k in range(3):
            part = d[r, k * H : (k + 1) * H]
            for j in range(H):
                part[j] *= state[j]
        part = d[r, 3 * H :]
        for j in range(H):
            part[j] *= m[j]
            state[j] *= kept[j]


@exact
def lstm_slopes(slopes, dc_of_dm, tc, gates, cells, before):
    H = cells.shape[1]
    for r in range(len(cells)):
        i, f, g, o = gates[r, :H], gates[r, H : 2 * H], gates[r, 2 * H : 3 * H], gates[r, 3 * H :]
        di, df, dg, do = slopes[r, :H], slopes[r, H : 2 * H], slopes[r, 2 * H : 3 * H], slopes[r, 3 * H :]
        t, old, gained = tc[r], before[r], dc_of_dm[r]
        for j in range(H):
            t[j] = tangent(cells[r, j])
        for j in range(H):
            di[j] = (i[j] - i[j] * i[j]) * g[j]
        for j in range(H):
            df[j] = (f[j] - f[j] * f[j]) * old[j]
        for j in range(H):
            dg[j] = (ONE - g[j] * g[j]) * i[j]
        for j in range(H):
            do[j] = (o[j] - o[j] * o[j]) * t[j]
        for j in range(H):
            gained[j] = (ONE - t[j] * t[j]) * o[j]
