"""What dense tensors say to questions about sparse ones, and how they become sparse: tensor/coo.py."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from minitorch.backend import dtypes
from minitorch.tensor.options import sparse_coo

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class SparseMixin:
    """Methods that have to do with the sparse layouts that aren't here."""

    def to_sparse(self, sparse_dim: int | None = None, *, layout: Any = None, **settings: Any) -> Tensor:
        """The entries that aren't zero, as a sparse tensor; `sparse_dim`: dims after the first so many stay dense.

        >>> import minitorch as mt
        >>> mt.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse()
        tensor(indices=tensor([[0],
                               [1]]),
               values=tensor([2.]),
               size=(2, 2), nnz=1, layout=torch.sparse_coo)
        """
        if settings or (layout is not None and layout is not sparse_coo):
            raise NotImplementedError(f"to_sparse: only layout=torch.sparse_coo, got {layout} {', '.join(settings)}")
        # built on Tensor, so that no module here can import it
        return import_module("minitorch.tensor.coo").from_dense(self, sparse_dim)

    def sparse_dim(self) -> int:
        """0: no dim is sparse."""
        return 0

    def dense_dim(self) -> int:
        """All dims."""
        return self._array.ndim  # type: ignore[attr-defined]

    def is_coalesced(self) -> bool:
        """torch's error for a dense tensor."""
        raise RuntimeError("is_coalesced expected sparse coordinate tensor layout but got Strided")

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
