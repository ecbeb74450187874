"""Methods of Tensor for the larger or smaller of two tensors and for clamping between bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.views import inplace
from minitorch.ops import extrema as ops
from minitorch.tensor.binding import function
from minitorch.tensor.operators import NUMBERS, operand, tensor_argument

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class ExtremaMixin(TensorBase):
    __slots__ = ()

    def maximum(self, other: Any) -> Tensor:
        """The larger of self and other, nan if either is; at a tie each gets half of the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 5.0]).maximum(mt.tensor([3.0, 2.0]))
        tensor([3., 5.])
        """
        return ops.maximum(self, other if isinstance(other, TensorBase) else tensor_argument("maximum", "other", other))

    def minimum(self, other: Any) -> Tensor:
        """The smaller of self and other, nan if either is; at a tie each gets half of the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 5.0]).minimum(mt.tensor([3.0, 2.0]))
        tensor([1., 2.])
        """
        return ops.minimum(self, other if isinstance(other, TensorBase) else tensor_argument("minimum", "other", other))

    def fmax(self, other: Any) -> Tensor:
        """The larger of self and other, the number where one is nan; at a tie self gets the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan")]).fmax(mt.tensor([3.0, 2.0]))
        tensor([3., 2.])
        """
        return ops.fmax(self, tensor_argument("fmax", "other", other))

    def fmin(self, other: Any) -> Tensor:
        """The smaller of self and other, the number where one is nan; at a tie self gets the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, float("nan")]).fmin(mt.tensor([3.0, 2.0]))
        tensor([1., 2.])
        """
        return ops.fmin(self, tensor_argument("fmin", "other", other))

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """self brought into [min, max]; `max` where min > max; nan stays nan. The gradient passes at the bounds.

        The bounds are numbers or tensors (both of a kind), at least one of them given.

        >>> import minitorch as mt
        >>> mt.tensor([-2.0, 0.5, 2.0]).clamp(-1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
        """
        return ops.clamp(self, *_bounds("clamp", min, max))

    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place version of `clamp`."""
        return inplace(ops.clamp, self, *_bounds("clamp_", min, max))

    def clamp_min(self, min: Any) -> Tensor:
        """self, but at least `min`; at a tie self gets the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([-2.0, 0.5]).clamp_min(0)
        tensor([0.0000, 0.5000])
        """
        return ops.clamp_min(self, operand("clamp_min", "min", min))

    def clamp_min_(self, min: Any) -> Tensor:
        """In-place version of `clamp_min`."""
        return inplace(ops.clamp_min, self, operand("clamp_min_", "min", min))

    def clamp_max(self, max: Any) -> Tensor:
        """self, but at most `max`; at a tie self gets the gradient.

        >>> import minitorch as mt
        >>> mt.tensor([-2.0, 0.5]).clamp_max(0)
        tensor([-2.,  0.])
        """
        return ops.clamp_max(self, operand("clamp_max", "max", max))

    def clamp_max_(self, max: Any) -> Tensor:
        """In-place version of `clamp_max`."""
        return inplace(ops.clamp_max, self, operand("clamp_max_", "max", max))

    clip, clip_ = clamp, clamp_


def _bounds(op: str, low: Any, high: Any) -> tuple[Any, Any]:
    """Check clamp's bounds as torch does: at least one, and not a number with a tensor."""
    if low is None and high is None:
        raise RuntimeError(f"{op}: At least one of 'min' or 'max' must not be None")
    for position, (name, bound) in enumerate((("min", low), ("max", high)), 1):
        if bound is not None:
            operand(op, name, bound, position)
    if isinstance(low, NUMBERS) and isinstance(high, TensorBase) and not high._array.ndim:
        high = high.item()  # type: ignore[attr-defined]
    elif isinstance(high, NUMBERS) and isinstance(low, TensorBase) and not low._array.ndim:
        low = low.item()  # type: ignore[attr-defined]
    if {isinstance(low, NUMBERS), isinstance(high, NUMBERS)} == {True, False} and low is not None and high is not None:
        raise TypeError(f"{op}(): 'min' and 'max' must be two numbers or two tensors, not one of each")
    return low, high


_NAMES = ("maximum", "minimum", "fmax", "fmin", "clamp", "clip", "clamp_min", "clamp_max")

FUNCTIONS: dict[str, Callable] = {n: function(getattr(ExtremaMixin, n), name=n, out=True) for n in _NAMES}
