"""Gather and scatter along one dimension, and the index_* operations on whole slices.

The index of gather and scatter has as many dimensions as the tensor and may be smaller than it. Index ranges have been
checked by the methods: NumPy would take negative numbers, torch does not.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import sum_to
from minitorch.autograd.views import writes
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.memory import copied, scalar_failure, scalar_for

# -- gather and scatter -----------------------------------------------------------------------------------------------


def _grid(index: Any, dim: int) -> tuple:
    """What NumPy takes to address x[i, index[i, j, k], k] for all i, j, k (here dim is 1)."""
    if index.ndim == 0:
        return (index,)
    xp, key = xp_of(index), []
    for d, n in enumerate(index.shape):
        key.append(index if d == dim else xp.arange(n).reshape((n,) + (1,) * (index.ndim - 1 - d)))
    return tuple(key)


def _flat(index: Any, dim: int, shape: tuple) -> Any:
    """The places that `_grid` addresses, in a flattened array of `shape`."""
    xp, last = xp_of(index), index.ndim - 1
    steps = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    places = index.astype("int64", copy=False)
    if steps[dim] != 1:
        places = places * steps[dim]
    for d in range(last + 1):
        if d != dim and index.shape[d] > 1:
            places = places + (xp.arange(index.shape[d]) * steps[d]).reshape((-1,) + (1,) * (last - d))
    return places


@op
def gather(x: Any, index: Any, *, dim: int) -> Any:
    """out[i, j, k] = x[i, index[i, j, k], k] for dim 1, and so on."""
    if x.ndim == 0 or index.ndim == 0:
        return x.reshape(-1)[index]
    if x.flags.c_contiguous and x.size:
        return x.reshape(-1).take(_flat(index, dim, x.shape))
    part = x[tuple([slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape)])]
    return xp_of(x).take_along_axis(part, index, axis=dim)


@gather.vjp("x")
def _(g: Any, x_shape: tuple, index: Any, dim: int) -> Any:
    return gather_spread(g, index, shape=x_shape, dim=dim)


@op(node="ScatterAddBackward0")
def gather_spread(x: Any, index: Any, *, shape: tuple, dim: int) -> Any:
    """Zeros of `shape` with x added at the places of index; adjoint of gather."""
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    _add(out, index, x, dim)
    return out


@gather_spread.vjp("x")
def _(g: Any, index: Any, dim: int) -> Any:
    return gather(g, index, dim=dim)


def _add(out: Any, index: Any, src: Any, dim: int) -> None:
    """out[i, index[i, j, k], k] += src[i, j, k], also where places repeat."""
    src = _corner(src, index.shape)
    if out.flags.c_contiguous:
        shape = out.shape or (1,)
        places = (index if out.ndim == 0 or index.size == 0 else _flat(index, dim, shape)).reshape(-1)
        kernels_of(out).add_rows(out.reshape(-1, 1), places, src.reshape(-1, 1))
    else:
        xp_of(out).add.at(out, _grid(index, dim), src)


def _corner(src: Any, shape: tuple) -> Any:
    """The first elements of src along each dimension, as many as the index has."""
    return src if src.shape == shape or src.ndim != len(shape) else src[tuple([slice(n) for n in shape])]


def _explain_scatter(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    return scalar_failure(inputs[0], inputs[2])


@op(node=lambda s: "ScatterBackward1" if s["by_number"] else "ScatterBackward0", diagnose=_explain_scatter)
def scatter(x: Any, index: Any, src: Any, *, dim: int, by_number: bool = False) -> Any:
    """x with out[i, index[i, j, k], k] = src[i, j, k] for dim 1; src is a tensor or a number."""
    out = copied(x, "C")
    _write_scatter(out, index, src, dim=dim)
    return out


@writes(scatter)
def _write_scatter(x: Any, index: Any, src: Any, *, dim: int, by_number: bool = False) -> None:
    value = _corner(src, index.shape) if hasattr(src, "shape") else scalar_for(x, src)
    if x.ndim == 0:
        if index.size:
            x[...] = value.reshape(-1)[-1] if hasattr(value, "shape") else value
    elif index.size:
        x[_grid(index, dim)] = value


@scatter.vjp("x")
def _(g: Any, index: Any, dim: int) -> Any:
    return scatter(g, index, 0.0, dim=dim, by_number=True)


@scatter.vjp("src")
def _(g: Any, index: Any, src_shape: tuple, dim: int) -> Any:
    return embed_corner(gather(g, index, dim=dim), shape=src_shape)


@op(node="SliceBackwardBackward0")
def embed_corner(x: Any, *, shape: tuple) -> Any:
    """Zeros of `shape` whose first elements along each dimension are x."""
    if x.shape == shape:
        return copied(x)
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    _corner(out, x.shape)[...] = x
    return out


@embed_corner.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return g if g.shape == x_shape else g[tuple([slice(n) for n in x_shape])]


@op
def scatter_add(x: Any, index: Any, src: Any, *, dim: int) -> Any:
    """x with out[i, index[i, j, k], k] += src[i, j, k] for dim 1."""
    out = copied(x, "C")
    _add(out, index, src, dim)
    return out


@writes(scatter_add)
def _write_scatter_add(x: Any, index: Any, src: Any, *, dim: int) -> None:
    _add(x, index, src, dim)


@scatter_add.vjp("x")
def _(g: Any) -> Any:
    return g


@scatter_add.vjp("src")
def _(g: Any, index: Any, src_shape: tuple, dim: int) -> Any:
    return embed_corner(gather(g, index, dim=dim), shape=src_shape)


# -- whole slices -----------------------------------------------------------------------------------------------------


def _slices(index: Any, dim: int) -> tuple:
    return (slice(None),) * dim + (index.reshape(-1),)


@op
def index_select(x: Any, index: Any, *, dim: int) -> Any:
    """The slices of x along `dim` that the vector `index` names, in its order."""
    if x.ndim == 0:
        return x.reshape(1)[index.reshape(-1)].reshape(())
    if x.flags.c_contiguous:
        return x.take(index.reshape(-1), axis=dim)
    out = x[_slices(index, dim)]
    return out if out.flags.c_contiguous else out.copy("C")


@index_select.vjp("x")
def _(g: Any, x_shape: tuple, index: Any, dim: int) -> Any:
    return index_spread_slices(g, index, shape=x_shape, dim=dim)


@op(node="IndexAddBackward0")
def index_spread_slices(x: Any, index: Any, *, shape: tuple, dim: int) -> Any:
    """Zeros of `shape` with the slices of x added where index says; adjoint of index_select."""
    xp = xp_of(x)
    if not shape:
        return x.reshape(())
    moved = xp.moveaxis(x, dim, 0)
    rest = (*shape[:dim], *shape[dim + 1 :])
    width = math.prod(rest)
    out = xp.zeros((shape[dim], width), dtype=x.dtype)
    kernels_of(out).add_rows(out, index.reshape(-1), moved.reshape(index.size, width))
    return xp.moveaxis(out.reshape(shape[dim], *rest), 0, dim)


@index_spread_slices.vjp("x")
def _(g: Any, index: Any, dim: int) -> Any:
    return index_select(g, index, dim=dim)


@op
def index_add(x: Any, index: Any, source: Any, *, dim: int, alpha: float = 1) -> Any:
    """x with alpha * source's slices added to the slices of x that `index` names."""
    out = copied(x, "C")
    _write_index_add(out, index, source, dim=dim, alpha=alpha)
    return out


