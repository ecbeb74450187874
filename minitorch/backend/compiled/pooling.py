"""Loops of pooling, for float32 and float64, plane by plane: (planes, D, H, W) -> (planes, *out).

A line of results is made tap by tap: each tap looks at every stride-th place of a line of the input, which the
processor does for many results at once and without a branch.

Reference: PoolKernels in kernels/pool.py (`_max_all_taps` is the naive form of the maximum). Source: the winner by
arithmetic on a comparison's 0 or 1 in place of a jump (Warren, "Hacker's Delight", 2002, chapter 2).
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.compiled.jit import exact


@exact
def seen(tap, size, out, stride, padding):
    """(first, end) of the results whose place `tap` is inside."""
    return max(0, -((tap - padding) // stride)), min(out, (size - 1 + padding - tap) // stride + 1)


@exact
def first_inside(start, step, size):
    """The first of start, start + step, ... that is not negative."""
    return min(start if start >= 0 else start % step, size - 1)


@exact
def lines_seen(kernel, step, size, out, stride, padding):
    """`seen` for each tap along a line, and the place that the first of these results looks at."""
    found = np.empty((kernel, 3), np.int64)
    for t in range(kernel):
        low, high = seen(t * step, size, out, stride, padding)
        found[t] = low, high, low * stride - padding + t * step
    return found


@exact
def maximum(y, places, x, kernel, stride, padding, dilation):
    """The maximum of each window and its place in the plane: the first of equals; of several nan the last.

    The number of the tap that won is kept as a number of the same width as the maxima: one vector of each.
    """
    _, D, H, W = x.shape
    won = np.empty(y.shape[3], x.dtype)
    shifts = np.empty(kernel[0] * kernel[1] * kernel[2], np.int64)
    for tap in range(shifts.size):
        d, h = tap // (kernel[1] * kernel[2]) * dilation[0], tap // kernel[2] % kernel[1] * dilation[1]
        shifts[tap] = (d * H + h) * W + tap % kernel[2] * dilation[2]
    found = lines_seen(kernel[2], dilation[2], W, y.shape[3], stride[2], padding[2])
    for p in range(len(y)):
        for i in range(y.shape[1]):
            d0 = i * stride[0] - padding[0]
            for j in range(y.shape[2]):
                h0 = j * stride[1] - padding[1]
                line = y[p, i, j]
                for k in range(line.size):
                    line[k] = -np.inf
                    won[k] = -1
                for a in range(kernel[0]):
                    for b in range(kernel[1]):
                        d, h = d0 + a * dilation[0], h0 + b * dilation[1]
                        if 0 <= d < D and 0 <= h < H:
                            for c in range(kernel[2]):
                                low, high, w = found[c]
                                if low < high:
                                    tap = (a * kernel[1] + b) * kernel[2] + c
                                    larger(line[low:high], won[low:high], x[p, d, h, w:], x.dtype.type(tap), stride[2])
                corner = (d0 * H + h0) * W - padding[2]
                for k in range(line.size):
                    places[p, i, j, k] = corner + k * stride[2] + shifts[int(won[k])]
                    if won[k] < 0:  # all of them -inf
                        d, h = first_inside(d0, dilation[0], D), first_inside(h0, dilation[1], H)
                        places[p, i, j, k] = (d * H + h) * W + first_inside(k * stride[2] - padding[2], dilation[2], W)


@exact
def beats(v, best):
    """1 if v is greater, or nan, else 0: a number, since LLVM makes a branch of a condition, and guesses it badly."""
    return np.int64(v > best) | np.int64(v != v)


@exact
def winner(v, best):
    """v if it `beats`."""
    return v if beats(v, best) else best


@exact
def larger(best, won, x, tap, stride):
    """Where x[k stride] beats best[k], this tap wins."""
    if stride == 1:
        for k in range(best.size):
            better = beats(x[k], best[k])
            best[k], won[k] = winner(x[k], best[k]), tap if better else won[k]
    elif stride == 2:  # a constant: with vectors
        for k in range(best.size):
            better = beats(x[2 * k], best[k])
            best[k], won[k] = winner(x[2 * k], best[k]), tap if better else won[k]
    else:
        for k in range(best.size):
            better = beats(x[stride * k], best[k])
            best[k], won[k] = winner(x[stride * k], best[k]), tap if better else won[k]


@exact
def maximum_of_four(y, places, x):
    """`maximum` of windows of 2 x 2 side by side: of two pairs, and of the two that won."""
    W = x.shape[3]
    for p in range(len(y)):
        for j in range(y.shape[2]):
            upper, lower, line, at = x[p, 0, 2 * j], x[p, 0, 2 * j + 1], y[p, 0, j], places[p, 0, j]
            for k in range(line.size):
                u, v = winner(upper[2 * k + 1], upper[2 * k]), winner(lower[2 * k + 1], lower[2 * k])
                right_u, right_v = beats(upper[2 * k + 1], upper[2 * k]), beats(lower[2 * k + 1], lower[2 * k])
                line[k] = winner(v, u)
                at[k] = 2 * (j * W + k) + right_u + beats(v, u) * (W + right_v - right_u)


@exact
def to_places(gx, places, g, add):
    """gx (planes, size) at the places of each plane: g is added, or written. False if a place is outside."""
    for p in range(len(gx)):
        line, at, values = gx[p], places[p], g[p]
        for k in range(at.size):
            if at[k] < 0 or at[k] >= line.size:
                return False
            if add:
                line[at[k]] += values[k]
            else:
                line[at[k]] = values[k]
    return True


@exact
def sums(y, x, kernel, stride, padding, divisor):
    """The sum of each window over its divisor (*out)."""
    found = lines_seen(kernel[2], 1, x.shape[3], y.shape[3], stride[2], padding[2])
    for p in range(len(y)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                line, d0, h0 = y[p, i, j], i * stride[0] - padding[0], j * stride[1] - padding[1]
                for k in range(line.size):
                    line[k] = 0
                for d in range(max(0, d0), min(x.shape[1], d0 + kernel[0])):
                    for h in range(max(0, h0), min(x.shape[2], h0 + kernel[1])):
                        for low, high, w in found:
                            if low < high:
                                add_from(line[low:high], x[p, d, h, w:], stride[2])
                for k in range(line.size):
                    line[k] /= divisor[i, j, k]


@exact
def mean_of_four(y, x, divisor):
    """`sums` of windows of 2 x 2 side by side."""
    for p in range(len(y)):
        for j in range(y.shape[2]):
            upper, lower, line = x[p, 0, 2 * j], x[p, 0, 2 * j + 1], y[p, 0, j]
            for k in range(line.size):
                total = (upper[2 * k] + upper[2 * k + 1]) + (lower[2 * k] + lower[2 * k + 1])
                line[k] = total / divisor[0, 0, 0]


@exact
def spread_to_four(gx, g, divisor):
    """`spread` over windows of 2 x 2 side by side."""
    for p in range(len(g)):
        for j in range(g.shape[2]):
            upper, lower, line = gx[p, 0, 2 * j], gx[p, 0, 2 * j + 1], g[p, 0, j]
            for k in range(line.size):
                share = line[k] / divisor[0, 0, 0]
                upper[2 * k] = upper[2 * k + 1] = lower[2 * k] = lower[2 * k + 1] = share


@exact
def add_from(y, x, stride):
    """y[k] += x[k stride]."""
    if stride == 1:
        for k in range(y.size):
            y[k] += x[k]
    elif stride == 2:
        for k in range(y.size):
            y[k] += x[2 * k]
    else:
        for k in range(y.size):
            y[k] += x[stride * k]


@exact
def spread(gx, g, kernel, stride, padding, divisor):
    """gx += each g over its divisor, at all places of its window."""
    found = lines_seen(kernel[2], 1, gx.shape[3], g.shape[3], stride[2], padding[2])
    share = np.empty(g.shape[3], g.dtype)
    for p in range(len(g)):
        for i in range(g.shape[1]):
            for j in range(g.shape[2]):
                d0, h0 = i * stride[0] - padding[0], j * stride[1] - padding[1]
                for k in range(share.size):
                    share[k] = g[p, i, j, k] / divisor[i, j, k]
                for d in range(max(0, d0), min(gx.shape[1], d0 + kernel[0])):
                    for h in range(max(0, h0), min(gx.shape[2], h0 + kernel[1])):
                        for low, high, w in found:
                            if low < high:
                                add_to(gx[p, d, h, w:], share[low:high], stride[2])


@exact
def add_to(y, x, stride):
    """y[k stride] += x[k]."""
    if stride == 1:
        for k in range(x.size):
            y[k] += x[k]
    else:
        for k in range(x.size):
            y[stride * k] += x[k]
