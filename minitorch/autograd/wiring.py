"""Small pieces that every way of calling an op shares: wrapping results, hanging them on their node."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.node import Node, Slot


def hang(node: Node, tensors: tuple) -> None:
    """Make `tensors` the outputs of `node`; integer outputs take no gradient."""
    if len(tensors) == 1 and node.n_outputs == 1:
        t = tensors[0]
        node.shape, node.dtype = t._array.shape, t._array.dtype
        t._edge, t._requires_grad = node, True
        return
    node.shape = tuple(t._array.shape for t in tensors)
    node.dtype = tuple(t._array.dtype for t in tensors)
    for k, t in enumerate(tensors):
        if t._array.dtype.kind not in "biu":
            t._edge, t._requires_grad = Slot(node, k, t._array.shape, t._array.dtype), True


def shares(out: Any, source: Any) -> bool:
    """True if `out` is a NumPy or CuPy view of `source` (or of what `source` views)."""
    base = out.base
    return out is source or (base is not None and (base is source or base is source.base))


def as_array(out: Any, like: Any) -> Any:
    """NumPy gives a scalar for 0-d ufunc results; make it an array again."""
    if isinstance(out, np.generic) or not hasattr(out, "shape"):
        return np.asarray(out) if isinstance(like, np.ndarray) else type(like)(out)
    return out


def as_number(array: Any) -> Any:
    """A 0-d NumPy array as a NumPy scalar, with which arithmetic takes a fifth of the time."""
    return array[()] if array.__class__ is np.ndarray and not array.shape else array


def is_dense(array: Any) -> bool:
    """True if the elements fill a stretch of memory without gaps or overlaps, in any order of dimensions."""
    expected = array.dtype.itemsize
    for step, n in sorted((s, n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if step != expected:
            return False
        expected *= n
    return True
