"""Indexing: basic (views), advanced (copies), and what assignment by index needs.

A basic index is a tuple of ints, slices, None and `...`, always ending in `...` so that NumPy gives a view and never a
scalar. An advanced index has been taken apart by tensor/index_parsing.py into a basic part and `Positions`.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import sum_to
from minitorch.autograd.views import writes
from minitorch.backend import kernels_of, xp_of
from minitorch.errors import explain
from minitorch.ops.memory import copied, scalar_failure, scalar_for

# -- basic ------------------------------------------------------------------------------------------------------------


def explain_index(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    """torch's error for a basic index that x's shape can't take."""
    shape, d = tuple(inputs[0].shape), 0
    index = settings["index"]
    wanted = sum(1 for i in index if i is not None and i is not Ellipsis)
    if wanted > len(shape):
        if not shape and isinstance(index[0], int):
            return IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
            )
        if not shape and isinstance(index[0], slice):
            return IndexError("slice() cannot be applied to a 0-dim tensor.")
        return IndexError(explain(f"too many indices for tensor of dimension {len(shape)}", [("tensor", shape, "")]))
    for i in index:
        if i is None:
            continue
        if i is Ellipsis:
            d += len(shape) - wanted
            continue
        if isinstance(i, int) and not -shape[d] <= i < shape[d]:
            return IndexError(f"index {i} is out of bounds for dimension {d} with size {shape[d]}")
        d += 1
    return None


@op(view=True, diagnose=explain_index)
def select(x: Any, *, index: tuple) -> Any:
    """x[..., i, ...]: one dimension less. All three basic ops take any basic index; only their nodes' names differ."""
    return x[index]


@op(view=True, name="slice", diagnose=explain_index)
def slice_(x: Any, *, index: tuple) -> Any:
    """x[..., a:b, ...]."""
    return x[index]


@op(view=True, node="UnsqueezeBackward0", diagnose=explain_index)
def newaxis(x: Any, *, index: tuple) -> Any:
    """x[..., None, ...]."""
    return x[index]


def _basic_vjp(g: Any, x_shape: tuple, index: tuple) -> Any:
    return embed(g, shape=x_shape, index=index)


for _basic in (select, slice_, newaxis):
    _basic.vjp("x")(_basic_vjp)


@op(node="SliceBackwardBackward0")
def embed(x: Any, *, shape: tuple, index: tuple) -> Any:
    """Zeros of `shape` with x at a basic index; adjoint of the three above."""
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    out[index] = x
    return out


@embed.vjp("x")
def _(g: Any, index: tuple) -> Any:
    return slice_(g, index=index)


@op(node=lambda s: s["kind"] + "ScatterBackward0")
def replace(x: Any, src: Any, *, index: tuple, kind: str = "Slice") -> Any:
    """x with `src` (zeros if None) at a basic index: select_scatter and slice_scatter."""
    out = copied(x)
    out[index] = 0 if src is None else src
    return out


@replace.vjp("x")
def _(g: Any, index: tuple) -> Any:
    return replace(g, None, index=index)


@replace.vjp("src")
def _(g: Any, index: tuple) -> Any:
    return slice_(g, index=index)


# -- advanced ---------------------------------------------------------------------------------------------------------


class Positions:
    """An advanced index: for each dimension from the front an integer array, a boolean mask, or None (all of it).

    The arrays may be the user's, so their versions are remembered: a change before the backward pass is an error, as
    it is for saved tensors. `unique`: no place is named twice (masks).
    """

    __slots__ = ("key", "watched", "unique")

    def __init__(self, arrays: tuple, watched: tuple = (), unique: bool = False) -> None:
        self.key: tuple[Any, ...] = tuple([slice(None) if a is None else a for a in arrays])
        self.watched = watched  # ((version counter, version), ...)
        self.unique = unique

    def check(self) -> None:
        """Raise if an index tensor was changed in place since."""
        for counter, version in self.watched:
            if counter[0] != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    "an "
                    f"index tensor is at version {counter[0]}; expected version {version} instead. "
                    "Hint: index with a copy (index.clone()), or change a copy."
                )


def watch(*tensors: Any) -> tuple:
    """((version counter, version), ...) of index tensors."""
    return tuple([(t._counter, t._counter[0]) for t in tensors if t._counter is not None])


