"""Products of matrices and vectors as methods and functions. einsum and tensordot are in einsum.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.errors import explain, type_error
from minitorch.ops import elementwise, shape, vectors
from minitorch.ops import matmul as ops
from minitorch.ops.statistics import vector_norm
from minitorch.tensor import einsum
from minitorch.tensor.binding import function
from minitorch.tensor.dims import kind_name, one_dim

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def matrix_product(x: Any, y: Any) -> Any:
    """x @ y by the op that torch would name for these numbers of dimensions."""
    n, m = x._array.ndim, y._array.ndim
    if n == 2:
        if m == 2:
            return ops.mm(x, y)
        if m == 1:
            return ops.mv(x, y)
    elif n == 1 and m == 1:
        return ops.dot(x, y)
    return ops.matmul(x, y)


def _need(name: str, tensors: dict[str, Any], wanted: dict[str, int]) -> None:
    """Raise unless every argument is a tensor with the number of dimensions that the product takes."""
    for position, (argument, t) in enumerate(tensors.items()):
        if not isinstance(t, TensorBase):
            raise type_error(name, argument, position, "Tensor", t)
    if all(t._array.ndim == wanted[argument] for argument, t in tensors.items()):
        return
    argument = next(a for a, t in tensors.items() if t._array.ndim != wanted[a])
    what = {1: "a vector", 2: "a matrix", 3: "a 3D tensor"}[wanted[argument]]
    if name in ("dot", "vdot"):
        a, b = (t._array.ndim for t in tensors.values())
        first = f"1D tensors expected, but got {a}D and {b}D tensors"
    elif name == "mv":
        first = f"vector + matrix @ vector expected, got 1, {', '.join(str(t._array.ndim) for t in tensors.values())}"
    else:
        first = f"{argument} must be {what}"
    raise RuntimeError(
        explain(
            f"{name}: {first}, got {tensors[argument]._array.ndim}D for {argument}",
            [(a, t._array.shape, "") for a, t in tensors.items()],
            "matmul takes any number of dimensions" if name in ("mm", "bmm", "mv", "dot") else None,
        )
    )


class MatmulMixin(TensorBase):
    __slots__ = ()

    def __matmul__(self, other: Any) -> Tensor:
        if not isinstance(other, TensorBase):
            return NotImplemented
        return matrix_product(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        if not isinstance(other, TensorBase):
            return NotImplemented
        return matrix_product(other, self)

    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product: (..., n, k) @ (..., k, m) -> (..., n, m), batch dimensions broadcast.

        A vector at the left is a row, at the right a column, and that dimension is not in the result; two vectors
        give their dot product. The dtypes must be equal.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0], [3.0, 4.0]]).matmul(mt.tensor([1.0, 1.0]))
        tensor([3., 7.])
        """
        if not isinstance(other, TensorBase):
            raise type_error("matmul", "other", 1, "Tensor", other)
        return matrix_product(self, other)

    def mm(self, mat2: Tensor) -> Tensor:
        """Product of two matrices: (n, k) @ (k, m) -> (n, m).

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0]]).mm(mt.tensor([[3.0], [4.0]]))
        tensor([[11.]])
        """
        _need("mm", {"self": self, "mat2": mat2}, {"self": 2, "mat2": 2})
        return ops.mm(self, mat2)

    def bmm(self, mat2: Tensor) -> Tensor:
        """Products of two batches of matrices: (b, n, k) @ (b, k, m) -> (b, n, m); the batches don't broadcast.

        >>> import minitorch as mt
        >>> mt.ones(2, 1, 3).bmm(mt.ones(2, 3, 1)).shape
        torch.Size([2, 1, 1])
        """
        _need("bmm", {"batch1": self, "batch2": mat2}, {"batch1": 3, "batch2": 3})
        _check_batches("bmm", self, mat2)
        return ops.bmm(self, mat2)

    def mv(self, vec: Tensor) -> Tensor:
        """Product of a matrix and a vector: (n, k) @ (k,) -> (n,).

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0], [3.0, 4.0]]).mv(mt.tensor([1.0, 0.0]))
        tensor([1., 3.])
        """
        _need("mv", {"self": self, "vec": vec}, {"self": 2, "vec": 1})
        return ops.mv(self, vec)

    def dot(self, tensor: Tensor) -> Tensor:
        """sum(x_i y_i) of two vectors.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).dot(mt.tensor([3.0, 4.0]))
        tensor(11.)
        """
        _need("dot", {"self": self, "tensor": tensor}, {"self": 1, "tensor": 1})
        return ops.dot(self, tensor)

    def vdot(self, other: Tensor) -> Tensor:
        """sum(conj(x_i) y_i) of two vectors.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).vdot(mt.tensor([3.0, 4.0]))
        tensor(11.)
        """
        _need("vdot", {"self": self, "other": other}, {"self": 1, "other": 1})
        return ops.dot(elementwise.conj(self), other)

    def inner(self, other: Tensor) -> Tensor:
        """sum over the last dimension of both: (*a, k), (*b, k) -> (*a, *b); a 0-d tensor multiplies.

        >>> import minitorch as mt
        >>> mt.tensor([[1.0, 2.0], [3.0, 4.0]]).inner(mt.tensor([1.0, 1.0]))
        tensor([3., 7.])
        """
        if self._array.ndim == 0 or other._array.ndim == 0:
            return elementwise.mul(self, other)
        a, b = self._array.shape, other._array.shape
        if a[-1] != b[-1]:
            raise RuntimeError(
                f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
            )
        return einsum.contract(self, other, (self._array.ndim - 1,), (other._array.ndim - 1,))

    def outer(self, vec2: Tensor) -> Tensor:
        """x_i y_j of two vectors: (n,), (m,) -> (n, m).

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).outer(mt.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
        """
        for name, t in (("self", self), ("vec2", vec2)):
            if t._array.ndim != 1:
                raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {t._array.ndim}-D")
        return elementwise.mul(shape.reshape(self, shape=(self._array.size, 1)), vec2)

    ger = outer

    # -- products added to something ---------------------------------------------------------------------------------

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta self + alpha (mat1 @ mat2); self broadcasts to (n, m). With beta = 0, self is not looked at.

        >>> import minitorch as mt
        >>> mt.ones(1).addmm(mt.ones(2, 3), mt.ones(3, 2))
        tensor([[4., 4.],
                [4., 4.]])
        """
        _need("addmm", {"mat1": mat1, "mat2": mat2}, {"mat1": 2, "mat2": 2})
        return ops.addmm(self, mat1, mat2, beta=beta, alpha=alpha)

    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """In-place version of `addmm`."""
        return inplace(ops.addmm, self, mat1, mat2, beta=beta, alpha=alpha)

    def addmv(self, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta self + alpha (mat @ vec); self broadcasts to (n,).

        >>> import minitorch as mt
        >>> mt.ones(2).addmv(mt.ones(2, 3), mt.ones(3))
        tensor([4., 4.])
        """
        _need("addmv", {"mat": mat, "vec": vec}, {"mat": 2, "vec": 1})
        return ops.addmv(self, mat, vec, beta=beta, alpha=alpha)

    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """In-place version of `addmv`."""
        return inplace(ops.addmv, self, mat, vec, beta=beta, alpha=alpha)

    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta self + alpha outer(vec1, vec2).

        >>> import minitorch as mt
        >>> mt.zeros(2, 2).addr(mt.tensor([1.0, 2.0]), mt.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
        """
        _need("addr", {"vec1": vec1, "vec2": vec2}, {"vec1": 1, "vec2": 1})
        _check_whole_factors("addr", self, beta, alpha)
        return ops.addr(self, vec1, vec2, beta=beta, alpha=alpha)

    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """In-place version of `addr`."""
        return inplace(ops.addr, self, vec1, vec2, beta=beta, alpha=alpha)

    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta self + alpha (batch1 @ batch2), matrix by matrix; self broadcasts to (b, n, m).

        >>> import minitorch as mt
        >>> mt.ones(1).baddbmm(mt.ones(2, 1, 3), mt.ones(2, 3, 1)).reshape(2)
        tensor([4., 4.])
        """
        _need("baddbmm", {"batch1": batch1, "batch2": batch2}, {"batch1": 3, "batch2": 3})
        _check_batches("baddbmm", batch1, batch2)
        return ops.baddbmm(self, batch1, batch2, beta=beta, alpha=alpha)

    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """In-place version of `baddbmm`."""
        _check_batches("baddbmm", batch1, batch2)
        return inplace(ops.baddbmm, self, batch1, batch2, beta=beta, alpha=alpha)

    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta self + alpha sum over the batch of (batch1 @ batch2); self broadcasts to (n, m).

        >>> import minitorch as mt
        >>> mt.ones(1).addbmm(mt.ones(2, 1, 3), mt.ones(2, 3, 1))
        tensor([[7.]])
        """
        _need("addbmm", {"batch1": batch1, "batch2": batch2}, {"batch1": 3, "batch2": 3})
        _check_batches("addbmm", batch1, batch2)
        return ops.addbmm(self, batch1, batch2, beta=beta, alpha=alpha)

    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """In-place version of `addbmm`."""
        _check_batches("addbmm", batch1, batch2)
        return inplace(ops.addbmm, self, batch1, batch2, beta=beta, alpha=alpha)

    def cross(self, other: Tensor, dim: int | None = None) -> Tensor:
        """Vector product along `dim`, of length 3; without `dim`, the first such dimension.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 0.0, 0.0]).cross(mt.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
        """
        if dim is None:
            dim = next((d for d, n in enumerate(self._array.shape) if n == 3), None)
            if dim is None:
                raise RuntimeError(f"cross: no dimension of size 3 in input, whose shape is {list(self._array.shape)}")
        return vector_product(self, other, dim)


def vector_product(x: Any, y: Any, dim: int) -> Any:
    """linalg.cross, and cross with a dim."""
    if x._array.ndim != y._array.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    ndim = x._array.ndim
    at = one_dim(dim, ndim, "cross")
    if x._array.dtype != y._array.dtype:
        raise ops.dtype_error("cross", x, y)
    n, m = x._array.shape[at], y._array.shape[at]
    if n != 3 or m != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {n} and {m}")
    return vectors.cross(x, y, dim=at - ndim)


def _check_batches(name: str, a: Any, b: Any) -> None:
    x, y = a._array.shape, b._array.shape
    if x[0] != y[0] or x[2] != y[1]:
        raise RuntimeError(
            explain(
                f"{name}: Expected size for first two dimensions of batch2 tensor to be: [{x[0]}, {x[2]}] but got: "
                f"[{y[0]}, {y[1]}].",
                [("batch1", x, "b, n, k"), ("batch2", y, "b, k, m")],
            )
        )


def _check_whole_factors(name: str, x: Any, beta: float, alpha: float) -> None:
    if x._array.dtype.kind in "iu":
        for word, factor in (("beta", beta), ("alpha", alpha)):
            if isinstance(factor, float):
                raise RuntimeError(
                    f"{name}: For integral input tensors, argument {word} must not be a floating point number."
                )


def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The p-norm distances between the rows of x1 (..., n, k) and those of x2 (..., m, k): (..., n, m).

    For p = 2 and more than 25 rows the distances come from one matrix product, which is much faster and a little less
    exact; `compute_mode` "use_mm_for_euclid_dist" or "donot_use_mm_for_euclid_dist" decides that otherwise.

    >>> import minitorch as mt
    >>> mt.cdist(mt.tensor([[0.0, 0.0]]), mt.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode is not None and compute_mode not in modes:
        raise ValueError(f"cdist: {compute_mode} is not a valid value for compute_mode; one of {', '.join(modes)} is")
    _check_cdist(x1, x2, p)
    many = max(x1._array.shape[-2], x2._array.shape[-2]) > 25
    if p == 2 and (compute_mode == modes[1] or (compute_mode in (None, modes[0]) and many)):
        return vectors.euclidean_dist(x1, x2)
    a, b = x1._array.ndim, x2._array.ndim
    difference = elementwise.sub(shape.unsqueeze(x1, dim=a - 1), shape.unsqueeze(x2, dim=b - 2))
    if difference._array.shape[-1] == 0:  # inf has no identity, and here the distance is 0
        p = 2
    return vector_norm(difference, ord=p, dim=difference._array.ndim - 1)


def _check_cdist(x1: Any, x2: Any, p: float) -> None:
    for name, t in (("X1", x1), ("X2", x2)):
        if t._array.dtype.kind not in "fV":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {kind_name(t)}")
        if t._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {t._array.ndim}D")
    if x1._array.dtype != x2._array.dtype:
        raise ops.dtype_error("cdist", x1, x2)
    k, m = x1._array.shape[-1], x2._array.shape[-1]
    if k != m:
        raise RuntimeError(f"cdist: X1 and X2 must have the same number of columns. X1: {k} X2: {m}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")


FUNCTIONS: dict[str, Callable] = {
    **{
        name: function(getattr(MatmulMixin, name), name, out=True)
        for name in (
            "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "outer", "ger", "addmm", "addmv", "addr", "baddbmm",
            "addbmm", "cross",
        )
    },
    "cdist": cdist,
    **einsum.FUNCTIONS,
}  # fmt: skip
