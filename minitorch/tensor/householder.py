"""Householder reflections, in which LAPACK keeps the Q of a QR decomposition; and randomized decompositions.

Reflection i is H_i = I - tau_i v_i v_i^H, with v_i zero above place i, 1 there, and column i of the input below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.errors import explain
from minitorch.ops.diagonal import tril
from minitorch.ops.linalg import solve_triangular
from minitorch.ops.matmul import adjoint, matmul
from minitorch.tensor import return_types
from minitorch.tensor.dims import kind_name
from minitorch.tensor.factoring import qr, svd
from minitorch.tensor.matrices import matrix
from minitorch.tensor.notice import warn_user
from minitorch.tensor.out import write_out
from minitorch.tensor.random import randn
from minitorch.tensor.ranges import eye

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@op(outputs=2)
def _geqrf(x: Any) -> tuple:
    xp = xp_of(x)
    if x.size == 0:
        return x.copy(), xp.zeros((*x.shape[:-2], min(x.shape[-2:])), dtype=x.dtype)
    packed, tau = xp.linalg.qr(x, mode="raw")
    return packed.swapaxes(-1, -2), tau


@_geqrf.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'geqrf' is not implemented")


def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """(a, tau): R on and above the diagonal of `a`, below it the reflections whose product is Q.

    Not differentiable, as in torch; linalg.qr is.

    >>> import minitorch as mt
    >>> mt.geqrf(mt.tensor([[3.0], [4.0]])).a
    tensor([[-5.0000],
            [ 0.5000]])
    """
    return _written("geqrf", out, return_types.geqrf(*_geqrf(_matrix("geqrf", input))), (input,))


def householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """The first n columns of H_1 H_2 ... H_k, from the (m, n) matrix of geqrf and tau of length k.

    >>> import minitorch as mt
    >>> mt.linalg.householder_product(*mt.geqrf(mt.tensor([[3.0], [4.0]])))
    tensor([[-0.6000],
            [-0.8000]])
    """
    name = "linalg.householder_product"
    _check_reflections(name, A, tau)
    m, n = A.shape[-2:]
    if m < n:
        raise RuntimeError(
            explain(
                f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]",
                [("A", tuple(A.shape), "*, m, n")],
            )
        )
    start = eye(m, n, dtype=A.dtype, device=A.device).expand(A.shape)
    return _written(name, out, _reflected(A, tau, start, False), (A, tau))


def orgqr(input: Tensor, input2: Tensor, *, out: Any = None) -> Tensor:
    """`linalg.householder_product` under LAPACK's name."""
    return householder_product(input, input2, out=out)


def ormqr(
    input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False, *, out: Any = None
) -> Tensor:
    """Q C, with Q = H_1 ... H_k of full size from (input, input2) and C = input3; not left: C Q.

    transpose: Q^H for Q.

    >>> import minitorch as mt
    >>> mt.ormqr(*mt.geqrf(mt.tensor([[3.0], [4.0]])), mt.tensor([[1.0], [0.0]]))
    tensor([[-0.6000],
            [-0.8000]])
    """
    A, tau, other = input, input2, input3
    _check_reflections("ormqr", A, tau)
    other = _matrix("ormqr", other, "other")
    side = -2 if left else -1
    if other.shape[side] != A.shape[-2]:
        raise RuntimeError(
            explain(
                f"ormqr: other.shape[{side}] must be equal to input.shape[-2]",
                [("input", tuple(A.shape), "*, m, k"), ("other", tuple(other.shape), "*, m, n" if left else "*, n, m")],
            )
        )
    if left:
        result = _reflected(A, tau, other, transpose)
    else:  # C Q = (Q^H C^H)^H
        result = adjoint(_reflected(A, tau, adjoint(other), not transpose))
    return _written("ormqr", out, result, (A, tau, other))


def _reflected(A: Any, tau: Any, x: Any, conjugate: bool) -> Any:
    """H_1 H_2 ... H_k x; conjugate: the product's adjoint times x."""
    k = tau.shape[-1]
    m = A.shape[-2]
    vectors = tril(A, diagonal=-1) + eye(m, A.shape[-1], dtype=A.dtype, device=A.device)
    for i in range(k) if conjugate else reversed(range(k)):
        v, t = vectors[..., i : i + 1], tau[..., i, None, None]
        x = x - (t.conj() if conjugate else t) * matmul(v, matmul(adjoint(v), x))
    return x


def _matrix(name: str, A: Any, argument: str = "input") -> Any:
    matrix(A, name, argument)
    return A


def _check_reflections(name: str, A: Any, tau: Any) -> None:
    _matrix(name, A)
    if tau.shape[-1] > A.shape[-1]:
        raise RuntimeError(
            explain(
                f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]",
                [("input", tuple(A.shape), "*, m, n"), ("tau", tuple(tau.shape), "*, k")],
            )
        )
    if tau.dtype != A.dtype:
        raise RuntimeError(f"{name}: tau dtype {kind_name(tau)} does not match input dtype {kind_name(A)}")
    if tau.shape[:-1] != A.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )


def _written(name: str, out: Any, result: Any, inputs: tuple) -> Any:
    return result if out is None else write_out(name, out, result, inputs)


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> Any:
    """(X with A X = b, a copy of A): the older form of linalg.solve_triangular, deprecated; transpose: A^T for A."""
    _matrix("triangular_solve", b, "b")
    _matrix("triangular_solve", A, "A")
    warn_user(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangular and will be removed in a "
        "future PyTorch release."
    )
    coefficients = A.transpose(-2, -1) if transpose else A
    solution = solve_triangular(
        coefficients, b, upper=bool(upper) != bool(transpose), left=True, unitriangular=bool(unitriangular)
    )
    return _written("triangular_solve", out, return_types.triangular_solve(solution, A.clone()), (b, A))


# -- randomized decompositions ----------------------------------------------------------------------------------------


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Any:
    """(U, S, V) with U diag(S) V^H near A - M, of rank q: the SVD within a random subspace (Halko et al., 2009).

    `niter` rounds of power iteration turn the subspace towards the largest singular values.

    >>> import minitorch as mt
    >>> mt.svd_lowrank(3 * mt.eye(4), q=2)[1].round(decimals=3)
    tensor([3., 3.])
    """
    if M is not None:
        A = A - M.broadcast_to(A.size())
    wide = A.shape[-2] < A.shape[-1]
    tall = A.mH if wide else A
    basis = _basis(tall, 6 if q is None else q, 2 if niter is None else niter)
    U, S, Vh = svd(basis.mH @ tall, full_matrices=False)
    U, V = basis @ U, Vh.mH
    return (V, S, U) if wide else (U, S, V)


def _basis(A: Any, q: int, niter: int) -> Any:
    """Orthonormal columns that nearly span A's: A times random vectors, made orthogonal; then A and A^H in turn."""
    start = randn(A.shape[-1], q, dtype=A.dtype, device=A.device)
    Q = qr(A @ start).Q
    for _ in range(niter):
        Q = qr(A @ qr(A.mH @ Q).Q).Q
    return Q


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """(U, S, V) of the rows of A, with their mean subtracted: the columns of V are the principal directions.

    >>> import minitorch as mt
    >>> mt.pca_lowrank(mt.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0], [-2.0, 0.0]]), q=1)[2].abs()
    tensor([[1.],
            [0.]])
    """
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(dim=-2, keepdim=True) if center else A, q, niter)


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f for f in (geqrf, orgqr, ormqr, triangular_solve, svd_lowrank, pca_lowrank)
}
