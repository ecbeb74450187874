"""linalg: the matrix exponential, and equations between tensors that are matrices in disguise; unpacking an LU."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.ops import elementwise
from minitorch.ops import linalg as ops
from minitorch.ops import lu as lu_ops
from minitorch.ops.shape import permute, reshape
from minitorch.tensor import return_types
from minitorch.tensor.matmul import matrix_product as product
from minitorch.tensor.matrices import check_square, floating, square, with_out
from minitorch.tensor.solving import solve

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

# The coefficients of the [13/13] Pade approximant of exp, and the norm up to which it is exact in double precision:
# N. Higham, "The scaling and squaring method for the matrix exponential revisited" (2005).
PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
EXACT_UP_TO = 5.371920351148152


def matrix_exp(A: Tensor) -> Tensor:
    """e**A = I + A + A A / 2 + ..., by scaling, a rational approximation, and squaring.

    >>> import minitorch as mt
    >>> mt.linalg.matrix_exp(mt.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_square(A, "linalg.matrix_exp")
    floating(A, "linalg.matrix_exp", halves=True)
    if A._array.dtype.itemsize == 2:
        return matrix_exp(A.float()).to(A.dtype)
    one = lu_ops.identity_like(A)
    if A._array.size == 0:
        return elementwise.mul(A, 1)
    size = float(abs(A._array).sum(axis=-2).max())
    halvings = max(0, math.ceil(math.log2(size / EXACT_UP_TO))) if size and math.isfinite(size) else 0
    X = elementwise.mul(A, 0.5**halvings)
    X2 = product(X, X)
    X4 = product(X2, X2)
    X6 = product(X4, X2)
    b = [c / PADE[0] for c in PADE]
    odd = product(X6, X6 * b[13] + X4 * b[11] + X2 * b[9]) + X6 * b[7] + X4 * b[5] + X2 * b[3] + one * b[1]
    even = product(X6, X6 * b[12] + X4 * b[10] + X2 * b[8]) + X6 * b[6] + X4 * b[4] + X2 * b[2] + one * b[0]
    odd = product(X, odd)
    result = ops.solve(even - odd, even + odd)
    for _ in range(halvings):
        result = product(result, result)
    return result


@with_out
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind`: of a square matrix when flattened so.

    >>> import minitorch as mt
    >>> mt.linalg.tensorinv(mt.eye(4).reshape(2, 2, 4), ind=2).shape
    torch.Size([4, 2, 2])
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    shape = A._array.shape
    first, last = shape[:ind], shape[ind:]
    n, m = math.prod(first), math.prod(last)
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{m} != {n}"
        )
    return reshape(ops.inv(square(reshape(A, shape=(n, m)), "linalg.tensorinv")), shape=(*last, *first))


@with_out
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; the dims of A in `dims` are moved to its end first.

    >>> import minitorch as mt
    >>> mt.linalg.tensorsolve(mt.eye(4).reshape(4, 2, 2), mt.ones(4)).shape
    torch.Size([2, 2])
    """
    ndim = A._array.ndim
    if dims is not None:
        moved = [d % ndim for d in dims]
        A = permute(A, dims=(*(d for d in range(ndim) if d not in moved), *moved))
    result = A._array.shape[B._array.ndim :]
    n, m = math.prod(result), B._array.size
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {n} != {m}"
        )
    X = solve(reshape(A, shape=(m, n)), reshape(B, shape=(m,)))
    return reshape(X, shape=result)


@with_out
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """(P, L, U) from what `linalg.lu_factor` gives; parts that are not asked for stay empty.

    >>> import minitorch as mt
    >>> mt.lu_unpack(*mt.linalg.lu_factor(mt.tensor([[0.0, 1.0], [2.0, 0.0]]))).P
    tensor([[0., 1.],
            [1., 0.]])
    """
    if LU_pivots._array.dtype != "int32":
        raise RuntimeError("torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype")
    xp = xp_of(LU_data._array)
    P = L = U = wrap(xp.empty((0,), dtype=LU_data._array.dtype))
    if unpack_pivots:
        P = lu_ops.permutation(LU_pivots, size=LU_data._array.shape[-2], dtype=LU_data._array.dtype)
    if unpack_data:
        L, U = lu_ops.lower_of(LU_data), lu_ops.upper_of(LU_data)
    return return_types.lu_unpack(P, L, U)
