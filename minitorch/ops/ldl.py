"""LDL factorizations of symmetric and Hermitian matrices, by LAPACK's Bunch and Kaufman pivoting (through SciPy)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.op import op
from minitorch.backend import device_of, to_device, to_host


def _lapack(routine: str, array: Any, hermitian: bool) -> Any:
    """sytrf, sytrs or, for Hermitian complex matrices, hetrf, hetrs of the array's precision."""
    from scipy.linalg import get_lapack_funcs

    kind = "he" if hermitian and array.dtype.kind == "c" else "sy"
    return get_lapack_funcs((kind + routine,), (array,))[0]


@op(outputs=3, node="LinalgLdlFactorExBackward0")
def ldl_factor(x: Any, *, hermitian: bool) -> tuple:
    """(LD, pivots, info), LD packed in the lower half; computed on the host, matrix by matrix."""
    where, array = device_of(x), to_host(x)
    batch, n = array.shape[:-2], array.shape[-1]
    LD = np.zeros(array.shape, array.dtype)
    pivots, info = np.zeros((*batch, n), np.int32), np.zeros(batch, np.int32)
    factor: Any = _lapack("trf", array, hermitian) if array.size else None
    for at in np.ndindex(*batch) if array.size else ():
        packed, pivots[at], info[at] = factor(array[at], lower=1)
        LD[at] = np.tril(packed)
    return tuple(to_device(a, where) for a in (LD, pivots, info))


@ldl_factor.vjp("x")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'linalg_ldl_factor_ex' is not implemented")


@op(node="LinalgLdlSolveBackward0")
def ldl_solve(LD: Any, pivots: Any, b: Any, *, hermitian: bool) -> Any:
    """X with A X = B; batches broadcast."""
    where, (a, p, y) = device_of(b), (to_host(t) for t in (LD, pivots, b))
    batch = np.broadcast_shapes(a.shape[:-2], y.shape[:-2])
    a, y = (np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, y))
    p = np.broadcast_to(p, (*batch, p.shape[-1]))
    X = np.zeros(y.shape, y.dtype)
    solve: Any = _lapack("trs", a, hermitian) if X.size else None
    for at in np.ndindex(*batch) if X.size else ():
        X[at] = solve(a[at], p[at], y[at], lower=1)[0]
    return to_device(X, where)


@ldl_solve.vjp("LD", "b")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for 'linalg_ldl_solve' is not implemented")
