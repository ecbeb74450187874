"""linalg: singular values, QR, eigenvalues, LU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.backend import xp_of
from minitorch.ops import decompositions as ops
from minitorch.ops import lu as lu_ops
from minitorch.ops.linalg import LinAlgError, solve_triangular
from minitorch.ops.matmul import adjoint, matmul
from minitorch.tensor import return_types
from minitorch.tensor.matrices import check_square, matrix, square, with_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@with_out
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """(U, S, Vh) with A = U diag(S) Vh, singular values in descending order.

    Unique up to the signs (or phases) of U's columns with Vh's rows; gradients are right for functions that don't
    depend on them, and need different singular values. With `full_matrices`, U and Vh are square.

    >>> import minitorch as mt
    >>> mt.linalg.svd(mt.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    return return_types.linalg_svd(*ops.svd(matrix(A, "linalg.svd"), full_matrices=bool(full_matrices)))


@with_out
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values in descending order.

    >>> import minitorch as mt
    >>> mt.linalg.svdvals(mt.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([4., 3.])
    """
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svdvals: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    return ops.svdvals(matrix(A, "linalg.svd"))


def legacy_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with A = U diag(S) V^H: the older form of linalg.svd, which see; V is not transposed.

    >>> import minitorch as mt
    >>> mt.svd(mt.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    matrix(input, "linalg.svd")
    if compute_uv:
        U, S, Vh = ops.svd(input, full_matrices=not some)
        return return_types.svd(U, S, adjoint(Vh))
    xp, (m, n), batch = xp_of(input._array), input._array.shape[-2:], input._array.shape[:-2]
    zeros = [wrap(xp.zeros((*batch, k, k), dtype=input._array.dtype)) for k in (m, n)]
    return return_types.svd(zeros[0], ops.svdvals(input), zeros[1])


@with_out
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q R: orthonormal columns, and an upper triangle.

    mode "reduced": Q is (m, k), k = min(m, n); "complete": (m, m); "r": Q stays empty.

    >>> import minitorch as mt
    >>> mt.linalg.qr(mt.eye(2)).R.abs()
    tensor([[1., 0.],
            [0., 1.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"linalg.qr: qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
            "'complete'"
        )
    return return_types.linalg_qr(*ops.qr(matrix(A, "linalg.qr"), mode=mode))


def legacy_qr(input: Tensor, some: bool = True) -> Any:
    """(Q, R): the older form of linalg.qr, which see.

    >>> import minitorch as mt
    >>> mt.qr(mt.ones(3, 2)).Q.shape
    torch.Size([3, 2])
    """
    return return_types.qr(*ops.qr(matrix(input, "linalg.qr"), mode="reduced" if some else "complete"))


# -- eigenvalues -----------------------------------------------------------------------------------------------------


def _hermitian(A: Any, UPLO: Any) -> str:
    check_square(A, "linalg.eigh")
    if A._array.dtype.kind in "biu":
        raise NotImplementedError('linalg.eigh: "linalg_eigh_cpu" not implemented for integers\n    hint  A.float()')
    square(A, "linalg.eigh")
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"linalg.eigh: Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


@with_out
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of a Hermitian matrix, ascending; `UPLO` says which triangle of A is read.

    Eigenvectors are unique up to signs (or phases); gradients are right for functions that don't depend on them, and
    need different eigenvalues.

    >>> import minitorch as mt
    >>> mt.linalg.eigh(mt.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    return return_types.linalg_eigh(*ops.eigh(A, UPLO=_hermitian(A, UPLO)))


@with_out
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a Hermitian matrix, ascending.

    >>> import minitorch as mt
    >>> mt.linalg.eigvalsh(mt.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    UPLO = _hermitian(A, UPLO)
    if state.grad and edge_of(A) is not None:
        return ops.eigh(A, UPLO=UPLO)[0]
    return wrap(xp_of(A._array).linalg.eigvalsh(A._array, UPLO=UPLO))


@with_out
def eig(A: Tensor) -> Any:
    """(eigenvalues, eigenvectors) of a square matrix, complex, in no order; the eigenvectors have length 1.

    >>> import minitorch as mt
    >>> mt.linalg.eig(mt.tensor([[0.0, -1.0], [1.0, 0.0]])).eigenvalues.abs()
    tensor([1., 1.])
    """
    return return_types.linalg_eig(*ops.eig(_finite(square(A, "linalg.eig"))))


@with_out
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix, complex, in no order.

    >>> import minitorch as mt
    >>> mt.linalg.eigvals(mt.eye(2))
    tensor([1.+0.j, 1.+0.j])
    """
    return ops.eig(_finite(square(A, "linalg.eig")))[0]


def _finite(A: Any) -> Any:
    if not xp_of(A._array).isfinite(A._array).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    return A


# -- LU --------------------------------------------------------------------------------------------------------------


def _check_pivot(pivot: bool) -> None:
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _factored(A: Any, name: str) -> tuple:
    if A._array.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A._array.shape)} instead"
        )
    return lu_ops.lu_factor(matrix(A, name))


