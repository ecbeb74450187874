"""Chapter 11: the convolution family."""

import numpy as np

from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import gradients, small, wave

CHAPTER = Chapter(
    "11", "convolution", "The convolution family",
    reads=(
        "minitorch/backend/kernels/windows.py", "minitorch/backend/kernels/fold.py",
        "minitorch/backend/kernels/conv.py",
    ),
)  # fmt: skip


def _conv(mt):
    f = mt.nn.functional.conv2d
    return lambda x, w: f(x, w, stride=2, padding=1)


@CHAPTER.exercise(
    seam="minitorch.backend.kernels.windows:conv_output_size",
    cases=lambda rng: (
        (3, 3, 1, 0, 1),
        (5, 3, 1, 0, 1),
        (5, 3, 1, 1, 1),
        (5, 3, 2, 0, 1),
        (6, 3, 2, 1, 1),
        (9, 3, 2, 1, 2),
        (7, 1, 3, 0, 1),
    ),
    engine=lambda mt: gradients(mt, _conv(mt), wave(1, 2, 6, 5), wave(3, 2, 3, 2, start=3)),
    hints=(
        "Without padding and stride: a window of length k fits n - k + 1 times.",
        "Dilation stretches the window to dilation * (kernel - 1) + 1 places; padding adds two sides.",
        "A stride takes every stride-th of the places, the first one always: (places - 1) // stride + 1.",
    ),
    question=Question(
        "Input 28, kernel 5, stride 1, padding 2. What is the output length?", lambda: conv_length(28, 5, 1, 2)
    ),
)
def conv_length(size, kernel, stride=1, padding=0, dilation=1):
    """The length of a dimension after a convolution: how many windows fit into size + 2 * padding places."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _im2col_cases(rng):
    for shape, kernel, stride in (
        ((1, 1, 2, 2), (2, 2), (1, 1)),
        ((1, 1, 3, 3), (2, 2), (1, 1)),
        ((1, 1, 1, 4), (1, 2), (1, 2)),
        ((1, 2, 1, 3), (1, 2), (1, 1)),
        ((1, 2, 3, 4), (2, 3), (1, 1)),
        ((2, 2, 5, 4), (3, 2), (2, 1)),
    ):
        yield small(rng, *shape), kernel, stride


def _im2col_adapt(function):
    def unfold(x, *, kernel, dilation, padding, stride):
        x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
        return np.ascontiguousarray(function(x, kernel, stride))

    return unfold


@CHAPTER.exercise(
    seam="op:unfold_columns.forward",
    cases=_im2col_cases,
    engine=lambda mt: gradients(
        mt, lambda x: mt.nn.functional.unfold(x, (2, 3), padding=1, stride=2), wave(2, 2, 5, 6)
    ),
    adapt=_im2col_adapt,
    hints=(
        "Column l is the window number l, laid flat: all its channels, rows and columns.",
        "Go over the places (i, j) of the windows, row by row, and cut x[:, :, i*sh : i*sh + kh, j*sw : j*sw + kw].",
        "reshape(N, -1) lays each window flat; np.stack(..., axis=2) puts the columns side by side.",
    ),
    rules=(
        Rule(
            "there are C * kH * kW rows",
            lambda got, x, kernel, stride: got.shape[:2] == (len(x), x.shape[1] * kernel[0] * kernel[1]),
        ),
    ),
    question=Question(
        "x is (1, 3, 4, 4), kernel (2, 2), stride (2, 2). Which shape has im2col's result?",
        lambda: im2col(np.zeros((1, 3, 4, 4)), (2, 2), (2, 2)).shape,
    ),
)
def im2col(x, kernel, stride):
    """All windows of x (N, C, H, W) as columns: (N, C kH kW, L), with the L windows in row-major order.

    kernel = (kH, kW), stride = (sH, sW). A convolution is one matrix product with these columns.
    """
    (kh, kw), (sh, sw) = kernel, stride
    n, _, height, width = x.shape
    columns = [
        x[:, :, i : i + kh, j : j + kw].reshape(n, -1)
        for i in range(0, height - kh + 1, sh)
        for j in range(0, width - kw + 1, sw)
    ]
    return np.stack(columns, axis=2)


def _col2im_cases(rng):
    for n, c, size, kernel, stride in (
        (1, 1, (2, 2), (2, 2), (1, 1)),
        (1, 1, (1, 3), (1, 2), (1, 1)),
        (1, 1, (2, 3), (2, 2), (1, 1)),
        (1, 1, (1, 5), (1, 2), (1, 2)),
        (1, 2, (3, 4), (2, 2), (1, 2)),
        (2, 1, (5, 4), (3, 2), (2, 1)),
    ):
        count = ((size[0] - kernel[0]) // stride[0] + 1) * ((size[1] - kernel[1]) // stride[1] + 1)
        yield small(rng, n, c * kernel[0] * kernel[1], count), size, kernel, stride


def _col2im_adapt(function):
    def fold(x, *, spatial, kernel, dilation, padding, stride):
        padded = tuple(n + 2 * p for n, p in zip(spatial, padding, strict=True))
        full = function(x, padded, kernel, stride)
        cut = (slice(p, p + n) for n, p in zip(spatial, padding, strict=True))
        return np.ascontiguousarray(full[(..., *cut)])

    return fold


def _adjoint(got, columns, size, kernel, stride):
    x = wave(*got.shape)
    return np.isclose((got * x).sum(), (columns * im2col(x, kernel, stride)).sum())


@CHAPTER.exercise(
    seam="op:fold_columns.forward",
    cases=_col2im_cases,
    engine=lambda mt: gradients(mt, lambda x: mt.nn.functional.unfold(x, 3, padding=1), wave(1, 2, 4, 4)),
    adapt=_col2im_adapt,
    hints=(
        "This is the derivative of im2col: every number goes back to where it was read, and what meets is added.",
        "Make zeros of (N, C, H, W), go over the windows as im2col does, and add column l into its window with +=.",
    ),
    rules=(Rule("sum(col2im(c) * x) must be sum(c * im2col(x)), for every x", _adjoint),),
    question=Question(
        "A row of 3, windows of length 2, stride 1, all columns are ones. What lands in the middle?",
        lambda: float(col2im(np.ones((1, 2, 2)), (1, 3), (1, 2), (1, 1))[0, 0, 0, 1]),
    ),
)
def col2im(columns, size, kernel, stride):
    """Columns (N, C kH kW, L), as im2col gives them, added back to where their windows were: (N, C, *size)."""
    (kh, kw), (sh, sw) = kernel, stride
    n, c = len(columns), columns.shape[1] // (kh * kw)
    x = np.zeros((n, c, *size), dtype=columns.dtype)
    places = [(i, j) for i in range(0, size[0] - kh + 1, sh) for j in range(0, size[1] - kw + 1, sw)]
    for k, (i, j) in enumerate(places):
        x[:, :, i : i + kh, j : j + kw] += columns[:, :, k].reshape(n, c, kh, kw)
    return x


def _transpose_cases(rng):
    for n, c, o, size, k, s, p in (
        (1, 1, 1, 1, 2, 1, 0),
        (1, 1, 1, 2, 2, 1, 0),
        (1, 1, 1, 2, 2, 2, 0),
        (1, 1, 1, 2, 3, 1, 1),
        (1, 1, 2, 2, 2, 2, 0),
        (2, 2, 3, 3, 3, 2, 1),
    ):
        yield small(rng, n, c, size), small(rng, c, o, k), s, p


def _transpose_adapt(function):
    def conv_input_grad(self, gy, w, x_spatial, stride, padding, dilation, groups=1):
        return function(gy, w, stride[0], padding[0])

    return conv_input_grad


@CHAPTER.exercise(
    seam="minitorch.backend.kernels.conv:ConvKernels.conv_input_grad",
    cases=_transpose_cases,
    engine=lambda mt: [
        mt.nn.functional.conv_transpose1d(
            mt.tensor(wave(2, 2, 3)), mt.tensor(wave(2, 3, 3, start=2)), stride=2, padding=1
        ),
        gradients(
            mt, lambda x: mt.nn.functional.conv1d(x, mt.tensor(wave(3, 2, 3)), stride=2, padding=1), wave(1, 2, 5)
        )[1],
    ],
    adapt=_transpose_adapt,
    hints=(
        "Each input number x[n, c, l] paints the kernel w[c], times itself, into the output, beginning at l * stride.",
        "The canvas has (L - 1) * stride + K places; at the end, `padding` places are cut off on both sides.",
        "For each tap k: canvas[:, :, k : k + L*stride : stride] += np.einsum('ncl,co->nol', x, w[:, :, k]).",
    ),
    question=Question(
        "A transposed convolution: 4 inputs, kernel 3, stride 2, padding 0. How long is the output?",
        lambda: conv_transpose(np.zeros((1, 1, 4)), np.zeros((1, 1, 3)), 2, 0).shape[2],
    ),
)
def conv_transpose(x, w, stride, padding):
    """The transposed convolution of x (N, C, L) by w (C, O, K): (N, O, (L - 1) stride - 2 padding + K).

    The same function is the gradient of a convolution by its input, which is where the engine uses it.
    """
    (n, _, length), (_, o, k) = x.shape, w.shape
    full = (length - 1) * stride + k
    canvas = np.zeros((n, o, full), dtype=x.dtype)
    for place in range(length):
        canvas[:, :, place * stride : place * stride + k] += np.einsum("nc,cok->nok", x[:, :, place], w)
    return canvas[:, :, padding : full - padding]
