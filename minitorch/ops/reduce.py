"""Reductions that add, multiply, compare or count. Statistics, softmax and scans have files of their own.

`dim` is None (all dimensions), a non-negative int, or a tuple of such; the tensor layer has checked it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.autograd.op import op
from minitorch.autograd.primitives import broadcast_to
from minitorch.backend import dtypes, xp_of
from minitorch.errors import explain
from minitorch.ops.along import matches, pick, place
from minitorch.ops.elementwise import conj
from minitorch.ops.scan import cumprod, shift

# -- the shape of a reduction's gradient -----------------------------------------------------------------------------


def kept_shape(shape: tuple, dim: Any) -> tuple:
    """The shape that keepdim=True gives."""
    if dim is None:
        return (1,) * len(shape)
    dims = dim if isinstance(dim, tuple) else (dim,)
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


def keep(g: Any, shape: tuple, dim: Any, keepdim: bool) -> Any:
    """A reduction's result or its gradient, with the reduced dimensions put back as ones."""
    return g if keepdim else g.reshape(kept_shape(shape, dim))


def expand_reduced(g: Any, shape: tuple, dim: Any, keepdim: bool) -> Any:
    """Broadcast a gradient of a reduction over `dim` back to the reduced tensor's shape."""
    if dim is not None and not keepdim:
        g = g.reshape(kept_shape(shape, dim))
    elif isinstance(g, np.generic):  # from arithmetic on 0-d arrays
        g = np.asarray(g)
    return broadcast_to(g, shape=shape)


def count(shape: tuple, dim: Any) -> int:
    """How many elements each result is made of."""
    if dim is None:
        return math.prod(shape)
    return shape[dim] if isinstance(dim, int) else math.prod(shape[d] for d in dim)


# -- sums ------------------------------------------------------------------------------------------------------------

_AS_IS = "fdFDl"  # dtype chars that are added up in their own dtype
# Integers and bools are added up as int64 as in torch; halves in float32, and rounded once at the end.
_WIDE = {c: "int64" for c in "?bhiqB"} | {"e": "float32", "E": "float32"}


def add_up(x: Any, dim: Any, keepdim: bool) -> Any:
    """The sum of an array over `dim`, in torch's accumulation dtype."""
    char = x.dtype.char
    if char in _AS_IS:
        return xp_of(x).add.reduce(x, dim, None, None, keepdim)
    total = x.sum(axis=dim, keepdims=keepdim, dtype=_WIDE[char])
    return total.astype(x.dtype) if char in "eE" else total


