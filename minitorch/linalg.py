"""`minitorch.linalg`: linear algebra under torch's names. The functions are defined in minitorch/tensor."""

from __future__ import annotations

from minitorch.ops.linalg import LinAlgError
from minitorch.tensor.cholesky import cholesky, cholesky_ex, inv_ex, solve_ex
from minitorch.tensor.factoring import (
    eig,
    eigh,
    eigvals,
    eigvalsh,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    qr,
    svd,
    svdvals,
)
from minitorch.tensor.householder import householder_product
from minitorch.tensor.ldl import ldl_factor, ldl_factor_ex, ldl_solve
from minitorch.tensor.norms import cond, matrix_norm, norm, vector_norm
from minitorch.tensor.products import cross, diagonal, matmul, vander, vecdot
from minitorch.tensor.solving import (
    det,
    inv,
    lstsq,
    matrix_power,
    matrix_rank,
    multi_dot,
    pinv,
    slogdet,
    solve,
    solve_triangular,
)
from minitorch.tensor.tensorial import matrix_exp, tensorinv, tensorsolve

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq",
    "lu", "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power",
    "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd",
    "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
