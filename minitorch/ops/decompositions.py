"""Decompositions that are unique only up to signs or phases: svd, qr, eigh, eig; and the pseudo-inverse.

Gradients are right for functions that don't depend on those phases, and exist where the singular values or
eigenvalues differ (torch's rules, and its formulas). ^H is the conjugate transpose.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import to_host, xp_of
from minitorch.ops.diagonal import diagonal, diagonal_scatter, diagonal_spread, triu
from minitorch.ops.elementwise import conj
from minitorch.ops.joining import cat
from minitorch.ops.linalg import LinAlgError, is_complex, solve, solve_triangular
from minitorch.ops.matmul import adjoint, column, matmul, row


def with_diagonal(x: Any, d: Any) -> Any:
    """x with its diagonal replaced by d; by zeros if d is None."""
    return diagonal_scatter(x, d, offset=0, dim1=x.ndim - 2, dim2=x.ndim - 1)


def diagonal_of(x: Any) -> Any:
    return diagonal(x, offset=0, dim1=x.ndim - 2, dim2=x.ndim - 1)


def free_of_phase(name: str, what: str, *diagonals: Any) -> None:
    """torch's error where a gradient depends on the phase of complex vectors, which nothing determines.

    Along that phase a loss changes by the imaginary part of diag(V^H gV), for pairs of vectors by the sum of both.
    """
    arrays = [getattr(d, "_array", d) for d in diagonals]
    if arrays[0].dtype.kind != "c":
        return
    size = abs(arrays[-1].imag)
    drift = abs(sum(a.imag for a in arrays))
    if not bool((drift <= 0.01 + 0.01 * (size if len(arrays) > 1 else 0)).all()):
        end = "this phase term, making it" if name.startswith("svd") else "this quantity, so it is"
        raise RuntimeError(
            f"{name}: The {what} in the complex case are specified up to multiplication by e^{{i phi}}. "
            f"The specified loss function depends on {end} ill-defined."
        )


def as_diagonal(d: Any) -> Any:
    """The diagonal matrices with d on them."""
    return diagonal_spread(d, shape=(*d.shape, d.shape[-1]), offset=0, dim1=d.ndim - 1, dim2=d.ndim)


def differences(s: Any) -> Any:
    """E_ij = s_j - s_i, with ones on the diagonal, to divide by."""
    e = row(s) - column(s)
    return with_diagonal(e, ones_of(s))


@op
def ones_of(x: Any) -> Any:
    return xp_of(x).ones(x.shape, dtype=x.dtype)


# -- singular values -------------------------------------------------------------------------------------------------


def _not_converged(name: str) -> Any:
    """diagnose: LAPACK gave up."""

    def diagnose(inputs: tuple, settings: dict, error: Exception) -> Exception:
        array = to_host(inputs[0]._array)
        finite = bool(xp_of(array).isfinite(array).all())
        why = "." if finite else " because the input matrix contained non-finite values."
        return LinAlgError(f"{name}: The algorithm failed to converge{why}")

    return diagnose


@op(outputs=3, node="LinalgSvdBackward0", diagnose=_not_converged("linalg.svd"))
def svd(x: Any, *, full_matrices: bool = True) -> tuple:
    """(U, S, Vh) with x = U diag(S) Vh."""
    U, S, Vh = xp_of(x).linalg.svd(x, full_matrices=full_matrices)
    return U, S, Vh


@svd.vjp("x")
def _(g: Any, out0: Any, out1: Any, out2: Any) -> Any:
    gU, gS, gVh = g
    k = out1.shape[-1]
    U, Vh = out0[..., :k], out2[..., :k, :]
    return svd_grad(None if gU is None else gU[..., :k], gS, None if gVh is None else gVh[..., :k, :], U, out1, Vh)


def _skew(x: Any) -> Any:
    return x - adjoint(x)


def svd_grad(gU: Any, gS: Any, gVh: Any, U: Any, S: Any, Vh: Any) -> Any:
    """Townsend, "Differentiating the singular value decomposition" (2016), as torch arranges it:
    gA = U [(skew(U^H gU) / E) S + S (skew(V^H gV) / E) + diag gS] V^H, E_ij = s_j^2 - s_i^2, plus what of gU (gV) lies
    outside the span of U (V), divided by S."""
    if gU is None and gVh is None:
        return matmul(U * row(gS), Vh) if gS is not None else None
    E = differences(S * S)
    UhgU = None if gU is None else _skew(matmul(adjoint(U), gU))
    VhgV = None if gVh is None else _skew(matmul(Vh, adjoint(gVh)))
    free_of_phase("svd_backward", "singular vectors", *(diagonal_of(M) for M in (UhgU, VhgV) if M is not None))
    if UhgU is not None and VhgV is not None:
        core = (UhgU * row(S) + column(S) * VhgV) / E
    else:
        core = (UhgU / E) * row(S) if VhgV is None else column(S) * (VhgV / E)
    if gS is not None:
        core = core + as_diagonal(gS)
    if UhgU is not None and VhgV is not None and is_complex(U):
        core = core + as_diagonal(diagonal_of(UhgU) / (S * 2))
    m, n, k = U.shape[-2], Vh.shape[-1], S.shape[-1]
    if m > k and gU is not None:
        scaled = gU / row(S)
        left = matmul(U, core) + scaled - matmul(U, matmul(adjoint(U), scaled))
        return matmul(left, Vh)
    if n > k and gVh is not None:
        scaled = gVh / column(S)
        right = matmul(core, Vh) + scaled - matmul(matmul(scaled, adjoint(Vh)), Vh)
        return matmul(U, right)
    return matmul(matmul(U, core), Vh)


@op(node="LinalgSvdBackward0", diagnose=_not_converged("linalg.svd"))
def svdvals(x: Any) -> Any:
    """The singular values alone."""
    return xp_of(x).linalg.svd(x, compute_uv=False)


@svdvals.vjp("x")
def _(g: Any, x: Any) -> Any:
    U, _, Vh = svd(x, full_matrices=False)
    return matmul(U * row(g), Vh)


# -- QR --------------------------------------------------------------------------------------------------------------


@op(outputs=2, node="LinalgQrBackward0")
def qr(x: Any, *, mode: str = "reduced") -> tuple:
    """(Q, R) with x = Q R, Q with orthonormal columns, R upper triangular; mode "r" leaves Q empty."""
    xp = xp_of(x)
    if mode == "r":
        return xp.empty((0,), dtype=x.dtype), xp.linalg.qr(x, mode="r")
    Q, R = xp.linalg.qr(x, mode=mode)
    return Q, R


@qr.vjp("x")
def _(g: Any, out0: Any, out1: Any, x: Any, mode: str) -> Any:
    gQ, gR = g
    m, n = x.shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to require gradients through linalg.qr"
        )
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    if m >= n:
        return _tall_qr_grad(gQ, gR, out0, out1)
    # A = (X | Y), R = (U | Q^H Y): X has a square QR, and Y's part of R gives to Y and, through Q, to X
    Y = x[..., m:]
    gU = None if gR is None else gR[..., :m]
    if gR is not None:
        gV = gR[..., m:]
        through_R = matmul(Y, adjoint(gV))
        gQ = through_R if gQ is None else gQ + through_R
    gX = _tall_qr_grad(gQ, gU, out0, out1[..., :m])
    gY = matmul(out0, gV) if gR is not None else Y * 0
    return cat(gX, gY, dim=x.ndim - 1)


def _tall_qr_grad(gQ: Any, gR: Any, Q: Any, R: Any) -> Any:
    """gA = [gQ + Q sym(triu(gR R^H - Q^H gQ))] R^-H, where sym(M) = M + M^H with the diagonal halved."""
    if gR is not None:
        M = matmul(gR, adjoint(R))
        if gQ is not None:
            M = M - matmul(adjoint(Q), gQ)
    else:
        M = -matmul(adjoint(Q), gQ)
    M = triu(M)
    both = M + adjoint(M)
    inner = matmul(Q, with_diagonal(both, diagonal_of(both) * 0.5))
    if gQ is not None:
        inner = gQ + inner
    return solve_triangular(adjoint(R), inner, upper=False, left=False)


# -- eigenvalues -----------------------------------------------------------------------------------------------------


@op(outputs=2, node="LinalgEighBackward0", diagnose=_not_converged("linalg.eigh"))
def eigh(x: Any, *, UPLO: str = "L") -> tuple:
    """(eigenvalues, eigenvectors) of a Hermitian matrix, from one of its triangles."""
    w, V = xp_of(x).linalg.eigh(x, UPLO=UPLO)
    return w, V


@eigh.vjp("x")
def _(g: Any, out0: Any, out1: Any) -> Any:
    """gA = V [skew(V^H gV) / 2E off the diagonal, gL on it] V^H, E_ij = l_j - l_i."""
    gL, gV = g
    V = out1
    if gV is None:
        return matmul(V * row(gL), adjoint(V)) if gL is not None else None
    VhgV = matmul(adjoint(V), gV)
    free_of_phase("linalg_eigh_backward", "eigenvectors", diagonal_of(VhgV))
    core = with_diagonal(_skew(VhgV) * 0.5 / differences(out0), gL)
    return matmul(matmul(V, core), adjoint(V))


@op(outputs=2, node="LinalgEigBackward0")
def eig(x: Any) -> tuple:
    """(eigenvalues, eigenvectors) of a square matrix, complex."""
    xp = xp_of(x)
    w, V = xp.linalg.eig(x)
    wide = "complex64" if x.dtype.char in "fF" else "complex128"
    return w.astype(wide), V.astype(wide)


@eig.vjp("x")
def _(g: Any, out0: Any, out1: Any) -> Any:
    """gA = V^-H [(V^H gV - V^H V diag(Re V^H gV)) / E^* + diag gL] V^H, E_ij = l_j - l_i; the vectors have length 1."""
    gL, gV = g
    Vh = adjoint(out1)
    if gV is None:
        return solve(Vh, column(gL) * Vh) if gL is not None else None
    VhgV = matmul(Vh, gV)
    d = diagonal_of(VhgV)
    free_of_phase("linalg_eig_backward", "eigenvectors", d)
    core = VhgV - matmul(Vh, out1 * row((d + conj(d)) * 0.5))
    core = with_diagonal(core / conj(differences(out0)), gL)
    return solve(Vh, matmul(core, Vh))


# -- pseudo-inverse --------------------------------------------------------------------------------------------------


@op(node="LinalgPinvBackward0")
def pinv(x: Any, *, atol: float = 0.0, rtol: float | None = None, hermitian: bool = False) -> Any:
    """The Moore-Penrose inverse; singular values up to max(atol, rtol * the largest) count as zero."""
    xp = xp_of(x)
    if x.size == 0:
        return xp.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), dtype=x.dtype)
    if hermitian:
        w, U = xp.linalg.eigh(x)
        S, Vh = w, xp.conj(U.swapaxes(-1, -2))
    else:
        U, S, Vh = xp.linalg.svd(x, full_matrices=False)
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(xp.finfo(S.dtype).eps) if not atol else 0.0
    bound = xp.maximum(atol, rtol * abs(S).max(axis=-1, keepdims=True)).astype(S.dtype)
    inverse = xp.where(abs(S) > bound, 1 / xp.where(S == 0, S.dtype.type(1), S), S.dtype.type(0))
    return (xp.conj(Vh.swapaxes(-1, -2)) * inverse[..., None, :]) @ xp.conj(U.swapaxes(-1, -2))


@pinv.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    """Golub and Pereyra (1973), for a constant rank; the order of the products keeps them small."""
    outh, gh = adjoint(out), adjoint(g)
    if x.shape[-2] <= x.shape[-1]:
        K = matmul(gh, out)
        KP = matmul(K, outh)
        rest = matmul(matmul(outh, out), gh - matmul(K, x))
        return KP - adjoint(matmul(out, K)) - matmul(matmul(x, out), KP) + rest
    K = matmul(out, gh)
    PK = matmul(outh, K)
    rest = matmul(matmul(gh - matmul(x, K), out), outh)
    return rest - adjoint(matmul(K, out)) + PK - matmul(matmul(PK, out), x)
