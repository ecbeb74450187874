"""Matrices given by their entries (coordinate form, COO); minitorch/sparse.py makes them.

A `SparseTensor` keeps indices and values. Products, transposes, sums, scalings and what keeps zeros zero work on the
entries, so that a graph of n nodes costs what its edges cost. Whatever else is asked of it is computed from the dense
tensor, which is made when it is first needed, and gives dense results, where torch's are sparse or an error. Gradients
flow to the values; those of a parameter are always dense. Nothing is sparse in the compressed layouts (CSR, CSC, BSR).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS, Size, Tensor
from minitorch.tensor.options import sparse_coo

__all__ = ["SparseTensor", "from_dense", "places"]

cat, stack, zeros = (FUNCTIONS[name] for name in ("cat", "stack", "zeros"))


class SparseTensor(Tensor):
    """A tensor of which the entries are kept that `indices` names: values[e] stands at indices[:, e].

    Several values at one place count together; `coalesce` adds them up and sorts the places. Made by
    `sparse_coo_tensor` and `to_sparse`. It can't be changed in place.
    """

    _parts: tuple[Tensor, Tensor, Size, bool]

    def __new__(cls, indices: Tensor, values: Tensor, size: Sequence[int], coalesced: bool = False) -> SparseTensor:
        t: SparseTensor = object.__new__(cls)
        t.__dict__.update(_parts=(indices, values, Size(size), coalesced or len(values) < 2), _dense=None)
        return t

    # -- what it is ----------------------------------------------------------------------------------------------

    is_sparse = True

    @property
    def layout(self) -> Any:
        """sparse_coo."""
        return sparse_coo

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        return self._parts[2]

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    ndimension = dim
    ndim = property(dim)

    def numel(self) -> int:
        """The number of elements of the dense tensor."""
        return self.shape.numel()

    def __len__(self) -> int:
        return self.shape[0]

    dtype = property(lambda self: self._parts[1].dtype)
    device = property(lambda self: self._parts[1].device)
    grad_fn = property(lambda self: self._parts[1].grad_fn)
    is_leaf = property(lambda self: not self.requires_grad or self.__dict__.get("_own", False))

    @property  # type: ignore[misc]
    def requires_grad(self) -> bool:
        """True if the values require a gradient."""
        return self._parts[1].requires_grad

    @property  # type: ignore[misc]
    def grad(self) -> Any:
        """The values' gradient, as a coalesced sparse tensor; None before the backward."""
        indices, values, size, _ = self._parts
        if values.grad is None:
            return None
        found, entry = places(indices, size).unique(return_inverse=True)
        one_each = zeros(len(found), *values.shape[1:], dtype=values.dtype, device=values.device)
        one_each[entry] = values.grad  # values at one place have the same gradient
        return SparseTensor(_coordinates(found, size[: len(indices)]), one_each, size, True)

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        """Ask for the values' gradient."""
        self._parts[1].requires_grad_(requires_grad)
        return self

    def sparse_dim(self) -> int:
        """How many dims the indices name."""
        return self._parts[0].shape[0]

    def dense_dim(self) -> int:
        """How many dims one value has."""
        return self._parts[1].dim() - 1

    def _nnz(self) -> int:
        return self._parts[1].shape[0]

    def is_coalesced(self) -> bool:
        """True if the indices are known to be sorted, and none to come twice."""
        return self._parts[3]

    def _indices(self) -> Tensor:
        return self._parts[0]

    def _values(self) -> Tensor:
        return self._parts[1]

    def indices(self) -> Tensor:  # type: ignore[override]
        """Where the values stand, (sparse dims, entries); of a coalesced tensor only."""
        return self._coalesced("indices")._parts[0]

    def values(self) -> Tensor:  # type: ignore[override]
        """The values, (entries, dense dims); of a coalesced tensor only."""
        return self._coalesced("values")._parts[1]

    def _coalesced(self, name: str) -> SparseTensor:
        if not self._parts[3]:
            raise RuntimeError(f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first")
        return self

    # -- other forms ---------------------------------------------------------------------------------------------

    def _with(self, values: Tensor, indices: Tensor | None = None) -> SparseTensor:
        """These values at the same places."""
        old, _, size, coalesced = self._parts
        return SparseTensor(old if indices is None else indices, values, size, coalesced)

    def coalesce(self) -> SparseTensor:  # type: ignore[override]
        """Each place once, in order, with the sum of its values; itself if it is so already."""
        indices, values, size, coalesced = self._parts
        if coalesced:
            return self
        found, entry = places(indices, size).unique(return_inverse=True)
        summed = zeros(len(found), *values.shape[1:], dtype=values.dtype, device=values.device)
        summed = summed.index_add(0, entry, values)
        return SparseTensor(_coordinates(found, size[: len(indices)]), summed, size, True)

    def to_dense(self, dtype: dtypes.dtype | None = None, *, masked_grad: bool = True) -> Tensor:
        """The dense tensor, with zeros where nothing is kept."""
        if dtype is not None:
            raise RuntimeError("to_dense: dtype argument is not supported by sparse_to_dense; cast the result")
        indices, values, size, _ = self._parts
        flat = zeros(size[: len(indices)].numel(), *values.shape[1:], dtype=values.dtype, device=values.device)
        return flat.index_add(0, places(indices, size), values).reshape(size)

    def to_sparse(self, *args: Any, **kwargs: Any) -> SparseTensor:
        """Itself."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> SparseTensor:  # type: ignore[override]
        """On another device, or with values of another dtype."""
        values = self._parts[1].to(*args, **kwargs)
        return self if values is self._parts[1] else self._with(values, self._parts[0].to(values.device))

    def t(self) -> SparseTensor:
        """A matrix's transpose."""
        if self.dim() > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.dim()}D")
        return self.transpose(0, 1) if self.dim() == 2 else self

    T = property(t)

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two of the sparse dims exchanged."""
        indices, values, size, _ = self._parts
        order = list(range(len(size)))
        order[dim0], order[dim1] = order[dim1], order[dim0]
        if order[len(indices) :] != list(range(len(indices), len(size))):
            raise RuntimeError("transpose: of a sparse tensor only sparse dims can be exchanged; use to_dense()")
        return SparseTensor(indices[order[: len(indices)]], values, [size[d] for d in order])

    def clone(self, *, memory_format: Any = None) -> SparseTensor:
        """A copy."""
        return self._with(self._parts[1].clone(), self._parts[0].clone())

    def detach(self) -> SparseTensor:
        """The same entries, off the tape."""
        return self._with(self._parts[1].detach())

    data = property(detach)

    def numpy(self, *, force: bool = False) -> NoReturn:
        """TypeError, as torch's."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def as_subclass(self, cls: type) -> NoReturn:
        """NotImplementedError: a parameter is dense here."""
        raise NotImplementedError("a sparse tensor can't be a parameter: make its values one, or use to_dense()")

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return SparseTensor, self._parts

    def __deepcopy__(self, memo: dict) -> SparseTensor:
        return memo.setdefault(id(self), self.detach().clone())

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        indices, values, size, _ = self._parts
        shown = repr(values.detach()).replace(f", dtype={values.dtype}", "")
        places_shown = repr(indices).replace(", dtype=torch.int64", "")
        if not values.numel():
            shown = f"tensor([], size={tuple(values.shape)})"
        places_shown, shown = (text.replace("\n", f"\n{' ' * at}") for text, at in ((places_shown, 15), (shown, 14)))
        dtype = "" if values.dtype in (dtypes.get_default_dtype(), dtypes.int64) else f", dtype={values.dtype}"
        text = (
            f"tensor(indices={places_shown},\n       values={shown},\n"
            f"       size={tuple(size)}, nnz={self._nnz()}{dtype}, layout=torch.sparse_coo"
        )
        if values.grad_fn is not None:
            return f"{text},\n       grad_fn=<{values.grad_fn.name()}>)"
        return f"{text}, requires_grad=True)" if values.requires_grad else f"{text})"

    __str__ = __repr__

    # -- operations on the entries -------------------------------------------------------------------------------

    def mul(self, other: Any) -> Any:
        """By a number, or elementwise: sparse."""
        if not isinstance(other, TensorBase) or other.dim() == 0:  # type: ignore[attr-defined]
            return self._with(self._parts[1] * other)
        mine = self.coalesce() if isinstance(other, SparseTensor) else self
        dense = other.to_dense().broadcast_to(self.shape)  # type: ignore[attr-defined]
        return mine._with(mine._parts[1] * dense[tuple(mine._parts[0])])

    def div(self, other: Any, **mode: Any) -> SparseTensor:  # type: ignore[override]
        """By a number."""
        return self._with(self._parts[1].div(other, **mode))

    def add(self, other: Any, *, alpha: Any = 1) -> SparseTensor:
        """Another sparse tensor added."""
        if not isinstance(other, SparseTensor):
            raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
        if other.shape != self.shape:
            raise RuntimeError(f"add: expected sizes to be the same, got {self.shape} and {other.shape}")
        (a, v, size, _), (b, w, *_rest) = self._parts, other._parts
        if a.shape == b.shape and (a == b).all():
            return self._with(v + alpha * w)
        return SparseTensor(cat([a, b], 1), cat([v, w * alpha if alpha != 1 else w]), size).coalesce()

    def sub(self, other: Any, *, alpha: Any = 1) -> SparseTensor:
        """Another sparse tensor subtracted."""
        return self.add(other, alpha=-alpha)

    def pow(self, exponent: Any) -> SparseTensor:
        """Every entry to a positive power."""
        if isinstance(exponent, TensorBase) or exponent <= 0:
            raise RuntimeError("pow: of a sparse tensor only positive powers keep zeros zero; use to_dense()")
        return (mine := self.coalesce())._with(mine._parts[1] ** exponent)

    def mm(self, mat2: Tensor) -> Tensor:
        """Product with a matrix: dense with a dense one, sparse with a sparse one."""
        indices, values, size, _ = self._parts
        if self.sparse_dim() != 2 or values.dim() != 1 or mat2.dim() != 2:
            raise RuntimeError(f"mm: expected two matrices, got {tuple(size)} and {tuple(mat2.shape)}")
        if size[1] != mat2.shape[0]:
            raise RuntimeError(
                f"mm: mat1 and mat2 shapes cannot be multiplied ({size[0]}x{size[1]} and "
                f"{mat2.shape[0]}x{mat2.shape[1]})"
            )
        dense = mat2.to_dense()
        products = values.unsqueeze(1) * dense.index_select(0, indices[1])
        out = zeros(size[0], dense.shape[1], dtype=products.dtype, device=products.device)
        out = out.index_add(0, indices[0], products)
        return out.to_sparse() if isinstance(mat2, SparseTensor) else out

    def mv(self, vec: Tensor) -> Tensor:
        """Product with a vector."""
        return self.mm(vec.unsqueeze(1)).squeeze(1)

    def matmul(self, other: Tensor) -> Tensor:
        """mm or mv; products of batches are computed from the dense tensor."""
        if self.dim() == 2 and other.dim() in (1, 2):
            return self.mv(other) if other.dim() == 1 else self.mm(other)
        return self.to_dense() @ other.to_dense()

    def sum(self, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:  # type: ignore[override]
        """The sum of all entries; over some of the dims a sparse tensor, as torch.sparse.sum gives it."""
        values = self._parts[1] if dtype is None else self._parts[1].to(dtype)
        if dim is None:
            return values.sum()
        if keepdim:
            return self._with(values).to_dense().sum(dim, True).to_sparse()
        return _sum_over(self._with(values), {d % self.dim() for d in ([dim] if isinstance(dim, int) else dim)})

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)

    def __rmatmul__(self, other: Any) -> Any:
        if other.dim() != 2 or self.dim() != 2:
            return other @ self.to_dense()
        return self.t().mm(other.t()).t()

    def __radd__(self, other: Any) -> Any:
        return other + self.to_dense()

    def __rsub__(self, other: Any) -> Any:
        return other - self.to_dense()

    def __neg__(self) -> SparseTensor:
        return self._with(-self._parts[1])

    multiply, divide, true_divide, smm = mul, div, div, mm
    __mul__ = __rmul__ = mul
    __truediv__, __add__, __sub__, __pow__ = div, add, sub, pow


