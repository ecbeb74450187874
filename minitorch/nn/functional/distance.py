"""Distances and similarities between vectors, composed of Tensor operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch.backend import dtypes
from minitorch.errors import explain
from minitorch.nn.functional.spatial import need_tensor
from minitorch.tensor import FUNCTIONS

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)), along dim; the two broadcast.

    >>> import minitorch as mt
    >>> mt.nn.functional.cosine_similarity(mt.tensor([[1.0, 0.0]]), mt.tensor([[3.0, 4.0]]))
    tensor([0.6000])
    """
    need_tensor("cosine_similarity", "x1", 1, x1)
    need_tensor("cosine_similarity", "x2", 2, x2)
    common = dtypes.promote_types(x1.dtype, x2.dtype)
    if not common.is_floating_point:
        kind = dtypes.SCALAR_NAME[common]
        raise RuntimeError(f"cosine_similarity: expected common dtype to be floating point, yet common dtype is {kind}")
    x1, x2 = FUNCTIONS["broadcast_tensors"](x1.to(common), x2.to(common))
    unit1, unit2 = (x / _length(x, dim, eps) for x in (x1, x2))
    return (unit1 * unit2).sum(dim)


def _length(x: Tensor, dim: int, eps: float) -> Tensor:
    """max(|x|, eps), with the derivative of |x| throughout, as torch has it."""
    length = x.norm(2, dim, keepdim=True)
    return length + (length.detach().clamp_min(eps) - length.detach())


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """|x1 - x2 + eps|_p along the last dimension.

    >>> import minitorch as mt
    >>> mt.nn.functional.pairwise_distance(mt.tensor([[1.0, 1.0]]), mt.tensor([[4.0, 5.0]]))
    tensor([5.0000])
    """
    need_tensor("pairwise_distance", "x1", 1, x1)
    need_tensor("pairwise_distance", "x2", 2, x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """|x_i - x_j|_p for all pairs i < j of rows: (n, k) -> (n (n - 1) / 2).

    >>> import minitorch as mt
    >>> mt.nn.functional.pdist(mt.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    need_tensor("pdist", "input", 1, input)
    shape = input._array.shape
    if len(shape) != 2:
        raise RuntimeError(explain(f"pdist only supports 2D tensors, got: {len(shape)}D", [("input", shape, "")]))
    if not input.is_floating_point():
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = FUNCTIONS["triu_indices"](shape[0], shape[0], 1).unbind(0)
    return (input[first] - input[second]).norm(p, 1)
