"""Loops with exponentials in them, for float32: elementwise ones, and softmax over rows."""

from __future__ import annotations

import math

import numpy as np

from minitorch.backend.compiled.functions import (
    CUBIC,
    DENSITY,
    HALF,
    INNER,
    ONE,
    ROOT_HALF,
    TWO,
    erf,
    exp,
    f32,
    logistic,
    tangent,
)
from minitorch.backend.compiled.jit import exact, summing

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
