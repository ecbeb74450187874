"""Loops of the rectifier, for float32 and float64.

Reference: `relu` and `relu_grad` in kernels/pointwise.py. Source: one pass in place of a comparison, a copy and a
product; the rectifier itself is Nair and Hinton's, 2010.
"""

from __future__ import annotations

from minitorch.backend.compiled.jit import exact


@exact
def relu(y, x):
    """y = x, but 0 where x < 0: -0 stays -0."""
    for i in range(x.size):
        y[i] = 0 if x[i] < 0 else x[i]


@exact
def relu_grad(gx, g, y):
    """gx = g, but 0 where y <= 0."""
    for i in range(y.size):
        slope = g[i]
        gx[i] = 0 if y[i] <= 0 else slope
