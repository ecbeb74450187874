"""Elements along one dimension by index: `pick` reads them, `place` writes them; each is the other's derivative.

What `max(dim)`, `sort`, `topk`, `median`, `cummax` share. The general gather and scatter live with indexing.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of


def mesh(index: Any, dim: int) -> tuple:
    """Index arrays that address `index`'s elements along `dim`, for reading or assigning."""
    xp = xp_of(index)
    ndim = index.ndim
    return tuple(
        index if d == dim else xp.arange(n).reshape((1,) * d + (n,) + (1,) * (ndim - d - 1))
        for d, n in enumerate(index.shape)
    )


@op(node="GatherBackward0")
def pick(x: Any, index: Any, *, dim: int, unique: bool = True) -> Any:
    """x[..., index, ...] along `dim`; a 0-d x is its own only element. `unique`: no index appears twice."""
    return x.copy() if x.ndim == 0 else x[mesh(index, dim)]


@pick.vjp("x")
def _(g: Any, index: Any, x_shape: tuple, dim: int, unique: bool) -> Any:
    return place(g, index, dim=dim, size=x_shape[dim] if x_shape else 1, unique=unique)


@op(node="ScatterBackward0")
def place(x: Any, index: Any, *, dim: int, size: int, unique: bool = True) -> Any:
    """Zeros of length `size` along `dim`, with x's elements at `index` (added up where an index appears twice)."""
    if x.ndim == 0:
        return x.copy()
    xp = xp_of(x)
    out = xp.zeros(x.shape[:dim] + (size,) + x.shape[dim + 1 :], dtype=x.dtype)
    where = mesh(index, dim)
    if unique:
        out[where] = x
    else:
        xp.add.at(out, where, x)
    return out


@place.vjp("x")
def _(g: Any, index: Any, dim: int, unique: bool) -> Any:
    return pick(g, index, dim=dim, unique=unique)


@op(broadcasts=True)
def matches(x: Any, y: Any) -> Any:
    """1 where x equals y, else 0, in x's dtype: the mask over which a tie's gradient is spread."""
    return (x == y).astype(x.dtype)
