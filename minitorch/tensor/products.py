"""linalg: products of vectors and matrices that are more than a matmul; kron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch.errors import wrap_dim
from minitorch.ops import elementwise
from minitorch.ops import reduce as sums
from minitorch.ops.diagonal import diagonal as diagonal_op
from minitorch.ops.joining import stack
from minitorch.ops.shape import reshape
from minitorch.tensor.dims import kind_name, one_dim
from minitorch.tensor.matmul import vector_product
from minitorch.tensor.matrices import floating, with_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@with_out
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """Vector product along `dim`, of length 3; the other dimensions broadcast.

    >>> import minitorch as mt
    >>> mt.linalg.cross(mt.tensor([1.0, 0.0, 0.0]), mt.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    return vector_product(input, other, dim)


@with_out
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product; an alias of minitorch.matmul.

    >>> import minitorch as mt
    >>> mt.linalg.matmul(mt.ones(1, 2), mt.ones(2, 1))
    tensor([[2.]])
    """
    return input.matmul(other)


@with_out
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """sum(conj(x) y) over `dim`; the other dimensions broadcast.

    >>> import minitorch as mt
    >>> mt.linalg.vecdot(mt.ones(2, 3), mt.ones(3))
    tensor([3., 3.])
    """
    if x._array.dtype != y._array.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {kind_name(x)} and y of type "
            f"{kind_name(y)} instead"
        )
    floating(x, "linalg.vecdot", halves=True)
    both = elementwise.mul(elementwise.conj(x), y)
    return sums.sum(both, dim=one_dim(dim, both._array.ndim, "linalg.vecdot"))


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of a batch of matrices, as a view: minitorch.diagonal of the last two dimensions.

    >>> import minitorch as mt
    >>> mt.linalg.diagonal(mt.ones(5, 2, 3)).shape
    torch.Size([5, 2])
    """
    ndim = A._array.ndim
    first, second = wrap_dim(dim1, ndim, "diagonal"), wrap_dim(dim2, ndim, "diagonal")
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return diagonal_op(A, offset=offset, dim1=first, dim2=second)


@with_out
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The matrix of powers 1, x, x^2, ... of a vector's elements (or of each vector of a batch).

    >>> import minitorch as mt
    >>> mt.linalg.vander(mt.tensor([2.0, 3.0]), N=3)
    tensor([[1., 2., 4.],
            [1., 3., 9.]])
    """
    if x._array.ndim == 0:
        x = x.reshape(1)
    if x._array.dtype.kind == "b":
        raise RuntimeError("linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    n = x._array.shape[-1] if N is None else N
    if x._array.dtype.kind == "u" or x._array.dtype.itemsize < 8 and x._array.dtype.kind == "i":
        x = x.long()  # as torch's running product
    if n <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, but it is {n}")
    powers = [elementwise.zeros_as(x) + 1]
    for _ in range(n - 1):
        powers.append(elementwise.mul(powers[-1], x))
    return stack(*powers, dim=x._array.ndim)


@with_out
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker product: every element of `input` times the whole of `other`.

    >>> import minitorch as mt
    >>> mt.kron(mt.tensor([1.0, 10.0]), mt.tensor([1.0, 2.0]))
    tensor([ 1.,  2., 10., 20.])
    """
    a, b = input._array.shape, other._array.shape
    ndim = max(len(a), len(b))
    a, b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    left = reshape(input, shape=tuple(n for pair in zip(a, (1,) * ndim, strict=True) for n in pair))
    right = reshape(other, shape=tuple(n for pair in zip((1,) * ndim, b, strict=True) for n in pair))
    return reshape(elementwise.mul(left, right), shape=tuple(n * m for n, m in zip(a, b, strict=True)))