def _permutation(pivots: Any, LU: Any) -> Any:
    return lu_ops.permutation(pivots, size=LU._array.shape[-2], dtype=LU._array.dtype)


@with_out
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """(P, L, U) with A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper triangle.

    >>> import minitorch as mt
    >>> mt.linalg.lu(mt.tensor([[0.0, 1.0], [2.0, 0.0]])).U
    tensor([[2., 0.],
            [0., 1.]])
    """
    _check_pivot(pivot)
    LU, pivots, _ = _factored(A, "linalg.lu")
    return return_types.linalg_lu(_permutation(pivots, LU), lu_ops.lower_of(LU), lu_ops.upper_of(LU))


@with_out
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """(LU, pivots): L and U in one matrix, and the row that each row was exchanged with, counted from 1.

    >>> import minitorch as mt
    >>> mt.linalg.lu_factor(mt.tensor([[0.0, 1.0], [2.0, 0.0]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    _check_pivot(pivot)
    LU, pivots, info = _factored(A, "linalg.lu_factor")
    first = int(info._array.reshape(-1).max()) if info._array.size else 0
    if first and A._array.shape[-1] == A._array.shape[-2]:
        raise RuntimeError(
            f"torch.linalg.lu_factor: U[{first},{first}] is zero and using it on lu_solve would result in a division "
            "by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    return return_types.linalg_lu_factor(LU, pivots)


@with_out
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """(LU, pivots, info): as `lu_factor`; info is the first zero on U's diagonal, counted from 1, or 0.

    >>> import minitorch as mt
    >>> mt.linalg.lu_factor_ex(mt.ones(2, 2)).info
    tensor(2, dtype=torch.int32)
    """
    _check_pivot(pivot)
    found = return_types.linalg_lu_factor_ex(*_factored(A, "linalg.lu_factor_ex"))
    if check_errors and found.info._array.any():
        raise LinAlgError("torch.linalg.lu_factor_ex: a zero on the diagonal of U: the matrix is singular")
    return found


@with_out
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B (X A = B if not `left`; A^H in place of A with `adjoint`), from A's LU factorization.

    >>> import minitorch as mt
    >>> LU, pivots = mt.linalg.lu_factor(mt.tensor([[0.0, 1.0], [2.0, 0.0]]))
    >>> mt.linalg.lu_solve(LU, pivots, mt.tensor([[1.0], [2.0]]))
    tensor([[1.],
            [1.]])
    """
    square(LU, "linalg.lu_solve")
    if not left:
        return _H(lu_solve(LU, pivots, _H(B), adjoint=not adjoint))
    P, L, U = _permutation(pivots, LU), lu_ops.lower_of(LU), lu_ops.upper_of(LU)
    if adjoint:
        Y = solve_triangular(_H(U), B, upper=False)
        return matmul(P, solve_triangular(_H(L), Y, upper=True, unitriangular=True))
    Y = solve_triangular(L, matmul(_H(P), B), upper=False, unitriangular=True)
    return solve_triangular(U, Y, upper=True)


_H = adjoint  # lu_solve has an argument of that name
