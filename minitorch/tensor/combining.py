"""Functions that combine the elements of several vectors, or several matrices into one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.ops import joining as ops
from minitorch.ops import scattering
from minitorch.tensor.joining import atleast_2d, common_dtype, stack, tensors_of
from minitorch.tensor.repetition import meshgrid

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of one element from each vector, one per row; a single vector as it is."""
    tensors = tensors_of(
        "cartesian_prod", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    )
    for t in tensors:
        if t._array.ndim != 1:
            raise RuntimeError(f"cartesian_prod: Expect a 1D vector, but got shape {list(t._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of r elements of a vector, in the order of itertools.combinations, one per row.

    >>> import minitorch as mt
    >>> mt.combinations(mt.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"combinations: Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    n = input._array.size
    rows = math.comb(n + r - 1, r) if with_replacement and n else math.comb(n, r)
    if r == 0:
        return wrap(xp_of(input._array).empty(0, dtype=input._array.dtype))
    flat = list(itertools.chain.from_iterable(choose(range(n), r)))
    index = wrap(xp_of(input._array).asarray(flat, dtype="int64"))
    return scattering.index_select(input, index, dim=0).reshape(rows, r)


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with the given matrices along its diagonal (vectors are rows, numbers 1 x 1), zeros elsewhere.

    >>> import minitorch as mt
    >>> mt.block_diag(mt.tensor([[1, 2]]), mt.tensor([[3], [4]]))
    tensor([[1, 2, 0],
            [0, 0, 3],
            [0, 0, 4]])
    """
    tensors = tensors_of("block_diag", tensors)
    for i, t in enumerate(tensors):
        if t._array.ndim > 2:
            raise RuntimeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {t._array.ndim} dimensions"
            )
    blocks = [atleast_2d(t) for t in tensors]
    width = sum(b._array.shape[1] for b in blocks)
    xp, dtype, rows, at = xp_of(blocks[0]._array), common_dtype("block_diag", tensors), [], 0
    dtype = blocks[0]._array.dtype if dtype is None else dtype
    for b in blocks:
        height, w = b._array.shape
        left, right = (wrap(xp.zeros((height, n), dtype=dtype)) for n in (at, width - at - w))
        rows.append(ops.cat(left, b, right, dim=1, dtype=dtype))
        at += w
    return ops.cat(*rows, dim=0)


FUNCTIONS: dict[str, Callable] = {
    "cartesian_prod": cartesian_prod,
    "combinations": combinations,
    "block_diag": block_diag,
}
