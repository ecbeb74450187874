"""Methods that few programs use: a Python function on every element, the order of dimensions, older forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.autograd.views import bump, check_inplace
from minitorch.backend import xp_of
from minitorch.backend.streams import visit_axes
from minitorch.errors import type_error
from minitorch.tensor.factoring import lu_factor_ex

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class RareMixin(TensorBase):
    __slots__ = ()

    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replace every element by what a Python function makes of it: slow, and without a gradient.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0]).apply_(lambda v: v + 10)
        tensor([11., 12.])
        """
        return _written(self, "apply_", [callable(v) for v in self._array.reshape(-1).tolist()])

    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace every element by what a Python function makes of it and the element of `tensor` in its place.

        >>> import minitorch as mt
        >>> mt.tensor([1, 2]).map_(mt.tensor([10, 20]), lambda a, b: a + b)
        tensor([11, 22])
        """
        if not isinstance(tensor, TensorBase):
            raise type_error("map_", "tensor", 1, "Tensor", tensor)
        if tensor._array.dtype != self._array.dtype:
            raise TypeError("map_: expected a tensor of the same dtype")
        other = xp_of(tensor._array).broadcast_to(tensor._array, self._array.shape)
        pairs = zip(self._array.reshape(-1).tolist(), other.reshape(-1).tolist(), strict=True)
        return _written(self, "map_", [callable(a, b) for a, b in pairs], tensor)

    def dim_order(self, *, ambiguity_check: bool = False) -> tuple[int, ...]:
        """The dimensions from the outermost in memory to the innermost.

        >>> import minitorch as mt
        >>> mt.empty(2, 3, 4).transpose(1, 2).dim_order()
        (0, 2, 1)
        """
        if ambiguity_check:
            raise NotImplementedError("dim_order: ambiguity_check is not supported")
        return tuple(int(axis) for axis in visit_axes(self._array.strides, self._array.shape))

    def is_conj(self) -> bool:
        """False: `conj` computes the conjugate at once, where torch's sets a bit."""
        return False

    def is_neg(self) -> bool:
        """False: no tensor here has its sign kept aside."""
        return False

    def nonzero_static(self, *, size: int, fill_value: int = -1) -> Tensor:
        """As `nonzero`, in exactly `size` rows: the first ones, or filled up.

        >>> import minitorch as mt
        >>> mt.tensor([0, 1]).nonzero_static(size=2)
        tensor([[ 1],
                [-1]])
        """
        if size < 0:
            raise RuntimeError(f"nonzero_static: 'size' must be an non-negative integer, but it is {size}")
        found = self.nonzero()._array[:size]  # type: ignore[attr-defined]
        rows = xp_of(found).full((size, found.shape[1]), fill_value, dtype="int64")
        rows[: found.shape[0]] = found
        return wrap(rows)

    def lu(self, pivot: bool = True, get_infos: bool = False) -> Any:
        """(LU, pivots), or with get_infos (LU, pivots, infos): an old form of linalg.lu_factor_ex.

        >>> import minitorch as mt
        >>> mt.eye(2).lu()[1]
        tensor([1, 2], dtype=torch.int32)
        """
        found = lu_factor_ex(self, pivot=pivot)  # type: ignore[arg-type]
        return tuple(found) if get_infos else tuple(found)[:2]


def _written(t: Any, op: str, values: list, *others: Any) -> Any:
    if not t.is_cpu:
        raise TypeError(f"{op} is only implemented on CPU tensors")
    if state.grad and any(edge_of(x) is not None for x in (t, *others)):
        raise RuntimeError(f"Can't call {op}() on Variable that requires grad. Use var.detach().{op}() instead.")
    check_inplace(t, False)
    t._array[...] = xp_of(t._array).array(values, dtype=t._array.dtype).reshape(t._array.shape)
    bump(t)
    return t
