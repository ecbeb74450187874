"""linalg: Cholesky factors, and the functions that report failures in `info` rather than raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.ops import elementwise
from minitorch.ops import linalg as ops
from minitorch.ops.lu import identity_like, lu_factor
from minitorch.ops.matmul import adjoint
from minitorch.tensor import return_types
from minitorch.tensor.matrices import check_fit, same_dtype, square, with_out
from minitorch.tensor.solving import solve

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@with_out
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L with A = L L^H, for a Hermitian positive-definite A, of which the lower triangle is read.

    With `upper`, U with A = U^H U, and the upper triangle is read.

    >>> import minitorch as mt
    >>> mt.linalg.cholesky(mt.tensor([[4.0, 0.0], [0.0, 9.0]]))
    tensor([[2., 0.],
            [0., 3.]])
    """
    return ops.cholesky(square(A, "linalg.cholesky"), upper=bool(upper))


@with_out
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, from the Cholesky factor of A.

    >>> import minitorch as mt
    >>> mt.cholesky_solve(mt.tensor([[4.0], [9.0]]), mt.tensor([[2.0, 0.0], [0.0, 3.0]]))
    tensor([[1.],
            [1.]])
    """
    for argument, t in (("b", B), ("u", L)):
        if t._array.ndim < 2:
            raise RuntimeError(
                f"cholesky_solve: {argument} should have at least 2 dimensions, but has {t._array.ndim} instead"
            )
    square(L, "cholesky_solve")
    same_dtype(L, B, "cholesky_solve")
    check_fit(L, B, True, "cholesky_solve")
    return ops.cholesky_solve(B, L, upper=bool(upper))


@with_out
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor.

    >>> import minitorch as mt
    >>> mt.cholesky_inverse(mt.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 1.0000]])
    """
    square(L, "cholesky_inverse")
    return ops.cholesky_solve(identity_like(L), L, upper=bool(upper))


# -- the same, reporting failures rather than raising ----------------------------------------------------------------


def _reported(A: Any, call: Any, failures: Any, check_errors: bool) -> tuple[Any, Any]:
    """(call(A), info): info is 0, or `failures` where a matrix has no result, which is nan there."""
    xp = xp_of(A._array)
    batch = A._array.shape[:-2]
    try:
        return call(A), wrap(xp.zeros(batch, dtype="int32"))
    except ops.LinAlgError:
        if check_errors:
            raise
    info = failures(A)
    failed = wrap((info != 0)[..., None, None])
    replaced = elementwise.where(failed, identity_like(A), A)
    return elementwise.where(failed, float("nan"), call(replaced)), wrap(info)


def _zero_pivots(A: Any) -> Any:
    return lu_factor(A)[2]._array


def _bad_minors(A: Any) -> Any:
    """For each matrix the order of the first leading minor that is not positive-definite, or 0."""
    xp = xp_of(A._array)
    matrices = A._array.reshape(-1, *A._array.shape[-2:])
    found = [ops.bad_minor(m) or 0 for m in matrices]
    return xp.asarray(found, dtype="int32").reshape(A._array.shape[:-2])


@with_out
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """(inverse, info): info is 0, or the first zero pivot of a singular matrix, counted from 1, whose inverse is nan.

    Differs from torch, which leaves partial results in place of nan.

    >>> import minitorch as mt
    >>> mt.linalg.inv_ex(mt.ones(2, 2)).info
    tensor(2, dtype=torch.int32)
    """
    return return_types.linalg_inv_ex(*_reported(square(A, "linalg.inv"), ops.inv, _zero_pivots, check_errors))


@with_out
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """(result, info): as `solve`; info is 0, or the first zero pivot of a singular matrix, whose result is nan.

    Differs from torch, which leaves partial results in place of nan.

    >>> import minitorch as mt
    >>> mt.linalg.solve_ex(mt.ones(2, 2), mt.ones(2, 1)).info
    tensor(2, dtype=torch.int32)
    """

    def call(matrices: Any) -> Any:
        return solve(matrices, B, left=left)

    return return_types.linalg_solve_ex(*_reported(square(A, "linalg.solve"), call, _zero_pivots, check_errors))


@with_out
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """(L, info): info is 0, or the order of the first leading minor that is not positive-definite, and L is nan.

    Differs from torch, which leaves partial results in place of nan.

    >>> import minitorch as mt
    >>> mt.linalg.cholesky_ex(-mt.eye(2)).info
    tensor(1, dtype=torch.int32)
    """

    def call(matrices: Any) -> Any:
        return ops.cholesky(matrices, upper=bool(upper))

    given = square(A, "linalg.cholesky")
    return return_types.linalg_cholesky_ex(
        *_reported(given, call, lambda t: _bad_minors(adjoint(t) if upper else t), check_errors)
    )
