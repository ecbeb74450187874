"""scatter_reduce: several values meet in one place and are summed, multiplied, averaged, or compete."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.masking import masked_fill, masked_keep
from minitorch.ops.memory import copied
from minitorch.ops.scattering import _corner, _grid, embed_corner, gather, gather_spread, scatter

UFUNC = {"sum": "add", "mean": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum"}


def _neutral(xp: Any, dtype: Any, reduce: str) -> Any:
    """What leaves every value as it is under the reduction."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "b":
        return reduce == "amin"
    if dtype.kind in "iu":
        limits = xp.iinfo(dtype)
        return limits.min if reduce == "amax" else limits.max
    return -float("inf") if reduce == "amax" else float("inf")


@op(node=lambda s: s["node"] + "Backward0")
def scatter_reduce(
    x: Any, index: Any, src: Any, *, dim: int, reduce: str, include_self: bool = True, node: str = "ScatterReduce"
) -> Any:
    """x with the elements of src that index sends to one place reduced there; include_self: with what x has there."""
    if index.size == 0:
        return copied(x)
    if x.ndim == 0:
        flat = scatter_reduce.op.forward  # type: ignore[attr-defined]
        one = flat(x.reshape(1), index.reshape(-1), src.reshape(-1), dim=0, reduce=reduce, include_self=include_self)
        return one.reshape(())
    xp, key = xp_of(x), _grid(index, dim)
    out = copied(x, "C")
    if not include_self:
        out[key] = _neutral(xp, x.dtype, reduce)
    getattr(xp, UFUNC[reduce]).at(out, key, _corner(src, index.shape))
    if reduce == "mean":
        n = _arrivals(x, index, dim, include_self)
        out = out // n.astype(x.dtype) if x.dtype.kind in "iu" else (out / n.astype(x.dtype)).astype(x.dtype)
    return out


def _arrivals(x: Any, index: Any, dim: int, include_self: bool) -> Any:
    """How many values meet at each place; at least one. Unsigned: CuPy can add at places to those only."""
    xp = xp_of(x)
    n = xp.full(x.shape, 1 if include_self else 0, dtype="uint64")
    xp.add.at(n, _grid(index, dim), 1)
    return xp.maximum(n, 1)


@scatter_reduce.vjp("x")
def _(g: Any, x: Any, index: Any, src: Any, out: Any, dim: int, reduce: str, include_self: bool) -> Any:
    if not include_self:  # where something arrived, x's own value is gone
        return scatter(g, index, 0.0, dim=dim, by_number=True)
    if reduce == "sum":
        return g
    if reduce == "mean":
        return g * arrival_share(g, index, dim=dim, include_self=True)
    if reduce == "prod":
        ones = masked_fill(x, is_zero(x), 1.0)
        others = scatter_reduce(ones, index, src, dim=dim, reduce="prod")
        return g * (others / ones)
    return g * winner_share(x, index, src, out, dim=dim, include_self=True)[0]


@scatter_reduce.vjp("src")
def _(
    g: Any, x: Any, index: Any, src: Any, out: Any, src_shape: tuple, dim: int, reduce: str, include_self: bool
) -> Any:
    if reduce == "sum":
        part = gather(g, index, dim=dim)
    elif reduce == "mean":
        part = gather(g * arrival_share(g, index, dim=dim, include_self=include_self), index, dim=dim)
    elif reduce == "prod":
        part = _product_of_others(g, x, index, src, out, dim, include_self)
    else:
        share = winner_share(x, index, src, out, dim=dim, include_self=include_self)[1]
        part = gather(g, index, dim=dim) * share
    return embed_corner(part, shape=src_shape)


def _product_of_others(g: Any, x: Any, index: Any, src: Any, out: Any, dim: int, include_self: bool) -> Any:
    """g times the product of all values at a place but src's own, also where zeros are among them.

    Without zeros it is out / src. A single zero sees the product of the others, found by putting 1 in its place; where
    two zeros meet, everything is zero.
    """
    src = corner(src, shape=tuple(index.shape))
    zero = is_zero(src)
    lone = lone_zero(src, index, shape=tuple(x.shape), dim=dim)
    ones = masked_fill(src, zero, 1.0)
    without = scatter_reduce(x, index, masked_fill(src, lone, 1.0), dim=dim, reduce="prod", include_self=include_self)
    usual = masked_fill(gather(g * out, index, dim=dim) / ones, zero, 0.0)
    return usual + masked_keep(gather(g * without, index, dim=dim), lone)


@op
def corner(x: Any, *, shape: tuple) -> Any:
    """The first elements of x along each dimension."""
    return _corner(x, shape)


@corner.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return embed_corner(g, shape=x_shape)


# -- constants of the derivatives: piecewise constant themselves, so they have no derivative of their own --------------


@op
def is_zero(x: Any) -> Any:
    """Where x is zero."""
    return x == 0


@op
def lone_zero(x: Any, index: Any, *, shape: tuple, dim: int) -> Any:
    """Where x is the only zero that is sent to its place."""
    zero = x == 0
    count = gather.op.forward(
        gather_spread.op.forward(zero.astype("int64"), index, shape=shape, dim=dim), index, dim=dim
    )
    return zero & (count == 1)


@op
def arrival_share(x: Any, index: Any, *, dim: int, include_self: bool) -> Any:
    """1 / (number of values that meet at each place), in x's shape and dtype."""
    if x.ndim == 0:
        return arrival_share.op.forward(x.reshape(1), index.reshape(-1), dim=0, include_self=include_self).reshape(())
    return (1.0 / _arrivals(x, index, dim, include_self)).astype(x.dtype)


@op(outputs=2)
def winner_share(x: Any, index: Any, src: Any, out: Any, *, dim: int, include_self: bool) -> Any:
    """Equal shares for x and for src of those values at each place that equal the extremum; zero for the others.

    torch counts an equal value of x as a winner even where x was left out; its gradient is dropped afterwards.
    """
    own = (x == out).astype(x.dtype)
    src = _corner(src, index.shape)
    won = (src == gather.op.forward(out, index, dim=dim)).astype(x.dtype)
    shared = own + gather_spread.op.forward(won, index, shape=x.shape, dim=dim)
    shared = xp_of(x).where(shared == 0, 1, shared).astype(x.dtype)
    return own / shared, won / gather.op.forward(shared, index, dim=dim)
