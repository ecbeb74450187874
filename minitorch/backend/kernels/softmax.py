"""Softmax, its logarithm, and their gradients along one dimension, a block of rows at a time while it is cached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.backend.kernels.small import SMALL, largest

Array = Any


class SoftmaxKernels:
    """Softmax over the array module ``xp``. Arrays are float32 or float64, with at least one element."""

    xp: Any

    # About how many elements to compute at a time; a GPU wants all of them.
    softmax_elements: int | None = 1 << 15

    def _by_rows(self, fn: Callable[..., Array], dim: int, *arrays: Array) -> Array:
        """fn(*arrays, dim), in blocks of the first dimension where rows along another one are long together."""
        first, some = arrays[0], self.softmax_elements
        if some is None or first.size <= 2 * some or dim % first.ndim == 0:
            return fn(*arrays, dim)
        if dim % first.ndim == first.ndim - 1 and all(a.flags.c_contiguous for a in arrays):
            arrays = tuple(a.reshape(-1, first.shape[-1]) for a in arrays)
            dim = 1
        out = self.xp.empty(arrays[0].shape, dtype=first.dtype)
        step = max(1, some * len(out) // out.size)
        for i in range(0, len(out), step):
            out[i : i + step] = fn(*(a[i : i + step] for a in arrays), dim)
        return out.reshape(first.shape)

    def softmax(self, x: Array, dim: int) -> Array:
        """e**x over its sum along dim; the maximum is taken out first."""
        return self._softmax(x, dim) if x.size < SMALL else self._by_rows(self._softmax, dim, x)

    def _softmax(self, x: Array, dim: int) -> Array:
        xp = self.xp
        e = x - largest(x, dim)
        xp.exp(e, e)
        e /= xp.add.reduce(e, dim, None, None, True)
        return e

    def softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        """y_i (g_i - sum_j g_j y_j)."""
        if y.size < SMALL:
            return self._softmax_grad(g, y, dim)
        return self._by_rows(self._softmax_grad, dim, g, y)

    def _softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        weighted = g * y
        weighted -= y * self.xp.add.reduce(weighted, dim, None, None, True)
        return weighted

    def log_softmax(self, x: Array, dim: int) -> Array:
        """x less the logarithm of the sum of e**x."""
        return self._log_softmax(x, dim) if x.size < SMALL else self._by_rows(self._log_softmax, dim, x)

    def _log_softmax(self, x: Array, dim: int) -> Array:
        xp = self.xp
        y = x - largest(x, dim)
        y -= xp.log(xp.add.reduce(xp.exp(y), dim, None, None, True))
        return y

    def log_softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        """g_i - e**y_i sum_j g_j."""
        return self._by_rows(self._log_softmax_grad, dim, g, y)

    def _log_softmax_grad(self, g: Array, y: Array, dim: int) -> Array:
        e = self.xp.exp(y)
        e *= self.xp.add.reduce(g, dim, None, None, True)
        return self.xp.subtract(g, e, e)

    def attention_weights(self, scores: Array, mask: Array | None, scale: float, is_causal: bool) -> None:
        """softmax(scores scale + mask) of the last dimension, in place; 0 in rows where everything is masked.

        scores (heads, L, S); mask (L, S) or (heads, L, S), or None. is_causal: columns j > i of row i are masked.
        """
        xp = self.xp
        scores *= scale
        if mask is not None:
            scores += mask
        if is_causal:
            future = ~xp.tril(xp.ones(scores.shape[1:], dtype=bool))
            xp.copyto(scores, -xp.inf, where=future)
        if mask is None:
            scores[...] = self._softmax(scores, 2)
            return
        dead = (scores == -xp.inf).all(axis=2, keepdims=True)
        xp.copyto(scores, 0, where=dead)
        scores[...] = self._softmax(scores, 2)
        xp.copyto(scores, 0, where=dead)

    def cross_entropy(self, x: Array, target: Array) -> tuple[Array, Array, Array]:
        """log(sum(e**x)) - x[target] along the classes; the greatest x, and the sum of e**(x - greatest).

        x (C,), (N, C) or (N, C, d1, ...); target and all results without C.
        """
        xp, dim = self.xp, 1 if x.ndim > 1 else 0
        top = largest(x, dim) if x.size else x.sum(axis=dim, keepdims=True)
        e = x - top
        picked = e[classes(xp, target)]
        xp.exp(e, out=e)
        total = xp.add.reduce(e, dim)
        return xp.log(total) - picked, top.reshape(target.shape), total

    def cross_entropy_grad(self, x: Array, target: Array, top: Array, total: Array, share: Array) -> Array:
        """(softmax(x) - one_hot(target)) times each position's share; share is 0-d or in target's shape."""
        xp, dim = self.xp, 1 if x.ndim > 1 else 0
        grad = x - xp.expand_dims(top, dim)
        xp.exp(grad, out=grad)
        grad *= xp.expand_dims(share / total, dim)
        grad[classes(xp, target)] -= share
        return grad


def classes(xp: Any, target: Array) -> tuple:
    """Index arrays of the elements of x that `target` (N, d1, ...) numbers along dimension 1, or 0 for a 0-d target."""
    if not target.ndim:
        return (target,)
    before, *behind = (xp.arange(n).reshape((n,) + (1,) * (target.ndim - d - 1)) for d, n in enumerate(target.shape))
    return before, target, *behind
