"""The few ops that the engine itself needs, with their derivatives; and `fit`, which makes a gradient fit its input.

Unbroadcasting, gradient dtype and device are the engine's business, once, so no vjp does them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minitorch.autograd.node import Node, Slot
from minitorch.autograd.op import op
from minitorch.backend import xp_of


@op(node=lambda s: "ToCopyBackward0")
def cast(x: Any, *, dtype: Any) -> Any:
    """x in another dtype (always a copy)."""
    return x.real.astype(dtype) if x.dtype.kind == "c" and dtype.kind != "c" else x.astype(dtype)


@cast.vjp("x")
def _(g: Any) -> Any:
    return g  # the engine casts it to x's dtype


@op(node="SumBackward1", inner=True)
def sum_to(x: Any, *, shape: tuple) -> Any:
    """Sum over the axes along which `shape` was broadcast to x's shape."""
    return _sum_to(x, shape)


@sum_to.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return broadcast_to(g, shape=x_shape)


@functools.lru_cache(4096)
def _summed_axes(have: tuple, want: tuple) -> tuple[tuple, bool]:
    """The axes to sum over, and whether they are all at the front and go."""
    lead = len(have) - len(want)
    ones = tuple(lead + i for i, n in enumerate(want) if n == 1 and have[lead + i] != 1)
    return tuple(range(lead)) + ones, not ones


def _sum_to(x: Any, shape: tuple) -> Any:
    axes, leading = _summed_axes(x.shape, shape)
    if leading and x.__class__ is np.ndarray and x.dtype.char in "fd" and shape:
        return np.add.reduce(x, axes)
    # 16-bit numbers are summed in float32, as torch does
    exact = "float32" if x.dtype.itemsize == 2 and x.dtype.kind in "fV" else x.dtype
    total = x.sum(axis=axes, keepdims=True, dtype=exact).reshape(shape)
    return total if exact is x.dtype else total.astype(x.dtype)


def strided(x: Any, shape: tuple, strides: tuple) -> Any:
    """A view of x's memory from its first element on, of any shape and strides (in bytes). Writable, unlike
    NumPy's broadcast_to and diagonal; what lies outside x's memory must not be reached."""
    if x.__class__ is np.ndarray and x.flags.c_contiguous:
        return np.ndarray(shape, x.dtype, x, 0, strides)  # ten times as fast as as_strided
    return xp_of(x).lib.stride_tricks.as_strided(x, shape, strides)


@op(view=True, node="ExpandBackward0", inner=True)
def broadcast_to(x: Any, *, shape: tuple) -> Any:
    """A view of x that repeats axes of length 1."""
    lead = len(shape) - x.ndim
    steps = [s if n == m else 0 for n, m, s in zip(x.shape, shape[lead:], x.strides, strict=True)]
    for n, m in zip(x.shape, shape[lead:], strict=True):
        if n != m and n != 1:
            raise ValueError(shape)
    return strided(x, shape, (0,) * lead + tuple(steps))


@broadcast_to.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return sum_to(g, shape=x_shape)


@op(view=True, node="AliasBackward0")
def alias(x: Any) -> Any:
    """x itself, as a tensor of its own."""
    return x[...]


@alias.vjp("x")
def _(g: Any) -> Any:
    return g


def fit(edge: Any, g: Any, graph: bool, node: Node) -> Any:
    """Make gradient `g`, that `node` returned for `edge`, have the shape and dtype of what the edge stands for."""
    array = g._array if graph else g
    if isinstance(edge, (Node, Slot)):
        shape, dtype = edge.shape, edge.dtype
    else:
        shape, dtype = edge._array.shape, edge._array.dtype
    if array.shape != shape:
        g = _unbroadcast(g, array.shape, shape, graph, node)
        array = g._array if graph else g
    if array.dtype is not dtype and array.dtype != dtype:
        g = cast(g, dtype=dtype)
    elif not graph and not hasattr(g, "__setitem__"):
        g = xp_of(g).asarray(g)  # a NumPy scalar, from arithmetic on 0-d arrays
    return g


@functools.lru_cache(4096)
def _broadcasts_to(shape: tuple, to: tuple) -> bool:
    lead = len(to) - len(shape)
    return lead >= 0 and all(n in (1, to[lead + i]) for i, n in enumerate(shape))


def _unbroadcast(g: Any, have: tuple, want: tuple, graph: bool, node: Node) -> Any:
    made = getattr(type(node), "op", None)
    if not _broadcasts_to(want, have) or not (made is None or made.broadcasts):
        raise RuntimeError(
            f"Function {node.name()} returned an invalid gradient - got {list(have)} but expected shape compatible "
            f"with {list(want)}"
        )
    return sum_to(g, shape=want) if graph else _sum_to(g, want)