def _explain_positions(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    shape = tuple(inputs[0].shape)
    key = settings["positions"].key
    arrays = [(d, k) for d, k in enumerate(key) if not isinstance(k, slice) and k.dtype.kind != "b"]
    for d, k in arrays:
        if k.size and d < len(shape) and (int(k.min()) < -shape[d] or int(k.max()) >= shape[d]):
            worst = int(k.min()) if int(k.min()) < -shape[d] else int(k.max())
            return IndexError(f"index {worst} is out of bounds for dimension {d} with size {shape[d]}")
    shapes = [k.shape for _, k in arrays]
    if broadcast_shape(shapes) is None:
        listed = ", ".join(str(list(s)) for s in shapes)
        return IndexError(f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}")
    if len(inputs) > 1:
        found = scalar_failure(inputs[0], inputs[1])
        if found is not None:
            return found
        result = inputs[0]._array[key].shape
        return RuntimeError(
            f"shape mismatch: value tensor of shape {list(inputs[1].shape)} cannot be broadcast to indexing result of "
            f"shape {list(result)}"
        )
    return None


def broadcast_shape(shapes: list) -> tuple | None:
    """The shape that `shapes` broadcast to; None if they don't."""
    result: list[int] = []
    for shape in shapes:
        for d in range(1, len(shape) + 1):
            if d > len(result):
                result.insert(0, shape[-d])
            elif result[-d] == 1:
                result[-d] = shape[-d]
            elif shape[-d] not in (1, result[-d]):
                return None
    return tuple(result)


@op(diagnose=_explain_positions)
def index(x: Any, *, positions: Positions) -> Any:
    """x at the given positions, a copy."""
    key = positions.key
    last = len(key) - 1
    if key[last].dtype.kind != "b" and x.flags.c_contiguous and all(k.__class__ is slice for k in key[:last]):
        return x.take(key[last], axis=last)  # twice as fast as x[key]; it would copy an x that is not contiguous
    out = x[key]
    return out if key[0].__class__ is not slice or out.flags.c_contiguous else out.copy("C")


@index.vjp("x")
def _(g: Any, x_shape: tuple, positions: Positions) -> Any:
    positions.check()
    return index_spread(g, shape=x_shape, positions=positions)


@op(node="IndexPutBackward0")
def index_spread(x: Any, *, shape: tuple, positions: Positions) -> Any:
    """Zeros of `shape` with x added at the positions; adjoint of index."""
    xp, key = xp_of(x), positions.key
    if positions.unique:
        out = xp.zeros(shape, dtype=x.dtype)
        out[key] = x
        return out
    if len(key) == 1:  # rows by number, the usual case
        out = xp.zeros((shape[0], math.prod(shape[1:])), dtype=x.dtype)
        places = key[0].reshape(-1)
        kernels_of(out).add_rows(out, places % shape[0] if shape[0] else places, x.reshape(places.size, out.shape[1]))
        return out.reshape(shape)
    # bring the indexed dimensions to the front of both, where they are one dimension of rows
    dims = [d for d, k in enumerate(key) if not isinstance(k, slice)]
    rest = [d for d in range(len(shape)) if d not in dims]
    arrays = xp.broadcast_arrays(*[key[d] for d in dims]) if len(dims) > 1 else [key[dims[0]]]
    n = arrays[0].ndim
    first = dims[0] if dims[-1] - dims[0] == len(dims) - 1 else 0  # where NumPy put the index's dimensions
    rows = xp.moveaxis(x, range(first, first + n), range(n)) if first else x
    places = arrays[0] % shape[dims[0]] if shape[dims[0]] else arrays[0]
    for d, a in zip(dims[1:], arrays[1:], strict=True):
        places = places * shape[d] + (a % shape[d] if shape[d] else a)
    heights, widths = [shape[d] for d in dims], [shape[d] for d in rest]
    out = xp.zeros((math.prod(heights), math.prod(widths)), dtype=x.dtype)
    kernels_of(out).add_rows(out, places.reshape(-1), rows.reshape(places.size, math.prod(widths)))
    order = dims + rest
    return out.reshape(heights + widths).transpose([order.index(d) for d in range(len(shape))])


@index_spread.vjp("x")
def _(g: Any, positions: Positions) -> Any:
    return index(g, positions=positions)


@op(diagnose=_explain_positions)
def index_put(x: Any, values: Any, *, positions: Positions, accumulate: bool = False) -> Any:
    """x with `values` put at (or added to) the positions."""
    out = copied(x)
    _write_index_put(out, values, positions=positions, accumulate=accumulate)
    return out


@writes(index_put)
def _write_index_put(x: Any, values: Any, *, positions: Positions, accumulate: bool = False) -> None:
    if not hasattr(values, "dtype"):
        values = scalar_for(x, values)
    if accumulate and not positions.unique:
        xp_of(x).add.at(x, positions.key, values)
    elif accumulate:
        x[positions.key] += values
    else:
        x[positions.key] = values


@index_put.vjp("x")
def _(g: Any, positions: Positions, accumulate: bool) -> Any:
    positions.check()
    return g if accumulate else index_put(g, 0, positions=positions)


@index_put.vjp("values")
def _(g: Any, values_shape: tuple, positions: Positions) -> Any:
    positions.check()
    part = index(g, positions=positions)
    return part if part.shape == values_shape else sum_to(part, shape=values_shape)


# -- flat positions ---------------------------------------------------------------------------------------------------


def _explain_take(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    size, places = math.prod(inputs[0].shape), inputs[1]._array
    if places.size and (int(places.max()) >= size or int(places.min()) < -size):
        worst = int(places.max()) if int(places.max()) >= size else int(places.min())
        return IndexError(f"out of range: tried to access index {worst} on a tensor of {size} elements.")
    return None


@op(diagnose=_explain_take)
def take(x: Any, index: Any) -> Any:
    """The elements of flattened x at `index`."""
    return x.reshape(-1)[index]


@take.vjp("x")
def _(g: Any, x_shape: tuple, index: Any) -> Any:
    return take_spread(g, index, shape=x_shape)


@op(node="PutBackward0")
def take_spread(x: Any, index: Any, *, shape: tuple) -> Any:
    """Zeros of `shape` with x added at the flat positions `index`; adjoint of take."""
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    kernels_of(out).add_rows(out.reshape(-1, 1), index.reshape(-1) % max(out.size, 1), x.reshape(-1, 1))
    return out


@take_spread.vjp("x")
def _(g: Any, index: Any) -> Any:
    return take(g, index)


@op(diagnose=_explain_take)
def put(x: Any, index: Any, source: Any, *, accumulate: bool = False) -> Any:
    """x with source's elements put at (or added to) the flat positions `index`."""
    out = copied(x, "C")
    flat = out.reshape(-1)
    values = 0 if source is None else source.reshape(-1)
    if accumulate:
        xp_of(x).add.at(flat, index.reshape(-1), values)
    else:
        flat[index.reshape(-1)] = values
    return out


@put.vjp("x")
def _(g: Any, index: Any, accumulate: bool) -> Any:
    return g if accumulate else put(g, index, None)


@put.vjp("source")
def _(g: Any, index: Any, source_shape: tuple) -> Any:
    return take(g, index).reshape(source_shape)
