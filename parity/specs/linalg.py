"""Specs of minitorch.linalg: inverses, equations, factorizations, norms.

Factors that are unique up to signs or phases are compared through what does not depend on them.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import COMPLEX, FLOATS, Bad, Call, In, call, shapes, spec

INEXACT = (*FLOATS, *COMPLEX)
A, V, R = In((3, 3)), In((3,)), In((2, 3))
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
ONE_SINGULAR = np.stack([np.eye(2), SINGULAR])
NOT_SQUARE = Bad(call(R), "square matrices")
NOT_MATRIX = Bad(call(V), "at least 2 dim")
INTEGERS = Bad(call(A), "floating point", dtype="int64")
# both libraries round a few times, in different orders, on matrices whose condition number is up to about 10
ROUNDED = {
    "tolerance": {
        "float32": (2e-4, 2e-4),
        "complex64": (2e-4, 2e-4),
        "float64": (1e-7, 1e-7),
        "complex128": (1e-7, 1e-7),
    },
    "why": "LAPACK's algorithms and their order of operations differ between builds, by some tens of roundings",
}


# -- matrices that are far from singular -----------------------------------------------------------------------------


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


# -- inverses and determinants ---------------------------------------------------------------------------------------

_BAD_SQUARE = (NOT_SQUARE, NOT_MATRIX, INTEGERS)
_NO_INVERSE = (
    Bad(call(SINGULAR), "diagonal element 2 is zero"),
    Bad(call(ONE_SINGULAR), "(Batch element 1)"),
    Bad(call(A), "Low precision", dtype="float16"),
)
spec("linalg.inv", squares(), dtypes=INEXACT, out=True, errors=(*_BAD_SQUARE, *_NO_INVERSE), **ROUNDED)
spec("inverse", squares(), dtypes=FLOATS, method=True, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("linalg.det", squares(), dtypes=INEXACT, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("det", squares(), dtypes=FLOATS, method=True, errors=_BAD_SQUARE, **ROUNDED)
spec("linalg.slogdet", squares(), dtypes=INEXACT, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec("slogdet", squares(), dtypes=FLOATS, method=True, out=True, errors=_BAD_SQUARE, **ROUNDED)
spec(
    "logdet",
    squares(make=definite),
    dtypes=INEXACT,
    method=True,
    errors=_BAD_SQUARE,
    edges=(call(-np.eye(3)),),
    **ROUNDED,
)
spec(
    "linalg.inv_ex",
    squares(zero=False),
    dtypes=FLOATS,
    errors=(NOT_SQUARE, Bad(call(SINGULAR, check_errors=True), "is zero")),
    grad_of=(0,),
    **ROUNDED,
)


def _info(result, library):
    return result[1]


spec(
    "linalg.pinv",
    rectangles(),
    dtypes=INEXACT,
    out=True,
    errors=(Bad(call(V), "2"), INTEGERS),
    edges=(
        call(SINGULAR),
        call(np.diag([3.0, 2.0, 0.1]), rtol=0.5),
        call(np.diag([3.0, 2.0, 0.1]), 0.5),
        call(np.diag([3.0, 2.0, 0.1]), atol=0.5),
        call(np.diag([3.0, -2.0]), hermitian=True),
        call(np.stack([np.eye(2), np.eye(2) * 3]), rtol=In((2,), low=0.1, high=0.2, grad=False)),
    ),
    **ROUNDED,
)
spec("pinverse", rectangles(), dtypes=FLOATS, method=True, edges=(call(np.diag([3.0, 0.1]), 0.5),), **ROUNDED)

# -- equations -------------------------------------------------------------------------------------------------------


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
_BAD_EQUATIONS = (
    Bad(call(R, B), "square matrices"),
    Bad(call(A, R), "Incompatible shapes"),
    Bad(call(A, In((3, 2), dtype="float32")), "same dtype"),
)
spec(
    "linalg.solve",
    equations(),
    dtypes=INEXACT,
    out=True,
    errors=(
        *_BAD_EQUATIONS,
        Bad(call(SINGULAR, In((2, 2))), "is singular"),
        Bad(call(A, A), "floating point", dtype="int64"),
        Bad(call(A, V, left=False), "left=False"),
    ),
    **ROUNDED,
)
spec("linalg.solve_ex", equations(zero=False), dtypes=FLOATS, errors=(_BAD_EQUATIONS[0],), grad_of=(0,), **ROUNDED)


@st.composite
def triangles(draw) -> Call:
    return draw(equations(make=triangular, vectors=False, upper=(True, False), unitriangular=(False, True)))


_BAD_TRIANGLES = tuple(Bad(call(*b.call.args, upper=True), b.words) for b in _BAD_EQUATIONS[:2])
spec(
    "linalg.solve_triangular",
    triangles(),
    dtypes=INEXACT,
    out=True,
    edges=(call(np.array([[1.0, 2.0], [3.0, 0.0]]), np.ones((2, 1)), upper=True),),
    errors=(
        *_BAD_TRIANGLES,
        Bad(call(A, V, upper=True), "at least 2"),
        Bad(call(A, A, upper=True), "not implemented", dtype="int64"),
    ),
    **ROUNDED,
)

# -- Cholesky --------------------------------------------------------------------------------------------------------

_INDEFINITE = (
    Bad(call(np.diag([1.0, -1.0])), "order 2 is not positive-definite"),
    Bad(call(np.stack([np.eye(2), -np.eye(2)])), "(Batch element 1)"),
)
spec(
    "linalg.cholesky",
    squares(make=definite, upper=(False, True)),
    dtypes=INEXACT,
    out=True,
    errors=(*_BAD_SQUARE, *_INDEFINITE),
    **ROUNDED,
)
spec(
    "cholesky",
    squares(make=definite, upper=(False, True)),
    dtypes=FLOATS,
    method=True,
    out=True,
    errors=(NOT_SQUARE, *_INDEFINITE),
    **ROUNDED,
)
spec(
    "linalg.cholesky_ex",
    squares(make=definite, upper=(False, True)),
    dtypes=FLOATS,
    grad_of=(0,),
    errors=(NOT_SQUARE, Bad(call(-np.eye(2), check_errors=True), "positive-definite")),
    **ROUNDED,
)


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


spec(
    "cholesky_solve",
    factored(),
    dtypes=INEXACT,
    method=True,
    out=True,
    errors=(Bad(call(V, A), "at least 2 dim"), Bad(call(R, A), "Incompatible")),
    **ROUNDED,
)
spec("cholesky_inverse", factors(), dtypes=INEXACT, method=True, out=True, errors=(NOT_SQUARE,), **ROUNDED)

# -- least squares, powers, products ---------------------------------------------------------------------------------


@st.composite
def fits(draw) -> Call:
    m, n = draw(st.sampled_from(((4, 2), (3, 3), (2, 3))))
    batch = draw(st.sampled_from(((), (2,))))
    driver = draw(st.sampled_from((None, "gelsy", "gelsd", "gelss", "gels")))
    return call(In((*batch, m, n), make=regular), In((*batch, m, 2)), driver=driver)


spec(
    "linalg.lstsq",
    fits(),
    dtypes=FLOATS,
    out=True,
    grad_of=(0,),
    edges=(call(SINGULAR, np.ones((2, 1))), call(np.eye(3)[:, :2], np.ones(3))),
    errors=(
        Bad(call(A, R), "should match"),
        Bad(call(A, A, driver="x"), "driver"),
        NOT_MATRIX if False else Bad(call(V, V), "at least 2 dim"),
    ),
    **ROUNDED,
)


@st.composite
def powers(draw) -> Call:
    return call(draw(squares()).args[0], draw(st.sampled_from((1, 2, 3, 5, -1, -2))))


spec(
    "linalg.matrix_power",
    powers(),
    dtypes=INEXACT,
    out=True,
    edges=(call(np.array([[1, 2], [3, 4]]), 3), call(np.ones((2, 3, 3)), 0)),
    errors=(Bad(call(R, 2), "square matrices"), Bad(call(A, 1.5), "must be int"), Bad(call(SINGULAR, -1), "is zero")),
    **ROUNDED,
)
spec("matrix_power", powers(), dtypes=FLOATS, method=True, out=True, **ROUNDED)
_CHAINS = (
    ((2, 3), (3, 4)),
    ((2, 3), (3, 4), (4, 5)),
    ((3,), (3, 4), (4, 2)),
    ((2, 3), (3, 4), (4,)),
    ((3,), (3, 2), (2,)),
    ((5, 1), (1, 6), (6, 2), (2, 4)),
)
spec(
    "linalg.multi_dot",
    st.sampled_from(_CHAINS).map(lambda c: call([In(s) for s in c])),
    dtypes=INEXACT,
    out=True,
    errors=(
        Bad(call([A]), "at least 2"),
        Bad(call([A, A, R]), "cannot be multiplied"),
        Bad(call([In((2, 3, 3)), A]), "must be 1D or 2D"),
    ),
)
spec("chain_matmul", st.sampled_from(_CHAINS[:2]).map(lambda c: call(*(In(s) for s in c))), dtypes=FLOATS)


@st.composite
def pairs(draw) -> Call:
    s = draw(shapes(1, 3))
    other = tuple(1 if i < len(s) - 1 and draw(st.booleans()) else n for i, n in enumerate(s))
    return (
        call(In(s), In(other))
        if draw(st.booleans())
        else call(In(s), In(s), dim=draw(st.integers(-len(s), len(s) - 1)))
    )


spec(
    "linalg.vecdot",
    pairs(),
    dtypes=INEXACT,
    out=True,
    errors=(Bad(call(V, In((3,), dtype="float32")), "dtype"), Bad(call(A, A, dim=2), "Dimension out of range")),
)
spec(
    "linalg.cross",
    st.sampled_from((((2, 3), (2, 3)), ((4, 1, 3), (1, 2, 3)))).map(lambda s: call(In(s[0]), In(s[1]))),
    dtypes=INEXACT,
    out=True,
    errors=(Bad(call(A, V), "same number of dimensions"), Bad(call(In((3, 4)), In((3, 4))), "must have length 3")),
)
spec("linalg.matmul", st.just(call(R, A)), out=True)
spec(
    "linalg.diagonal",
    rectangles(offset=(0, 1, -1)),
    dtypes=INEXACT,
    errors=(Bad(call(A, dim1=0, dim2=0), "identical"),),
)
spec(
    "linalg.vander",
    shapes(0, 1, zero=False).map(lambda s: call(In((*s, 3)))),
    dtypes=(*INEXACT, "int64"),
    edges=(call(np.array([1.0, 2.0]), N=4),),
    errors=(Bad(call(V), "but got Bool", dtype="bool"), Bad(call(V, N=1), "greater than 1")),
)
spec(
    "kron",
    st.tuples(shapes(0, 2), shapes(0, 2)).map(lambda s: call(In(s[0]), In(s[1]))),
    dtypes=(*INEXACT, "int64"),
    method=True,
    out=True,
)