# What the tape and all other operations ask for is the dense tensor's, which is made when it is first asked for.
def _dense(sparse: SparseTensor) -> Tensor:
    found = sparse.__dict__["_dense"]
    if found is None:
        found = sparse.__dict__["_dense"] = sparse.to_dense()
        if hasattr(found._array, "setflags"):
            found._array.setflags(write=False)  # a change of it would not reach the entries
    return found


def _delegated(slot: str) -> property:
    return property(lambda self: getattr(_dense(self), slot))


for _slot in TensorBase.__slots__:
    setattr(SparseTensor, _slot, _delegated(_slot))


def _on_values(name: str) -> Callable:
    def call(self: SparseTensor, *args: Any, **kwargs: Any) -> SparseTensor:
        mine = self if name in _CASTS else self.coalesce()
        values = getattr(mine._parts[1], name)(*args, **kwargs)
        return mine._with(values, mine._parts[0].to(values.device))

    call.__name__, call.__doc__ = name, f"{name} of the entries."
    return call


_CASTS = ("float", "double", "half", "bfloat16", "int", "long", "cuda", "cpu", "type", "neg", "contiguous")
for _name in (*_CASTS, *"abs sqrt relu sin tan tanh sign square floor ceil round trunc expm1 log1p".split()):
    setattr(SparseTensor, _name, _on_values(_name))


