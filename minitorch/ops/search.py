"""Searching sorted sequences, distinct elements, counts and histograms. Nothing here has a derivative."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.kinds import widened


@op
def searchsorted(sequence: Any, values: Any, sorter: Any = None, *, right: bool = False, int32: bool = False) -> Any:
    """Where to insert `values` so that each row of `sequence` stays sorted; `sorter` gives the order of the rows."""
    xp, side = xp_of(sequence), "right" if right else "left"
    if sorter is not None:
        sequence = xp.take_along_axis(sequence, sorter, -1)
    if sequence.ndim == 1:
        out = xp.searchsorted(sequence, values, side=side)
    else:
        n = math.prod(sequence.shape[:-1])
        rows, wanted = sequence.reshape(n, sequence.shape[-1]), values.reshape(n, values.shape[-1])
        found = [xp.searchsorted(r, v, side=side) for r, v in zip(rows, wanted, strict=True)]
        out = xp.stack(found).reshape(values.shape) if found else xp.zeros(values.shape)
    return out.astype("int32" if int32 else "int64")


@op
def bincount(x: Any, weights: Any = None, *, minlength: int = 0) -> Any:
    """How often each number occurs in a vector; or the sum of the weights that stand where it does."""
    out = xp_of(x).bincount(x, weights, minlength)
    return out.astype("int64" if weights is None else "float32" if weights.dtype.char == "f" else "float64")


@op(node="HistcBackward0")
def histc(x: Any, *, bins: int, low: float, high: float) -> Any:
    """How many elements fall in each of `bins` equal intervals from low to high; what lies outside is not counted."""
    xp = xp_of(x)
    inside = x[(x >= low) & (x <= high)]
    place = ((inside - x.dtype.type(low)) * bins / x.dtype.type(high - low)).astype("int64")
    return xp.bincount(xp.minimum(place, bins - 1), minlength=bins).astype(x.dtype)


@histc.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError(
        "the derivative for 'histc' is not implemented: counts are constant where they are continuous"
    )


@op
def histogramdd(points: Any, weight: Any = None, *, edges: tuple) -> Any:
    """How many of the points (n, D), or how much of their weight, lies in each cell of a grid of sorted edges."""
    xp = xp_of(points)
    sizes = tuple(max(0, e.size - 1) for e in edges)
    inside, cell = xp.ones(points.shape[0], dtype=bool), xp.zeros(points.shape[0], dtype="int64")
    for d, e in enumerate(edges):
        x = points[:, d]
        place = xp.searchsorted(e, x, side="right") - 1
        place = xp.where(x == e[-1], sizes[d] - 1, place)  # the last interval includes its right edge
        inside &= (place >= 0) & (place < sizes[d])
        cell = cell * sizes[d] + place
    weight = None if weight is None else weight[inside]
    counts = xp.bincount(cell[inside], weight, math.prod(sizes))
    return counts.astype(points.dtype).reshape(sizes)


def _groups(new: Any, values: Any, order: Any) -> tuple:
    """(distinct values, inverse, counts) of sorted `values`, where `new` marks the first of each run."""
    xp = xp_of(new)
    group = xp.cumsum(new, dtype="int64") - 1
    inverse = xp.empty(new.shape, dtype="int64")
    inverse[order] = group
    starts = xp.nonzero(new)[0]
    counts = xp.concatenate([starts[1:], xp.full((min(1, new.size),), new.size)]) - starts
    return values[new], inverse, counts.astype("int64")


def _starts(values: Any) -> Any:
    """Marks elements (or rows) that differ from the one before; a nan differs from everything."""
    xp = xp_of(values)
    new = xp.ones(values.shape[0], dtype=bool)
    differs = values[1:] != values[:-1]
    new[1:] = differs if values.ndim == 1 else differs.any(axis=1)
    return new


def _distinct(x: Any, dim: int | None, sort: bool) -> tuple:
    xp = xp_of(x)
    if dim is None:
        flat = x.reshape(-1)
        order = widened(flat).argsort(kind="stable") if sort else xp.arange(flat.size)
        values, inverse, counts = _groups(_starts(flat[order]), flat[order], order)
        return values, inverse.reshape(x.shape), counts
    front = xp.moveaxis(x, dim, 0)
    rows = front.reshape(front.shape[0], -1 if front.size else 0)
    by_rows = sort and rows.shape[1] and rows.shape[0]
    order = xp.lexsort(widened(rows).T[::-1]) if by_rows else xp.arange(rows.shape[0])
    values, inverse, counts = _groups(_starts(rows[order]), front[order], order)
    return xp.moveaxis(values, 0, dim), inverse, counts


@op(outputs=3, node=lambda s: "Unique2Backward0" if s["dim"] is None else "UniqueDimBackward0")
def unique(x: Any, *, dim: int | None = None) -> tuple:
    """(distinct elements, or slices along `dim`, in order; where each element is among them; how often they occur)."""
    return _distinct(x, dim, True)


@op(outputs=3, node="UniqueConsecutiveBackward0")
def unique_consecutive(x: Any, *, dim: int | None = None) -> tuple:
    """As unique, but only neighbors are compared, and the order stays."""
    return _distinct(x, dim, False)


def _no_derivative(g: Any) -> Any:
    raise NotImplementedError(
        "the derivative for 'unique' is not implemented: how many elements it returns depends on the values"
    )


unique.vjp("x")(_no_derivative)
unique_consecutive.vjp("x")(_no_derivative)
