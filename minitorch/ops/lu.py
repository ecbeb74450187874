"""LU factorization with partial pivoting, in the packed form of LAPACK, and its derivative."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.diagonal import tril, triu
from minitorch.ops.joining import cat
from minitorch.ops.linalg import solve_triangular
from minitorch.ops.matmul import adjoint, matmul


@op(outputs=3, node="LinalgLuFactorExBackward0")
def lu_factor(x: Any) -> tuple:
    """(LU, pivots, info): L below the diagonal and U on and above it, the row that each row was exchanged with, counted
    from 1, and the first zero on U's diagonal, counted from 1, or 0."""
    xp, batch, (m, n) = xp_of(x), x.shape[:-2], x.shape[-2:]
    k = min(m, n)
    LU = x.copy().reshape(-1 if x.size else _count(batch), m, n)
    rows = xp.arange(LU.shape[0])
    pivots = xp.zeros((LU.shape[0], k), dtype="int32")
    info = xp.zeros(LU.shape[0], dtype="int32")
    for j in range(k):
        column = LU[:, j:, j]
        # LAPACK measures complex numbers by |re| + |im|
        p = j + (abs(column) if column.dtype.kind != "c" else abs(column.real) + abs(column.imag)).argmax(axis=1)
        pivots[:, j] = p + 1
        chosen = LU[rows, p].copy()
        LU[rows, p] = LU[:, j]
        LU[:, j] = chosen
        zero = chosen[:, j] == 0
        info = xp.where((info == 0) & zero, xp.int32(j + 1), info)
        LU[:, j + 1 :, j] /= xp.where(zero, x.dtype.type(1), chosen[:, j])[:, None]
        LU[:, j + 1 :, j + 1 :] -= LU[:, j + 1 :, j, None] * LU[:, j, None, j + 1 :]
    return LU.reshape(x.shape), pivots.reshape(*batch, k), info.reshape(batch)


def _count(batch: tuple) -> int:
    count = 1
    for n in batch:
        count *= n
    return count


@op
def permutation(pivots: Any, *, size: int, dtype: Any) -> Any:
    """The matrix P with A = P L U, from the row exchanges."""
    xp, batch, k = xp_of(pivots), pivots.shape[:-1], pivots.shape[-1]
    swaps = pivots.reshape(_count(batch), k) - 1
    count = swaps.shape[0]
    order = xp.zeros((count, size), dtype="int64") + xp.arange(size)
    rows = xp.arange(count)
    for j in range(k):
        p = swaps[:, j]
        here = order[:, j].copy()
        order[:, j] = order[rows, p]
        order[rows, p] = here
    P = (xp.arange(size)[:, None] == order[:, None, :]).astype(dtype)
    return P.reshape(*batch, size, size)


@op
def identity_like(x: Any) -> Any:
    """The identity of the size of x's smaller side, for each matrix of the batch."""
    xp, k = xp_of(x), min(x.shape[-2:])
    return xp.zeros((*x.shape[:-2], k, k), dtype=x.dtype) + xp.eye(k, dtype=x.dtype)


def lower_of(LU: Any) -> Any:
    """L, with ones on its diagonal."""
    m, n = LU.shape[-2:]
    k = min(m, n)
    low = tril(LU[..., :k], diagonal=-1)
    one = identity_like(LU)
    if m > k:
        one = cat(one, low[..., k:, :] * 0, dim=LU.ndim - 2)
    return low + one


def upper_of(LU: Any) -> Any:
    return triu(LU[..., : min(LU.shape[-2:]), :])


@lu_factor.vjp("x")
def _(g: Any, out0: Any, out1: Any) -> Any:
    """The two triangles of gLU are the gradients of L and U."""
    gLU = g[0]
    m, n = gLU.shape[-2:]
    k = min(m, n)
    gL = tril(gLU[..., :k], diagonal=-1)
    gU = triu(gLU[..., :k, :])
    dtype = getattr(out0, "_array", out0).dtype
    return lu_grad(gL, gU, permutation(out1, size=m, dtype=dtype), lower_of(out0), upper_of(out0))


def lu_grad(gL: Any, gU: Any, P: Any, L: Any, U: Any) -> Any:
    """A square: gA = P L^-H [tril(L^H gL, -1) + triu(gU U^H)] U^-H. A tall or wide matrix is a square one and a rest,
    L2 = A2 U^-1 or U2 = L^-1 A2, whose gradient also gives to the square part."""
    m, n, k = L.shape[-2], U.shape[-1], L.shape[-1]
    rest = None
    if n > k:
        U, U2, gU, gU2 = U[..., :k], U[..., k:], gU[..., :k], gU[..., k:]
        rest = solve_triangular(adjoint(L), gU2, upper=True, unitriangular=True)
        gL = gL - matmul(rest, adjoint(U2))
    elif m > k:
        L, L2, gL, gL2 = L[..., :k, :], L[..., k:, :], gL[..., :k, :], gL[..., k:, :]
        rest = solve_triangular(adjoint(U), gL2, upper=False, left=False)
        gU = gU - matmul(adjoint(L2), rest)
    middle = tril(matmul(adjoint(L), gL), diagonal=-1) + triu(matmul(gU, adjoint(U)))
    left = solve_triangular(adjoint(L), middle, upper=True, unitriangular=True)
    gA = solve_triangular(adjoint(U), left, upper=False, left=False)
    if rest is not None:
        gA = cat(gA, rest, dim=gA.ndim - (1 if n > k else 2))
    return matmul(P, gA)
