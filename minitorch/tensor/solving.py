"""linalg: inverses, determinants, equations, ranks, least squares, powers, products of many matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import xp_of
from minitorch.errors import explain
from minitorch.ops import elementwise, matmul
from minitorch.ops import linalg as ops
from minitorch.ops import reduce as sums
from minitorch.ops.decompositions import pinv as pinv_op
from minitorch.ops.decompositions import svdvals
from minitorch.ops.diagonal import triu
from minitorch.ops.lu import identity_like
from minitorch.ops.shape import reshape, squeeze, transpose, unsqueeze
from minitorch.tensor import return_types
from minitorch.tensor.matmul import matrix_product as product
from minitorch.tensor.matrices import check_fit, check_square, floating, matrix, same_dtype, square, with_out
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@with_out
def inv(A: Tensor) -> Tensor:
    """The inverse of a square matrix, or of each of a batch.

    >>> import minitorch as mt
    >>> mt.linalg.inv(mt.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return ops.inv(square(A, "linalg.inv"))


@with_out
def det(A: Tensor) -> Tensor:
    """The determinant of a square matrix. Its gradient exists for singular matrices too.

    >>> import minitorch as mt
    >>> mt.linalg.det(mt.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return ops.det(square(A, "linalg.det"))


@with_out
def slogdet(A: Tensor) -> Any:
    """(sign, logabsdet): the determinant is sign * exp(logabsdet), without overflow.

    >>> import minitorch as mt
    >>> mt.linalg.slogdet(-mt.eye(3))
    torch.return_types.linalg_slogdet(
    sign=tensor(-1.),
    logabsdet=tensor(0.))
    """
    return return_types.linalg_slogdet(*ops.slogdet(square(A, "linalg.slogdet")))


def logdet(input: Tensor) -> Tensor:
    """log(det(A)): nan if the determinant is negative, -inf if it is zero.

    >>> import minitorch as mt
    >>> mt.logdet(mt.eye(3))
    tensor(0.)
    """
    sign, logabs = ops.slogdet(square(input, "logdet"))
    if sign._array.dtype.kind == "c":
        return elementwise.add(elementwise.log(sign), logabs)
    return elementwise.where(sign == -1, float("nan"), logabs)


# -- equations -------------------------------------------------------------------------------------------------------


@with_out
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B (or X A = B, if not `left`), for square A; B may be a vector, or a batch of vectors.

    >>> import minitorch as mt
    >>> mt.linalg.solve(mt.tensor([[2.0, 0.0], [0.0, 4.0]]), mt.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    name = "linalg.solve"
    square(A, name)
    same_dtype(A, B, name)
    a, b = A._array, B._array
    vector = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])
    if vector:
        if not left:
            raise RuntimeError(
                f"{name}: Vector broadcasting of the left hand side is not supported for left=False. In this case "
                "linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        B = unsqueeze(B, dim=b.ndim)
    check_fit(A, B, left, name)
    if left:
        X = ops.solve(A, B)
    else:
        X = swapped(ops.solve(swapped(A), swapped(B)))
    return squeeze(X, dims=X._array.ndim - 1) if vector else X


def swapped(x: Any) -> Any:
    return transpose(x, dim0=x._array.ndim - 2, dim1=x._array.ndim - 1)


@with_out
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X with A X = B (or X A = B, if not `left`) for a triangular A, whose other triangle is not looked at.

    With `unitriangular` the diagonal counts as ones.

    >>> import minitorch as mt
    >>> mt.linalg.solve_triangular(mt.tensor([[2.0, 1.0], [0.0, 1.0]]), mt.tensor([[3.0], [1.0]]), upper=True)
    tensor([[1.],
            [1.]])
    """
    name = "linalg.solve_triangular"
    check_square(A, name)
    if B._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    if A._array.dtype.kind in "biu":
        raise NotImplementedError(f'{name}: "triangular_solve_cpu" not implemented for integers\n    hint  A.float()')
    floating(A, name)
    same_dtype(A, B, name)
    check_fit(A, B, left, name)
    return ops.solve_triangular(A, B, upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular))


# -- pseudo-inverse, rank, condition, least squares ------------------------------------------------------------------


