"""Linear algebra as methods of Tensor and as the older functions beside minitorch.linalg."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import linalg as ops
from minitorch.tensor import cholesky, factoring, householder, products, return_types, solving, tensorial
from minitorch.tensor.binding import function
from minitorch.tensor.matrices import square
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class LinalgMixin(TensorBase):
    __slots__ = ()

    def inverse(self) -> Tensor:
        """The inverse of a square matrix: linalg.inv.

        >>> import minitorch as mt
        >>> mt.tensor([[2.0]]).inverse()
        tensor([[0.5000]])
        """
        return solving.inv(self)

    def det(self) -> Tensor:
        """The determinant: linalg.det.

        >>> import minitorch as mt
        >>> (2 * mt.eye(3)).det()
        tensor(8.)
        """
        return solving.det(self)

    def slogdet(self) -> Any:
        """(sign, logabsdet) of the determinant: linalg.slogdet.

        >>> import minitorch as mt
        >>> mt.eye(3).slogdet().logabsdet
        tensor(0.)
        """
        return return_types.slogdet(*ops.slogdet(square(self, "linalg.slogdet")))

    def logdet(self) -> Tensor:
        """log(det(self)): nan if the determinant is negative.

        >>> import minitorch as mt
        >>> mt.eye(3).logdet()
        tensor(0.)
        """
        return solving.logdet(self)  # type: ignore[arg-type]

    def svd(self, some: bool = True, compute_uv: bool = True) -> Any:
        """(U, S, V) with self = U diag(S) V^H: the older form of linalg.svd; V is not transposed.

        >>> import minitorch as mt
        >>> mt.tensor([[3.0, 0.0], [0.0, 4.0]]).svd().S
        tensor([4., 3.])
        """
        return factoring.legacy_svd(self, some, compute_uv)  # type: ignore[arg-type]

    def qr(self, some: bool = True) -> Any:
        """(Q, R) with self = Q R: the older form of linalg.qr.

        >>> import minitorch as mt
        >>> mt.ones(3, 2).qr().R.shape
        torch.Size([2, 2])
        """
        return factoring.legacy_qr(self, some)  # type: ignore[arg-type]

    def cholesky(self, upper: bool = False) -> Tensor:
        """L with self = L L^H: the older form of linalg.cholesky.

        >>> import minitorch as mt
        >>> mt.tensor([[4.0]]).cholesky()
        tensor([[2.]])
        """
        return ops.cholesky(square(self, "cholesky"), upper=bool(upper))

    def cholesky_solve(self, input2: Tensor, upper: bool = False) -> Tensor:
        """X with A X = self, from the Cholesky factor `input2` of A.

        >>> import minitorch as mt
        >>> mt.tensor([[8.0]]).cholesky_solve(mt.tensor([[2.0]]))
        tensor([[2.]])
        """
        return cholesky.cholesky_solve(self, input2, upper)

    def cholesky_inverse(self, upper: bool = False) -> Tensor:
        """The inverse of A, of which self is the Cholesky factor.

        >>> import minitorch as mt
        >>> mt.tensor([[2.0]]).cholesky_inverse()
        tensor([[0.2500]])
        """
        return cholesky.cholesky_inverse(self, upper)

    def pinverse(self, rcond: float = 1e-15) -> Tensor:
        """The pseudo-inverse: linalg.pinv.

        >>> import minitorch as mt
        >>> mt.tensor([[2.0], [0.0]]).pinverse()
        tensor([[0.5000, 0.0000]])
        """
        return solving.pinv(self, rcond)

    def matrix_power(self, n: int) -> Tensor:
        """self multiplied by itself n times: linalg.matrix_power.

        >>> import minitorch as mt
        >>> mt.tensor([[2.0]]).matrix_power(3)
        tensor([[8.]])
        """
        return solving.matrix_power(self, n)

    def kron(self, other: Tensor) -> Tensor:
        """Kronecker product: every element of self times the whole of `other`.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 10.0]).kron(mt.tensor([1.0, 2.0]))
        tensor([ 1.,  2., 10., 20.])
        """
        return products.kron(self, other)

    def matrix_exp(self) -> Tensor:
        """e**self, the sum of self^n / n!: linalg.matrix_exp.

        >>> import minitorch as mt
        >>> mt.zeros(1, 1).matrix_exp()
        tensor([[1.]])
        """
        return tensorial.matrix_exp(self)  # type: ignore[arg-type]

    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """X with A X = self, from A's LU factorization.

        >>> import minitorch as mt
        >>> mt.tensor([[8.0]]).lu_solve(*mt.linalg.lu_factor(mt.tensor([[2.0]])))
        tensor([[4.]])
        """
        return factoring.lu_solve(LU_data, LU_pivots, self)

    def geqrf(self) -> Any:
        """(a, tau), the packed QR decomposition: minitorch.geqrf."""
        return householder.geqrf(self)  # type: ignore[arg-type]

    def orgqr(self, input2: Tensor) -> Tensor:
        """The product of Householder reflections: linalg.householder_product."""
        return householder.orgqr(self, input2)  # type: ignore[arg-type]

    def ormqr(self, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
        """The product of Householder reflections times a matrix: minitorch.ormqr."""
        return householder.ormqr(self, input2, input3, left, transpose)  # type: ignore[arg-type]

    def triangular_solve(
        self, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
    ) -> Any:
        """(X with A X = self, a copy of A): the older form of linalg.solve_triangular."""
        return householder.triangular_solve(self, A, upper, transpose, unitriangular)  # type: ignore[arg-type]


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices in the cheapest order: the older form of linalg.multi_dot.

    >>> import minitorch as mt
    >>> mt.chain_matmul(mt.ones(2, 3), mt.ones(3, 1))
    tensor([[3.],
            [3.]])
    """
    result = solving.multi_dot(matrices) if len(matrices) > 1 else matrices[0]
    return result if out is None else write_out("chain_matmul", out, result, matrices)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """X with A X = b, from A's LU factorization: the older form of linalg.lu_solve.

    >>> import minitorch as mt
    >>> mt.lu_solve(mt.tensor([[8.0]]), *mt.linalg.lu_factor(mt.tensor([[2.0]])))
    tensor([[4.]])
    """
    return factoring.lu_solve(LU_data, LU_pivots, b, out=out)


FUNCTIONS: dict[str, Callable] = {
    **householder.FUNCTIONS,
    "kron": products.kron,
    "chain_matmul": chain_matmul,
    "inverse": function(LinalgMixin.inverse, out=True),
    "det": function(LinalgMixin.det),
    "slogdet": function(LinalgMixin.slogdet, out=True),
    "logdet": solving.logdet,
    "svd": function(LinalgMixin.svd, out=True),
    "qr": function(LinalgMixin.qr, out=True),
    "cholesky": function(LinalgMixin.cholesky, out=True),
    "cholesky_solve": cholesky.cholesky_solve,
    "cholesky_inverse": cholesky.cholesky_inverse,
    "pinverse": function(LinalgMixin.pinverse),
    "matrix_power": function(LinalgMixin.matrix_power, out=True),
    "lu_solve": lu_solve,
    "lu_unpack": tensorial.lu_unpack,
    "matrix_exp": function(LinalgMixin.matrix_exp),
}
