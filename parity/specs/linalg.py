"""Specs of minitorch.linalg: inverses, equations, factorizations, norms.

Factors that are unique up to signs or phases are compared through what does not depend on them.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.checks import DType
from parity.spec import COMPLEX, FLOATS, Bad, Call, In, call, shapes, spec
from parity.specs.reduce import INF, NAN

INEXACT = (*FLOATS, *COMPLEX)
A, V, R = In((3, 3)), In((3,)), In((2, 3))
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
ONE_SINGULAR = np.stack([np.eye(2), SINGULAR])
NOT_SQUARE = Bad(call(R), "square matrices")
NOT_MATRIX = Bad(call(V), "at least 2 dim")
INTEGERS = Bad(call(A), "floating point", dtype="int64")
# both libraries round a few times, in different orders, on matrices whose condition number is up to about 10
ROUNDED = {
    "tolerance": {"float32": (2e-4, 2e-4), "complex64": (2e-4, 2e-4), "float64": (1e-7, 1e-7), "complex128": (1e-7, 1e-7)},
    "why": "LAPACK's algorithms and their order of operations differ between builds, by some tens of roundings",
}


# -- matrices that are far from singular -----------------------------------------------------------------------------------


def noise(rng, shape, dtype):
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if dtype.startswith("complex") else x


def regular(rng, shape, dtype):
    """Singular values from 1 to 3, all different, in random directions."""
    m, n = shape[-2:]
    if min(shape) == 0:
        return np.zeros(shape, dtype)
    U, _, Vh = np.linalg.svd(noise(rng, shape, dtype), full_matrices=False)
    s = 1 + 2 * (np.arange(min(m, n)) + rng.uniform(0.2, 0.8, (*shape[:-2], min(m, n)))) / min(m, n)
    return ((U * s[..., None, :]) @ Vh).astype(dtype)


def definite(rng, shape, dtype):
    """Hermitian with eigenvalues from 1 to 3, all different."""
    if min(shape) == 0:
        return np.zeros(shape, dtype)
    Q = np.linalg.qr(noise(rng, shape, dtype))[0]
    n = shape[-1]
    w = 1 + 2 * (np.arange(n) + rng.uniform(0.2, 0.8, (*shape[:-2], n))) / n
    return ((Q * w[..., None, :]) @ Q.conj().swapaxes(-1, -2)).astype(dtype)


def triangular(rng, shape, dtype):
    """Both triangles filled, the diagonal real and from 1 to 2."""
    if min(shape) == 0:
        return np.zeros(shape, dtype)
    off = 1 - np.eye(shape[-1])
    return (noise(rng, shape, dtype) * 0.5 * off + np.eye(shape[-1]) * rng.uniform(1, 2, shape)).astype(dtype)


def lower(rng, shape, dtype):
    return np.tril(triangular(rng, shape, dtype))


def upper(rng, shape, dtype):
    return np.triu(triangular(rng, shape, dtype))


@st.composite
def batches(draw) -> tuple[int, ...]:
    return draw(st.sampled_from(((), (), (2,), (4, 1), (0,))))


@st.composite
def squares(draw, make=regular, zero=True, **options) -> Call:
    n = draw(st.sampled_from((3, 2, 4, 1, 0) if zero else (3, 2, 4, 1)))
    chosen = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    return call(In((*draw(batches()), n, n), make=make), **chosen)


@st.composite
def rectangles(draw, zero=True, **options) -> Call:
    sizes = ((3, 2), (2, 4), (3, 3), (1, 3), (4, 1)) + ((0, 2), (3, 0)) * zero
    chosen = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    return call(In((*draw(batches()), *draw(st.sampled_from(sizes))), make=regular), **chosen)


# -- inverses and determinants -----------------------------------------------------------------------------------------------

_BAD_SQUARE = (NOT_SQUARE, NOT_MATRIX, INTEGERS)
_NO_INVERSE = (Bad(call(SINGULAR), "diagonal element 2 is zero"), Bad(call(ONE_SINGULAR), "(Batch element 1)"), Bad(call(A), "Low precision", dtype="float16"))
spec("linalg.inv", squares(), dtypes=INEXACT, out=True, errors=(*_BAD_SQUARE, *_NO_INVERSE), **ROUNDED)
spec("inverse", squares(), dtypes=FLOATS, method=True, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("linalg.det", squares(), dtypes=INEXACT, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("det", squares(), dtypes=FLOATS, method=True, errors=_BAD_SQUARE, **ROUNDED)
spec("linalg.slogdet", squares(), dtypes=INEXACT, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("slogdet", squares(), dtypes=FLOATS, method=True, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("logdet", squares(make=definite), dtypes=INEXACT, method=True, errors=_BAD_SQUARE, edges=(call(-np.eye(3)),), **ROUNDED)
spec("linalg.inv_ex", squares(zero=False), dtypes=FLOATS, errors=(NOT_SQUARE, Bad(call(SINGULAR, check_errors=True), "is zero")), grad_of=(0,), **ROUNDED)


def _info(result, library):
    return result[1]


spec("linalg.pinv", rectangles(), dtypes=INEXACT, out=True, errors=(Bad(call(V), "2"), INTEGERS),
     edges=(call(SINGULAR), call(np.diag([3.0, 2.0, 0.1]), rtol=0.5), call(np.diag([3.0, 2.0, 0.1]), 0.5), call(np.diag([3.0, 2.0, 0.1]), atol=0.5),
            call(np.diag([3.0, -2.0]), hermitian=True), call(np.stack([np.eye(2), np.eye(2) * 3]), rtol=In((2,), low=0.1, high=0.2, grad=False))), **ROUNDED)  # fmt: skip
spec("pinverse", rectangles(), dtypes=FLOATS, method=True, edges=(call(np.diag([3.0, 0.1]), 0.5),), **ROUNDED)

# -- equations ---------------------------------------------------------------------------------------------------------------


@st.composite
def equations(draw, make=regular, vectors=True, zero=True, **options) -> Call:
    """solve(A, B) with B a matrix, a vector or a batch of vectors, with batches that broadcast."""
    n, k = draw(st.sampled_from((3, 2, 1, 0) if zero else (3, 2, 1))), draw(st.sampled_from((2, 1, 4)))
    batch = draw(st.sampled_from(((), (5,), (2, 1))))
    left = draw(st.booleans())
    b = draw(st.sampled_from(((n, k) if left else (k, n), (*batch, *((n, k) if left else (k, n))))))
    if vectors and left and draw(st.booleans()):
        b = (*batch, n)
    chosen = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    return call(In((*batch, n, n), make=make), In(b), left=left, **chosen)


B = In((3, 2))
_BAD_EQUATIONS = (Bad(call(R, B), "square matrices"), Bad(call(A, R), "Incompatible shapes"), Bad(call(A, In((3, 2), dtype="float32")), "same dtype"))
spec("linalg.solve", equations(), dtypes=INEXACT, out=True,
     errors=(*_BAD_EQUATIONS, Bad(call(SINGULAR, In((2, 2))), "is singular"), Bad(call(A, A), "floating point", dtype="int64"), Bad(call(A, V, left=False), "left=False")),
     **ROUNDED)  # fmt: skip
spec("linalg.solve_ex", equations(zero=False), dtypes=FLOATS, errors=(_BAD_EQUATIONS[0],), grad_of=(0,), **ROUNDED)


@st.composite
def triangles(draw) -> Call:
    return draw(equations(make=triangular, vectors=False, upper=(True, False), unitriangular=(False, True)))


_BAD_TRIANGLES = tuple(Bad(call(*b.call.args, upper=True), b.words) for b in _BAD_EQUATIONS[:2])
spec("linalg.solve_triangular", triangles(), dtypes=INEXACT, out=True,
     edges=(call(np.array([[1.0, 2.0], [3.0, 0.0]]), np.ones((2, 1)), upper=True),),
     errors=(*_BAD_TRIANGLES, Bad(call(A, V, upper=True), "at least 2"), Bad(call(A, A, upper=True), "not implemented", dtype="int64")), **ROUNDED)  # fmt: skip

# -- Cholesky ------------------------------------------------------------------------------------------------------------------

_INDEFINITE = (Bad(call(np.diag([1.0, -1.0])), "order 2 is not positive-definite"), Bad(call(np.stack([np.eye(2), -np.eye(2)])), "(Batch element 1)"))
spec("linalg.cholesky", squares(make=definite, upper=(False, True)), dtypes=INEXACT, out=True, errors=(*_BAD_SQUARE, *_INDEFINITE), **ROUNDED)
spec("cholesky", squares(make=definite, upper=(False, True)), dtypes=FLOATS, method=True, out=True, errors=(NOT_SQUARE, *_INDEFINITE), **ROUNDED)
spec("linalg.cholesky_ex", squares(make=definite, upper=(False, True)), dtypes=FLOATS, grad_of=(0,),
     errors=(NOT_SQUARE, Bad(call(-np.eye(2), check_errors=True), "positive-definite")), **ROUNDED)  # fmt: skip


@st.composite
def factored(draw) -> Call:
    n = draw(st.sampled_from((3, 2, 1)))
    batch = draw(st.sampled_from(((), (2,))))
    up = draw(st.booleans())
    return call(In((*batch, n, 2)), In((*batch, n, n), make=upper if up else lower), up)


@st.composite
def factors(draw) -> Call:
    c = draw(factored())
    return call(*c.args[1:])


spec("cholesky_solve", factored(), dtypes=INEXACT, method=True, out=True, errors=(Bad(call(V, A), "at least 2 dim"), Bad(call(R, A), "Incompatible")), **ROUNDED)
spec("cholesky_inverse", factors(), dtypes=INEXACT, method=True, out=True, errors=(NOT_SQUARE,), **ROUNDED)

# -- decompositions ---------------------------------------------------------------------------------------------------------------


def svd_invariants(result, library):
    """U S V^H, S, and the sizes of the elements of U and V."""
    U, S, W = result
    k = S.shape[-1]
    Vh = W if type(result).__name__ == "linalg_svd" else W.mH
    U, Vh = U[..., :k], Vh[..., :k, :]
    return (U * S.unsqueeze(-2)) @ Vh, S, U.abs(), Vh.abs()


_CONVERGE = Bad(call(np.array([[NAN, 1.0], [1.0, 2.0]])), "non-finite")
spec("linalg.svd", rectangles(full_matrices=(False, True)), dtypes=INEXACT, compare=svd_invariants, errors=(NOT_MATRIX, INTEGERS, _CONVERGE), **ROUNDED)
spec("svd", rectangles(zero=False, some=(False, True)), dtypes=FLOATS, method=True, compare=svd_invariants, errors=(NOT_MATRIX,), **ROUNDED)
spec("linalg.svdvals", rectangles(), dtypes=INEXACT, out=True, errors=(NOT_MATRIX, INTEGERS), **ROUNDED)


def qr_invariants(result, library):
    """Q R and the sizes of the elements of both."""
    Q, R = result
    return (R.abs(),) if Q.ndim == 1 else (Q @ R, Q[..., : R.shape[-2]].abs() if Q.shape[-1] <= R.shape[-1] else R.abs(), R.abs())


@st.composite
def tall_or_wide(draw) -> Call:
    c = draw(rectangles(zero=False))
    m, n = c.args[0].shape[-2:]
    return call(*c.args, mode=draw(st.sampled_from(("reduced", "complete") if m <= n else ("reduced",))))


spec("linalg.qr", tall_or_wide(), dtypes=INEXACT, compare=qr_invariants,
     errors=(NOT_MATRIX, INTEGERS, Bad(call(A, "x"), "unrecognized mode")), **ROUNDED)  # fmt: skip
spec("qr", rectangles(zero=False), dtypes=FLOATS, method=True, compare=qr_invariants, errors=(NOT_MATRIX,), **ROUNDED)


def eigen_invariants(result, library):
    """V diag(w) V^H, w, and the sizes of the elements of V."""
    w, V = result
    return (V * w.unsqueeze(-2)) @ V.mH, w, V.abs()


_UPLO = Bad(call(A, "x"), "UPLO")
_NOT_IMPLEMENTED = Bad(call(A), "not implemented", dtype="int64")
spec("linalg.eigh", squares(make=definite, UPLO=("L", "U")), dtypes=INEXACT, compare=eigen_invariants, errors=(NOT_SQUARE, NOT_MATRIX, _UPLO, _NOT_IMPLEMENTED), **ROUNDED)
spec("linalg.eigvalsh", squares(make=definite, UPLO=("L", "U")), dtypes=INEXACT, out=True, errors=(NOT_SQUARE, _UPLO, _NOT_IMPLEMENTED), **ROUNDED)


def general_invariants(result, library):
    """Sums of powers of the eigenvalues, and weighted sizes of the eigenvectors: the order does not matter."""
    w, V = result if isinstance(result, tuple) else (result, None)
    sums = (w.sum(-1), (w * w).sum(-1), (w * w * w).sum(-1))
    return sums if V is None else (*sums, (V.abs() ** 2 * w.unsqueeze(-2)).sum(-1))


_FINITE = Bad(call(np.array([[NAN]])), "infs or NaNs")
spec("linalg.eig", squares(zero=False), dtypes=INEXACT, order=1, compare=general_invariants, errors=(NOT_SQUARE, NOT_MATRIX, _FINITE), **ROUNDED)
spec("linalg.eigvals", squares(zero=False), dtypes=INEXACT, compare=general_invariants, errors=(NOT_SQUARE, NOT_MATRIX), **ROUNDED)

# -- LU -----------------------------------------------------------------------------------------------------------------------------

_PIVOT = Bad(call(A, pivot=False), "without pivoting")
spec("linalg.lu", rectangles(), dtypes=INEXACT, out=True, errors=(Bad(call(V), "2 or more"), _PIVOT), edges=(call(SINGULAR),), **ROUNDED)
spec("linalg.lu_factor", rectangles(), dtypes=INEXACT, out=True, errors=(Bad(call(SINGULAR), "is zero"), _PIVOT), grad_of=(0,), **ROUNDED)
spec("linalg.lu_factor_ex", rectangles(zero=False), dtypes=FLOATS, out=True, errors=(_PIVOT,), edges=(call(np.eye(2)),), grad_of=(0,), **ROUNDED)


@st.composite
def packed(draw) -> Call:
    n = draw(st.sampled_from((3, 2, 1)))
    left, adjoint = draw(st.booleans()), draw(st.booleans())
    pivots = In((n,), dtype="int32", make=lambda rng, s, d: np.array([rng.integers(i, s[0]) + 1 for i in range(s[0])], dtype="int32"))
    return call(In((n, n), make=triangular), pivots, In((n, 2) if left else (2, n)), left=left, adjoint=adjoint)


spec("linalg.lu_solve", packed(), dtypes=INEXACT, out=True, **ROUNDED)
spec("lu_solve", packed().map(lambda c: call(In((c.args[0].shape[0], 2)), c.args[0], c.args[1])), dtypes=FLOATS, method=True, out=True, **ROUNDED)

# -- norms --------------------------------------------------------------------------------------------------------------------------


@st.composite
def vector_norms(draw) -> Call:
    s = draw(shapes(zero=False))
    x = In(s, distinct=True, avoid=(0.0,))
    p = draw(st.sampled_from((2, 1, 0, 3, 0.5, 1.5, -1, INF, -INF)))
    kind = draw(st.sampled_from(("plain", "dim", "dims", "dtype")))
    if kind == "plain" or not s:
        return call(x, p)
    if kind == "dtype":
        return call(x, ord=p, dtype=DType("float64")) if p else call(x, p)
    dim = draw(st.integers(-len(s), len(s) - 1)) if kind == "dim" else tuple(draw(st.permutations(range(len(s)))))[: draw(st.integers(1, len(s)))]
    return call(x, p, dim, draw(st.booleans()))


_ZERO = np.array([[0.0, 0.0, 0.0], [3.0, -4.0, 0.0]])
spec("linalg.vector_norm", vector_norms(), dtypes=FLOATS, out=True, edges=tuple(call(_ZERO, p, 1) for p in (2, 1, 0, 3, 1.5, INF)),
     errors=(INTEGERS, Bad(call(A, "x"), "must be Number"), Bad(call(A, 2, (0, 5)), "Dimension out of range"), Bad(call(In((0, 3)), INF), "identity")))  # fmt: skip

_ORDERS = ("fro", "nuc", 1, -1, 2, -2, INF, -INF)


@st.composite
def matrix_norms(draw) -> Call:
    c = draw(rectangles(zero=False))
    x = c.args[0]
    dims = draw(st.sampled_from(((-2, -1), (-1, -2), (0, 1))))
    if dims == (0, 1) and len(x.shape) != 2:
        dims = (-2, -1)
    return call(x, draw(st.sampled_from(_ORDERS)), dims, draw(st.booleans()))


spec("linalg.matrix_norm", matrix_norms(), dtypes=INEXACT, out=True,
     errors=(NOT_MATRIX, INTEGERS, Bad(call(A, 3), "not supported"), Bad(call(A, "x"), "not supported"), Bad(call(A, 1, (0, 0)), "must be different"), Bad(call(A, 1, (0,)), "2-tuple")),
     **ROUNDED)  # fmt: skip


@st.composite
def any_norms(draw) -> Call:
    kind = draw(st.sampled_from(("plain", "vector", "matrix", "dim", "dims")))
    if kind == "plain":
        return call(In(draw(shapes(zero=False)), distinct=True))
    if kind == "vector":
        return call(In((3,), distinct=True, avoid=(0.0,)), draw(st.sampled_from((1, 2, 3, INF, 0))))
    x = draw(rectangles(zero=False)).args[0]
    if kind == "matrix":
        return call(In(x.shape[-2:], make=regular), draw(st.sampled_from(_ORDERS)))
    if kind == "dim":
        return call(x, 2, dim=-1, keepdim=True)
    return call(x, draw(st.sampled_from(_ORDERS)), dim=(-2, -1))


spec("linalg.norm", any_norms(), dtypes=FLOATS, out=True,
     errors=(INTEGERS, Bad(call(In((2, 3, 4)), 2), "1D or 2D"), Bad(call(In((2, 3, 4)), 2, (0, 1, 2)), "length 1 or 2"), Bad(call(A, 3), "not supported"), Bad(call(A, "fro", 0), "2-tuple")),
     **ROUNDED)  # fmt: skip
spec("Tensor.norm", st.sampled_from(("nuc", "fro")).map(lambda p: call(In((3, 2), make=regular), p)), **ROUNDED)
@st.composite
def conditions(draw) -> Call:
    n = draw(st.sampled_from((3, 2)))
    if draw(st.booleans()):
        return call(In(draw(st.sampled_from(((3, 2), (2, 4), (2, 3, 3)))), make=regular))
    return call(In((n, n), make=regular), draw(st.sampled_from((2, -2, 1, -1, "fro", "nuc", INF, -INF))))


# torch can't differentiate most of the orders: it changes a saved value in place
spec("linalg.cond", conditions(), out=True, dtypes=INEXACT, order=0, edges=(call(ONE_SINGULAR, 1), call(SINGULAR, INF)),
     errors=(Bad(call(V), "at least 2 dim"), Bad(call(A, 3), "invalid norm type"), Bad(call(R, 1), "square matrices")), **ROUNDED)  # fmt: skip
spec("linalg.matrix_rank", rectangles(), dtypes=INEXACT, order=0, out=True, errors=(NOT_MATRIX,),
     edges=(call(SINGULAR), call(np.diag([3.0, 2.0, 0.1]), 0.5), call(np.diag([3.0, 2.0, 0.1]), rtol=0.5), call(np.diag([3.0, 2.0, 0.1]), atol=0.5, rtol=0.01),
            call(np.diag([3.0, -2.0]), hermitian=True)))  # fmt: skip


# -- least squares, powers, products -----------------------------------------------------------------------------------------------------


@st.composite
def fits(draw) -> Call:
    m, n = draw(st.sampled_from(((4, 2), (3, 3), (2, 3))))
    batch = draw(st.sampled_from(((), (2,))))
    driver = draw(st.sampled_from((None, "gelsy", "gelsd", "gelss", "gels")))
    return call(In((*batch, m, n), make=regular), In((*batch, m, 2)), driver=driver)


spec("linalg.lstsq", fits(), dtypes=FLOATS, grad_of=(0,), edges=(call(SINGULAR, np.ones((2, 1))), call(np.eye(3)[:, :2], np.ones(3))),
     errors=(Bad(call(A, R), "should match"), Bad(call(A, A, driver="x"), "driver"), NOT_MATRIX if False else Bad(call(V, V), "at least 2 dim")), **ROUNDED)  # fmt: skip


@st.composite
def powers(draw) -> Call:
    return call(draw(squares()).args[0], draw(st.sampled_from((1, 2, 3, 5, -1, -2))))


spec("linalg.matrix_power", powers(), dtypes=INEXACT, out=True, edges=(call(np.array([[1, 2], [3, 4]]), 3), call(np.ones((2, 3, 3)), 0)),
     errors=(Bad(call(R, 2), "square matrices"), Bad(call(A, 1.5), "must be int"), Bad(call(SINGULAR, -1), "is zero")), **ROUNDED)  # fmt: skip
spec("matrix_power", powers(), dtypes=FLOATS, method=True, out=True, **ROUNDED)
_CHAINS = (((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 5)), ((3,), (3, 4), (4, 2)), ((2, 3), (3, 4), (4,)), ((3,), (3, 2), (2,)), ((5, 1), (1, 6), (6, 2), (2, 4)))
spec("linalg.multi_dot", st.sampled_from(_CHAINS).map(lambda c: call([In(s) for s in c])), dtypes=INEXACT, out=True,
     errors=(Bad(call([A]), "at least 2"), Bad(call([A, A, R]), "cannot be multiplied"), Bad(call([In((2, 3, 3)), A]), "must be 1D or 2D")))  # fmt: skip
spec("chain_matmul", st.sampled_from(_CHAINS[:2]).map(lambda c: call(*(In(s) for s in c))), dtypes=FLOATS)


@st.composite
def pairs(draw) -> Call:
    s = draw(shapes(1, 3))
    other = tuple(1 if i < len(s) - 1 and draw(st.booleans()) else n for i, n in enumerate(s))
    return call(In(s), In(other)) if draw(st.booleans()) else call(In(s), In(s), dim=draw(st.integers(-len(s), len(s) - 1)))


spec("linalg.vecdot", pairs(), dtypes=INEXACT, out=True, errors=(Bad(call(V, In((3,), dtype="float32")), "dtype"), Bad(call(A, A, dim=2), "Dimension out of range")))
spec("linalg.cross", st.sampled_from((((2, 3), (2, 3)), ((4, 1, 3), (1, 2, 3)))).map(lambda s: call(In(s[0]), In(s[1]))), dtypes=INEXACT, out=True,
     errors=(Bad(call(A, V), "same number of dimensions"), Bad(call(In((3, 4)), In((3, 4))), "must have length 3")))  # fmt: skip
spec("linalg.matmul", st.just(call(R, A)), out=True)
spec("linalg.diagonal", rectangles(offset=(0, 1, -1)), dtypes=INEXACT, errors=(Bad(call(A, dim1=0, dim2=0), "identical"),))
spec("linalg.vander", shapes(0, 1, zero=False).map(lambda s: call(In((*s, 3)))), dtypes=(*INEXACT, "int64"),
     edges=(call(np.array([1.0, 2.0]), N=4),), errors=(Bad(call(In(())), "at least 1 dim"), Bad(call(V, N=1), "greater than 1")))  # fmt: skip
spec("kron", st.tuples(shapes(0, 2), shapes(0, 2)).map(lambda s: call(In(s[0]), In(s[1]))), dtypes=(*INEXACT, "int64"), method=True, out=True)
