"""Specs of the decompositions of minitorch.linalg: singular values, QR, eigenvalues, LU.

Factors that are unique up to signs or phases are compared through what does not depend on them.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, spec
from parity.specs.linalg import (
    INEXACT,
    INTEGERS,
    NOT_MATRIX,
    NOT_SQUARE,
    ROUNDED,
    SINGULAR,
    A,
    V,
    definite,
    rectangles,
    squares,
    triangular,
)
from parity.specs.reduce import NAN

# -- decompositions --------------------------------------------------------------------------------------------------


def svd_invariants(result, library):
    """U S V^H, S, and the sizes of the elements of U and V."""
    U, S, W = result
    k = S.shape[-1]
    Vh = W if type(result).__name__ == "linalg_svd" else W.mH
    U, Vh = U[..., :k], Vh[..., :k, :]
    return (U * S.unsqueeze(-2)) @ Vh, S, U.abs(), Vh.abs()


_CONVERGE = Bad(call(np.array([[NAN, 1.0], [1.0, 2.0]])), "non-finite")
spec(
    "linalg.svd",
    rectangles(full_matrices=(False, True)),
    dtypes=INEXACT,
    compare=svd_invariants,
    errors=(NOT_MATRIX, INTEGERS, _CONVERGE),
    **ROUNDED,
)
spec(
    "svd",
    rectangles(zero=False, some=(False, True)),
    dtypes=FLOATS,
    method=True,
    compare=svd_invariants,
    errors=(NOT_MATRIX,),
    **ROUNDED,
)
spec("linalg.svdvals", rectangles(), dtypes=INEXACT, out=True, errors=(NOT_MATRIX, INTEGERS), **ROUNDED)


def qr_invariants(result, library):
    """Q R and the sizes of the elements of both."""
    Q, R = result
    return (
        (R.abs(),)
        if Q.ndim == 1
        else (Q @ R, Q[..., : R.shape[-2]].abs() if Q.shape[-1] <= R.shape[-1] else R.abs(), R.abs())
    )


@st.composite
def tall_or_wide(draw) -> Call:
    c = draw(rectangles(zero=False))
    m, n = c.args[0].shape[-2:]
    return call(*c.args, mode=draw(st.sampled_from(("reduced", "complete") if m <= n else ("reduced",))))


spec(
    "linalg.qr",
    tall_or_wide(),
    dtypes=INEXACT,
    compare=qr_invariants,
    errors=(NOT_MATRIX, INTEGERS, Bad(call(A, "x"), "unrecognized mode")),
    **ROUNDED,
)
spec("qr", rectangles(zero=False), dtypes=FLOATS, method=True, compare=qr_invariants, errors=(NOT_MATRIX,), **ROUNDED)


def eigen_invariants(result, library):
    """V diag(w) V^H, w, and the sizes of the elements of V."""
    w, V = result
    return (V * w.unsqueeze(-2)) @ V.mH, w, V.abs()


_UPLO = Bad(call(A, "x"), "UPLO")
_NOT_IMPLEMENTED = Bad(call(A), "not implemented", dtype="int64")
spec(
    "linalg.eigh",
    squares(make=definite, UPLO=("L", "U")),
    dtypes=INEXACT,
    compare=eigen_invariants,
    errors=(NOT_SQUARE, NOT_MATRIX, _UPLO, _NOT_IMPLEMENTED),
    **ROUNDED,
)
spec(
    "linalg.eigvalsh",
    squares(make=definite, UPLO=("L", "U")),
    dtypes=INEXACT,
    out=True,
    errors=(NOT_SQUARE, _UPLO, _NOT_IMPLEMENTED),
    **ROUNDED,
)


def general_invariants(result, library):
    """Sums of powers of the eigenvalues, and weighted sizes of the eigenvectors: the order does not matter."""
    w, V = result if isinstance(result, tuple) else (result, None)
    sums = (w.sum(-1), (w * w).sum(-1), (w * w * w).sum(-1))
    return sums if V is None else (*sums, (V.abs() ** 2 * w.unsqueeze(-2)).sum(-1))


_FINITE = Bad(call(np.array([[NAN]])), "infs or NaNs")
spec(
    "linalg.eig",
    squares(zero=False),
    dtypes=INEXACT,
    order=1,
    compare=general_invariants,
    errors=(NOT_SQUARE, NOT_MATRIX, _FINITE),
    **ROUNDED,
)
spec(
    "linalg.eigvals",
    squares(zero=False),
    dtypes=INEXACT,
    compare=general_invariants,
    errors=(NOT_SQUARE, NOT_MATRIX),
    **ROUNDED,
)

# -- LU --------------------------------------------------------------------------------------------------------------

_PIVOT = Bad(call(A, pivot=False), "without pivoting")
spec(
    "linalg.lu",
    rectangles(),
    dtypes=INEXACT,
    out=True,
    errors=(Bad(call(V), "2 or more"), _PIVOT),
    edges=(call(SINGULAR),),
    **ROUNDED,
)
spec(
    "linalg.lu_factor",
    rectangles(),
    dtypes=INEXACT,
    out=True,
    errors=(Bad(call(SINGULAR), "is zero"), _PIVOT),
    grad_of=(0,),
    **ROUNDED,
)
spec(
    "linalg.lu_factor_ex",
    rectangles(zero=False),
    dtypes=FLOATS,
    out=True,
    errors=(_PIVOT,),
    edges=(call(np.eye(2)),),
    grad_of=(0,),
    **ROUNDED,
)


@st.composite
def packed(draw) -> Call:
    n = draw(st.sampled_from((3, 2, 1)))
    left, adjoint = draw(st.booleans()), draw(st.booleans())
    pivots = In(
        (n,),
        dtype="int32",
        make=lambda rng, s, d: np.array([rng.integers(i, s[0]) + 1 for i in range(s[0])], dtype="int32"),
    )
    return call(In((n, n), make=triangular), pivots, In((n, 2) if left else (2, n)), left=left, adjoint=adjoint)


spec("linalg.lu_solve", packed(), dtypes=INEXACT, out=True, **ROUNDED)
spec(
    "lu_solve",
    packed().map(lambda c: call(In((c.args[0].shape[0], 2)), c.args[0], c.args[1])),
    dtypes=FLOATS,
    method=True,
    out=True,
    **ROUNDED,
)


@st.composite
def unpacked(draw) -> Call:
    m, n = draw(st.sampled_from(((3, 3), (2, 3), (4, 2))))
    pivots = In((min(m, n),), dtype="int32", make=exchanges)
    if draw(st.integers(0, 3)) == 0:  # torch fails to differentiate this
        return call(In((m, n), grad=False), pivots, unpack_data=False)
    return call(In((m, n)), pivots, unpack_pivots=draw(st.booleans()))


def exchanges(rng, shape, dtype):
    return np.array([rng.integers(i, shape[0]) + 1 for i in range(shape[0])], dtype=dtype)


spec("lu_unpack", unpacked(), dtypes=FLOATS, errors=(Bad(call(A, np.array([1, 2, 3])), "int32"),))
