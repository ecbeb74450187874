"""Specs of the matrix exponential, and of equations between tensors that are matrices in disguise."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, In, call, spec
from parity.specs.linalg import INEXACT, INTEGERS, NOT_MATRIX, NOT_SQUARE, ROUNDED, A, R, regular, squares

spec(
    "linalg.matrix_exp",
    squares(),
    dtypes=INEXACT,
    edges=(call(8 * np.eye(2)), call(np.zeros((2, 2)))),
    errors=(NOT_SQUARE, NOT_MATRIX, INTEGERS),
    **ROUNDED,
)
spec("matrix_exp", squares(zero=False), dtypes=FLOATS, method=True, errors=(NOT_SQUARE,), **ROUNDED)


def disguised(rng, shape, dtype):
    n = int(np.sqrt(np.prod(shape)))
    return regular(rng, (n, n), dtype).reshape(shape)


spec(
    "linalg.tensorinv",
    st.sampled_from((((2, 3, 6), 2), ((6, 3, 2), 1), ((4, 4), 1))).map(lambda c: call(In(c[0], make=disguised), c[1])),
    dtypes=FLOATS,
    out=True,
    errors=(Bad(call(R, 1), "requirement"), Bad(call(A, 0), "strictly positive")),
    **ROUNDED,
)
spec(
    "linalg.tensorsolve",
    st.sampled_from((((6, 2, 3), (6,), {}), ((2, 3, 6), (2, 3), {}), ((2, 6, 3), (6,), {"dims": (0, 2)}))).map(
        lambda c: call(In(c[0], make=disguised), In(c[1]), **c[2])
    ),
    dtypes=FLOATS,
    out=True,
    errors=(Bad(call(R, In((2,))), "requirement"),),
    **ROUNDED,
)
