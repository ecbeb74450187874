"""What convolution, pooling and folding share: output sizes, zero padding, and the strided view of all windows.

Everything here takes its array module as ``xp`` and plain tuples of ints, one entry for each spatial dimension.
It must not know what is computed inside a window, and nothing of tensors or derivatives.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

Array = Any
Ints = Sequence[int]


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Length of one spatial dimension after a convolution (zero or negative: the kernel does not fit).

    >>> conv_output_size(32, 3, stride=2, padding=1)
    16
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv_transpose_output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Length of one spatial dimension after a transposed convolution.

    >>> conv_transpose_output_size(16, 3, stride=2, padding=1, output_padding=1)
    32
    """
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1


def pool_output_size(
    size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """Length of one spatial dimension after pooling; with ``ceil_mode`` a last window that hangs over the right
    edge counts, provided that it starts inside the input or its left padding (torch's rule).

    >>> pool_output_size(7, 2, 2), pool_output_size(7, 2, 2, ceil_mode=True)
    (3, 4)
    """
    free = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (out - 1) * stride >= size + padding:
        out -= 1
    return out


def adaptive_edges(size: int, out: int) -> list[tuple[int, int]]:
    """The ``out`` windows of adaptive pooling over ``size`` places: floor(i size / out) up to ceil((i+1) size / out).

    >>> adaptive_edges(5, 3)
    [(0, 2), (1, 4), (3, 5)]
    """
    return [(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]


def span(out: int, kernel: int, stride: int, dilation: int) -> int:
    """How many places ``out`` windows cover, from the first place of the first to the last place of the last."""
    return (out - 1) * stride + dilation * (kernel - 1) + 1


def taps(kernel: Ints) -> Iterator[tuple[int, ...]]:
    """All positions inside a window, in row-major order."""
    return product(*map(range, kernel))


def tap_slices(tap: Ints, out: Ints, stride: Ints, dilation: Ints) -> tuple[Any, ...]:
    """Index of the places that ``tap`` of every window looks at: (..., *out) out of a padded (..., *S)."""
    slices = (slice(t * d, t * d + (o - 1) * s + 1, s) for t, o, s, d in zip(tap, out, stride, dilation, strict=True))
    return (..., *slices)


def pad_spatial(xp: Any, x: Array, left: Ints, right: Ints, value: float = 0) -> Array:
    """``x`` with ``left`` and ``right`` places of ``value`` around its last dimensions; ``x`` itself if all are 0."""
    if not any(left) and not any(right):
        return x
    lead = x.shape[: x.ndim - len(left)]
    sizes = x.shape[len(lead) :]
    shape = lead + tuple(b + n + a for b, n, a in zip(left, sizes, right, strict=True))
    out = xp.full(shape, value, dtype=x.dtype) if value else xp.zeros(shape, dtype=x.dtype)
    out[(..., *(slice(b, b + n) for b, n in zip(left, sizes, strict=True)))] = x
    return out


def crop_spatial(x: Array, left: Ints, sizes: Ints) -> Array:
    """The view of ``x`` that starts at ``left`` and has ``sizes`` in its last dimensions: undoes ``pad_spatial``."""
    return x[(..., *(slice(b, b + n) for b, n in zip(left, sizes, strict=True)))]


def window_view(xp: Any, x: Array, kernel: Ints, out: Ints, stride: Ints, dilation: Ints) -> Array:
    """All windows of a padded ``x`` (N, C, *S) as a view (C, *kernel, N, *out): no memory is copied.

    Channels and taps come first because they are what a convolution sums over: the rows of its matrix.
    """
    n, c = x.shape[:2]
    sn, sc, *ss = x.strides
    tap_strides = tuple(s * d for s, d in zip(ss, dilation, strict=True))
    out_strides = tuple(s * t for s, t in zip(ss, stride, strict=True))
    shape, strides = (c, *kernel, n, *out), (sc, *tap_strides, sn, *out_strides)
    return xp.lib.stride_tricks.as_strided(x, shape, strides)


def flat_index(xp: Any, index: Array, size: int) -> Array:
    """Turn an index within each flattened plane of ``size`` places, (planes, M), into one within the whole array."""
    return index + (xp.arange(index.shape[0], dtype=index.dtype) * size).reshape(-1, 1)


def scatter_add(xp: Any, size: int, index: Array, values: Array) -> Array:
    """(size,) zeros with each of ``values`` added at its ``index``; an index may come many times."""
    out = xp.zeros(size, dtype=values.dtype)
    xp.add.at(out, index.reshape(-1), values.reshape(-1))
    return out


def compute_dtype(xp: Any, dtype: Any) -> Any:
    """The dtype to compute in: 16-bit floats are summed in float32, as torch does, and rounded once at the end."""
    return xp.dtype(xp.float32) if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def prod(sizes: Ints) -> int:
    """Product as a plain int, 1 for no sizes."""
    return math.prod(sizes)