def _refuses(name: str) -> Callable:
    def refuse(self: SparseTensor, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{name}: a sparse tensor can't be changed in place; make a new one")

    refuse.__name__ = name
    return refuse


for _name in dir(Tensor):
    if (_name.endswith("_") and not _name.startswith("_") and _name != "requires_grad_") or _name == "__setitem__":
        setattr(SparseTensor, _name, _refuses(_name))


def places(indices: Tensor, size: Sequence[int]) -> Tensor:
    """The number of each place among all: row * columns + column."""
    found = zeros(indices.shape[1], dtype=dtypes.int64, device=indices.device)
    for row, length in zip(indices, size, strict=False):
        found = found * length + row
    return found


def _coordinates(places: Tensor, size: Sequence[int]) -> Tensor:
    """`places` backwards: (dims, entries)."""
    rows: list[Tensor] = []
    for length in reversed(size):
        rows.insert(0, places % length)
        places = places // length
    return stack(rows) if rows else zeros(0, len(places), dtype=dtypes.int64, device=places.device)


def _sum_over(sparse: SparseTensor, dims: set[int]) -> Tensor:
    indices, values, size, _ = sparse._parts
    kept = [d for d in range(len(indices)) if d not in dims]
    inner = [d - len(indices) + 1 for d in sorted(dims) if d >= len(indices)]
    values = values.sum(inner) if inner else values
    if not kept:
        return values.sum(0)
    left = [length for d, length in enumerate(size) if d not in dims]
    return SparseTensor(indices[kept], values, left).coalesce()


def from_dense(dense: Tensor, sparse_dim: int | None = None) -> SparseTensor:
    """The entries of a dense tensor that aren't zero (in any of the dims after the first `sparse_dim`)."""
    if sparse_dim is not None and not 0 < sparse_dim <= dense.dim():
        raise RuntimeError(
            f"to_sparse: sparse_dim argument must be in [0,{dense.dim()}] range, but {sparse_dim} was given"
        )
    known = dense.detach() != 0
    if sparse_dim is not None and sparse_dim < dense.dim():
        known = known.flatten(sparse_dim).any(-1)
    indices = known.nonzero().t()
    return SparseTensor(indices, dense[tuple(indices)] if dense.dim() else dense.reshape(-1), dense.shape, True)
