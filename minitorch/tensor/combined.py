"""Methods of Tensor that combine three tensors at once: lerp, addcmul, addcdiv."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.ops import arithmetic as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import operand, tensor_argument

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def _two(op: str, tensor1: Any, tensor2: Any) -> tuple[Any, Any]:
    return tensor_argument(op, "tensor1", tensor1), tensor_argument(op, "tensor2", tensor2, 2)


def _check_addcdiv(tensor1: Any, tensor2: Any) -> None:
    if tensor1._array.dtype.kind in "biu" and tensor2._array.dtype.kind in "biu":
        raise RuntimeError(
            "addcdiv: Integer division with addcdiv is no longer supported\n"
            "    hint  make tensor1 or tensor2 floating-point, or use input + value * trunc(tensor1 / tensor2)"
        )


class CombinedMixin(TensorBase):
    __slots__ = ()

    def lerp(self, end: Any, weight: Any) -> Tensor:
        """self + weight * (end - self): from self (weight 0) to `end` (weight 1).

        `weight` is a number or a tensor; all tensors have one dtype.

        >>> import minitorch as mt
        >>> mt.tensor([0.0, 10.0]).lerp(mt.tensor([1.0, 20.0]), 0.5)
        tensor([ 0.5000, 15.0000])
        """
        return ops.lerp(self, tensor_argument("lerp", "end", end), operand("lerp", "weight", weight, 2))

    def lerp_(self, end: Any, weight: Any) -> Tensor:
        """In-place version of `lerp`."""
        return inplace(ops.lerp, self, tensor_argument("lerp_", "end", end), operand("lerp_", "weight", weight, 2))

    def addcmul(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """self + value * tensor1 * tensor2.

        >>> import minitorch as mt
        >>> mt.tensor([1.0]).addcmul(mt.tensor([2.0]), mt.tensor([3.0]), value=10)
        tensor([61.])
        """
        return ops.addcmul(self, *_two("addcmul", tensor1, tensor2), value=value)

    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """In-place version of `addcmul`."""
        return inplace(ops.addcmul, self, *_two("addcmul_", tensor1, tensor2), value=value)

    def addcdiv(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """self + value * tensor1 / tensor2; not for two integer tensors.

        >>> import minitorch as mt
        >>> mt.tensor([1.0]).addcdiv(mt.tensor([3.0]), mt.tensor([2.0]))
        tensor([2.5000])
        """
        pair = _two("addcdiv", tensor1, tensor2)
        _check_addcdiv(*pair)
        return ops.addcdiv(self, *pair, value=value)

    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        """In-place version of `addcdiv`."""
        pair = _two("addcdiv_", tensor1, tensor2)
        _check_addcdiv(*pair)
        return inplace(ops.addcdiv, self, *pair, value=value)


FUNCTIONS: dict[str, Callable] = {
    name: function(getattr(CombinedMixin, name), out=True) for name in ("lerp", "addcmul", "addcdiv")
}
