"""Specs of Householder reflections, randomized decompositions, LDL factorizations."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import COMPLEX, FLOATS, Bad, Call, In, call, spec
from parity.specs.linalg import ROUNDED, lower, upper


@st.composite
def packed(draw: Any) -> Call:
    """A tall matrix of reflections, and tau; both small, for which the product stays near 1."""
    batch = draw(st.sampled_from(((), (2,))))
    m = draw(st.integers(1, 5))
    n = draw(st.integers(1, m))
    k = draw(st.integers(1, n))
    return call(In((*batch, m, n), low=-0.8, high=0.8), In((*batch, k), low=-0.8, high=0.8))


@st.composite
def products(draw: Any) -> Call:
    made = draw(packed())
    A, tau = made.args
    m, n = A.shape[-2], draw(st.integers(1, 4))
    left = draw(st.booleans())
    other = In((*A.shape[:-2], *((m, n) if left else (n, m))))
    return call(A, In((*A.shape[:-2], A.shape[-1]), low=-0.8, high=0.8), other, left, draw(st.booleans()))


A, TAU = In((4, 3)), In((3,))
BAD = (
    Bad(call(A, In((4,))), "input.shape[-1] must be greater than or equal to tau.shape[-1]"),
    Bad(call(In((4,)), TAU), "must have at least 2 dimensions"),
)
WIDE = Bad(call(In((3, 4)), TAU), "input.shape[-2] must be greater than or equal to input.shape[-1]")
MIXED = Bad(call(A, In((3,), dtype="float32")), "tau dtype Float does not match input dtype Double")
spec("linalg.householder_product", packed(), dtypes=(*FLOATS, *COMPLEX), out=True, errors=(*BAD, WIDE, MIXED),
     **ROUNDED)  # fmt: skip
spec("orgqr", packed(), method=True, out=True, errors=(WIDE,), **ROUNDED)
spec("ormqr", products(), method=True, out=True, **ROUNDED, errors=(
    Bad(call(A, TAU, In((3, 2))), "other.shape[-2] must be equal to input.shape[-2]"),
    Bad(call(A, TAU, In((4, 2)), False), "other.shape[-1] must be equal to input.shape[-2]")))  # fmt: skip
RECTANGLES = st.tuples(st.sampled_from(((), (2,))), st.integers(1, 5), st.integers(1, 5))
spec("geqrf", RECTANGLES.map(lambda t: call(In((*t[0], t[1], t[2]), grad=False))), dtypes=(*FLOATS, *COMPLEX), order=0,
     method=True, errors=(Bad(call(In((3,))), "at least 2 dimensions"),), **ROUNDED)  # fmt: skip


@st.composite
def systems(draw: Any) -> Call:
    n, k = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    up, unit = draw(st.booleans()), draw(st.booleans())
    return call(In((n, k)), In((n, n), make=upper if up else lower), up, draw(st.booleans()), unit)


spec("triangular_solve", systems(), method=True, grad_of=(0,), errors=(
    Bad(call(In((3,)), In((3, 3))), "at least 2 dimensions"),), **ROUNDED)  # fmt: skip


def whole(result: Any, library: Any) -> Any:
    """The product and the singular values: what doesn't depend on signs."""
    U, S, V = result
    return (U * S.unsqueeze(-2)) @ V.mH, S


SIZES = st.sampled_from(((6, 4), (4, 6), (2, 5, 4)))
spec("svd_lowrank", SIZES.map(lambda s: call(In(s), 4)), random=True, order=1, compare=whole, **ROUNDED)
spec("pca_lowrank", SIZES.map(lambda s: call(In(s), 3)), random=True, order=0, compare=whole, **ROUNDED, errors=(
    Bad(call(A, 5), "must be non-negative integer and not greater than"),
    Bad(call(A, 2, True, -1), "must be non-negative integer")))  # fmt: skip

# -- LDL -------------------------------------------------------------------------------------------------------------


def symmetric(rng: Any, shape: tuple, dtype: str) -> Any:
    """Symmetric (not Hermitian), of eigenvalues of both signs."""
    made = rng.normal(size=shape) + (1j * rng.normal(size=shape) if "complex" in dtype else 0)
    return (made + made.swapaxes(-1, -2)).astype(dtype)


SQUARES = st.tuples(st.sampled_from(((), (2,))), st.integers(1, 5)).map(lambda t: (*t[0], t[1], t[1]))
LDL = {"dtypes": (*FLOATS, *COMPLEX), "order": 0, **ROUNDED}
NOT_SQUARE = Bad(call(In((3, 4))), "must be batches of square matrices")
for _name in ("linalg.ldl_factor", "linalg.ldl_factor_ex"):
    spec(_name, st.tuples(SQUARES, st.booleans()).map(
        lambda t: call(In(t[0], make=symmetric, grad=False), hermitian=t[1])), errors=(NOT_SQUARE,), **LDL)  # fmt: skip


@st.composite
def factored(draw: Any) -> Call:
    """A unit triangle and a diagonal, packed, with no exchanges."""
    batch, n, k = draw(st.sampled_from(((), (2,)))), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    rows = np.broadcast_to(np.arange(1, n + 1, dtype=np.int32), (*batch, n)).copy()
    return call(In((*batch, n, n), make=lower, grad=False), rows, In((*batch, n, k), grad=False))


spec("linalg.ldl_solve", factored(), errors=(
    Bad(call(In((3, 3)), np.array([1, 2, 3], np.int32), In((2, 2))), "Incompatible shapes"),), **LDL)  # fmt: skip
