"""`CompiledKernels`: what is worth handing to compiled loops, and the plain form for everything else.

Every method overrides one of the same name in kernels/, its reference: NumPy alone, with equal results within rounding
(tests/test_kernels_*.py). The other files, with the loops, name their sources.

Numba is imported, which takes half a second, when the first array comes that is long enough; the loops are compiled
once for each dtype (a tenth of a second or two each) and kept on disk.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.backend import threads
from minitorch.backend.compiled.convolution import CompiledConvolution
from minitorch.backend.compiled.lazy import loops
from minitorch.backend.compiled.pools import CompiledPooling
from minitorch.backend.compiled.winograd import CompiledWinograd
from minitorch.backend.kernels.pointwise import FEW
from minitorch.backend.kernels.recurrent import Steps
from minitorch.backend.kernels.windows import Array, Ints


def flat(x: Array) -> Array:
    """One dimension, without gaps."""
    return np.ascontiguousarray(x).reshape(-1)


def matrix(x: Array) -> Array:
    """Rows of the last dimension, without gaps."""
    return np.ascontiguousarray(x).reshape(-1, x.shape[-1])


class CompiledKernels(CompiledConvolution, CompiledWinograd, CompiledPooling):
    """Kernels for NumPy arrays on the CPU, with loops compiled by Numba."""

    name = "numba"

    steps: Any = None  # the loops of optimizers: once they are here, short parameters are updated by them, too
    least_rows = 1 << 8  # added at places, for which NumPy has no fast loop
    least_in_steps = 1 << 10  # of recurrent layers, where a step is a dozen calls
    own_product = 1 << 15  # of a state with the weights of a recurrent layer: above, BLAS is faster by more than a call

    def relu(self, x: Array) -> Array:
        if not self.worth(x, "fd"):
            return super().relu(x)
        y = np.empty(x.shape, x.dtype)
        threads.run(loops("rectifier").relu, y.reshape(-1), flat(x))
        return y

    def relu_grad(self, g: Array, y: Array) -> Array:
        if not self.worth(y, "fd") or g.shape != y.shape or g.dtype != y.dtype:
            return super().relu_grad(g, y)
        gx = np.empty(g.shape, g.dtype)
        threads.run(loops("rectifier").relu_grad, gx.reshape(-1), flat(g), flat(y))
        return gx

    def one_pass(self, rule: str, arrays: list[Array], numbers: tuple[Any, ...]) -> bool:
        x = arrays[0]
        if x.dtype.char not in "fd" or (self.steps is None and x.size < self.least):
            return False
        if self.steps is None:
            self.steps = loops("steps")
        getattr(self.steps, rule)(*arrays, *numbers)
        return True

    # -- elementwise -------------------------------------------------------------------------------------------------

    def _each(self, name: str, *arrays: Array, settings: tuple[float, ...] = ()) -> Array:
        out = np.empty(arrays[0].shape, dtype=arrays[0].dtype)
        shared = tuple([np.float32(s) for s in settings])
        threads.run(getattr(loops("exponential"), name), out.reshape(-1), *map(flat, arrays), shared=shared)
        return out

    def exp(self, x: Array) -> Array:
        return self._each("exp_all", x) if self.worth(x) else super().exp(x)

    def expm1(self, x: Array) -> Array:
        return self._each("expm1_all", x) if self.worth(x) else super().expm1(x)

    def log(self, x: Array) -> Array:
        return self._each("log_all", x) if self.worth(x) else super().log(x)

    def log1p(self, x: Array) -> Array:
        return self._each("log1p_all", x) if self.worth(x) else super().log1p(x)

    def zero_at(self, g: Array, blocked: Array) -> Array:
        fits = self.worth(g) and g.shape == blocked.shape
        return self._each("zero_at", g, blocked) if fits else super().zero_at(g, blocked)

    def sigmoid(self, x: Array) -> Array:
        if x.size < FEW:
            return self.special.expit(x)
        return self._each("sigmoid", x) if self.worth(x) else super().sigmoid(x)

    def sigmoid_grad(self, g: Array, y: Array) -> Array:
        return self._each("sigmoid_grad", g, y) if self.worth(y) else super().sigmoid_grad(g, y)

    def tanh(self, x: Array) -> Array:
        if x.size < self.least:
            return np.tanh(x)
        return self._each("tanh", x) if self.worth(x) else super().tanh(x)

    def tanh_grad(self, g: Array, y: Array) -> Array:
        return self._each("tanh_grad", g, y) if self.worth(y) else super().tanh_grad(g, y)

    def elu(self, x: Array, negative: float, rate: float, positive: float) -> Array:
        settings = negative, rate, positive
        return self._each("elu", x, settings=settings) if self.worth(x) else super().elu(x, *settings)

    def elu_grad(self, g: Array, x: Array, negative: float, rate: float, positive: float) -> Array:
        settings = negative, rate, positive
        return self._each("elu_grad", g, x, settings=settings) if self.worth(x) else super().elu_grad(g, x, *settings)

    def softplus(self, x: Array, beta: float, threshold: float) -> Array:
        if not self.worth(x):
            return super().softplus(x, beta, threshold)
        return self._each("softplus", x, settings=(beta, threshold))

    def softplus_grad(self, g: Array, x: Array, beta: float, threshold: float) -> Array:
        if not self.worth(x):
            return super().softplus_grad(g, x, beta, threshold)
        return self._each("softplus_grad", g, x, settings=(beta, threshold))

    def hardswish(self, x: Array) -> Array:
        return self._each("hardswish", x) if self.worth(x) else super().hardswish(x)

    def hardswish_grad(self, g: Array, x: Array) -> Array:
        return self._each("hardswish_grad", g, x) if self.worth(x) else super().hardswish_grad(g, x)

    def silu(self, x: Array) -> Array:
        return self._each("silu", x) if self.worth(x) else super().silu(x)

    def silu_grad(self, g: Array, x: Array) -> Array:
        return self._each("silu_grad", g, x) if self.worth(x) else super().silu_grad(g, x)

    def erf(self, x: Array) -> Array:
        return self._each("erf_all", x) if self.worth(x) else super().erf(x)

    def gelu(self, x: Array) -> tuple[Array, Array | None]:
        return (self._each("gelu", x), None) if self.worth(x) else super().gelu(x)

    def gelu_grad(self, g: Array, x: Array, share: Array | None) -> Array:
        return self._each("gelu_grad", g, x) if share is None else super().gelu_grad(g, x, share)

    def gelu_tanh(self, x: Array) -> tuple[Array, Array | None]:
        return (self._each("gelu_tanh", x), None) if self.worth(x) else super().gelu_tanh(x)

    def gelu_tanh_grad(self, g: Array, x: Array, share: Array | None) -> Array:
        return self._each("gelu_tanh_grad", g, x) if share is None else super().gelu_tanh_grad(g, x, share)

    # -- softmax -----------------------------------------------------------------------------------------------------

    # However small the arrays are: NumPy takes five calls. Along the last dimension arrays are matrices, else they are
    # looked at as (those before, dim, those after).

    def _along(self, name: str, dim: int, x: Array, *more: Array) -> Array:
        out = np.empty(x.shape, x.dtype)
        if dim == 1 and x.ndim == 2 and x.size < self.least and x.flags.c_contiguous:
            if not more or more[0].flags.c_contiguous:  # the short way where calls cost more than sums
                getattr(loops("softmax"), name)(out, x, *more)
                return out
        arrays = x, *more
        if dim == x.ndim - 1 or dim == -1:
            threads.run(getattr(loops("softmax"), name), out.reshape(-1, out.shape[-1]), *map(matrix, arrays))
        else:
            shape = _around(x, dim)
            spread = [np.ascontiguousarray(a).reshape(shape) for a in arrays]
            threads.run(getattr(loops("softmax"), name + "_middle"), out.reshape(shape), *spread)
        return out

    def softmax(self, x: Array, dim: int) -> Array:
        return self._along("softmax", dim, x) if _plain(x) else super().softmax(x, dim)

    def softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._along("softmax_grad", dim, g, y) if _plain(y) else super().softmax_grad(g, y, dim)

    def log_softmax(self, x: Array, dim: int) -> Array:
        return self._along("log_softmax", dim, x) if _plain(x) else super().log_softmax(x, dim)

    def log_softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._along("log_softmax_grad", dim, g, y) if _plain(y) else super().log_softmax_grad(g, y, dim)

    def attention_weights(self, scores: Array, mask: Array | None, scale: float, is_causal: bool) -> None:
        if not _plain(scores) or not scores.flags.c_contiguous:
            super().attention_weights(scores, mask, scale, is_causal)
            return
        added = np.empty((0, scores.shape[2]), scores.dtype) if mask is None else matrix(mask)
        more = added, scores.shape[1], scores.dtype.type(scale), is_causal
        # by heads, so that no thread starts within one; a mask for each row goes along
        if len(added) <= scores.shape[1]:
            threads.run(_of_heads, scores, shared=more)
        else:
            threads.run(_of_masked_heads, scores, added.reshape(scores.shape), shared=more[1:])

    def cross_entropy(self, x: Array, target: Array) -> tuple[Array, Array, Array]:
        if not _plain(x):
            return super().cross_entropy(x, target)
        softmax, found = loops("softmax"), [np.empty(target.shape, x.dtype) for _ in range(3)]
        x, target = np.ascontiguousarray(x), np.ascontiguousarray(target)
        if x.ndim == 2:
            threads.run(softmax.cross_entropy, *found, x, target, size=x.size)
        elif x.ndim == 1:
            softmax.cross_entropy(*(a.reshape(1) for a in found), x[None], target.reshape(1))
        else:
            n, C, rest = _around(x, 1)
            each = (a.reshape(n, rest) for a in found)
            threads.run(
                softmax.cross_entropy_middle, *each, x.reshape(n, C, rest), target.reshape(n, rest), size=x.size
            )
        return found[0], found[1], found[2]

    def cross_entropy_grad(self, x: Array, target: Array, top: Array, total: Array, share: Array) -> Array:
        if not _plain(x):
            return super().cross_entropy_grad(x, target, top, total, share)
        gx, softmax = np.empty(x.shape, x.dtype), loops("softmax")
        if share.shape != target.shape:
            share = np.full(target.shape, share)
        each = [np.ascontiguousarray(a) for a in (target, top, total, share)]
        if x.ndim == 2:
            threads.run(softmax.cross_entropy_grad, gx, np.ascontiguousarray(x), *each)
        elif x.ndim == 1:
            softmax.cross_entropy_grad(matrix(gx), matrix(x), *map(flat, each))
        else:
            n, C, rest = _around(x, 1)
            around = gx.reshape(n, C, rest), np.ascontiguousarray(x).reshape(n, C, rest)
            threads.run(softmax.cross_entropy_grad_middle, *around, *(a.reshape(n, rest) for a in each))
        return gx

    # -- recurrent cells ---------------------------------------------------------------------------------------------

    # Per step a product by BLAS and a compiled rest; for small layers, one compiled loop over all steps.

    def _in_steps(self, z: Array) -> bool:
        return z.size >= self.least_in_steps and z.dtype.char == "f"

    def lstm(self, z: Array, h: Array, c: Array, w_hh: Array, w_hr: Array | None, steps: Steps) -> tuple[Array, Array]:
        if not self._in_steps(z):
            return super().lstm(z, h, c, w_hh, w_hr, steps)
        recurrent = loops("recurrent")
        if w_hr is not None or len(h) * w_hh.size > self.own_product:
            return self._lstm(recurrent.lstm_step, z, h, c, w_hh, w_hr, steps)
        y, cells = np.empty((2, len(z), h.shape[1]), z.dtype)
        recurrent.lstm(z, h, c, np.ascontiguousarray(w_hh.T), y, cells, np.array(steps))
        return y, cells

    def lstm_grad(
        self, gy: Array | None, dh: Array, dc: Array, gates: Array, cells: Array, before: Array, w_hh: Array,
        w_hr: Array | None, steps: Steps,
    ) -> tuple[Array, Array | None]:  # fmt: skip
        if not self._in_steps(gates):
            return super().lstm_grad(gy, dh, dc, gates, cells, before, w_hh, w_hr, steps)
        recurrent, dz = loops("recurrent"), np.empty_like(gates)
        arrays = gates, cells, before, np.ascontiguousarray(w_hh)
        if w_hr is not None or gy is None or len(dh) * w_hh.size > self.own_product:
            return self._lstm_grad(recurrent.lstm_step_grad, dz, gy, dh, dc, *arrays, w_hr, steps)
        recurrent.lstm_grad(dz, np.ascontiguousarray(gy), dh, dc, *arrays, np.array(steps))
        return dz, None

    def gru(self, z: Array, h: Array, w_hh: Array, b_hh: Array | None, steps: Steps) -> tuple[Array, Array]:
        if not self._in_steps(z):
            return super().gru(z, h, w_hh, b_hh, steps)
        recurrent = loops("recurrent")
        if b_hh is None or len(h) * w_hh.size > self.own_product:
            return self._gru(recurrent.gru_step, z, h, w_hh, b_hh, steps)
        y, news = np.empty((2, len(z), h.shape[1]), z.dtype)
        recurrent.gru(z, h, np.ascontiguousarray(w_hh.T), flat(b_hh), y, news, np.array(steps))
        return y, news

    def gru_grad(
        self, gy: Array | None, dh: Array, gates: Array, news: Array, before: Array, w_hh: Array, steps: Steps
    ) -> tuple[Array, Array]:
        if not self._in_steps(gates):
            return super().gru_grad(gy, dh, gates, news, before, w_hh, steps)
        recurrent, dz, ds = loops("recurrent"), np.empty_like(gates), np.empty_like(gates)
        arrays = gates, news, before, np.ascontiguousarray(w_hh)
        if gy is None or len(dh) * w_hh.size > self.own_product:
            self._gru_grad(recurrent.gru_step_grad, dz, ds, gy, dh, *arrays, steps)
        else:
            recurrent.gru_grad(dz, ds, np.ascontiguousarray(gy), dh, *arrays, np.array(steps))
        return dz, ds

    # -- normalization -----------------------------------------------------------------------------------------------
    # z is looked at as rows of its last dimension, which is normalized over; `lead` are the other dimensions. What is
    # known of each row (sums, factors) is an array of the shape `lead`, and its own mean over rows is left to NumPy.

    def standardize(
        self, z: Array, w: Array | None, b: Array | None, axes: Ints, affine: Ints, eps: float
    ) -> tuple[Array, Array, Array, Array]:
        if not self._normal_rows(z, axes):
            return super().standardize(z, w, b, axes, affine, eps)
        norm, rows, count = loops("norm"), matrix(z), math.prod(z.shape[a] for a in axes)
        mean, spread = np.empty(z.shape[:-1], z.dtype), np.empty(z.shape[:-1], z.dtype)
        threads.run(norm.moments, rows, mean.reshape(-1), spread.reshape(-1))
        others = tuple(a for a in axes if a != z.ndim - 1)
        shift = mean.mean(axis=others, keepdims=True) if others else mean
        if others:  # the spread within rows, and that of their means
            spread += (mean - shift) ** 2 * z.dtype.type(z.shape[-1])
            spread = spread.sum(axis=others, keepdims=True)
        variance = spread / z.dtype.type(count)
        scale = 1 / np.sqrt(variance + z.dtype.type(eps))
        y = np.empty(z.shape, z.dtype)
        if _by_column(z, affine, w, b):
            weights = np.ones(affine[-1], z.dtype) if w is None else flat(w)
            biases = np.zeros(affine[-1], z.dtype) if b is None else flat(b)
            threads.run(norm.scale_columns, matrix(y), rows, flat(shift), flat(scale), shared=(weights, biases))
        else:
            factor = scale if w is None else scale * w.reshape(affine[:-1])
            bias = np.zeros((), z.dtype) if b is None else b.reshape(affine[:-1])
            threads.run(norm.scale_rows, matrix(y), rows, *(_each_row(a, z) for a in (shift, factor, bias)))
        return y, shift[..., None], variance[..., None], scale[..., None]

    def scale_channels(self, z: Array, mean: Array, scale: Array, bias: Array | None) -> Array:
        given = mean, scale, np.zeros_like(mean) if bias is None else bias
        if not self.worth(z, "fd") or z.ndim < 3 or z.shape[-1] < 4 or any(a.dtype != z.dtype for a in given):
            return super().scale_channels(z, mean, scale, bias)
        y, rows = np.empty(z.shape, z.dtype), z.shape[0] * z.shape[1]
        each = (np.ascontiguousarray(np.broadcast_to(a, z.shape[:2])).reshape(-1) for a in given)
        threads.run(loops("norm").scale_rows, y.reshape(rows, -1), np.ascontiguousarray(z).reshape(rows, -1), *each)
        return y

    def standardize_grad(
        self, g: Array, z: Array, w: Array | None, shift: Array, scale: Array, axes: Ints, affine: Ints, needs: Any
    ) -> tuple[Array | None, Array | None, Array | None]:
        if not self._normal_rows(z, axes):
            return super().standardize_grad(g, z, w, shift, scale, axes, affine, needs)
        gz = np.empty(z.shape, z.dtype)
        arrays = matrix(gz), matrix(g), matrix(z)
        mean, scale = _each_row(shift[..., 0], z), scale[..., 0]
        if affine[-1] != 1 and (w is not None or needs[2]):
            weights = np.ones(affine[-1], z.dtype) if w is None else flat(w)
            gw, gb = np.zeros_like(weights), np.zeros_like(weights)
            loops("norm").column_gradients(*arrays, gw, gb, mean, _each_row(scale, z), weights)
            return gz, gw, gb
        return self._row_gradients(gz, arrays, w, mean, scale, axes, affine, needs)

    def _row_gradients(
        self, gz: Array, arrays: tuple, w: Array | None, mean: Array, scale: Array, axes: Ints, affine: Ints, needs: Any
    ) -> tuple[Array | None, Array | None, Array | None]:
        """With W the weight, s the scale of a row, d = z - mean: gz = s W g - s mean(W g) - s^2 d mean(W g d s)."""
        norm, lead, count = loops("norm"), gz.shape[:-1], gz.dtype.type(math.prod(gz.shape[a] for a in axes))
        plain, by_distance = np.empty(lead, gz.dtype), np.empty(lead, gz.dtype)
        threads.run(norm.gradient_sums, *arrays[1:], mean, plain.reshape(-1), by_distance.reshape(-1))
        by_distance *= scale
        rest = tuple(i for i, k in enumerate(affine[:-1]) if k == 1)
        gw = by_distance.sum(axis=rest) if needs[1] else None
        gb = plain.sum(axis=rest) if needs[2] else None
        if not needs[0]:
            return None, gw, gb
        weight = gz.dtype.type(1) if w is None else w.reshape(affine[:-1])
        others = tuple(a for a in axes if a != len(lead))
        means = [(weight * s).sum(axis=others, keepdims=True) / count for s in (plain, by_distance)]
        factors = scale * weight, -scale * scale * means[1], -scale * means[0]
        threads.run(norm.combine_rows, *arrays, mean, *(_each_row(f, gz) for f in factors))
        return gz, gw, gb

    def _normal_rows(self, z: Array, axes: Ints) -> bool:
        return self.worth(z, "fd") and z.ndim - 1 in axes and z.shape[-1] >= 16

    # -- rows --------------------------------------------------------------------------------------------------------

    def add_rows(self, out: Array, places: Array, rows: Array) -> None:
        if rows.size < self.least_rows or not _plain(rows, "fd") or places.dtype.char != "l" or out.dtype != rows.dtype:
            super().add_rows(out, places, rows)
        elif not loops("rows").add_rows(out, places, np.ascontiguousarray(rows)):
            raise IndexError("index out of range")


def _plain(x: Array, dtypes: str = "f") -> bool:
    return x.dtype.char in dtypes and x.__class__ is np.ndarray


def _of_heads(scores: Array, *more: Any) -> None:
    loops("softmax").attention_weights(scores.reshape(-1, scores.shape[2]), *more)


def _of_masked_heads(scores: Array, mask: Array, *more: Any) -> None:
    _of_heads(scores, mask.reshape(-1, mask.shape[2]), *more)


def _around(x: Array, dim: int) -> tuple[int, int, int]:
    """The sizes of all dimensions before `dim`, of that itself, and of all behind."""
    dim %= x.ndim
    return math.prod(x.shape[:dim]), x.shape[dim], math.prod(x.shape[dim + 1 :])


def _by_column(z: Array, affine: Ints, w: Array | None, b: Array | None) -> bool:
    """Weight and bias differ along the rows."""
    return affine[-1] != 1 and (w is not None or b is not None)


def _each_row(values: Array, z: Array) -> Array:
    """One of `values`, which broadcast, for each row of z."""
    return flat(np.broadcast_to(values, z.shape[:-1]))
