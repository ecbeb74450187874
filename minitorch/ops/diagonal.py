"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import broadcast_to, strided
from minitorch.backend import xp_of
from minitorch.ops.memory import copied


def _diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """The view of x that walks down a diagonal of dims dim1 and dim2; the diagonal is the last dimension."""
    rows, columns = x.shape[dim1], x.shape[dim2]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    rest = [i for i in range(x.ndim) if i not in (dim1, dim2)]
    shape = (*(x.shape[i] for i in rest), length)
    strides = (*(x.strides[i] for i in rest), x.strides[dim1] + x.strides[dim2])
    start = [slice(None)] * x.ndim
    if length:
        start[dim1 if offset < 0 else dim2] = slice(abs(offset), None)
        if offset:
            x = x[tuple(start)]
    else:
        x = x.reshape(-1)[:0] if x.size == 0 else x[tuple(slice(0, 0) for _ in range(x.ndim))]
    return strided(x, shape, strides)


@op(view=True)
def diagonal(x: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of each matrix that dims dim1 and dim2 hold; it becomes the last dimension."""
    return _diagonal(x, offset, dim1, dim2)


@diagonal.vjp("x")
def _(g: Any, x_shape: tuple, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal_spread(g, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2)


@op(node="DiagEmbedBackward0")
def diagonal_spread(x: Any, *, shape: tuple, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """Zeros with x on a diagonal; adjoint of diagonal."""
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    _diagonal(out, offset, dim1, dim2)[...] = x
    return out


@diagonal_spread.vjp("x")
def _(g: Any, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal(g, offset=offset, dim1=dim1, dim2=dim2)


@op
def diagonal_scatter(x: Any, src: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """x with `src` on a diagonal."""
    out = copied(x)
    _diagonal(out, offset, dim1, dim2)[...] = 0 if src is None else src
    return out


@diagonal_scatter.vjp("x")
def _(g: Any, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal_scatter(g, None, offset=offset, dim1=dim1, dim2=dim2)


@diagonal_scatter.vjp("src")
def _(g: Any, offset: int, dim1: int, dim2: int) -> Any:
    return diagonal(g, offset=offset, dim1=dim1, dim2=dim2)


@op
def tril(x: Any, *, diagonal: int = 0) -> Any:
    """The lower triangle of each matrix, zeros above `diagonal`."""
    return xp_of(x).tril(x, diagonal)


@tril.vjp("x")
def _(g: Any, diagonal: int) -> Any:
    return tril(g, diagonal=diagonal)


@op
def triu(x: Any, *, diagonal: int = 0) -> Any:
    """The upper triangle of each matrix, zeros below `diagonal`."""
    return xp_of(x).triu(x, diagonal)


@triu.vjp("x")
def _(g: Any, diagonal: int) -> Any:
    return triu(g, diagonal=diagonal)


@op
def trace(x: Any) -> Any:
    """The sum of a matrix's diagonal; integers are summed in int64."""
    return x.trace(dtype="int64" if x.dtype.kind in "biu" else x.dtype)


@trace.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return diagonal_spread(broadcast_to(g, shape=(min(x_shape),)), shape=x_shape)