@writes(index_add)
def _write_index_add(x: Any, index: Any, source: Any, *, dim: int, alpha: Any = 1) -> None:
    if x.dtype.kind == "u" and alpha < 0:
        alpha %= 256
    if x.ndim == 0:
        x[...] += (alpha * source).reshape(()).astype(x.dtype)
        return
    added = source if alpha == 1 else (source * alpha).astype(x.dtype)
    if dim == 0 and x.flags.c_contiguous and x.size:
        width = x.size // x.shape[0]
        kernels_of(x).add_rows(x.reshape(x.shape[0], width), index.reshape(-1), added.reshape(index.size, width))
    else:
        xp_of(x).add.at(x, _slices(index, dim), added)


@index_add.vjp("x")
def _(g: Any) -> Any:
    return g


@index_add.vjp("source")
def _(g: Any, index: Any, source_shape: tuple, dim: int, alpha: Any) -> Any:
    part = index_select(g, index, dim=dim).reshape(source_shape)
    return part if alpha == 1 else part * alpha


@op
def index_copy(x: Any, index: Any, source: Any, *, dim: int) -> Any:
    """x with the slices that `index` names replaced by source's."""
    out = copied(x, "C")
    _write_index_copy(out, index, source, dim=dim)
    return out


@writes(index_copy)
def _write_index_copy(x: Any, index: Any, source: Any, *, dim: int) -> None:
    if x.ndim == 0:
        x[...] = source.reshape(())
    else:
        x[_slices(index, dim)] = source


@index_copy.vjp("x")
def _(g: Any, index: Any, dim: int) -> Any:
    return index_fill(g, index, 0.0, dim=dim)


@index_copy.vjp("source")
def _(g: Any, index: Any, source_shape: tuple, dim: int) -> Any:
    return index_select(g, index, dim=dim).reshape(source_shape)


@op(node=lambda s: "IndexFillBackward1" if s["by_tensor"] else "IndexFillBackward0", diagnose=_explain_scatter)
def index_fill(x: Any, index: Any, value: Any, *, dim: int, by_tensor: bool = False) -> Any:
    """x with the slices that `index` names filled with a number or 0-d tensor."""
    out = copied(x)
    _write_index_fill(out, index, value, dim=dim)
    return out


@writes(index_fill)
def _write_index_fill(x: Any, index: Any, value: Any, *, dim: int, by_tensor: bool = False) -> None:
    value = value if hasattr(value, "dtype") else scalar_for(x, value)
    if x.ndim == 0:
        if index.size:
            x[...] = value
    else:
        x[_slices(index, dim)] = value


@index_fill.vjp("x")
def _(g: Any, index: Any, dim: int) -> Any:
    return index_fill(g, index, 0.0, dim=dim)


@index_fill.vjp("value")
def _(g: Any, x_shape: tuple, index: Any, dim: int) -> Any:
    once = distinct(index, length=x_shape[dim] if x_shape else 1)
    return sum_to(index_select(g, once, dim=dim), shape=())


@op
def distinct(x: Any, *, length: int) -> Any:
    """Every index in x once, counted from the front; a constant of the derivative above."""
    return xp_of(x).unique(x % length)
