"""Elementwise loops with exponentials in them, for float32, over flat arrays.

Reference: the methods of the same names in kernels/pointwise.py (PointwiseKernels), a few array operations each.
Source: each formula and its gradient in one pass (loop fusion); functions.py says where exp, log and erf come from.
"""

from __future__ import annotations

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
    expm1,
    f32,
    log,
    log1p,
    logistic,
    tangent,
    whole_exp,
)
from minitorch.backend.compiled.jit import exact

THREE, SIX = f32(3), f32(6)


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


@exact
def exp_all(y, x):
    for i in range(y.size):
        y[i] = whole_exp(x[i])


@exact
def expm1_all(y, x):
    for i in range(y.size):
        y[i] = expm1(x[i])


@exact
def log_all(y, x):
    for i in range(y.size):
        y[i] = log(x[i])


@exact
def log1p_all(y, x):
    for i in range(y.size):
        y[i] = log1p(x[i])


@exact
def zero_at(y, g, blocked):
    for i in range(y.size):
        y[i] = f32(0) if blocked[i] else g[i]


@exact
def elu(y, x, negative, rate, positive):
    for i in range(y.size):
        y[i] = x[i] * positive if x[i] > f32(0) else expm1(x[i] * rate) * negative


@exact
def elu_grad(gx, g, x, negative, rate, positive):
    for i in range(x.size):
        gx[i] = g[i] * (exp(x[i] * rate) * (negative * rate) if x[i] <= f32(0) else positive)  # nan: positive


@exact
def softplus(y, x, beta, threshold):
    for i in range(y.size):
        z = x[i] * beta
        y[i] = x[i] if z > threshold else log1p(exp(z)) / beta


@exact
def softplus_grad(gx, g, x, beta, threshold):
    for i in range(x.size):
        z = x[i] * beta
        gx[i] = g[i] if z > threshold else g[i] * logistic(z)


@exact
def hardswish(y, x):
    for i in range(y.size):
        z = x[i] + THREE
        z = f32(0) if z < f32(0) else z
        z = SIX if z > SIX else z
        y[i] = z * x[i] / SIX


@exact
def hardswish_grad(gx, g, x):
    for i in range(x.size):
        v = x[i]
        d = g[i] * (v / THREE + HALF) if (v > -THREE) & (v < THREE) else f32(0)
        gx[i] = d if (v < THREE) else d + g[i]
