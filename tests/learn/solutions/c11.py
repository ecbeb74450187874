"""Right and wrong versions of chapter 11's functions."""

import numpy as np


def length_loop(size, kernel, stride=1, padding=0, dilation=1):
    reach, places, start = dilation * (kernel - 1) + 1, 0, 0
    while start + reach <= size + 2 * padding:
        places += 1
        start += stride
    return places


def windows(x, kernel, stride):
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]  # (N, C, oh, ow, kh, kw)


def im2col_view(x, kernel, stride):
    w = windows(x, kernel, stride).transpose(0, 1, 4, 5, 2, 3)
    n, c, kh, kw, oh, ow = w.shape
    return w.reshape(n, c * kh * kw, oh * ow)


def im2col_taps(x, kernel, stride):
    n, c, h, w = x.shape
    oh, ow = (h - kernel[0]) // stride[0] + 1, (w - kernel[1]) // stride[1] + 1
    out = np.empty((n, c, *kernel, oh, ow))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            out[:, :, i, j] = x[:, :, i : i + oh * stride[0] : stride[0], j : j + ow * stride[1] : stride[1]][
                :, :, :oh, :ow
            ]
    return out.reshape(n, c * kernel[0] * kernel[1], oh * ow)


def im2col_channels_last(x, kernel, stride):
    w = windows(x, kernel, stride).transpose(0, 4, 5, 1, 2, 3)
    n, kh, kw, c, oh, ow = w.shape
    return w.reshape(n, c * kh * kw, oh * ow)


def col2im_taps(columns, size, kernel, stride):
    n, c = len(columns), columns.shape[1] // (kernel[0] * kernel[1])
    oh, ow = (size[0] - kernel[0]) // stride[0] + 1, (size[1] - kernel[1]) // stride[1] + 1
    parts, x = columns.reshape(n, c, *kernel, oh, ow), np.zeros((n, c, *size))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            x[:, :, i : i + (oh - 1) * stride[0] + 1 : stride[0], j : j + (ow - 1) * stride[1] + 1 : stride[1]] += (
                parts[:, :, i, j]
            )
    return x


def places_of(columns, size, kernel, stride):
    n, c = len(columns), columns.shape[1] // (kernel[0] * kernel[1])
    numbers = np.arange(n * c * size[0] * size[1], dtype=float).reshape(n, c, *size)
    return im2col_view(numbers, kernel, stride).astype(int), (n, c, *size)


def col2im_places(columns, size, kernel, stride):
    places, shape = places_of(columns, size, kernel, stride)
    return np.bincount(places.reshape(-1), columns.reshape(-1), int(np.prod(shape))).reshape(shape)


def col2im_overwrites(columns, size, kernel, stride):
    places, shape = places_of(columns, size, kernel, stride)
    out = np.zeros(int(np.prod(shape)))
    out[places.reshape(-1)] = columns.reshape(-1)
    return out.reshape(shape)


def col2im_mean(columns, size, kernel, stride):
    count = col2im_places(np.ones_like(columns), size, kernel, stride)
    return col2im_places(columns, size, kernel, stride) / np.maximum(count, 1)


def transpose_taps(x, w, stride, padding):
    (n, _, length), (_, o, k) = x.shape, w.shape
    full = (length - 1) * stride + k
    canvas = np.zeros((n, o, full))
    for tap in range(k):
        canvas[:, :, tap : tap + (length - 1) * stride + 1 : stride] += np.einsum("ncl,co->nol", x, w[:, :, tap])
    return canvas[:, :, padding : full - padding]


def transpose_dilated(x, w, stride, padding):
    """Zeros between the inputs, then an ordinary correlation with the flipped kernel."""
    (n, c, length), k = x.shape, w.shape[2]
    spread = np.zeros((n, c, (length - 1) * stride + 1 + 2 * (k - 1)))
    spread[:, :, k - 1 : k + (length - 1) * stride : stride] = x
    view = np.lib.stride_tricks.sliding_window_view(spread, k, axis=2)
    full = np.einsum("nclk,cok->nol", view, w[:, :, ::-1])
    return full[:, :, padding : full.shape[2] - padding]


RIGHT = {
    "conv_length": [
        length_loop,
        lambda size, kernel, stride=1, padding=0, dilation=1: len(
            range(dilation * (kernel - 1), size + 2 * padding, stride)
        ),
    ],
    "im2col": [im2col_view, im2col_taps],
    "col2im": [col2im_taps, col2im_places],
    "conv_transpose": [transpose_taps, transpose_dilated],
}
WRONG = {
    "conv_length": {
        "one-sided padding": lambda size, kernel, stride=1, padding=0, dilation=1: (
            (size + padding - dilation * (kernel - 1) - 1) // stride + 1
        ),
        "dilated kernel": lambda size, kernel, stride=1, padding=0, dilation=1: (
            (size + 2 * padding - dilation * kernel) // stride + 1
        ),
        "rounds up": lambda size, kernel, stride=1, padding=0, dilation=1: (
            -(-(size + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1
        ),
    },
    "im2col": {
        "channels last": im2col_channels_last,
        "rows and columns swapped": lambda x, kernel, stride: im2col_view(x, kernel, stride).transpose(0, 2, 1),
        "stride not minded": lambda x, kernel, stride: im2col_view(x, kernel, (1, 1)),
    },
    "col2im": {
        "overwrites": col2im_overwrites,
        "mean": col2im_mean,
        "stride not minded": lambda columns, size, kernel, stride: col2im_places(columns, size, kernel, (1, 1)),
    },
    "conv_transpose": {
        "kernel flipped": lambda x, w, stride, padding: transpose_taps(x, w[:, :, ::-1], stride, padding),
        "padding not cut": lambda x, w, stride, padding: transpose_taps(x, w, stride, 0),
        "stride not minded": lambda x, w, stride, padding: transpose_taps(x, w, 1, padding),
    },
}
