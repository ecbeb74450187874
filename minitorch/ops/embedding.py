"""Rows of a table by number. The gradient adds up at the rows that were looked up."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.backend.kernels.windows import compute_dtype


@op
def embedding(w: Any, index: Any, *, padding_idx: int | None = None, by_freq: bool = False) -> Any:
    """w (V, D) at index (*): (*, D). The row padding_idx takes no gradient; by_freq divides by how often a row came."""
    return xp_of(w).take(w, index, axis=0)


@embedding.vjp("w")
def _(g: Any, index: Any, w_shape: tuple, padding_idx: Any, by_freq: bool) -> Any:
    return embedding_grad(g, index, rows=w_shape[0], padding_idx=padding_idx, by_freq=by_freq)


def _factors(xp: Any, index: Any, rows: int, padding_idx: Any, by_freq: bool, dtype: Any) -> Any:
    """What each looked-up row's gradient is multiplied by: (n, 1), or None for 1."""
    if padding_idx is None and not by_freq:
        return None
    flat = index.reshape(-1)
    factors = xp.ones(flat.shape, dtype=dtype)
    if by_freq:
        factors /= xp.take(xp.bincount(flat, minlength=rows), flat)
    if padding_idx is not None:
        factors[flat == padding_idx] = 0
    return factors[:, None]


@op(node="EmbeddingDenseBackward0")
def embedding_grad(g: Any, index: Any, *, rows: int, padding_idx: int | None, by_freq: bool) -> Any:
    """g (*, D) added at the rows `index` of a table of zeros (rows, D)."""
    xp = xp_of(g)
    wide = compute_dtype(xp, g.dtype)
    values = g.reshape(-1, g.shape[-1]).astype(wide, copy=False)
    factors = _factors(xp, index, rows, padding_idx, by_freq, wide)
    if factors is not None:
        values = values * factors
    out = xp.zeros((rows, g.shape[-1]), dtype=wide)
    kernels_of(g).add_rows(out, index.reshape(-1), values)
    return out.astype(g.dtype, copy=False)


@embedding_grad.vjp("g")
def _(g: Any, index: Any, rows: int, padding_idx: Any, by_freq: bool) -> Any:
    return embedding_grad_adjoint(g, index, padding_idx=padding_idx, by_freq=by_freq)


@op(node="EmbeddingBackward0")
def embedding_grad_adjoint(w: Any, index: Any, *, padding_idx: int | None, by_freq: bool) -> Any:
    """w at index, times the factors of embedding_grad."""
    xp = xp_of(w)
    factors = _factors(xp, index, w.shape[0], padding_idx, by_freq, w.dtype)
    out = xp.take(w, index, axis=0)
    return out if factors is None else out * factors.reshape(*index.shape, 1)


@embedding_grad_adjoint.vjp("w")
def _(g: Any, index: Any, w_shape: tuple, padding_idx: Any, by_freq: bool) -> Any:
    return embedding_grad(g, index, rows=w_shape[0], padding_idx=padding_idx, by_freq=by_freq)
