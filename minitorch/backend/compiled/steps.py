"""Loops of optimizers: one pass over parameter, gradient and state. float32 and float64.

The operations and their order are those of the plain rules, and none are fused: the results are the same to the bit.

Reference: `update` of the optimizer of that name in minitorch/optim, array operations block by block. Sources: Robbins
and Monro, 1951 (sgd); Polyak, 1964, and Sutskever and others, 2013 (momentum); Kingma and Ba, 2015, and Loshchilov and
Hutter, 2019 (adam, and adamw by `shrink`). One loop for all of a rule's steps is loop fusion.
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.compiled.jit import as_written


@as_written
def gradient(g, x, maximize, decay):
    """What a rule takes for the gradient of a parameter x."""
    if maximize:
        g = -g
    return g + x * decay if decay != 0 else g


@as_written
def sgd(x, g, maximize, decay, size):
    """x += size g."""
    decay, size = x.dtype.type(decay), x.dtype.type(size)
    for i in range(x.size):
        x[i] += gradient(g[i], x[i], maximize, decay) * size


@as_written
def momentum(x, g, v, maximize, decay, size, momentum, share, nesterov):
    """v = momentum v + share g, x += size v; nesterov: x += size (g + momentum v)."""
    decay, size = x.dtype.type(decay), x.dtype.type(size)
    momentum, share = x.dtype.type(momentum), x.dtype.type(share)
    for i in range(x.size):
        slope = gradient(g[i], x[i], maximize, decay)
        v[i] = v[i] * momentum + slope * share
        x[i] += (slope + v[i] * momentum if nesterov else v[i]) * size


@as_written
def adam(x, g, m, v, maximize, decay, shrink, weight, beta2, eps, size):
    """m += weight (g - m), v = beta2 v + (1 - beta2) g^2, x += size m / (sqrt(v) + eps), after x *= shrink."""
    kind = x.dtype.type
    decay, shrink, rest, eps, size = kind(decay), kind(shrink), kind(1 - beta2), kind(eps), kind(size)
    far, weight, beta2 = weight >= 0.5, kind(weight if weight < 0.5 else 1 - weight), kind(beta2)
    for i in range(x.size):
        slope = gradient(g[i], x[i], maximize, decay)
        step = (slope - m[i]) * weight
        m[i] = slope - step if far else m[i] + step
        v[i] = v[i] * beta2 + (slope * rest) * slope
        x[i] = x[i] * shrink + (m[i] * size) / (np.sqrt(v[i]) + eps)
