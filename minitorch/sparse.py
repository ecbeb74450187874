"""`minitorch.sparse`: tensors made of their entries, and what is computed with them. Names are torch.sparse's.

tensor/coo.py says what a `SparseTensor` is. There are no compressed layouts (CSR, CSC, BSR).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS, Tensor
from minitorch.tensor.coo import SparseTensor, places

__all__ = ["addmm", "log_softmax", "mm", "softmax", "spmm", "sum"]

as_tensor, zeros = FUNCTIONS["as_tensor"], FUNCTIONS["zeros"]


def sparse_coo_tensor(
    indices: Any, values: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False, check_invariants: bool | None = None,
    is_coalesced: bool | None = None, layout: Any = None,
) -> SparseTensor:  # fmt: skip
    """A tensor that is zero but for `values`, values[e] at indices[:, e]; without a size the smallest that holds them.

    What torch checks only with check_invariants=True is always checked: RuntimeError for an index outside `size`.
    Shape: indices (sparse dims, entries), values (entries, *dense dims).

    >>> import minitorch as mt
    >>> mt.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """
    if values is None:  # only a size: nothing in it
        size = indices if size is None else size
        indices, values = zeros(len(size), 0, device=device), zeros(0, dtype=dtype, device=device)
    values = as_tensor(values, dtype=dtype, device=device)
    values = values.unsqueeze(0) if values.dim() == 0 else values
    indices = as_tensor(indices, device=values.device).to(dtypes.int64)
    if indices.dim() != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {tuple(indices.shape)}")
    if indices.shape[1] != values.shape[0]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {indices.shape[1]}, nnz from values: "
            f"{values.shape[0]}"
        )
    _check_indices(indices, size, values.dim() - 1)
    if size is None:
        size = ((indices.amax(1) + 1).tolist() if indices.shape[1] else [0] * len(indices)) + list(values.shape[1:])
    if requires_grad:
        values = values.detach().clone().requires_grad_()
    made = SparseTensor(indices, values, size, bool(is_coalesced))
    made.__dict__["_own"] = requires_grad  # a leaf, as its values belong to nobody else
    return made


def _check_indices(indices: Tensor, size: Any, dense_dim: int) -> None:
    if size is not None and len(size) != len(indices) + dense_dim:
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(size)}, sparse_dim = "
            f"{len(indices)}, dense_dim = {dense_dim}"
        )
    for d, row in enumerate(indices if indices.shape[1] else ()):
        low, high = int(row.amin()), int(row.amax())
        if low < 0:
            raise RuntimeError(f"found negative index {low} for dim {d}")
        if size is not None and high >= size[d]:
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {d}, size is {size[d]} but found index {high}"
            )


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """mat1 @ mat2, one of them sparse: dense unless both are."""
    return mat1 @ mat2 if isinstance(mat1, SparseTensor) or isinstance(mat2, SparseTensor) else mat1.mm(mat2)


spmm = dsmm = mm


def smm(input: Tensor, mat2: Tensor) -> Tensor:
    """input @ mat2, of which one is sparse (the name before `mm`)."""
    return mm(input, mat2)


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1.0, alpha: float = 1.0) -> Tensor:
    """beta * mat + alpha * (mat1 @ mat2)."""
    return beta * mat + alpha * mm(mat1, mat2)


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum of all entries, or a sparse tensor of the sums over `dim`."""
    return input.sum() if dim is None and dtype is None else input.sum(dim, dtype=dtype)


def softmax(input: SparseTensor, dim: int, *, dtype: Any = None) -> SparseTensor:
    """Softmax over `dim` among the entries that are kept: what isn't kept counts as minus infinity."""
    return _with_logits(input, dim, dtype, lambda shifted, total: shifted.exp() / total)


def log_softmax(input: SparseTensor, dim: int, *, dtype: Any = None) -> SparseTensor:
    """The logarithm of `softmax`."""
    return _with_logits(input, dim, dtype, lambda shifted, total: shifted - total.log())


def _with_logits(input: SparseTensor, dim: int, dtype: Any, result: Callable) -> SparseTensor:
    mine = input.coalesce()
    indices, values, size, _ = mine._parts
    values, dim = (values if dtype is None else values.to(dtype)), dim % len(size)
    if dim >= len(indices) or values.dim() != 1:
        raise NotImplementedError("sparse.softmax: only tensors without dense dims; use to_dense()")
    others = [d for d in range(len(indices)) if d != dim]
    _, group = places(indices[others], [size[d] for d in others]).unique(return_inverse=True)
    groups = int(group.max()) + 1 if len(group) else 0
    highest = zeros(groups, dtype=values.dtype).scatter_reduce(0, group, values.detach(), "amax", include_self=False)
    shifted = values - highest[group]
    total = zeros(groups, dtype=values.dtype).index_add(0, group, shifted.exp())
    return mine._with(result(shifted, total[group]))


def _legacy(name: str, dtype: Any) -> Callable:
    def make(indices: Any, values: Any, size: Any = None, *, device: Any = None) -> SparseTensor:
        return sparse_coo_tensor(indices, values, size, dtype=dtype, device=device)

    make.__name__, make.__doc__ = name, f"sparse_coo_tensor of {dtype}, as old scripts write it."
    return make


FloatTensor, DoubleTensor = _legacy("FloatTensor", dtypes.float32), _legacy("DoubleTensor", dtypes.float64)
LongTensor, IntTensor = _legacy("LongTensor", dtypes.int64), _legacy("IntTensor", dtypes.int32)
