"""Norms of vectors and matrices, in torch's three dialects: vector_norm, matrix_norm, and `norm` that chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import dtypes
from minitorch.errors import wrap_dim
from minitorch.ops import reduce as sums
from minitorch.ops.decompositions import svdvals
from minitorch.ops.elementwise import abs as absolute
from minitorch.ops.elementwise import where
from minitorch.ops.linalg import LinAlgError, inv
from minitorch.ops.lu import identity_like, lu_factor
from minitorch.ops.shape import permute, reshape, squeeze, unsqueeze
from minitorch.ops.statistics import vector_norm as vector_norm_op
from minitorch.tensor.dims import in_dtype, kind_name, reduced_dims
from minitorch.tensor.matrices import matrix, square, with_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

INF = float("inf")


@with_out
def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """(sum |x|**ord) ** (1 / ord) over `dim`; inf: the largest |x|, -inf: the least, 0: how many are not zero.

    The gradient is 0 where the 2-norm is 0, and shared equally at ties of the inf-norm.

    >>> import minitorch as mt
    >>> mt.linalg.vector_norm(mt.tensor([3.0, 4.0]))
    tensor(5.)
    """
    x = _floating(x, dtype, "linalg.vector_norm")
    if hasattr(ord, "item"):
        ord = ord.item()  # a NumPy number, a tensor with one element
    if not isinstance(ord, (int, float)):
        raise TypeError(f"linalg.vector_norm(): argument 'ord' must be Number, not {type(ord).__name__}")
    return vector_norm_op(x, ord=ord, dim=reduced_dims(dim, x._array.ndim, "linalg.vector_norm"), keepdim=keepdim)


def _floating(x: Any, dtype: Any, name: str) -> Any:
    if x._array.dtype.kind in "biu":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {kind_name(x)}")
    if dtype is None:
        return x
    if isinstance(dtype, dtypes.dtype) and dtype.category < 2:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {dtypes.SCALAR_NAME[dtype]}")
    if isinstance(dtype, dtypes.dtype) and x._array.dtype.kind == "c" and not dtype.is_complex:
        raise RuntimeError(f"{name}: dtype should be complex for complex inputs, but got {dtypes.SCALAR_NAME[dtype]}")
    return in_dtype(x, dtype, name)


@with_out
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """A norm of each matrix that two dims hold.

    "fro": the 2-norm of the elements; "nuc": the sum of the singular values; 2, -2: the largest, the least of them;
    1, -1: the largest, the least sum of a column; inf, -inf: of a row.

    >>> import minitorch as mt
    >>> mt.linalg.matrix_norm(mt.tensor([[1.0, 2.0], [3.0, 4.0]]), ord=1)
    tensor(6.)
    """
    name = "linalg.matrix_norm"
    A = _floating(A, dtype, name)
    if A._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {dim if isinstance(dim, int) else list(dim)}")
    rows, columns = (wrap_dim(d, A._array.ndim, name) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm_op(A, ord=2, dim=(rows, columns), keepdim=keepdim)
    if ord != "nuc" and (isinstance(ord, str) or abs(ord) not in (1, 2, INF)):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    if ord == "nuc" or abs(ord) == 2:
        return _spectral_norm(A, ord, rows, columns, keepdim)
    summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sizes = sums.sum(absolute(A), dim=summed, keepdim=True)
    choose = sums.amax if ord > 0 else sums.amin
    out = choose(sizes, dim=kept, keepdim=True)
    return out if keepdim else squeeze(out, dims=(rows, columns))


def _spectral_norm(A: Any, ord: Any, rows: int, columns: int, keepdim: bool) -> Any:
    """Norms of the singular values: their sum, the largest, the least."""
    ndim = A._array.ndim
    last = (*(d for d in range(ndim) if d not in (rows, columns)), rows, columns)
    s = svdvals(permute(A, dims=last))
    if ord == "nuc":
        out = sums.sum(s, dim=ndim - 2)
    else:
        out = (sums.amax if ord > 0 else sums.amin)(s, dim=ndim - 2)
    if not keepdim:
        return out
    return reshape(out, shape=tuple(1 if d in (rows, columns) else n for d, n in enumerate(A._array.shape)))


@with_out
def norm(
    input: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """A vector norm or a matrix norm: of a matrix, or over two dims, `matrix_norm`; else `vector_norm`.

    Without `ord`, the 2-norm of all elements over `dim`.

    >>> import minitorch as mt
    >>> mt.linalg.norm(mt.tensor([[3.0, 0.0], [0.0, 4.0]]), ord=2)
    tensor(4.)
    """
    A = input
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    several = isinstance(dim, (tuple, list))
    if dim is not None and not (not several or len(dim) in (1, 2)):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if dim is None and A._array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A._array.ndim}D."
        )
    if (several and len(dim) == 2) or (dim is None and A._array.ndim == 2):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(ord, str):
        return matrix_norm(A, ord, () if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def legacy_norm(x: Any, p: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """torch.norm: "fro" and None are the 2-norm of all elements over `dim`, "nuc" a matrix's nuclear norm."""
    if p is None or p == "fro":
        p = 2
    if isinstance(p, str):
        return matrix_norm(x, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(x, p, dim, keepdim, dtype=dtype)


@with_out
def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number ||A|| ||A^-1|| in the norm `p`: the 2-norm unless given; inf for a singular matrix.

    >>> import minitorch as mt
    >>> mt.linalg.cond(mt.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(2.)
    """
    matrix(A, "linalg.cond")
    if p is None or p in (2, -2):
        s = svdvals(A)
        largest, least = s[..., 0], s[..., -1]
        return least / largest if p == -2 else largest / least
    if p not in ("fro", "nuc", 1, -1, INF, -INF):
        raise RuntimeError(f"linalg.cond: got an invalid norm type: {p}")
    square(A, f"linalg.cond(ord={p})")
    try:
        inverse = inv(A)
    except LinAlgError:
        return _cond_with_singular(A, p)
    return matrix_norm(A, p) * matrix_norm(inverse, p)


def _cond_with_singular(A: Any, p: Any) -> Any:
    """The condition numbers of a batch in which some matrices have no inverse."""
    singular = wrap(lu_factor(A)[2]._array != 0)
    regular = where(
        unsqueeze(unsqueeze(singular, dim=singular._array.ndim), dim=singular._array.ndim + 1), identity_like(A), A
    )
    return where(singular, INF, matrix_norm(A, p) * matrix_norm(inv(regular), p))
