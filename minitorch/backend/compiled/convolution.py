"""Convolution by compiled loops (correlation.py): how the images are laid flat, and which way is taken when.

Reference: ConvKernels in kernels/conv.py (products of matrices over windows), and there `conv_naive`, the
definition tap by tap. Source: see correlation.py.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from minitorch.backend import threads
from minitorch.backend.compiled.base import Compiled
from minitorch.backend.compiled.lazy import loops
from minitorch.backend.compiled.shapes import three, volumes
from minitorch.backend.kernels.windows import Array, Ints, conv_output_size, prod

LANES = 16  # the loops compute lines up to a multiple of these, without a remainder number by number
PLACES = 1024  # of a block: small images are laid one after the other until they have so many


class Layout(NamedTuple):
    """Where things lie in the flat images of a correlation with three spatial dimensions.

    off     distance of each channel's and tap's place from the output's, row-major
    left    places of padding before the image (negative: places cut off)
    step    the stride
    phases  (phases, 3): the offsets within the stride that some tap has
    pitch   places from one volume, plane, line to the next
    images  how many images a block has
    length  places of a channel, with those after the last image that a tap may still read
    """

    off: Array
    left: Ints
    step: Ints
    phases: Array
    pitch: Ints
    images: int
    length: int


@functools.lru_cache(maxsize=1024)
def layout(
    n: int, channels: int, sizes: Ints, left: Ints, out: Ints, kernel: Ints, step: Ints, dilation: Ints
) -> Layout:
    """The layout for n images of `sizes`, of which each of `out` places sees a window."""
    pitch, residues = [], []
    for size, before, o, k, s, d in zip(sizes, left, out, kernel, step, dilation, strict=True):
        residues.append(sorted({t * d % s for t in range(k)}))
        seen = o + (k - 1) * d // s
        if s == 1:  # the padding after one line is the padding before the next
            seen = max(o, seen - max(before, 0), min(before + size, seen))
        pitch.append(seen)
    phases = list(itertools.product(*residues))
    shifts, of_phase = [], []
    for tap in itertools.product(*map(range, kernel)):
        far = [t * d // s for t, d, s in zip(tap, dilation, step, strict=True)]
        shifts.append((far[0] * pitch[1] + far[1]) * pitch[2] + far[2])
        of_phase.append(phases.index(tuple(t * d % s for t, d, s in zip(tap, dilation, step, strict=True))))
    images = min(n, max(1, PLACES // prod(pitch)))
    length = images * prod(pitch) + max(shifts) + LANES
    taps = np.array(of_phase) * length + np.array(shifts)
    off = np.arange(channels)[:, None] * (len(phases) * length) + taps
    return Layout(off.reshape(-1), left, step, np.array(phases), tuple(pitch), images, length)


@functools.lru_cache(maxsize=1024)
def _input_phases(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> list[tuple[int, slice, int, int]]:
    """For one dimension, how the input's places start, start + stride, ... get their gradient: (start, the taps that
    lead there, places before the first of gy, dilation): a correlation of gy with these taps, the last one first."""
    found = []
    every = stride // math.gcd(stride, dilation)
    for start in range(min(stride, size)):
        taps = [t for t in range(kernel) if (start + padding - t * dilation) % stride == 0]
        if not taps:
            continue
        first = (start + padding - taps[-1] * dilation) // stride
        found.append((start, slice(taps[0], None, every), -first, every * dilation // stride))
    return found


class CompiledConvolution(Compiled):
    """Convolution kernels of the CPU."""

    def conv_forward(
        self,
        x: Array,
        w: Array,
        stride: Ints,
        padding: Ints,
        dilation: Ints,
        groups: int = 1,
        bias: Array | None = None,
        out_spatial: Ints | None = None,
    ) -> Array:
        sizes = zip(x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
        out = tuple(out_spatial) if out_spatial is not None else tuple(conv_output_size(*s) for s in sizes)
        if self.winograd_fits(x, w.shape[0], w.shape[2:], out, stride, dilation, groups) or not self._direct(
            x.dtype, (len(x), *x.shape[2:]), out, w.shape, stride, groups
        ):
            return super().conv_forward(x, w, stride, padding, dilation, groups, bias, out_spatial)
        y = np.empty((x.shape[0], w.shape[0], *out), x.dtype)
        self._correlate(y, x, w, bias, (padding, stride, dilation), groups)
        return y

    def conv_weight_grad(
        self, gy: Array, x: Array, w_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
    ) -> Array:
        o, c, out = gy.shape[1], x.shape[1], gy.shape[2:]
        w_shape = o, c // groups, *w_spatial
        winograd = self.winograd_fits(x, o, w_spatial, out, stride, dilation, groups)
        if not winograd and self._direct(x.dtype, (len(x), *x.shape[2:]), out, w_shape, stride, groups):
            settings = (padding, 0), (stride, 1), (dilation, 1), (w_spatial, 1)
            left, step, apart, kernel = (three(sizes, fill) for sizes, fill in settings)
            x3, g3 = volumes(x), volumes(gy)
            off, *rest = layout(len(x), c // groups, x3.shape[2:], left, g3.shape[2:], kernel, step, apart)
            gw = np.zeros((groups, o // groups, off.size), x.dtype)
            loops("correlation").weight_gradient(gw, g3, x3, off, *rest)
            if math.isfinite(gw.sum()):  # an inf or nan of x met the zeros between the images
                return gw.reshape(w_shape)
        return super().conv_weight_grad(gy, x, w_spatial, stride, padding, dilation, groups)

    def conv_input_grad(
        self, gy: Array, w: Array, x_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
    ) -> Array:
        n, channels = gy.shape[0], w.shape[1] * groups
        winograd = self.winograd_fits(gy, channels, w.shape[2:], x_spatial, stride, dilation, groups)
        if winograd or not self._direct(gy.dtype, (n, *x_spatial), gy.shape[2:], w.shape, stride, groups):
            return super().conv_input_grad(gy, w, x_spatial, stride, padding, dilation, groups)
        gx = np.zeros((n, channels, *x_spatial), gy.dtype)
        exchanged = w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2).reshape(channels, -1, *w.shape[2:])
        rows = zip(x_spatial, w.shape[2:], stride, padding, dilation, strict=True)
        for phase in itertools.product(*(_input_phases(*row) for row in rows)):
            start, taps, left, apart = zip(*phase, strict=True)
            flipped = exchanged[(..., *taps)][(..., *(slice(None, None, -1),) * len(taps))]
            shape = tuple(len(range(a, n, s)) for a, n, s in zip(start, x_spatial, stride, strict=True))
            where = three(start, 0), three(stride, 1), three(shape, 1)
            self._correlate(gx, gy, flipped, None, (left, (1,) * len(left), apart), groups, *where)
        return gx

    def _correlate(
        self, y: Array, x: Array, w: Array, bias: Array | None, settings: tuple[Ints, Ints, Ints], groups: int,
        start: Ints = (0, 0, 0), spread: Ints = (1, 1, 1), shape: Ints | None = None,
    ) -> None:  # fmt: skip
        """y[:, :, start :: spread], of which there are `shape`, = bias + x correlated with w."""
        left, step, dilation = (three(s, fill) for s, fill in zip(settings, (0, 1, 1), strict=True))
        x, y = volumes(x), y.reshape(*y.shape[:2], *three(y.shape[2:], 1))
        shape = y.shape[2:] if shape is None else shape
        plan = layout(len(x), x.shape[1] // groups, x.shape[2:], left, shape, three(w.shape[2:], 1), step, dilation)
        matrices = np.ascontiguousarray(w).reshape(groups, w.shape[0] // groups, -1)
        biases = np.zeros(w.shape[0], x.dtype) if bias is None else np.ascontiguousarray(bias)
        threads.run(loops("correlation").correlate, y, x, shared=(matrices, biases, *plan, start, spread, shape))

    def _direct(self, dtype: Any, images: Ints, out: Ints, w_shape: Ints, stride: Ints, groups: int) -> bool:
        """True if the loops pay. They don't where most places of the images (N, *S) have no output, and where an
        image is read only a few times: then laying it flat takes longer than copying it for a matrix product."""
        size, results = prod(images), images[0] * prod(out)
        if dtype.char not in "fd" or results * prod(w_shape) < 8 * self.least or 2 * size > 5 * results * prod(stride):
            return False
        return prod(w_shape[2:]) >= 2 * prod(stride) or (
            min(w_shape[0] // groups, w_shape[1]) <= 16 and prod(stride) == 1
        )
