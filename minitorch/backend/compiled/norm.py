"""Normalization over the rows of a matrix, for float32 and float64.

Reference: NormKernels in kernels/norm.py. Sources: the variance in two passes, first the mean (Chan, Golub and LeVeque,
"Algorithms for computing the sample variance", 1983); the gradient of batch normalization (Ioffe and Szegedy, 2015),
which layer normalization (Ba, Kiros and Hinton, 2016) shares.
"""

from __future__ import annotations

from minitorch.backend.compiled.jit import exact, summing


@summing
def moments(z, mean, spread):
    """Of each row the mean and the sum of squared distances from it."""
    n = z.shape[1]
    zero = z.dtype.type(0)
    for r in range(len(z)):
        total = zero
        for j in range(n):
            total += z[r, j]
        m = total / z.dtype.type(n)
        total = zero
        for j in range(n):
            d = z[r, j] - m
            total += d * d
        mean[r], spread[r] = m, total


@exact
def scale_rows(y, z, mean, scale, bias):
    """(z - mean) scale + bias, with one of each for each row."""
    for r in range(len(z)):
        m, s, b = mean[r], scale[r], bias[r]
        for j in range(z.shape[1]):
            y[r, j] = (z[r, j] - m) * s + b


@exact
def scale_columns(y, z, mean, scale, weight, bias):
    """(z - mean) scale weight + bias, mean and scale for each row, weight and bias for each column."""
    for r in range(len(z)):
        m, s = mean[r], scale[r]
        for j in range(z.shape[1]):
            y[r, j] = ((z[r, j] - m) * s) * weight[j] + bias[j]


@summing
def gradient_sums(g, z, mean, plain, by_distance):
    """Of each row the sums of g and of g (z - mean)."""
    zero = z.dtype.type(0)
    for r in range(len(z)):
        m, s, t = mean[r], zero, zero
        for j in range(z.shape[1]):
            s += g[r, j]
            t += g[r, j] * (z[r, j] - m)
        plain[r], by_distance[r] = s, t


@exact
def combine_rows(gx, g, z, mean, a, b, c):
    """a g + b (z - mean) + c, with one of each for each row."""
    for r in range(len(z)):
        m, u, v, w = mean[r], a[r], b[r], c[r]
        for j in range(z.shape[1]):
            gx[r, j] = u * g[r, j] + v * (z[r, j] - m) + w


@summing
def column_gradients(gx, g, z, gw, gb, mean, scale, weight):
    """Of scale_columns: gx; gw and gb are added to."""
    n = z.shape[1]
    zero, size = z.dtype.type(0), z.dtype.type(n)
    for r in range(len(z)):
        m, s = mean[r], scale[r]
        total, total_n = zero, zero
        for j in range(n):
            d = (z[r, j] - m) * s
            h = g[r, j] * weight[j]
            total += h
            total_n += h * d
            gw[j] += g[r, j] * d
            gb[j] += g[r, j]
        total /= size
        total_n /= size
        for j in range(n):
            d = (z[r, j] - m) * s
            gx[r, j] = (g[r, j] * weight[j] - total - d * total_n) * s