@op(
    node=lambda s: "SumBackward0" if s["dim"] is None else "SumBackward1", inner=True,
    plain=f"np.add.reduce(x, dim, None, None, keepdim) if x.dtype.char in '{_AS_IS}'",
)  # fmt: skip
def sum(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    return add_up(x, dim, keepdim)


@sum.vjp("x")
def _(g: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return expand_reduced(g, x_shape, dim, keepdim)


@op(node=lambda s: "MeanBackward0" if s["dim"] is None else "MeanBackward1")
def mean(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    if x.dtype.char in "fdFD":
        n = x.size if dim is None else count(x.shape, dim)
        return xp_of(x).add.reduce(x, dim, None, None, keepdim) / n
    return (x.sum(axis=dim, keepdims=keepdim, dtype="float32") / count(x.shape, dim)).astype(x.dtype)


@mean.vjp("x")
def _(g: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return expand_reduced(g / max(1, count(x_shape, dim)), x_shape, dim, keepdim)


@op
def nansum(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    return add_up(xp_of(x).where(x == x, x, x.dtype.type(0)), dim, keepdim)


@nansum.vjp("x")
def _(g: Any, x: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    return expand_reduced(g, x_shape, dim, keepdim) * matches(x, x)


# -- products --------------------------------------------------------------------------------------------------------


@op(node=lambda s: "ProdBackward0" if s["dim"] is None else "ProdBackward1")
def prod(x: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    char = x.dtype.char
    out = x.prod(axis=dim, keepdims=keepdim, dtype=_WIDE.get(char))
    return out.astype(x.dtype) if char in "eE" else out


@prod.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: int | None, keepdim: bool) -> Any:
    """d prod / d x_k is the product of all others: out / x_k, or where zeros forbid it, (those before) (those after)"""
    if not x_shape:
        return g
    g = keep(g, x_shape, dim, keepdim)
    if not has_zero(x):
        return g * conj(keep(out, x_shape, dim, keepdim) / x)
    rows, along = (x, dim) if dim is not None else (x.reshape((count(x_shape, None),)), 0)
    before = shift(cumprod(rows, dim=along), dim=along, by=1, fill=1)
    after = shift(cumprod(rows, dim=along, reverse=True), dim=along, by=-1, fill=1)
    return g * conj((before * after).reshape(x_shape))


def has_zero(x: Any) -> bool:
    """True if some element of an array or tensor is 0."""
    return not getattr(x, "_array", x).all()


# -- extrema ---------------------------------------------------------------------------------------------------------


def _no_maximum(name: str, with_dim: str) -> Any:
    """diagnose: NumPy refused because there is no element to choose."""

    def diagnose(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
        shape, dim = inputs[0]._array.shape, settings.get("dim")
        if 0 not in shape:
            return None
        if dim is None or dim == ():
            what = with_dim
        else:
            empty = next(d for d in (dim if isinstance(dim, tuple) else (dim,)) if shape[d] == 0)
            what = f"Expected reduction dim {empty} to have non-zero size."
        return (RuntimeError if dim is None else IndexError)(explain(f"{name}(): {what}", [("input", shape, "")]))

    return diagnose


_UNSPECIFIED = (
    "Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
)
_EMPTY_MAX, _EMPTY_MIN = _no_maximum("max", _UNSPECIFIED), _no_maximum("min", _UNSPECIFIED)


def _spread(g: Any, x: Any, out: Any, x_shape: tuple, dim: Any, keepdim: bool) -> Any:
    """The gradient of an extremum: shared equally by the elements that attain it."""
    mask = matches(x, keep(out, x_shape, dim, keepdim))
    return mask * (keep(g, x_shape, dim, keepdim) / sum(mask, dim=dim, keepdim=True))


@op(diagnose=_no_maximum("amax", _UNSPECIFIED))
def amax(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    return x.max(axis=dim, keepdims=keepdim)


amax.vjp("x")(_spread)


@op(diagnose=_no_maximum("amin", _UNSPECIFIED))
def amin(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    return x.min(axis=dim, keepdims=keepdim)


amin.vjp("x")(_spread)


def spread_over_ties(g: Any, x: Any, out: Any) -> Any:
    """As `_spread` over all elements; if the extremum is nan, the nans attain it."""
    value = getattr(out, "_array", out)
    mask = matches(x, out) if value == value else 1 - matches(x, x)
    return mask * (g / sum(mask))


@op(node="MaxBackward1", diagnose=_EMPTY_MAX)
def max_all(x: Any) -> Any:
    return x.max()


max_all.vjp("x")(spread_over_ties)


@op(node="MinBackward1", diagnose=_EMPTY_MIN)
def min_all(x: Any) -> Any:
    return x.min()


min_all.vjp("x")(spread_over_ties)


def _select(g: Any, out1: Any, x_shape: tuple, dim: int, keepdim: bool) -> Any:
    """The gradient of values chosen along a dimension goes to where they came from."""
    return select_grad(g[0], out1, x_shape, dim, keepdim)


def select_grad(g: Any, index: Any, x_shape: tuple, dim: int, keepdim: bool) -> Any:
    """Put the gradient of a value chosen along `dim` to where `index` says that it came from."""
    if not x_shape:
        return g
    return place(keep(g, x_shape, dim, keepdim), keep(index, x_shape, dim, keepdim), dim=dim, size=x_shape[dim])


def first(x: Any, index: Any, dim: int, keepdim: bool) -> tuple:
    """(values, indices) of the elements at `index`, which has length 1 along `dim`."""
    values = pick(x, index, dim=dim)
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


def _extremum(x: Any, dim: int, keepdim: bool, greatest: bool) -> tuple:
    if x.ndim == 0:
        return x.copy(), xp_of(x).zeros((), dtype="int64")
    index = x.argmax(axis=dim) if greatest else x.argmin(axis=dim)
    values = x.max(axis=dim) if greatest else x.min(axis=dim)
    if not keepdim:
        return values, index
    shape = kept_shape(x.shape, dim)
    return values.reshape(shape), index.reshape(shape)


@op(outputs=2, node="MaxBackward0", diagnose=_EMPTY_MAX)
def max_dim(x: Any, *, dim: int, keepdim: bool = False) -> tuple:
    return _extremum(x, dim, keepdim, True)


max_dim.vjp("x")(_select)


@op(outputs=2, node="MinBackward0", diagnose=_EMPTY_MIN)
def min_dim(x: Any, *, dim: int, keepdim: bool = False) -> tuple:
    return _extremum(x, dim, keepdim, False)


min_dim.vjp("x")(_select)


def _where(index: Any, shape: tuple, dim: int | None, keepdim: bool) -> Any:
    return index.reshape(kept_shape(shape, dim)) if keepdim else index


@op(diagnose=_no_maximum("argmax", _UNSPECIFIED))
def argmax(x: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    return _where(x.argmax(axis=dim if x.ndim else None), x.shape, dim, keepdim)


@op(diagnose=_no_maximum("argmin", _UNSPECIFIED))
def argmin(x: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    return _where(x.argmin(axis=dim if x.ndim else None), x.shape, dim, keepdim)


# -- truth and counting ----------------------------------------------------------------------------------------------


@op
def all(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """True if no element is zero; uint8 answers in uint8, as torch does."""
    return _truth(x, x.astype(bool).all(axis=dim, keepdims=keepdim))


@op
def any(x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """True if some element is not zero; uint8 answers in uint8, as torch does."""
    return _truth(x, x.astype(bool).any(axis=dim, keepdims=keepdim))


def _truth(x: Any, answer: Any) -> Any:
    return answer.astype(x.dtype) if x.dtype.char == "B" else answer


@op
def count_nonzero(x: Any, *, dim: Any = None) -> Any:
    return (x != 0).sum(axis=dim, dtype="int64")


def result_dtype(x: Any) -> dtypes.dtype:
    """The dtype of a tensor's sum."""
    kind = x._array.dtype.kind
    return dtypes.int64 if kind in "biu" else dtypes.from_numpy(x._array.dtype)
