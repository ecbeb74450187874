"""Loops of depthwise convolution in two dimensions, for float32 and float64: image by image, channel by channel."""

from __future__ import annotations

from minitorch.backend.compiled.jit import exact, summing


@exact
def forward(y, x, w, bias, stride, dilation):
    """y[n, c] = bias[c] + x[n, c], padded, convolved with w[c, 0]."""
    for n in range(y.shape[0]):
        for c in range(y.shape[1]):
            for i in range(y.shape[2]):
                line = y[n, c, i]
                for j in range(line.size):
                    line[j] = bias[c]
                for p in range(w.shape[2]):
                    source = x[n, c, i * stride[0] + p * dilation[0]]
                    for q in range(w.shape[3]):
                        window, factor = source[q * dilation[1] :: stride[1]], w[c, 0, p, q]
                        for j in range(line.size):
                            line[j] += factor * window[j]


@summing
def weight_grad(g, x, gw, stride, dilation):
    """gw[c, 0] += the products of g[n, c] with all windows of x[n, c], padded."""
    for n in range(g.shape[0]):
        for c in range(g.shape[1]):
            for i in range(g.shape[2]):
                line = g[n, c, i]
                for p in range(gw.shape[2]):
                    source = x[n, c, i * stride[0] + p * dilation[0]]
                    for q in range(gw.shape[3]):
                        window, total = source[q * dilation[1] :: stride[1]], gw[c, 0, p, q]
                        for j in range(line.size):
                            total += line[j] * window[j]
                        gw[c, 0, p, q] = total
