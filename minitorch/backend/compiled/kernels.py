"""`CompiledKernels`: what is worth handing to compiled loops, and the plain form for everything else.

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
        if not self.worth(arrays[0], "fd"):
            return False
        getattr(loops("steps"), rule)(*arrays, *numbers)
        return True

    # -- elementwise -------------------------------------------------------------------------------------------------

    def _each(self, name: str, *arrays: Array) -> Array:
        out = np.empty(arrays[0].shape, dtype=arrays[0].dtype)
        threads.run(getattr(loops("exponential"), name), out.reshape(-1), *map(flat, arrays))
        return out

    def sigmoid(self, x: Array) -> Array:
        if x.size < self.least:  # the shortest way where overhead counts
            return self._sigmoid(x)
        return self._each("sigmoid", x) if self.worth(x) else super().sigmoid(x)

    def sigmoid_grad(self, g: Array, y: Array) -> Array:
        return self._each("sigmoid_grad", g, y) if self.worth(y) else super().sigmoid_grad(g, y)

    def tanh(self, x: Array) -> Array:
        if x.size < self.least:
            return np.tanh(x)
        return self._each("tanh", x) if self.worth(x) else super().tanh(x)

    def tanh_grad(self, g: Array, y: Array) -> Array:
        return self._each("tanh_grad", g, y) if self.worth(y) else super().tanh_grad(g, y)

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

    def _rows(self, name: str, *arrays: Array) -> Array:
        out = np.empty(arrays[0].shape, dtype=arrays[0].dtype)
        threads.run(getattr(loops("exponential"), name), out.reshape(-1, out.shape[-1]), *map(matrix, arrays))
        return out

    def _last(self, x: Array, dim: int) -> bool:
        return self.worth(x) and dim % x.ndim == x.ndim - 1 and x.shape[-1] >= 8

    def softmax(self, x: Array, dim: int) -> Array:
        if x.size < self.least:
            return self._softmax(x, dim)
        return self._rows("softmax", x) if self._last(x, dim) else super().softmax(x, dim)

    def softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._rows("softmax_grad", g, y) if self._last(y, dim) else super().softmax_grad(g, y, dim)

    def log_softmax(self, x: Array, dim: int) -> Array:
        return self._rows("log_softmax", x) if self._last(x, dim) else super().log_softmax(x, dim)

    def log_softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._rows("log_softmax_grad", g, y) if self._last(y, dim) else super().log_softmax_grad(g, y, dim)

    # -- recurrent cells ---------------------------------------------------------------------------------------------

    def lstm_step(self, z: Array, from_state: Array, c: Array, cell: Array, out: Array) -> None:
        if self.worth(z) and z.flags.c_contiguous and from_state.flags.c_contiguous:
            loops("exponential").lstm_step(z, from_state, c, cell, out)
        else:
            super().lstm_step(z, from_state, c, cell, out)

    def lstm_step_grad(self, d: Array, dm: Array, dc: Array, dc_of_dm: Array, f: Array) -> None:
        if self.worth(d) and d.flags.c_contiguous and dm.flags.c_contiguous:
            loops("exponential").lstm_step_grad(d, dm, dc, dc_of_dm, f)
        else:
            super().lstm_step_grad(d, dm, dc, dc_of_dm, f)

    def lstm_slopes(self, gates: Array, cells: Array, before: Array) -> tuple[Array, Array, Array]:
        if not self.worth(gates):
            return super().lstm_slopes(gates, cells, before)
        slopes, dc_of_dm, tc = np.empty_like(gates), np.empty_like(cells), np.empty_like(cells)
        threads.run(loops("exponential").lstm_slopes, slopes, dc_of_dm, tc, gates, cells, before)
        return slopes, dc_of_dm, tc

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
        if not self.worth(rows, "fd") or places.dtype.char != "l" or out.dtype != rows.dtype:
            super().add_rows(out, places, rows)
        elif not loops("rows").add_rows(out, places, np.ascontiguousarray(rows)):
            raise IndexError("index out of range")


def _by_column(z: Array, affine: Ints, w: Array | None, b: Array | None) -> bool:
    """Weight and bias differ along the rows."""
    return affine[-1] != 1 and (w is not None or b is not None)


def _each_row(values: Array, z: Array) -> Array:
    """One of `values`, which broadcast, for each row of z."""
    return flat(np.broadcast_to(values, z.shape[:-1]))
