"""Loops of convolution in up to three dimensions, for float32 and float64, without products of matrices.

The padded images of a block lie flat, one after the other, channel by channel. A tap of the kernel is then a constant
distance in memory, so y[l] = sum over k of w[k] x[l + off[k]] for all places l at once, at the price of a few columns
that no output wants. With a stride, an image is cut into as many phases as the stride is long, each with the places
that one tap looks at, and these distances include the phase's. (Source: the "implicit" products of cuDNN, Chetlur
and others, 2014: no windows are copied side by side.)

Reference: `conv_naive` and its two gradients in kernels/conv.py, to which tests/test_kernels_conv.py holds these loops.

Four outputs by three taps are computed at a time, in lines of `TILE` places: twelve products for seven numbers read
(register blocking: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.compiled.convolution import LANES
from minitorch.backend.compiled.jit import exact, summing

TILE = 1024  # places: four lines of results stay in a first-level cache
APART = TILE + LANES  # from one of these lines to the next: not a power of 2, where a read waits for a write nearby


@exact
def rounded(places):
    """Up to a multiple of `LANES`."""
    return (places + LANES - 1) // LANES * LANES


@exact
def even_part(places):
    """How long to make the lines, at most `TILE`, so that no short one is left at the end."""
    count = (places + TILE - 1) // TILE
    return rounded((places + count - 1) // count)


@exact
def pack(x, first, lines, left, step, phases, pitch):
    """Images first, first + 1, ... of x (N, C, D, H, W) into lines (C, phases, places), as many as fit; where lines
    have no image they stay as they are (0). Place i of a phase r is i step + r - left of the image."""
    size = pitch[0] * pitch[1] * pitch[2]
    for n in range(first, min(x.shape[0], first + lines.shape[2] // size)):
        for c in range(x.shape[1]):
            for p in range(len(phases)):
                low = max(0, -((phases[p, 2] - left[2]) // step[2]))
                start = low * step[2] + phases[p, 2] - left[2]
                for i in range(pitch[0]):
                    z = i * step[0] + phases[p, 0] - left[0]
                    if z < 0 or z >= x.shape[2]:
                        continue
                    for j in range(pitch[1]):
                        h = j * step[1] + phases[p, 1] - left[1]
                        if h < 0 or h >= x.shape[3]:
                            continue
                        source = x[n, c, z, h, start:]
                        begin = (((n - first) * pitch[0] + i) * pitch[1] + j) * pitch[2] + low
                        count = min(pitch[2] - low, (source.size + step[2] - 1) // step[2])
                        target = lines[c, p, begin : begin + count]
                        if step[2] == 1:
                            for k in range(count):
                                target[k] = source[k]
                        elif step[2] == 2:  # a constant: with vectors
                            for k in range(count):
                                target[k] = source[k * 2]
                        else:
                            for k in range(count):
                                target[k] = source[k * step[2]]


@exact
def unpack(line, begin, y, first, o, start, step, shape, pitch):
    """Write the places begin, begin + 1, ... of channel o to y (N, O, D, H, W), where they are of an image: place
    (i, j, k) of a grid of `shape` to (i, j, k) step + start."""
    end = begin + line.size
    for row in range(begin // pitch[2], (end + pitch[2] - 1) // pitch[2]):
        j, n = row % pitch[1], row // pitch[1]
        i, n = n % pitch[0], first + n // pitch[0]
        if i >= shape[0] or j >= shape[1]:
            continue
        low, high = max(0, begin - row * pitch[2]), min(shape[2], end - row * pitch[2])
        if low >= high:
            continue
        source = line[row * pitch[2] + low - begin :]
        target = y[n, o, i * step[0] + start[0], j * step[1] + start[1], low * step[2] + start[2] :]
        if step[2] == 1:
            for k in range(high - low):
                target[k] = source[k]
        else:
            for k in range(high - low):
                target[k * step[2]] = source[k]


@exact
def add_four(t0, t1, t2, t3, x, off, w):
    """t0[l] += sum over k of w[0, k] x[l + off[k]], and so on."""
    whole = off.size - off.size % 3
    for k in range(0, whole, 3):
        x0, x1, x2 = x[off[k] :], x[off[k + 1] :], x[off[k + 2] :]
        a0, a1, a2 = w[0, k], w[0, k + 1], w[0, k + 2]
        b0, b1, b2 = w[1, k], w[1, k + 1], w[1, k + 2]
        c0, c1, c2 = w[2, k], w[2, k + 1], w[2, k + 2]
        d0, d1, d2 = w[3, k], w[3, k + 1], w[3, k + 2]
        for i in range(t0.size):
            u, v, z = x0[i], x1[i], x2[i]
            t0[i] = t0[i] + a0 * u + a1 * v + a2 * z
            t1[i] = t1[i] + b0 * u + b1 * v + b2 * z
            t2[i] = t2[i] + c0 * u + c1 * v + c2 * z
            t3[i] = t3[i] + d0 * u + d1 * v + d2 * z
    for k in range(whole, off.size):
        x0 = x[off[k] :]
        a0, b0, c0, d0 = w[0, k], w[1, k], w[2, k], w[3, k]
        for i in range(t0.size):
            u = x0[i]
            t0[i] += a0 * u
            t1[i] += b0 * u
            t2[i] += c0 * u
            t3[i] += d0 * u


@exact
def add_one(t, x, off, w):
    """t[l] += sum over k of w[k] x[l + off[k]]."""
    whole = off.size - off.size % 4
    for k in range(0, whole, 4):
        x0, x1, x2, x3 = x[off[k] :], x[off[k + 1] :], x[off[k + 2] :], x[off[k + 3] :]
        a0, a1, a2, a3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        for i in range(t.size):
            t[i] = t[i] + a0 * x0[i] + a1 * x1[i] + a2 * x2[i] + a3 * x3[i]
    for k in range(whole, off.size):
        x0, a0 = x[off[k] :], w[k]
        for i in range(t.size):
            t[i] += a0 * x0[i]


@exact
def correlate(y, x, w, bias, off, left, step, phases, pitch, images, length, start, spread, shape):
    """y (N, O, D, H, W), at every spread-th place from `start` on, = bias + x (N, C, D, H, W) correlated with
    w (groups, O/groups, C/groups taps)."""
    groups, each, _ = w.shape
    size = pitch[0] * pitch[1] * pitch[2]
    lines = np.zeros((x.shape[1], len(phases), length), x.dtype)
    t = np.empty((4, APART), x.dtype)
    for first in range(0, len(x), images):
        pack(x, first, lines, left, step, phases, pitch)
        end = (min(images, len(x) - first) - 1) * size
        end += ((shape[0] - 1) * pitch[1] + shape[1] - 1) * pitch[2] + shape[2]
        part = even_part(end)
        for begin in range(0, end, part):
            wanted = min(part, end - begin)
            n = rounded(wanted)
            for g in range(groups):
                flat = lines[g * (x.shape[1] // groups) : (g + 1) * (x.shape[1] // groups)].reshape(-1)[begin:]
                o = 0
                while o < each:
                    count = 4 if o + 4 <= each else 1
                    for i in range(count):
                        t[i, :n] = bias[g * each + o + i]
                    if count == 4:
                        add_four(t[0, :n], t[1, :n], t[2, :n], t[3, :n], flat, off, w[g, o : o + 4])
                    else:
                        add_one(t[0, :n], flat, off, w[g, o])
                    for i in range(count):
                        unpack(t[i, :wanted], begin, y, first, g * each + o + i, start, spread, shape, pitch)
                    o += count


@summing
def dot_four(gw, g0, g1, g2, g3, x, off):
    """gw[0, k] += sum over l of g0[l] x[l + off[k]], and so on."""
    zero = gw.dtype.type(0)
    whole = off.size - off.size % 3
    for k in range(0, whole, 3):
        x0, x1, x2 = x[off[k] :], x[off[k + 1] :], x[off[k + 2] :]
        a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = zero
        for i in range(g0.size):
            u, v, z = x0[i], x1[i], x2[i]
            a0 += g0[i] * u
            a1 += g0[i] * v
            a2 += g0[i] * z
            b0 += g1[i] * u
            b1 += g1[i] * v
            b2 += g1[i] * z
            c0 += g2[i] * u
            c1 += g2[i] * v
            c2 += g2[i] * z
            d0 += g3[i] * u
            d1 += g3[i] * v
            d2 += g3[i] * z
        gw[0, k] += a0
        gw[0, k + 1] += a1
        gw[0, k + 2] += a2
        gw[1, k] += b0
        gw[1, k + 1] += b1
        gw[1, k + 2] += b2
        gw[2, k] += c0
        gw[2, k + 1] += c1
        gw[2, k + 2] += c2
        gw[3, k] += d0
        gw[3, k + 1] += d1
        gw[3, k + 2] += d2
    for k in range(whole, off.size):
        x0 = x[off[k] :]
        a0 = b0 = c0 = d0 = zero
        for i in range(g0.size):
            u = x0[i]
            a0 += g0[i] * u
            b0 += g1[i] * u
            c0 += g2[i] * u
            d0 += g3[i] * u
        gw[0, k] += a0
        gw[1, k] += b0
        gw[2, k] += c0
        gw[3, k] += d0


@summing
def dot_one(gw, g, x, off):
    """gw[k] += sum over l of g[l] x[l + off[k]]."""
    zero = gw.dtype.type(0)
    whole = off.size - off.size % 4
    for k in range(0, whole, 4):
        x0, x1, x2, x3 = x[off[k] :], x[off[k + 1] :], x[off[k + 2] :], x[off[k + 3] :]
        a0 = a1 = a2 = a3 = zero
        for i in range(g.size):
            a0 += g[i] * x0[i]
            a1 += g[i] * x1[i]
            a2 += g[i] * x2[i]
            a3 += g[i] * x3[i]
        gw[k] += a0
        gw[k + 1] += a1
        gw[k + 2] += a2
        gw[k + 3] += a3
    for k in range(whole, off.size):
        x0, a0 = x[off[k] :], zero
        for i in range(g.size):
            a0 += g[i] * x0[i]
        gw[k] += a0


@exact
def weight_gradient(gw, g, x, off, left, step, phases, pitch, images, length):
    """gw (groups, O/groups, C/groups taps) += the products of g (N, O, D, H, W) with all windows of x."""
    groups, each, _ = gw.shape
    size = pitch[0] * pitch[1] * pitch[2]
    lines = np.zeros((x.shape[1], len(phases), length), x.dtype)
    grid = np.zeros((g.shape[1], images * size + LANES), x.dtype)
    none, once, whole = (0, 0, 0), (1, 1, 1), np.zeros((1, 3), np.int64)
    for first in range(0, len(x), images):
        pack(x, first, lines, left, step, phases, pitch)
        pack(g, first, grid.reshape(g.shape[1], 1, -1), none, once, whole, pitch)
        end = min(images, len(x) - first) * size
        grid[:, end : end + LANES] = 0
        part = even_part(end)
        for begin in range(0, end, part):
            stop = begin + rounded(min(part, end - begin))
            for k in range(groups):
                flat = lines[k * (x.shape[1] // groups) : (k + 1) * (x.shape[1] // groups)].reshape(-1)[begin:]
                o = 0
                while o < each:
                    c = k * each + o
                    g0 = grid[c, begin:stop]
                    if o + 4 <= each:
                        g1, g2, g3 = grid[c + 1, begin:stop], grid[c + 2, begin:stop], grid[c + 3, begin:stop]
                        dot_four(gw[k, o : o + 4], g0, g1, g2, g3, flat, off)
                        o += 4
                    else:
                        dot_one(gw[k, o], g0, flat, off)
                        o += 1
