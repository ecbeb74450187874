"""linalg: LDL factorizations of symmetric and Hermitian matrices, and systems solved with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops import ldl as ops
from minitorch.ops.linalg import LinAlgError
from minitorch.tensor import return_types
from minitorch.tensor.matrices import check_fit, matrix, square
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """(LD, pivots, info) with A = L D L^T (L^H if hermitian), in LAPACK's packed form; only the lower half is read.

    info: 0, or which place of D (counted from 1) is exactly zero. Not differentiable, as in torch.

    >>> import minitorch as mt
    >>> mt.linalg.ldl_factor_ex(mt.tensor([[4.0, 2.0], [2.0, 3.0]])).LD
    tensor([[4.0000, 0.0000],
            [0.5000, 2.0000]])
    """
    found = return_types.linalg_ldl_factor_ex(
        *ops.ldl_factor(square(A, "linalg.ldl_factor_ex"), hermitian=bool(hermitian))
    )
    if check_errors:
        _check(found.info)
    return found if out is None else write_out("linalg.ldl_factor_ex", out, found, (A,))


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """(LD, pivots): `ldl_factor_ex` that raises where D is singular.

    >>> import minitorch as mt
    >>> mt.linalg.ldl_factor(mt.tensor([[4.0, 2.0], [2.0, 3.0]])).pivots
    tensor([1, 2], dtype=torch.int32)
    """
    LD, pivots, info = ops.ldl_factor(square(A, "linalg.ldl_factor"), hermitian=bool(hermitian))
    _check(info)
    found = return_types.linalg_ldl_factor(LD, pivots)
    return found if out is None else write_out("linalg.ldl_factor", out, found, (A,))


def _check(info: Any) -> None:
    first = int(info.max()) if info.numel() else 0
    if first:
        raise LinAlgError(
            f"linalg.ldl_factor: The factorization could not be completed because the input is not invertible: "
            f"place {first} of D is zero"
        )


def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Any = None) -> Tensor:
    """X with A X = B, from A's LDL factorization. Not differentiable, as in torch.

    >>> import minitorch as mt
    >>> LD, pivots = mt.linalg.ldl_factor(mt.tensor([[4.0, 2.0], [2.0, 3.0]]))
    >>> mt.linalg.ldl_solve(LD, pivots, mt.tensor([[8.0], [4.0]]))
    tensor([[2.],
            [0.]])
    """
    square(LD, "linalg.ldl_solve")
    check_fit(LD, matrix(B, "linalg.ldl_solve", "B"), True, "linalg.ldl_solve")
    found = ops.ldl_solve(LD, pivots, B, hermitian=bool(hermitian))
    return found if out is None else write_out("linalg.ldl_solve", out, found, (LD, B))
