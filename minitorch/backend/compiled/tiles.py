"""Loops of Winograd's convolution F(2 x 2, 3 x 3): from images to tiles and back, for float32 and float64.

Reference: WinogradKernels in kernels/winograd.py, which says what is computed. Source: Lavin and Gray, 2015.

Tiles are counted line of tiles by line of tiles, over all images: line q is line q % rows of image q // rows. Along a
line everything is done for all its tiles at once.
"""

from __future__ import annotations

import numpy as np

from minitorch.backend.compiled.jit import exact


@exact
def put_line(line, x, n, c, h, left):
    """Line h of channel c of x, after `left` zeros; zeros if there is no such line."""
    count = min(x.shape[3], line.size - left)
    if 0 <= h < x.shape[2]:
        for k in range(count):
            line[left + k] = x[n, c, h, k]
    else:
        for k in range(count):
            line[left + k] = 0


@exact
def input_tiles(V, x, first, lines, rows, cols, padding):
    """V (16, C times tiles) = B^T d B of the 4 x 4 inputs d of each tile, for so many lines from `first` on."""
    d = np.zeros((4, 2 * cols + 2), x.dtype)
    b = np.empty((4, 2 * cols + 2), x.dtype)
    for c in range(x.shape[1]):
        for q in range(lines):
            n, i = (first + q) // rows, (first + q) % rows
            for r in range(4):
                put_line(d[r], x, n, c, 2 * i + r - padding[0], padding[1])
            for k in range(d.shape[1]):
                b[0, k] = d[0, k] - d[2, k]
                b[1, k] = d[1, k] + d[2, k]
                b[2, k] = d[2, k] - d[1, k]
                b[3, k] = d[1, k] - d[3, k]
            for r in range(4):
                line, at = b[r], (c * lines + q) * cols
                v0, v1 = V[4 * r, at : at + cols], V[4 * r + 1, at : at + cols]
                v2, v3 = V[4 * r + 2, at : at + cols], V[4 * r + 3, at : at + cols]
                for j in range(cols):
                    v0[j] = line[2 * j] - line[2 * j + 2]
                    v1[j] = line[2 * j + 1] + line[2 * j + 2]
                    v2[j] = line[2 * j + 2] - line[2 * j + 1]
                    v3[j] = line[2 * j + 1] - line[2 * j + 3]


@exact
def output_tiles(y, M, bias, first, lines, rows, cols):
    """y = A^T m A + bias for the 4 x 4 products m (16, O times tiles) of each tile, for lines from `first` on."""
    e = np.empty((4, 2 * cols), y.dtype)
    for o in range(y.shape[1]):
        for q in range(lines):
            n, i, at = (first + q) // rows, (first + q) % rows, (o * lines + q) * cols
            for r in range(4):
                line = e[r]
                m0, m1 = M[4 * r, at : at + cols], M[4 * r + 1, at : at + cols]
                m2, m3 = M[4 * r + 2, at : at + cols], M[4 * r + 3, at : at + cols]
                for j in range(cols):
                    line[2 * j] = m1[j] + m2[j] + m0[j]
                    line[2 * j + 1] = m1[j] - m2[j] - m3[j]
            upper = y[n, o, 2 * i]
            for k in range(upper.size):
                upper[k] = e[1, k] + e[2, k] + e[0, k] + bias[o]
            if 2 * i + 1 < y.shape[2]:
                lower = y[n, o, 2 * i + 1]
                for k in range(lower.size):
                    lower[k] = e[1, k] - e[2, k] - e[3, k] + bias[o]


@exact
def gradient_tiles(M, g, first, lines, rows, cols):
    """M (16, O times tiles) = A g A^T of the 2 x 2 gradients of each tile."""
    d = np.zeros((2, 2 * cols), g.dtype)
    e = np.empty((4, 2 * cols), g.dtype)
    for o in range(g.shape[1]):
        for q in range(lines):
            n, i, at = (first + q) // rows, (first + q) % rows, (o * lines + q) * cols
            put_line(d[0], g, n, o, 2 * i, 0)
            put_line(d[1], g, n, o, 2 * i + 1, 0)
            for k in range(d.shape[1]):
                e[0, k] = d[0, k]
                e[1, k] = d[0, k] + d[1, k]
                e[2, k] = d[0, k] - d[1, k]
                e[3, k] = -d[1, k]
            for r in range(4):
                line = e[r]
                m0, m1 = M[4 * r, at : at + cols], M[4 * r + 1, at : at + cols]
                m2, m3 = M[4 * r + 2, at : at + cols], M[4 * r + 3, at : at + cols]
                for j in range(cols):
                    m0[j] = line[2 * j]
                    m1[j] = line[2 * j] + line[2 * j + 1]
                    m2[j] = line[2 * j] - line[2 * j + 1]
                    m3[j] = -line[2 * j + 1]
