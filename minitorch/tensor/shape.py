"""Shape methods of Tensor: other shapes, other orders of dimensions, repetition.

Views are views as in torch: they share memory, version and history with their base.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.primitives import alias
from minitorch.backend import dtypes
from minitorch.errors import explain, wrap_dim, wrap_dims
from minitorch.ops import shape as ops
from minitorch.tensor import combining, diagonal, joining, memory, repetition
from minitorch.tensor.binding import function
from minitorch.tensor.notice import warn_user
from minitorch.tensor.sizes import all_ints, integer, ints, one_or_many

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class ShapeMixin(
    memory.MemoryMixin, repetition.RepetitionMixin, joining.JoiningMixin, diagonal.DiagonalMixin, TensorBase
):
    """Methods that change the shape or the order of the elements."""

    __slots__ = ()

    # -- reshape ---------------------------------------------------------------------------------------------------

    @one_or_many
    def reshape(self, shape: tuple[int, ...]) -> Tensor:
        """The same elements, in row-major order, in another shape; one size may be -1. A view where strides allow it.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3, 4]).reshape(2, -1)
        tensor([[1, 2],
                [3, 4]])
        """
        return ops.reshape(self, shape=shape)

    def view(self, *shape: Any, dtype: Any = None, size: Any = None) -> Tensor:
        """A view of the same memory in another shape, or as another dtype; RuntimeError where that needs a copy.

        >>> import minitorch as mt
        >>> x = mt.tensor([1, 2, 3, 4])
        >>> x.view(2, 2)[0, 0] = 9
        >>> x
        tensor([9, 2, 3, 4])
        """
        if dtype is None and size is None and all_ints(shape):
            return ops.view(self, shape=shape)
        if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
            return self._view_dtype(shape[0] if dtype is None else dtype)
        return self._view_shape(*shape) if size is None else self._view_shape(size)

    @one_or_many
    def _view_shape(self, shape: tuple[int, ...]) -> Tensor:
        return ops.view(self, shape=shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """reshape(other.shape)."""
        return ops.reshape(self, shape=other._array.shape)

    def view_as(self, other: Tensor) -> Tensor:
        """view(other.shape)."""
        return ops.view(self, shape=other._array.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions start_dim to end_dim (included) become one.

        >>> import minitorch as mt
        >>> mt.ones(2, 3, 4).flatten(1).shape
        torch.Size([2, 12])
        """
        shape = self._array.shape
        if not shape:
            wrap_dims((start_dim,), 0, "flatten"), wrap_dims((end_dim,), 0, "flatten")
            return ops.reshape(self, shape=(1,))
        start, end = wrap_dim(start_dim, len(shape), "flatten"), wrap_dim(end_dim, len(shape), "flatten")
        if start > end:
            raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
        if start == end:
            return self  # type: ignore[return-value]
        return ops.reshape(self, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def ravel(self) -> Tensor:
        """One dimension; a view where possible."""
        return ops.reshape(self, shape=(-1,)) if self._array.size else ops.reshape(self, shape=(0,))

    def unflatten(self, dim: int, sizes: Any) -> Tensor:
        """Dimension `dim` becomes several, of the given sizes (one may be -1).

        >>> import minitorch as mt
        >>> mt.ones(2, 12).unflatten(1, (3, -1)).shape
        torch.Size([2, 3, 4])
        """
        shape = self._array.shape
        dim = wrap_dim(integer("unflatten", "dim", dim), len(shape), "unflatten")
        sizes = ints("unflatten", "sizes", sizes, 2)
        if not sizes:
            raise RuntimeError("unflatten: sizes must be non-empty")
        known = math.prod(n for n in sizes if n != -1)
        if -1 in sizes:
            fits = sizes.count(-1) == 1 and known and shape[dim] % known == 0
            sizes = tuple(shape[dim] // known if n == -1 and fits else n for n in sizes)
        if math.prod(sizes) != shape[dim] or -1 in sizes:
            raise RuntimeError(
                explain(
                    f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
                    f"({shape[dim]}) in "
                    "the input tensor",
                    [("input", shape, "")],
                )
            )
        return ops.view(self, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))

    # -- dimensions ---------------------------------------------------------------------------------------------------

    @one_or_many
    def permute(self, dims: tuple[int, ...]) -> Tensor:
        """A view with the dimensions in another order: out.shape[i] = shape[dims[i]].

        >>> import minitorch as mt
        >>> mt.ones(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
        """
        ndim = self._array.ndim
        if len(dims) != ndim:
            raise RuntimeError(
                explain(
                    "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
                    f"desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
                ).replace("permute(sparse_coo)", "permute")
            )
        wrapped = tuple([wrap_dim(d, ndim, "permute") for d in dims])
        if len(set(wrapped)) != ndim:
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        return ops.permute(self, dims=wrapped)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """A view with two dimensions swapped."""
        ndim = self._array.ndim
        if dim0.__class__ is int and dim1.__class__ is int and 0 <= dim0 < ndim and 0 <= dim1 < ndim:
            return ops.transpose(self, dim0=dim0, dim1=dim1)
        return ops.transpose(self, dim0=wrap_dim(dim0, ndim, "transpose"), dim1=wrap_dim(dim1, ndim, "transpose"))

    def swapaxes(self, axis0: int, axis1: int) -> Tensor:
        """transpose under NumPy's name."""
        return self.transpose(axis0, axis1)

    def swapdims(self, dim0: int, dim1: int) -> Tensor:
        """transpose under another name."""
        return self.transpose(dim0, dim1)

    def t(self) -> Tensor:
        """The transpose of a matrix; tensors of fewer dimensions as they are."""
        if self._array.ndim > 2:
            raise RuntimeError(
                f"t() expects a tensor with <= 2 dimensions, but self is {self._array.ndim}D\n"
                "    hint  .mT transposes the last two dimensions"
            )
        return ops.t(self)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        if self._array.ndim != 2:
            warn_user(
                "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it "
                "will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
                "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
            )
        return ops.permute(self, dims=tuple(range(self._array.ndim - 1, -1, -1)))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped."""
        return self._matrix_transpose("mT")

    @property
    def H(self) -> Tensor:
        """The conjugate transpose of a matrix."""
        if self._array.ndim not in (0, 2):
            raise RuntimeError(
                f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor."
            )
        return self._matrix_transpose("H").conj() if self._array.ndim else self.conj()  # type: ignore[attr-defined]

    @property
    def mH(self) -> Tensor:
        """The conjugate transpose of the last two dimensions."""
        return self._matrix_transpose("mH").conj()  # type: ignore[attr-defined]

    def adjoint(self) -> Tensor:
        """mH as a method."""
        return self._matrix_transpose("adjoint()").conj()  # type: ignore[attr-defined]

    def _matrix_transpose(self, name: str) -> Tensor:
        ndim = self._array.ndim
        if ndim == 0:
            warn_user(f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases.")
            return alias(self)
        if ndim < 2:
            raise RuntimeError(
                f"tensor.{name} is only supported on matrices or batches of matrices. Got {ndim}-D tensor."
            )
        return ops.transpose(self, dim0=ndim - 2, dim1=ndim - 1)

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """A view with the dims `source` at the places `destination`, the others in their order.

        >>> import minitorch as mt
        >>> mt.ones(2, 3, 4).movedim(0, -1).shape
        torch.Size([3, 4, 2])
        """
        ndim = self._array.ndim
        source = (source,) if hasattr(source, "__index__") else ints("movedim", "source", source)
        if hasattr(destination, "__index__"):
            destination = (destination,)
        destination = ints("movedim", "destination", destination, 2)
        if len(source) != len(destination):
            raise RuntimeError(
                f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same "
                "number "
                f"of dims as destination ({list(destination)} dims)"
            )
        from_, to = wrap_dims(source, ndim, "movedim: source"), wrap_dims(destination, ndim, "movedim: destination")
        rest = iter([d for d in range(ndim) if d not in from_])
        at = dict(zip(to, from_, strict=True))
        return ops.permute(self, dims=tuple([at[d] if d in at else next(rest) for d in range(ndim)]))

    def moveaxis(self, source: Any, destination: Any) -> Tensor:
        """movedim under NumPy's name."""
        return self.movedim(source, destination)

    def squeeze(self, dim: Any = None) -> Tensor:
        """A view without the dimensions of length one: all, or those of `dim` that have length one.

        >>> import minitorch as mt
        >>> mt.ones(1, 3, 1).squeeze(0).shape
        torch.Size([3, 1])
        """
        if dim is None:
            return ops.squeeze(self)
        ndim = self._array.ndim
        if isinstance(dim, (tuple, list)):
            return ops.squeeze(self, dims=wrap_dims(ints("squeeze", "dim", dim), ndim, "squeeze"))
        return ops.squeeze(self, dims=wrap_dim(integer("squeeze", "dim", dim), ndim, "squeeze"))

    def unsqueeze(self, dim: int) -> Tensor:
        """A view with a new dimension of length one at `dim`."""
        return ops.unsqueeze(self, dim=wrap_dim(dim, self._array.ndim + 1, "unsqueeze"))

    # -- windows and copies in another order -------------------------------------------------------------------------

    def unfold(self, dimension: int, size: int, step: int) -> Tensor:
        """A view of the windows of `size` elements along a dimension, one every `step`, as a new last dimension.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3, 4]).unfold(0, 2, 1)
        tensor([[1, 2],
                [2, 3],
                [3, 4]])
        """
        shape = self._array.shape
        d = wrap_dim(dimension, len(shape), "unfold")
        length = shape[d] if shape else 1
        if size < 0:
            raise RuntimeError(f"size is {size} but must be >= 0")
        if size > length:
            raise RuntimeError(f"maximum size for tensor at dimension {d} is {length} but size is {size}")
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        return ops.unfold(self, dim=d, size=size, step=step)

    @one_or_many
    def flip(self, dims: tuple[int, ...]) -> Tensor:
        """A copy with the order of the elements reversed along `dims`."""
        return ops.flip(self, dims=wrap_dims(dims, self._array.ndim, "flip"))

    def fliplr(self) -> Tensor:
        """flip(1)."""
        if self._array.ndim < 2:
            raise RuntimeError("Input must be >= 2-d.")
        return ops.flip(self, dims=(1,))

    def flipud(self) -> Tensor:
        """flip(0)."""
        if self._array.ndim < 1:
            raise RuntimeError("Input must be >= 1-d.")
        return ops.flip(self, dims=(0,))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Elements shifted along `dims`, coming back at the start; without dims, through the flattened tensor.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2, 3]).roll(1)
        tensor([3, 1, 2])
        """
        shifts = (
            (integer("roll", "shifts", shifts),) if hasattr(shifts, "__index__") else ints("roll", "shifts", shifts)
        )
        if hasattr(dims, "__index__"):
            dims = (dims,)
        dims = () if dims is None else ints("roll", "dims", dims, 2)
        if not shifts:
            raise RuntimeError("`shifts` required")
        if not dims and len(shifts) == 1:
            return ops.roll(self, shifts=shifts[0], dims=None)
        if len(shifts) != len(dims):
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
        ndim = self._array.ndim
        if ndim == 0:
            raise IndexError(f"roll: Dimension specified as {dims[0]} but tensor has no dimensions")
        return ops.roll(self, shifts=shifts, dims=tuple([wrap_dim(d, ndim, "roll") for d in dims]))

    def rot90(self, k: int = 1, dims: Any = (0, 1)) -> Tensor:
        """Rotated k times by 90 degrees, from the first towards the second of `dims`."""
        ndim, k = self._array.ndim, integer("rot90", "k", k)
        dims = ints("rot90", "dims", dims, 2)
        if len(dims) != 2:
            raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
        if ndim < 2:
            raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
        if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
            raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
        a, b = (wrap_dim(d, ndim, "rot90") for d in dims)
        if k % 4 == 0:
            return ops.flip(self, dims=())
        if k % 4 == 2:
            return ops.flip(self, dims=(a, b))
        return ops.transpose(ops.flip(self, dims=(b if k % 4 == 1 else a,)), dim0=a, dim1=b)


_METHODS = (
    "reshape flatten ravel unflatten permute transpose swapaxes swapdims t adjoint movedim moveaxis squeeze unsqueeze "
    "flip fliplr flipud roll rot90"
).split()
FUNCTIONS: dict[str, Callable] = {name: function(getattr(ShapeMixin, name)) for name in _METHODS}
for _part in (memory, repetition, joining, combining, diagonal):
    FUNCTIONS |= _part.FUNCTIONS
