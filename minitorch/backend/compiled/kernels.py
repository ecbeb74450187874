"""`CompiledKernels`: what is worth handing to compiled loops, and the plain form for everything else.

Numba is imported, which takes half a second, when the first array comes that is long enough; the loops are compiled
once for each dtype (a tenth of a second or two each) and kept on disk.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minitorch.backend import threads
from minitorch.backend.kernels.base import Kernels

Array = Any
Ints = tuple[int, ...]


@functools.cache
def loops(name: str) -> Any:
    """A module of compiled loops, imported when first needed."""
    return importlib.import_module(f"minitorch.backend.compiled.{name}")


def flat(x: Array) -> Array:
    """One dimension, without gaps."""
    return np.ascontiguousarray(x).reshape(-1)


def matrix(x: Array) -> Array:
    """Rows of the last dimension, without gaps."""
    return np.ascontiguousarray(x).reshape(-1, x.shape[-1])


class CompiledKernels(Kernels):
    """Kernels for NumPy arrays on the CPU, with loops compiled by Numba."""

    name = "numba"

    least = 1 << 13  # shorter arrays are as fast with NumPy

    def worth(self, x: Array, dtypes: str = "f") -> bool:
        """True if x is long enough, and of one of these dtypes."""
        return x.size >= self.least and x.dtype.char in dtypes and x.__class__ is np.ndarray

    # -- elementwise -------------------------------------------------------------------------------------------------

    def _each(self, name: str, *arrays: Array) -> Array:
        out = np.empty(arrays[0].shape, dtype=arrays[0].dtype)
        threads.run(getattr(loops("exponential"), name), out.reshape(-1), *map(flat, arrays))
        return out

    def sigmoid(self, x: Array) -> Array:
        return self._each("sigmoid", x) if self.worth(x) else super().sigmoid(x)

    def sigmoid_grad(self, g: Array, y: Array) -> Array:
        return self._each("sigmoid_grad", g, y) if self.worth(y) else super().sigmoid_grad(g, y)

    def tanh(self, x: Array) -> Array:
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
        return self._rows("softmax", x) if self._last(x, dim) else super().softmax(x, dim)

    def softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._rows("softmax_grad", g, y) if self._last(y, dim) else super().softmax_grad(g, y, dim)

    def log_softmax(self, x: Array, dim: int) -> Array:
        return self._rows("log_softmax", x) if self._last(x, dim) else super().log_softmax(x, dim)

    def log_softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        return self._rows("log_softmax_grad", g, y) if self._last(y, dim) else super().log_softmax_grad(g, y, dim)

    # -- rows --------------------------------------------------------------------------------------------------------

    def add_rows(self, out: Array, places: Array, rows: Array) -> None:
        if not self.worth(rows, "fd") or places.dtype.char != "l" or out.dtype != rows.dtype:
            super().add_rows(out, places, rows)
        elif not loops("rows").add_rows(out, places, np.ascontiguousarray(rows)):
            raise IndexError("index out of range")
