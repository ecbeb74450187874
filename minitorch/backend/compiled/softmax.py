"""Softmax and what belongs to it, for float32: along the rows of a matrix, and along the middle of three dimensions.

In the latter a strip of LINE neighbors is taken through all steps, so that what is read twice is still cached.

Reference: SoftmaxKernels in kernels/softmax.py. Sources: the largest is taken out first, and the logarithm of the sum
is added to it (Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", 2021); the
cross entropy's gradient, softmax minus one at the target, in the same pass (Bridle, 1990).
"""

from __future__ import annotations

import math

import numpy as np

from minitorch.backend.compiled.functions import ONE, exp, f32
from minitorch.backend.compiled.jit import exact, summing

LANES, LINE = 16, 256


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


@exact
def largest_of_strip(x, a, b, top):
    """The greatest of each of x's columns a to b. nan may be passed over."""
    for j in range(b - a):
        top[j] = x[0, a + j]
    for k in range(1, len(x)):
        row = x[k, a:b]
        for j in range(row.size):
            top[j] = row[j] if row[j] > top[j] else top[j]


# -- along rows --------------------------------------------------------------------------------------------------------


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
def attention_weights(x, mask, length, scale, causal):
    """softmax(x scale + mask) in place; rows are those of matrices of `length` rows; no mask: one without rows."""
    lanes = np.empty(LANES, np.float32)
    for r in range(len(x)):
        n = x.shape[1]
        if causal:
            n = min(n, r % length + 1)
            x[r, n:] = f32(0)
        row = x[r, :n]
        if len(mask):
            added = mask[r % len(mask), :n]
            for j in range(n):
                row[j] = row[j] * scale + added[j]
        else:
            for j in range(n):
                row[j] *= scale
        top, total = largest(row, lanes), f32(0)
        if top == -np.inf:  # everything is masked, or nan
            for j in range(n):
                total += row[j]
            row[:] = f32(0) if total == -np.inf else f32(np.nan)
            continue
        for j in range(n):
            e = exp(row[j] - top)
            row[j] = e
            total += e
        total = ONE / total
        for j in range(n):
            row[j] *= total


# -- along the middle dimension ----------------------------------------------------------------------------------------


@exact
def softmax_middle(y, x):
    tops, totals = np.empty(LINE, np.float32), np.empty(LINE, np.float32)
    for i in range(len(x)):
        for a in range(0, x.shape[2], LINE):
            b = min(a + LINE, x.shape[2])
            top, total = tops[: b - a], totals[: b - a]
            largest_of_strip(x[i], a, b, top)
            total[:] = f32(0)
            for k in range(x.shape[1]):
                row, out = x[i, k, a:b], y[i, k, a:b]
                for j in range(row.size):
                    e = exp(row[j] - top[j])
                    out[j] = e
                    total[j] += e
            for j in range(total.size):
                total[j] = ONE / total[j]
            for k in range(x.shape[1]):
                out = y[i, k, a:b]
                for j in range(out.size):
                    out[j] *= total[j]


@exact
def softmax_grad_middle(gx, g, y):
    totals = np.empty(LINE, np.float32)
    for i in range(len(y)):
        for a in range(0, y.shape[2], LINE):
            b = min(a + LINE, y.shape[2])
            total = totals[: b - a]
            total[:] = f32(0)
            for k in range(y.shape[1]):
                row, weight = g[i, k, a:b], y[i, k, a:b]
                for j in range(row.size):
                    total[j] += row[j] * weight[j]
            for k in range(y.shape[1]):
                row, weight, out = g[i, k, a:b], y[i, k, a:b], gx[i, k, a:b]
                for j in range(row.size):
                    out[j] = weight[j] * (row[j] - total[j])


@exact
def log_softmax_middle(y, x):
    tops, totals = np.empty(LINE, np.float32), np.empty(LINE, np.float32)
    for i in range(len(x)):
        for a in range(0, x.shape[2], LINE):
            b = min(a + LINE, x.shape[2])
            top, total = tops[: b - a], totals[: b - a]
            add_up_strip(x[i], a, b, top, total)
            for j in range(total.size):
                total[j] = f32(math.log(total[j]))
            for k in range(x.shape[1]):
                row, out = x[i, k, a:b], y[i, k, a:b]
                for j in range(row.size):
                    out[j] = (row[j] - top[j]) - total[j]


@exact
def log_softmax_grad_middle(gx, g, y):
    totals = np.empty(LINE, np.float32)
    for i in range(len(y)):
        for a in range(0, y.shape[2], LINE):
            b = min(a + LINE, y.shape[2])
            total = totals[: b - a]
            total[:] = f32(0)
            for k in range(y.shape[1]):
                row = g[i, k, a:b]
                for j in range(row.size):
                    total[j] += row[j]
            for k in range(y.shape[1]):
                row, log, out = g[i, k, a:b], y[i, k, a:b], gx[i, k, a:b]
                for j in range(row.size):
                    out[j] = row[j] - exp(log[j]) * total[j]


@exact
def add_up_strip(x, a, b, top, total):
    """Of each of x's columns a to b the greatest, and the sum of e**(x - greatest)."""
    largest_of_strip(x, a, b, top)
    total[:] = f32(0)
    for k in range(len(x)):
        row = x[k, a:b]
        for j in range(row.size):
            total[j] += exp(row[j] - top[j])


# -- cross entropy -----------------------------------------------------------------------------------------------------


@summing
def cross_entropy(loss, top, total, x, target):
    """log(sum(e**x)) - x[target] of each row; the sum is total e**top."""
    lanes = np.empty(LANES, np.float32)
    for r in range(len(x)):
        high, s = largest(x[r], lanes), f32(0)
        for j in range(x.shape[1]):
            s += exp(x[r, j] - high)
        top[r], total[r] = high, s
        loss[r] = f32(math.log(s)) - (x[r, target[r]] - high)


@exact
def cross_entropy_grad(gx, x, target, top, total, share):
    """(softmax(x) - one_hot(target)) times each row's share."""
    for r in range(len(x)):
        high, scale = top[r], share[r] / total[r]
        for j in range(x.shape[1]):
            gx[r, j] = exp(x[r, j] - high) * scale
        gx[r, target[r]] -= share[r]


@exact
def cross_entropy_middle(loss, top, total, x, target):
    for i in range(len(x)):
        for a in range(0, x.shape[2], LINE):
            b = min(a + LINE, x.shape[2])
            add_up_strip(x[i], a, b, top[i, a:b], total[i, a:b])
        for j in range(x.shape[2]):
            loss[i, j] = f32(math.log(total[i, j])) - (x[i, target[i, j], j] - top[i, j])


@exact
def cross_entropy_grad_middle(gx, x, target, top, total, share):
    scales = np.empty(x.shape[2], np.float32)
    for i in range(len(x)):
        for j in range(scales.size):
            scales[j] = share[i, j] / total[i, j]
        for k in range(x.shape[1]):
            row, high, out = x[i, k], top[i], gx[i, k]
            for j in range(row.size):
                out[j] = exp(row[j] - high[j]) * scales[j]
        for j in range(x.shape[2]):
            gx[i, target[i, j], j] -= share[i, j]
