"""Elementwise loops with exponentials in them, for float32, over flat arrays."""

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
    f32,
    logistic,
    tangent,
)
from minitorch.backend.compiled.jit import exact


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
