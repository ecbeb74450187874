"""Linear algebra on batches of square matrices: inverse, determinant, solving, Cholesky, pseudo-inverse.

The matrix derivatives are in M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008). NumPy and CuPy call LAPACK and its CUDA counterpart; ^H is the conjugate transpose.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import to_host, xp_of
from minitorch.ops.diagonal import tril, triu
from minitorch.ops.elementwise import conj
from minitorch.ops.matmul import adjoint, matmul
from minitorch.ops.shape import transpose


class LinAlgError(RuntimeError):
    """A matrix has no inverse, no factorization, or an iteration did not converge."""


def column_row(x: Any) -> Any:
    """A number for each matrix of a batch, as (..., 1, 1)."""
    return x.reshape((*x.shape, 1, 1))


def where_in(batch: tuple, i: int) -> str:
    """torch's words for which matrix of a batch failed."""
    return f"(Batch element {i}): " if batch else ""


def explain_singular(name: str, what: str) -> Any:
    """diagnose: which matrix is singular, and at which pivot."""

    def diagnose(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
        array = to_host(inputs[0]._array)
        for i, matrix in enumerate(array.reshape(-1, *array.shape[-2:])):
            pivot = first_zero_pivot(matrix)
            if pivot is not None:
                return LinAlgError(f"{name}: {where_in(array.shape[:-2], i)}{what.format(pivot=pivot)}")
        return None

    return diagnose


def first_zero_pivot(matrix: Any) -> int | None:
    """Number (from 1) of the first zero on the diagonal of U in A = PLU; None if there is none."""
    u = matrix.copy()
    n = u.shape[0]
    for k in range(n):
        p = k + int(abs(u[k:, k]).argmax())
        if u[p, k] == 0:
            return k + 1
        u[[k, p]] = u[[p, k]]
        u[k + 1 :] -= u[k + 1 :, k : k + 1] / u[k, k] * u[k]
    return None


_NO_INVERSE = (
    "The diagonal element {pivot} is zero, the inversion could not be completed because the input matrix is singular."
)
_NO_SOLUTION = "The solver failed because the input matrix is singular."


@op(node="LinalgInvExBackward0", diagnose=explain_singular("linalg.inv", _NO_INVERSE))
def inv(x: Any) -> Any:
    return xp_of(x).linalg.inv(x)


@inv.vjp("x")
def _(g: Any, out: Any) -> Any:
    """d(A^-1) = -A^-1 dA A^-1."""
    h = adjoint(out)
    return -matmul(matmul(h, g), h)


# -- determinants ----------------------------------------------------------------------------------------------------


@op(node="LinalgDetBackward0")
def det(x: Any) -> Any:
    return xp_of(x).linalg.det(x)


@det.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    return column_row(g) * conj(det_gradient(x, out))


def det_gradient(x: Any, value: Any) -> Any:
    """d det / dx = det A^-T. A singular matrix has no A^-1, but its cofactors are the derivative too."""
    if x.shape[-1] < 2 or not getattr(value, "_array", value).all():
        return cofactors(x)
    return column_row(value) * transpose(inv(x), dim0=x.ndim - 2, dim1=x.ndim - 1)


def _minor(x: Any, row: int, column: int) -> Any:
    """Each matrix without one row and one column."""
    xp, n = xp_of(x), x.shape[-1]
    rows, columns = ([k for k in range(n) if k != without] for without in (row, column))
    return x[..., xp.asarray(rows, dtype="int64"), :][..., xp.asarray(columns, dtype="int64")]


@op
def minor(x: Any, *, row: int, column: int) -> Any:
    return _minor(x, row, column)


@minor.vjp("x")
def _(g: Any, row: int, column: int) -> Any:
    return minor_spread(g, row=row, column=column)


@op
def minor_spread(x: Any, *, row: int, column: int) -> Any:
    """Each matrix with a row and a column of zeros put in."""
    xp, n = xp_of(x), x.shape[-1] + 1
    out = xp.zeros((*x.shape[:-2], n, n), dtype=x.dtype)
    rows, columns = (xp.asarray([k for k in range(n) if k != without], dtype="int64") for without in (row, column))
    out[..., rows[:, None], columns] = x
    return out


@minor_spread.vjp("x")
def _(g: Any, row: int, column: int) -> Any:
    return minor(g, row=row, column=column)


@op
def cofactors(x: Any) -> Any:
    """d det / d x_ij: the determinant without row i and column j, with the signs of a chessboard."""
    xp, n = xp_of(x), x.shape[-1]
    out = xp.empty(x.shape, dtype=x.dtype)
    for i in range(n):
        for j in range(n):
            out[..., i, j] = (-1) ** (i + j) * xp.linalg.det(_minor(x, i, j))
    return out


@cofactors.vjp("x")
def _(g: Any, x: Any, x_shape: tuple) -> Any:
    """Each cofactor is a determinant, so the gradient is a sum over all n^2 of them."""
    n, total = x_shape[-1], x * 0
    for i in range(n) if n > 1 else ():
        for j in range(n):
            part = minor(x, row=i, column=j)
            weight = column_row(g[..., i, j]) * (-1) ** (i + j)
            total = total + minor_spread(weight * conj(det_gradient(part, det(part))), row=i, column=j)
    return total


@op(outputs=2, node="LinalgSlogdetBackward0")
def slogdet(x: Any) -> tuple:
    sign, logabsdet = xp_of(x).linalg.slogdet(x)
    return sign, logabsdet


@slogdet.vjp("x")
def _(g: Any, x: Any, out0: Any) -> Any:
    """d logabsdet = Re t and d sign = i Im(t) sign with t = tr(A^-1 dA); a real sign is locally constant."""
    by_sign, by_log = g
    weight = by_log
    if is_complex(x) and by_sign is not None:
        turn = by_sign * conj(out0)
        imaginary = (turn - conj(turn)) * 0.5
        weight = imaginary if by_log is None else by_log + imaginary
    if weight is None:
        return None
    return column_row(weight) * adjoint(inv(x))


def is_complex(x: Any) -> bool:
    """True for complex arrays and tensors."""
    return getattr(x, "_array", x).dtype.kind == "c"


# -- solving ---------------------------------------------------------------------------------------------------------


@op(broadcasts=True, node="LinalgSolveExBackward0", diagnose=explain_singular("linalg.solve", _NO_SOLUTION))
def solve(A: Any, B: Any) -> Any:
    """X with A X = B, for A (..., n, n) and B (..., n, k)."""
    return xp_of(A).linalg.solve(A, B)


@solve.vjp("B")
def _(g: Any, A: Any) -> Any:
    return solve(adjoint(A), g)


@solve.vjp("A")
def _(g: Any, A: Any, out: Any) -> Any:
    return -matmul(solve(adjoint(A), g), adjoint(out))


def _triangle(A: Any, upper: bool, unitriangular: bool) -> Any:
    """The triangle of A that is looked at, other elements zero, with ones on the diagonal if `unitriangular`."""
    xp = xp_of(A)
    off = int(unitriangular)
    T = xp.triu(A, off) if upper else xp.tril(A, -off)
    return T + xp.eye(A.shape[-1], dtype=A.dtype) if unitriangular else T


def _back_substitution(U: Any, B: Any) -> Any:
    """X with U X = B, row by row from the last; a zero on the diagonal gives inf or nan, as in LAPACK's trtrs."""
    xp = xp_of(U)
    shape = xp.broadcast_shapes(U.shape[:-2], B.shape[:-2]) + B.shape[-2:]
    X = xp.array(xp.broadcast_to(B, shape))
    for i in range(U.shape[-1] - 1, -1, -1):
        X[..., i, :] -= (U[..., i : i + 1, i + 1 :] @ X[..., i + 1 :, :])[..., 0, :]
        X[..., i, :] /= U[..., i, i, None]
    return X


@op(broadcasts=True, node="LinalgSolveTriangularBackward0")
def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """X with A X = B (or X A = B, if not `left`), A being triangular; its other triangle is not looked at."""
    T = _triangle(A, upper, unitriangular)
    if not left:
        T, B, upper = T.swapaxes(-1, -2), B.swapaxes(-1, -2), not upper
    if upper:
        X = _upper_solve(T, B)
    else:  # with rows and columns reversed, a lower triangle is an upper one
        X = _upper_solve(T[..., ::-1, ::-1], B[..., ::-1, :])[..., ::-1, :]
    return X if left else X.swapaxes(-1, -2)


def _upper_solve(U: Any, B: Any) -> Any:
    """LAPACK's general solver needs no elimination on an upper triangle, so it is as exact as substitution."""
    xp = xp_of(U)
    if xp.diagonal(U, 0, -2, -1).all():
        return xp.linalg.solve(U, B)
    return _back_substitution(U, B)


@solve_triangular.vjp("B")
def _(g: Any, A: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    return solve_triangular(adjoint(A), g, upper=not upper, left=left, unitriangular=unitriangular)


@solve_triangular.vjp("A")
def _(g: Any, A: Any, out: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    gB = solve_triangular(adjoint(A), g, upper=not upper, left=left, unitriangular=unitriangular)
    full = -matmul(gB, adjoint(out)) if left else -matmul(adjoint(out), gB)
    off = int(unitriangular)
    return triu(full, diagonal=off) if upper else tril(full, diagonal=-off)


# -- Cholesky --------------------------------------------------------------------------------------------------------


def bad_minor(matrix: Any) -> int | None:
    """Order of the first leading minor that is not positive, reading the lower triangle; None if there is none."""
    xp = xp_of(matrix)
    full = xp.tril(matrix) + xp.conj(xp.tril(matrix, -1).T)
    for k in range(1, full.shape[0] + 1):
        if not xp.linalg.det(full[:k, :k]).real > 0:
            return k
    return None


def _not_definite(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    """diagnose: the first leading minor that is not positive."""
    array = to_host(inputs[0]._array)
    if settings.get("upper"):
        array = array.swapaxes(-1, -2).conj()
    for i, matrix in enumerate(array.reshape(-1, *array.shape[-2:])):
        k = bad_minor(matrix)
        if k is not None:
            return LinAlgError(
                f"linalg.cholesky: {where_in(array.shape[:-2], i)}The factorization could not be completed because the "
                f"input is not positive-definite (the leading minor of order {k} is not positive-definite)."
            )
    return None


@op(node="LinalgCholeskyExBackward0", diagnose=_not_definite)
def cholesky(x: Any, *, upper: bool = False) -> Any:
    """L with A = L L^H, from the lower triangle of A; or U with A = U^H U, from the upper one."""
    xp = xp_of(x)
    if not upper:
        return xp.linalg.cholesky(x)
    return xp.conj(xp.linalg.cholesky(xp.conj(x.swapaxes(-1, -2))).swapaxes(-1, -2))


@cholesky.vjp("x")
def _(g: Any, out: Any, upper: bool) -> Any:
    """With L^-1 dA L^-H = M: dL = L Phi(M), where Phi takes the lower triangle and half the diagonal. The adjoint of
    that is L^-H sym(tril(L^H g)) L^-1."""
    L, g = (adjoint(out), adjoint(g)) if upper else (out, g)
    phi = tril(matmul(adjoint(L), g))
    phi = (phi + adjoint(tril(phi, diagonal=-1))) * 0.5
    return spread_between(phi, L)


def spread_between(middle: Any, L: Any) -> Any:
    """L^-H middle L^-1."""
    half = solve_triangular(adjoint(L), middle, upper=True)
    return solve_triangular(L, half, upper=False, left=False)


@op(broadcasts=True, node="CholeskySolveBackward0")
def cholesky_solve(B: Any, L: Any, *, upper: bool = False) -> Any:
    """X with L L^H X = B (U^H U X = B, if `upper`)."""
    lower = xp_of(L).conj(L.swapaxes(-1, -2)) if upper else L
    half = solve_triangular.op.forward(lower, B, upper=False)
    return solve_triangular.op.forward(xp_of(L).conj(lower.swapaxes(-1, -2)), half, upper=True)


@cholesky_solve.vjp("B")
def _(g: Any, L: Any, upper: bool) -> Any:
    return cholesky_solve(g, L, upper=upper)


@cholesky_solve.vjp("L")
def _(g: Any, L: Any, out: Any, upper: bool) -> Any:
    """A = L L^H, and gA = -A^-H g X^H: gL = (gA + gA^H) L. As in torch, of a full L, not only of its triangle."""
    gA = -matmul(cholesky_solve(g, L, upper=upper), adjoint(out))
    both = gA + adjoint(gA)
    return matmul(L, both) if upper else matmul(both, L)
