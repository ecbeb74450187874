"""Diagonals and triangles of matrices: methods of Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.errors import type_error, wrap_dim
from minitorch.ops import diagonal as ops
from minitorch.tensor.binding import function
from minitorch.tensor.dims import refuse_dtype
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class DiagonalMixin(TensorBase):
    """Methods about the diagonals that two dimensions of a tensor have."""

    __slots__ = ()

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """A view of the diagonal of dims dim1 and dim2, as the last dimension; offset > 0: above the main one.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 2], [3, 4]]).diagonal()
        tensor([1, 4])
        """
        dim1, dim2 = _two_dims(self._array.ndim, dim1, dim2, "diagonal")
        return ops.diagonal(self, offset=offset, dim1=dim1, dim2=dim2)

    def diagonal_scatter(self, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """A copy with `src` in place of a diagonal."""
        dim1, dim2 = _two_dims(self._array.ndim, dim1, dim2, "diagonal_scatter")
        want = ops.diagonal.op.forward(self._array, offset=offset, dim1=dim1, dim2=dim2).shape
        if src._array.shape != want:
            raise RuntimeError(
                "expected src to have a size equal to the slice of self. src size = "
                f"{list(src._array.shape)}, slice size = {list(want)}"
            )
        return ops.diagonal_scatter(self, src, offset=offset, dim1=dim1, dim2=dim2)

    def diag(self, diagonal: int = 0) -> Tensor:
        """A matrix with a vector as its diagonal; or the diagonal of a matrix, as a copy.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).diag()
        tensor([[1, 0],
                [0, 2]])
        """
        ndim = self._array.ndim
        if ndim == 1:
            return self.diag_embed(diagonal)
        if ndim != 2:
            raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
        return ops.diagonal(self, offset=diagonal).clone()

    def diag_embed(self, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """Matrices, in dims dim1 and dim2, with the last dimension as their diagonals and zeros elsewhere."""
        shape = self._array.shape
        dim1, dim2 = _two_dims(len(shape) + 1, dim1, dim2, "diag_embed")
        if not shape:
            raise IndexError("diag_embed: Dimension out of range: the tensor has no dimensions")
        n = shape[-1] + abs(offset)
        rest = iter(shape[:-1])
        full = tuple(n if d in (dim1, dim2) else next(rest) for d in range(len(shape) + 1))
        return ops.diagonal_spread(self, shape=full, offset=offset, dim1=dim1, dim2=dim2)

    def diagflat(self, offset: int = 0) -> Tensor:
        """A matrix with the elements, flattened, as its diagonal."""
        return self.reshape(self._array.size).diag_embed(offset)  # type: ignore[attr-defined]

    def tril(self, diagonal: int = 0) -> Tensor:
        """The lower triangles of matrices: zeros above the diagonal with this number.

        >>> import minitorch as mt
        >>> mt.tensor([[1, 2], [3, 4]]).tril()
        tensor([[1, 0],
                [3, 4]])
        """
        return ops.tril(_matrices(self, "tril"), diagonal=integer("tril", "diagonal", diagonal))

    def triu(self, diagonal: int = 0) -> Tensor:
        """The upper triangles of matrices: zeros below the diagonal with this number."""
        return ops.triu(_matrices(self, "triu"), diagonal=integer("triu", "diagonal", diagonal))

    def tril_(self, diagonal: int = 0) -> Tensor:
        """In-place version of `tril`."""
        return inplace(ops.tril, _matrices(self, "tril_"), diagonal=diagonal)

    def triu_(self, diagonal: int = 0) -> Tensor:
        """In-place version of `triu`."""
        return inplace(ops.triu, _matrices(self, "triu_"), diagonal=diagonal)

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Tensor:
        """Write a number on the diagonal in place; in a tall matrix, `wrap` starts again after each full block.

        A tensor of more dimensions must have equal sizes; its diagonal holds the elements with equal indices.

        >>> import minitorch as mt
        >>> mt.zeros(2, 3).fill_diagonal_(5)
        tensor([[5., 0., 0.],
                [0., 5., 0.]])
        """
        number = fill_value
        if isinstance(fill_value, TensorBase) and not fill_value._array.ndim:
            number = fill_value._array.item()
        if not isinstance(number, (bool, int, float, complex)):
            raise type_error("fill_diagonal_", "fill_value", 1, "Number", fill_value)
        shape = self._array.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        rows, columns = shape[0], shape[1]
        again = range(0, rows, columns + 1) if wrap and len(shape) == 2 else (0,)
        for first in again:
            view: Any = self.narrow(0, first, min(columns, rows - first))  # type: ignore[attr-defined]
            while view.ndim > 1:
                view = view.diagonal(0, 0, -1)
            view.fill_(number)
        return self  # type: ignore[return-value]

    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal."""
        if self._array.ndim != 2:
            raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self._array.ndim}")
        refuse_dtype(self, "b", "trace")
        return ops.trace(self)


def _two_dims(ndim: int, dim1: Any, dim2: Any, op: str) -> tuple[int, int]:
    a, b = wrap_dim(dim1, ndim, op), wrap_dim(dim2, ndim, op)
    if a == b:
        raise RuntimeError(f"{op}: diagonal dimensions cannot be identical {dim1}, {dim2}")
    return a, b


def _matrices(t: Any, op: str) -> Any:
    if t._array.ndim < 2:
        raise RuntimeError(f"{op}: input tensor must have at least 2 dimensions")
    return t


FUNCTIONS: dict[str, Callable] = {
    name: function(getattr(DiagonalMixin, name), out=name in ("diag", "tril", "triu"))
    for name in "diagonal diagonal_scatter diag diag_embed diagflat tril triu trace".split()
}