def bounds(x: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Tolerances as numbers, or as arrays that stand beside the singular values."""
    found = []
    for t in (atol, rtol):
        found.append(t._array[..., None] if isinstance(t, TensorBase) else t)
    return (0.0 if found[0] is None else found[0]), found[1]


@with_out
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The Moore-Penrose inverse. Singular values up to max(atol, rtol * the largest) count as zero.

    `rtol` (or its older name `rcond`) is max(m, n) * eps unless `atol` is given. Both may be tensors, one number for
    each matrix. With `hermitian`, A's eigenvalues are used, from its lower triangle.

    >>> import minitorch as mt
    >>> mt.linalg.pinv(mt.tensor([[1.0, 0.0], [0.0, 0.0]]))
    tensor([[1., 0.],
            [0., 0.]])
    """
    matrix(A, "linalg.pinv")
    if hermitian:
        check_square(A, "linalg.pinv")
    low, relative = bounds(A, atol, rcond if rtol is None else rtol)
    if relative is None and atol is not None:
        relative = 0.0
    return pinv_op(A, atol=low, rtol=relative, hermitian=bool(hermitian))


@with_out
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values exceed max(atol, rtol * the largest); `tol` is an older name of atol.

    >>> import minitorch as mt
    >>> mt.linalg.matrix_rank(mt.ones(3, 3))
    tensor(1)
    """
    matrix(A, "torch.linalg.matrix_rank", "input")
    if hermitian:
        check_square(A, "linalg.matrix_rank")
    xp = xp_of(A._array)
    s = abs(xp.linalg.eigvalsh(A._array)) if hermitian else svdvals(A)._array
    low, relative = bounds(A, tol if tol is not None else atol, 0.0 if tol is not None else rtol)
    if relative is None:
        given = atol is not None
        relative = 0.0 if given else max(A._array.shape[-2:]) * float(xp.finfo(s.dtype).eps)
    largest = s.max(axis=-1, keepdims=True) if s.shape[-1] else xp.zeros((*s.shape[:-1], 1), dtype=s.dtype)
    ranks = (s > xp.maximum(low, relative * largest)).sum(axis=-1, dtype="int64")
    return wrap(xp.asarray(ranks).reshape(s.shape[:-1]))


@with_out
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """(solution, residuals, rank, singular_values): X of least norm that minimizes ||A X - B||.

    Computed with the pseudo-inverse, whatever the driver. The driver decides which of the other results are filled, as
    in torch: rank except for "gels", singular values for "gelsd" and "gelss", residuals but for "gelsy", the default.

    >>> import minitorch as mt
    >>> mt.linalg.lstsq(mt.tensor([[1.0], [1.0]]), mt.tensor([[1.0], [3.0]])).solution
    tensor([[2.0000]])
    """
    name = "torch.linalg.lstsq"
    matrix(A, name, "input")
    driver = "gelsy" if driver is None else driver
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(
            f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), but it is {driver}"
        )
    same_dtype(A, B, name)
    vector = B._array.ndim == A._array.ndim - 1
    X = unsqueeze(B, dim=B._array.ndim) if vector else B
    m, n = A._array.shape[-2:]
    if X._array.ndim < 2 or X._array.shape[-2] != m:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-2)")
    xp = xp_of(A._array)
    rcond = max(m, n) * float(xp.finfo(A._array.dtype).eps) if rcond is None else rcond
    solution = product(pinv_op(A, rtol=rcond), X)
    empty = wrap(xp.empty((0,), dtype=A._array.real.dtype))
    rank = matrix_rank(A, rtol=rcond) if driver != "gels" else wrap(xp.empty((0,), dtype="int64"))
    residuals, full = empty, driver == "gels" or bool((rank._array == n).all())
    if driver != "gelsy" and m > n and full:
        off = elementwise.sub(product(A, solution), X)
        residuals = sums.sum(elementwise.pow(elementwise.abs(off), 2), dim=off._array.ndim - 2)
    values = svdvals(A) if driver in ("gelsd", "gelss") else empty
    result = squeeze(solution, dims=solution._array.ndim - 1) if vector else solution
    return return_types.linalg_lstsq(result, residuals, rank, values)


# -- powers and products ---------------------------------------------------------------------------------------------


@with_out
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A multiplied by itself n times, by repeated squaring; for negative n, the inverse is.

    >>> import minitorch as mt
    >>> mt.linalg.matrix_power(mt.tensor([[2.0, 0.0], [0.0, 3.0]]), 3)
    tensor([[ 8.,  0.],
            [ 0., 27.]])
    """
    check_square(A, "linalg.matrix_power")
    n = integer("linalg_matrix_power", "n", n, 2)
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        return elementwise.add(identity_like(A), triu(A, diagonal=A._array.shape[-1]))  # A's gradient is 0, not None
    result: Any = None
    while True:
        if n & 1:
            result = A if result is None else product(result, A)
        n >>= 1
        if not n:
            return elementwise.mul(result, 1) if result is A else result
        A = product(A, A)


@with_out
def multi_dot(tensors: Any) -> Tensor:
    """The product of several matrices in the cheapest order; the first and the last may be vectors.

    >>> import minitorch as mt
    >>> mt.linalg.multi_dot([mt.ones(2, 3), mt.ones(3, 4), mt.ones(4)])
    tensor([12., 12.])
    """
    many = list(tensors)
    _check_chain(many)
    first, last = many[0]._array.ndim == 1, many[-1]._array.ndim == 1
    if first:
        many[0] = unsqueeze(many[0], dim=0)
    if last:
        many[-1] = unsqueeze(many[-1], dim=1)
    result = _chain(many, _cheapest([*(t._array.shape[0] for t in many), many[-1]._array.shape[1]]), 0, len(many) - 1)
    n, m = result._array.shape
    return reshape(result, shape=(*(() if first else (n,)), *(() if last else (m,)))) if first or last else result


def _check_chain(many: list) -> None:
    if len(many) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(many)}")
    for i, t in enumerate(many):
        ends = i in (0, len(many) - 1)
        if t._array.ndim != 2 and not (ends and t._array.ndim == 1):
            which = "the first tensor" if i == 0 else "the last tensor" if ends else f"tensor {i}"
            raise RuntimeError(f"multi_dot(): {which} must be {'1D or ' if ends else ''}2D but got {t._array.ndim}D")
    for i, (a, b) in enumerate(zip(many, many[1:], strict=False)):
        if a._array.shape[-1] != b._array.shape[0]:
            raise RuntimeError(
                explain(
                    f"multi_dot(): tensors {i} and {i + 1} with shapes {list(a._array.shape)} and "
                    f"{list(b._array.shape)} cannot be multiplied"
                )
            )


def _cheapest(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each stretch of a chain of matrices, sizes[i] x sizes[i+1] (dynamic programming)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            prices = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            split[i, j] = min(prices, key=lambda k: prices[k])
            cost[i, j] = prices[split[i, j]]
    return split


def _chain(many: list, split: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return many[i]
    k = split[i, j]
    return matmul.mm(_chain(many, split, i, k), _chain(many, split, k + 1, j))
