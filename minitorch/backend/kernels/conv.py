"""Convolution as matrix products: forward, gradient of the input (the transposed convolution) and of the weight.

The three are each other's derivatives: each is bilinear, and pairing it with a third array gives the same number,

    <gy, conv_forward(x, w)> = <conv_input_grad(gy, w), x> = <conv_weight_grad(gy, x), w>,

so an op needs no fourth kernel for any order of derivative. (Nothing is conjugated here: a complex vjp does that to its
operands.) Shapes: x (N, C, *S), w (O, C/groups, *K), y and gy (N, O, *L), with 1 to 3 spatial dimensions; settings are
tuples, one entry for each. Sizes must fit: the ops layer checks them. This file knows nothing of tensors or of the
forms of arguments.
"""

from collections.abc import Iterator
from typing import Any

from minitorch.backend.kernels.depthwise import DepthwiseKernels
from minitorch.backend.kernels.windows import (
    Array,
    Ints,
    compute_dtype,
    conv_output_size,
    crop_spatial,
    pad_spatial,
    prod,
    tap_slices,
    taps,
    window_view,
)
from minitorch.backend.kernels.winograd import WinogradKernels


class ConvKernels(WinogradKernels, DepthwiseKernels):
    """Convolution over the array module ``xp``."""

    xp: Any

    # How many output places one matrix product computes. Small, so that its operand, a copy of the input with each
    # place repeated once per tap, stays in the cache: 1 to 2 MB as a rule. A GPU wants far more work at a time.
    conv_columns = 1024

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
        """y[n, o, l] = bias[o] + sum over c, k of x[n, c, l stride + k dilation - padding] w[o, c, k], out (N, O, *L).

        ``out_spatial`` keeps only the first places of each dimension (the adjoint of a transposed convolution with
        ``output_padding`` needs that). Each block of output places is one matrix product per group,
        (O/g, C/g K) @ (C/g K, places), with the windows copied out as columns.
        """
        xp, dtype = self.xp, compute_dtype(self.xp, x.dtype)
        n, o, kernel = x.shape[0], w.shape[0], w.shape[2:]
        sizes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
        out = tuple(out_spatial) if out_spatial is not None else tuple(conv_output_size(*s) for s in sizes)
        if self.winograd_fits(x, o, kernel, out, stride, dilation, groups):
            y = self.winograd_forward(x, w, padding, bias, out)
            if xp.isfinite(y.sum()):  # inf and nan spread over their tile
                return y
        xpad = pad_spatial(xp, x.astype(dtype, copy=False), padding, padding)
        if self.depthwise_fits(x, o, groups):
            return self.depthwise_forward(xpad, w, bias, out, stride, dilation)
        windows = window_view(xp, xpad, kernel, out, stride, dilation)
        wmat = w.astype(dtype, copy=False).reshape(groups, o // groups, -1)
        y = xp.empty((n, groups, o // groups, prod(out)), dtype=dtype)
        for images, lines, places in self._blocks(n, out):
            columns = windows[_block(kernel, images, lines)].reshape(groups, wmat.shape[2], -1)
            part = y[images, :, :, places]
            if part.shape[0] == 1:
                xp.matmul(wmat, columns, out=part[0])
            else:
                product = xp.matmul(wmat, columns).reshape(*wmat.shape[:2], -1, part.shape[3])
                part[...] = product.transpose(2, 0, 1, 3)
            if bias is not None:
                part += bias.reshape(groups, -1, 1)
        return y.reshape(n, o, *out).astype(x.dtype, copy=False)

    def conv_weight_grad(
        self, gy: Array, x: Array, w_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
    ) -> Array:
        """gw[o, c, k] = sum over n, l of gy[n, o, l] x[n, c, l stride + k dilation - padding], out (O, C/g, *K).

        The same blocks as forward: (O/g, places) @ (places, C/g K), summed over the blocks.
        """
        xp, dtype = self.xp, compute_dtype(self.xp, x.dtype)
        (n, o, *out), c = gy.shape, x.shape[1]
        if self.winograd_fits(x, o, w_spatial, out, stride, dilation, groups):
            gw = self.winograd_weight_grad(gy, x, padding)
            if xp.isfinite(gw.sum()):
                return gw
        g3 = gy.astype(dtype, copy=False)
        right = _right_padding(x.shape[2:], w_spatial, out, stride, padding, dilation)
        xpad = pad_spatial(xp, x.astype(dtype, copy=False), padding, right)
        if self.depthwise_fits(x, o, groups):
            return self.depthwise_weight_grad(gy, xpad, w_spatial, stride, dilation)
        windows = window_view(xp, xpad, w_spatial, out, stride, dilation)
        gw = xp.zeros((groups, o // groups, c // groups * prod(w_spatial)), dtype=dtype)
        for images, lines, _ in self._blocks(n, out):
            columns = windows[_block(w_spatial, images, lines)].reshape(*gw.shape[::2], -1)
            g = g3[images, :, lines].swapaxes(0, 1).reshape(*gw.shape[:2], -1)
            gw += xp.matmul(g, columns.swapaxes(1, 2))
        return gw.reshape(o, c // groups, *w_spatial).astype(x.dtype, copy=False)

    def conv_input_grad(
        self,
        gy: Array,
        w: Array,
        x_spatial: Ints,
        stride: Ints,
        padding: Ints,
        dilation: Ints,
        groups: int = 1,
    ) -> Array:
        """gx[n, c, s] = sum over o and all l, k with l stride + k dilation - padding = s of gy[n, o, l] w[o, c, k].

        Out (N, C, *x_spatial). This is also the transposed convolution of gy by w, where ``x_spatial`` comes from
        ``conv_transpose_output_size``. Three ways, by what is least work (measured):
        - stride 1, and gy has no more channels than x or far fewer places: correlate gy with the flipped kernel;
        - stride 1 else: lay gy on the padded grid, where moving to another tap is a shift in flat memory;
        - any stride: add the product for each tap to the strided places that it came from.
        """
        dtype = compute_dtype(self.xp, gy.dtype)
        g, v = gy.astype(dtype, copy=False), w.astype(dtype, copy=False)
        reach = tuple(d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=True))
        grid = tuple(s + 2 * p for s, p in zip(x_spatial, padding, strict=True))
        dense = all(s == 1 for s in stride)
        cheap = w.shape[0] <= w.shape[1] * groups or prod(grid) > 2 * prod(gy.shape[2:])
        if self.winograd_fits(gy, w.shape[1], w.shape[2:], x_spatial, stride, dilation, groups) and max(padding) <= 2:
            gx = self._input_grad_correlate(g, v, x_spatial, padding, dilation, groups)
        elif dense and cheap and all(p <= r for p, r in zip(padding, reach, strict=True)):
            gx = self._input_grad_correlate(g, v, x_spatial, padding, dilation, groups)
        elif dense:
            gx = self._input_grad_shift(g, v, x_spatial, padding, dilation, groups)
        else:
            gx = self._input_grad_strided(g, v, x_spatial, stride, padding, dilation, groups)
        return gx.astype(gy.dtype, copy=False)

    def _input_grad_correlate(
        self, gy: Array, w: Array, x_spatial: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> Array:
        """Stride 1: the forward convolution of gy, padded, with the kernel flipped and its channels exchanged."""
        kernel = w.shape[2:]
        left = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
        right = [s + p - m for s, p, m in zip(x_spatial, padding, gy.shape[2:], strict=True)]
        flipped = w[(..., *(slice(None, None, -1),) * len(kernel))]
        flipped = flipped.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2).reshape(-1, w.shape[0] // groups, *kernel)
        ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
        return self.conv_forward(pad_spatial(self.xp, gy, left, right), flipped, ones, zeros, dilation, groups)

    def _input_grad_shift(
        self, gy: Array, w: Array, x_spatial: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> Array:
        """Stride 1: with gy laid at the start of a zero grid of the padded input's size, tap k adds its product at the
        constant distance sum_i k_i d_i step_i in flat memory. What runs over the end of a row is a product of zeros."""
        xp, (n, o), c = self.xp, gy.shape[:2], w.shape[1] * groups
        grid = [s + 2 * p for s, p in zip(x_spatial, padding, strict=True)]
        places, wtaps = prod(grid), _tap_matrices(xp, w, groups)
        steps = [d * prod(grid[i + 1 :]) for i, d in enumerate(dilation)]
        shifts = [sum(t * s for t, s in zip(tap, steps, strict=True)) for tap in taps(w.shape[2:])]
        right = [a - b for a, b in zip(grid, gy.shape[2:], strict=True)]
        gx = xp.empty((n, c, *x_spatial), dtype=gy.dtype)
        count = max(1, self.conv_columns // places)
        for i in range(0, n, count):
            g = pad_spatial(xp, gy[i : i + count].swapaxes(0, 1), (0,) * len(grid), right)
            total = self._shifted_sum(wtaps, g.reshape(groups, o // groups, -1), shifts)
            gx[i : i + count] = crop_spatial(total.reshape(c, -1, *grid), padding, x_spatial).swapaxes(0, 1)
        return gx

    def _shifted_sum(self, wtaps: Array, g: Array, shifts: Ints) -> Array:
        """Sum over taps of wtaps[:, k] @ g, each moved by its shift in flat memory; as many taps in one product as
        keep its result near ``conv_columns`` squared."""
        groups, c, places = len(g), wtaps.shape[2], g.shape[2]
        count = max(1, self.conv_columns**2 // (groups * c * places))
        total = None
        for k in range(0, len(shifts), count):
            some = wtaps[:, k : k + count].reshape(groups, -1, g.shape[1])
            terms = self.xp.matmul(some, g).reshape(groups, -1, c * places).swapaxes(0, 1)
            for shift, term in zip(shifts[k : k + count], terms, strict=True):
                if total is None:
                    total = term
                else:
                    total[:, shift:] += term[:, : c * places - shift]
        return total

    def _input_grad_strided(
        self, gy: Array, w: Array, x_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
    ) -> Array:
        """Any stride: for each tap, (C/g, O/g) @ (O/g, places), added to every stride-th place of the padded grid."""
        xp, (n, o, *out), c = self.xp, gy.shape, w.shape[1] * groups
        grid = [s + 2 * p for s, p in zip(x_spatial, padding, strict=True)]
        gx = xp.zeros((n, c, *grid), dtype=gy.dtype)
        wtaps = _tap_matrices(xp, w, groups)
        count = max(1, self.conv_columns // max(1, prod(out)))
        for i in range(0, n, count):
            g = gy[i : i + count].swapaxes(0, 1).reshape(groups, o // groups, -1)
            part = gx[i : i + count].swapaxes(0, 1)
            for k, tap in enumerate(taps(w.shape[2:])):
                part[tap_slices(tap, out, stride, dilation)] += xp.matmul(wtaps[:, k], g).reshape(c, -1, *out)
        return xp.ascontiguousarray(crop_spatial(gx, padding, x_spatial))

    def _blocks(self, n: int, out: Ints) -> Iterator[tuple[slice, slice, slice]]:
        """Cut the output into blocks of about ``conv_columns`` places: several small images, one image, or some lines
        (first spatial dimension) of a large one. Yields (images, lines, the same lines as flat places)."""
        places = prod(out)
        if n == 0 or places == 0:
            return
        inner = places // out[0]
        if places > 8 * self.conv_columns:
            images, lines = 1, max(1, self.conv_columns // inner)
        else:
            images, lines = max(1, self.conv_columns // places), out[0]
        for i in range(0, n, images):
            for j in range(0, out[0], lines):
                end = min(j + lines, out[0])
                yield slice(i, i + images), slice(j, end), slice(j * inner, end * inner)


def _block(kernel: Ints, images: slice, lines: slice) -> tuple[slice, ...]:
    """Index of a block within the windows (C, *kernel, N, *out)."""
    return (slice(None), *(slice(None),) * len(kernel), images, lines)


def _tap_matrices(xp: Any, w: Array, groups: int) -> Array:
    """The weight as one transposed matrix for each group and tap: (g, taps, C/g, O/g)."""
    o, cg = w.shape[:2]
    return xp.ascontiguousarray(w.reshape(groups, o // groups, cg, -1).transpose(0, 3, 2, 1))


def _right_padding(sizes: Ints, kernel: Ints, out: Ints, stride: Ints, padding: Ints, dilation: Ints) -> list[int]:
    """Right padding such that ``out`` windows fit: as the left one, but more where gy has more places than a
    convolution of x would give (a transposed convolution seen from behind)."""
    rows = zip(sizes, kernel, out, stride, padding, dilation, strict=True)
    return [max(p, (o - 1) * s + d * (k - 1) + 1 - p - n) for n, k, o, s, p, d in rows]


def conv_naive(xp: Any, x: Array, w: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1) -> Array:
    """The definition, tap by tap; what the tests hold ``conv_forward`` against."""
    out = [conv_output_size(*s) for s in zip(x.shape[2:], w.shape[2:], stride, padding, dilation, strict=True)]
    (n, c), o = x.shape[:2], w.shape[0]
    xpad = pad_spatial(xp, x, padding, padding)
    xpad = xpad.reshape(n, groups, c // groups, *xpad.shape[2:])
    wg = w.reshape(groups, o // groups, *w.shape[1:])
    y = xp.zeros((n, groups, o // groups, *out), dtype=x.dtype)
    for tap in taps(w.shape[2:]):
        y += xp.einsum("ngc...,goc->ngo...", xpad[tap_slices(tap, out, stride, dilation)], wg[(..., *tap)])
    return y.reshape(n, o, *out)


def conv_input_grad_naive(
    xp: Any, gy: Array, w: Array, x_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Array:
    """The definition, tap by tap, of ``conv_input_grad``."""
    (n, o, *out), cg = gy.shape, w.shape[1]
    grid = [s + 2 * p for s, p in zip(x_spatial, padding, strict=True)]
    gx = xp.zeros((n, groups, cg, *grid), dtype=gy.dtype)
    gg, wg = gy.reshape(n, groups, o // groups, *out), w.reshape(groups, o // groups, *w.shape[1:])
    for tap in taps(w.shape[2:]):
        gx[tap_slices(tap, out, stride, dilation)] += xp.einsum("ngo...,goc->ngc...", gg, wg[(..., *tap)])
    return crop_spatial(gx, padding, x_spatial).reshape(n, groups * cg, *x_spatial)


def conv_weight_grad_naive(
    xp: Any, gy: Array, x: Array, w_spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Array:
    """The definition, tap by tap, of ``conv_weight_grad``."""
    (n, o, *out), c = gy.shape, x.shape[1]
    right = _right_padding(x.shape[2:], w_spatial, out, stride, padding, dilation)
    xpad = pad_spatial(xp, x, padding, right)
    xg, gg = xpad.reshape(n, groups, c // groups, *xpad.shape[2:]), gy.reshape(n, groups, o // groups, prod(out))
    gw = xp.zeros((groups, o // groups, c // groups, *w_spatial), dtype=x.dtype)
    for tap in taps(w_spatial):
        part = xg[tap_slices(tap, out, stride, dilation)].reshape(n, groups, c // groups, prod(out))
        gw[(..., *tap)] = xp.einsum("ngol,ngcl->goc", gg, part)
    return gw.reshape(o, c // groups, *w_spatial)
