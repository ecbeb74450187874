"""Counts and histograms, as methods and functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import xp_of
from minitorch.ops import search as ops
from minitorch.ops.shape import reshape
from minitorch.tensor import return_types
from minitorch.tensor.binding import function
from minitorch.tensor.dims import kind_name, refuse_dtype

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class CountsMixin(TensorBase):
    __slots__ = ()

    def bincount(self, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
        """How often each of 0, 1, ... occurs in a vector of non-negative integers; with `weights`, their sums.

        >>> import minitorch as mt
        >>> mt.tensor([0, 2, 2]).bincount()
        tensor([1, 0, 2])
        """
        refuse_dtype(self, "bfcV", "bincount_cpu")
        if minlength < 0:
            raise RuntimeError(f"bincount: minlength should be >= 0, but it is {minlength}")
        array = self._array
        if array.ndim != 1 or (array.size and int(array.min()) < 0):
            raise RuntimeError(
                f"bincount only supports 1-d non-negative integral inputs, not shape {list(array.shape)}"
            )
        if weights is not None and weights._array.shape != array.shape:
            raise RuntimeError("bincount: weights should be 1-d and have the same length as input")
        if weights is not None and not array.size:  # torch's counts of nothing are integers
            weights = None
        return ops.bincount(self, weights, minlength=minlength)

    def histc(self, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """Counts of the elements in `bins` equal intervals from `min` to `max`; if these are equal, the data's range.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 1.5]).histc(bins=2, min=0, max=4)
        tensor([2., 1.])
        """
        refuse_dtype(self, "biuc", "histogram_cpu")
        if bins <= 0:
            raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
        low, high = _outer_edges(self._array, float(min), float(max))
        return ops.histc(self, bins=int(bins), low=low, high=high)

    def histogram(
        self, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None,
        density: bool = False,
    ) -> Any:  # fmt: skip
        """(hist, bin_edges): how many elements, or how much of `weight`, lies in each interval.

        `bins` is a number of equal intervals over `range` (the data's unless given) or the tensor of their edges. The
        last interval includes its right edge. With `density` the result integrates to 1.

        >>> import minitorch as mt
        >>> mt.tensor([1.0, 2.0, 1.5]).histogram(2, range=(0.0, 4.0)).hist
        tensor([2., 1.])
        """
        column = reshape(self, shape=(self._array.size, 1))
        w = None if weight is None else weight
        if w is not None and w._array.shape == self._array.shape:
            w = reshape(w, shape=(w._array.size,))
        hist, edges = _histogram(column, [bins], range, w, density)
        return return_types.histogram(hist, edges[0])


def _outer_edges(array: Any, low: float, high: float) -> tuple[float, float]:
    """histc's range: the data's if none is given; widened if that is a point."""
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    return (low - 1, high + 1) if low == high else (low, high)


# -- histograms in several dimensions --------------------------------------------------------------------------------


def histogramdd(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """(hist, bin_edges) of points (*, D) in D dimensions: as `histogram` in each of them.

    `bins` is one number, or D of them, or D tensors of edges; `range` is left and right for each dimension.

    >>> import minitorch as mt
    >>> mt.histogramdd(mt.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), bins=[2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    many = [bins] * shape[-1] if isinstance(bins, int) else list(bins)
    if len(many) != shape[-1]:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    points = reshape(input, shape=(math.prod(shape[:-1]), shape[-1]))
    if weight is not None and weight._array.shape == shape[:-1]:
        weight = reshape(weight, shape=(points._array.shape[0],))
    hist, edges = _histogram(points, many, range, weight, density)
    return return_types.histogramdd(hist, tuple(edges))


def _histogram(points: Any, bins: list, range: Any, weight: Any, density: bool) -> tuple[Any, list]:
    refuse_dtype(points, "biuc", "histogramdd")
    _check_weight(points, weight)
    if range is not None and len(range) != 2 * len(bins):
        raise RuntimeError(
            f"torch.histogramdd: for a {len(bins)}-dimensional histogram range should have {2 * len(bins)} elements, "
            f"but got {len(range)}"
        )
    edges = [_edges(points, d, b, None if range is None else range[2 * d : 2 * d + 2]) for d, b in enumerate(bins)]
    hist = ops.histogramdd(points, weight, edges=tuple(e._array for e in edges))
    if density:
        hist = hist / hist.sum()
        for d, e in enumerate(edges):
            width = e[1:] - e[:-1]
            hist = hist / width.reshape((-1,) + (1,) * (len(edges) - d - 1))
    return hist, edges


def _check_weight(points: Any, weight: Any) -> None:
    if weight is None:
        return
    n = points._array.shape[0]
    if weight._array.shape != (n,):
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got {n} points and weight with shape {list(weight._array.shape)}"
        )
    if weight._array.dtype != points._array.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same "
            f"dtype, but got input({kind_name(points)}), and weight({kind_name(weight)})"
        )


def _edges(points: Any, d: int, bins: Any, range: Any) -> Any:
    """The edges of the intervals of dimension d."""
    x = points._array[:, d]
    if isinstance(bins, TensorBase):
        if bins._array.ndim != 1:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {bins._array.ndim} dimensions in "
                f"the bins tensor for dimension {d}"
            )
        if bins._array.dtype != x.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                f"{kind_name(points)} and bins for dimension {d} with dtype {kind_name(bins)}"
            )
        return bins
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension {d}")
    low, high = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
    if range is not None:
        low, high = (float(r) for r in range)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {d}'s range [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low} max {high} for dimension {d}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return wrap(xp_of(x).linspace(low, high, bins + 1).astype(x.dtype))


FUNCTIONS: dict[str, Callable] = {
    "bincount": function(CountsMixin.bincount),
    "histc": function(CountsMixin.histc, out=True),
    "histogram": function(CountsMixin.histogram, out=True),
    "histogramdd": histogramdd,
}
