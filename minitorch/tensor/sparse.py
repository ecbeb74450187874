"""Tensors are dense here; what torch's dense tensors say to questions about sparse ones, they say too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from minitorch.backend import dtypes

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class SparseMixin:
    """Methods that have to do with the sparse layouts that aren't here."""

    def to_sparse(self, *args: Any, **kwargs: Any) -> NoReturn:
        """NotImplementedError: there are no sparse layouts."""
        raise NotImplementedError("to_sparse: minitorch's tensors are dense; go on with the dense tensor")

    def to_dense(self, dtype: dtypes.dtype | None = None, *, masked_grad: bool = True) -> Tensor:
        """The tensor itself, or cast to `dtype`: it is dense.

        >>> import minitorch as mt
        >>> mt.ones(2).to_dense(mt.float64)
        tensor([1., 1.], dtype=torch.float64)
        """
        dense: Tensor = self  # type: ignore[assignment]
        return dense if dtype is None else dense.to(dtype)

    def values(self) -> NoReturn:
        """torch's error for a dense tensor."""
        raise RuntimeError("values expected sparse tensor layout but got Strided")

    def indices(self) -> NoReturn:
        """torch's error for a dense tensor."""
        raise RuntimeError("indices expected sparse coordinate tensor layout but got Strided")

    def coalesce(self) -> NoReturn:
        """torch's error for a dense tensor."""
        raise RuntimeError("coalesce expected sparse coordinate tensor layout but got Strided")
