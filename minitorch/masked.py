"""`minitorch.masked`: reductions and normalizations that leave out the elements where `mask` is False.

Left-out elements are replaced by the identity of the operation (0 for a sum, -inf for a maximum). The mask is boolean
and broadcasts to the input; without one, nothing is left out. Difference from torch: tensors are strided only, and
there is no MaskedTensor.

>>> import minitorch as mt
>>> mt.masked.mean(mt.tensor([1.0, 2.0, 9.0]), mask=mt.tensor([True, True, False]))
tensor(1.5000)
"""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

from minitorch.backend import dtypes
from minitorch.errors import wrap_dims
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.norms import vector_norm

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip

where = FUNCTIONS["where"]


def _filled(input: Any, mask: Any, value: Any) -> Any:
    """The input, with `value` where the mask is False."""
    return input if mask is None else where(_mask_for(input, mask), input, value)


def _mask_for(input: Any, mask: Any) -> Any:
    if mask.dim() > input.dim():
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return mask.to(dtypes.bool_).broadcast_to(input.shape)


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    return tuple(range(ndim)) if dim is None else wrap_dims(dim, ndim)


def _lowest(input: Any) -> Any:
    """What no element lies below: -inf, or the smallest integer."""
    return -math.inf if input.is_floating_point() or input.is_complex() else dtypes.iinfo(input.dtype).min


def _highest(input: Any) -> Any:
    return math.inf if input.is_floating_point() else dtypes.iinfo(input.dtype).max


def _wide(input: Any, dtype: Any) -> Any:
    """The dtype of a sum: int64 for integers."""
    if dtype is not None or input.is_floating_point() or input.is_complex():
        return dtype or input.dtype
    return dtypes.int64


def sum(input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The sum; 0 where all is masked out."""
    return _filled(input, mask, 0).sum(_dims(dim, input.dim()), builtins.bool(keepdim), dtype=_wide(input, dtype))


def prod(
    input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The product; 1 where all is masked out."""
    result: Any = _filled(input, mask, 1)
    for d in sorted(_dims(dim, input.dim()), reverse=True):
        result = result.prod(d, builtins.bool(keepdim))
    return result.to(_wide(input, dtype))


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Running sums, in which masked-out elements count 0."""
    return _filled(input, mask, 0).cumsum(dim, dtype=dtype or input.dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Running products, in which masked-out elements count 1."""
    return _filled(input, mask, 1).cumprod(dim, dtype=dtype or input.dtype)


def amax(
    input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The greatest element; -inf (or the smallest integer) where all is masked out."""
    found = _filled(input, mask, _lowest(input)).amax(_dims(dim, input.dim()), builtins.bool(keepdim))
    return found.to(dtype or input.dtype)


def amin(
    input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The smallest element; inf (or the greatest integer) where all is masked out."""
    found = _filled(input, mask, _highest(input)).amin(_dims(dim, input.dim()), builtins.bool(keepdim))
    return found.to(dtype or input.dtype)


def argmax(
    input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The index of the greatest element, in the dtype of the input (as in torch)."""
    return _filled(input, mask, _lowest(input)).argmax(dim, builtins.bool(keepdim)).to(dtype or input.dtype)


def argmin(
    input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The index of the smallest element, in the dtype of the input (as in torch)."""
    return _filled(input, mask, _highest(input)).argmin(dim, builtins.bool(keepdim)).to(dtype or input.dtype)


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The sum divided by the number of elements that count; nan where there are none."""
    kind: Any = input.dtype if dtype is None else dtype
    if not (kind.is_floating_point or kind.is_complex):
        source = "Input" if dtype is None else "Optional"
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. "
            f"Got: {kind}"
        )
    total = sum(input, dim, keepdim=keepdim, dtype=kind, mask=mask)
    return total / _count(input, dim, builtins.bool(keepdim), mask)


def _count(input: Any, dim: Any, keepdim: bool, mask: Any) -> Any:
    ones = FUNCTIONS["ones_like"](input, dtype=dtypes.bool_) if mask is None else _mask_for(input, mask)
    return ones.sum(_dims(dim, input.dim()), keepdim)


def median(input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """The median of the elements that count, the lower one of two; nan where there are none."""
    floating = input.is_floating_point()
    wide: Any = input if floating else input.to(dtypes.float32)
    found = _filled(wide, mask, math.nan).nanmedian(dim, keepdim).values
    if floating:
        return found
    if found.isnan().any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return found.to(dtype or input.dtype)


def logsumexp(input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Tensor:
    """log(sum(e**x)); -inf where all is masked out."""
    return _filled(input, mask, _lowest(input)).logsumexp(_dims(dim, input.dim()), keepdim).to(dtype or input.dtype)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Any = None, other_mask: Any = None
) -> Tensor:
    """log(e**input + e**other), in which masked-out elements count e**-inf = 0."""
    x, y = _filled(input, input_mask, _lowest(input)), _filled(other, other_mask, _lowest(other))
    return x.logaddexp(y).to(dtype or input.dtype)


def norm(
    input: Tensor, ord: Any = 2.0, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The vector norm of order `ord`, in which masked-out elements count 0 (inf for ord=-inf)."""
    filled = _filled(input, mask, math.inf if ord == -math.inf else 0)
    return vector_norm(filled, ord, _dims(dim, input.dim()), builtins.bool(keepdim), dtype=dtype or input.dtype)


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None,
    keepdim: bool | None = False, dtype: Any = None, mask: Any = None,
) -> Tensor:  # fmt: skip
    """The variance of the elements that count, with their number less `correction` (1) as divisor."""
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = (1.0 if unbiased in (None, True) else 0.0) if correction is None else float(correction)
    kind = dtype or (input.dtype if input.is_floating_point() or input.is_complex() else dtypes.float32)
    middle = sum(input, dim, keepdim=True, dtype=kind, mask=mask) / _count(input, dim, True, mask)
    away = input - middle
    total = sum(away * away.conj(), dim, keepdim=keepdim, dtype=kind, mask=mask)
    count = _count(input, dim, builtins.bool(keepdim), mask)
    if less != 0:
        count = (count.to(total.real.dtype) - less).clamp(min=0)
    return (total / count).to(kind)


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None,
    keepdim: bool | None = False, dtype: Any = None, mask: Any = None,
) -> Tensor:  # fmt: skip
    """The square root of `var`."""
    return var(input, dim, unbiased, correction=correction, keepdim=keepdim, dtype=dtype, mask=mask).sqrt()


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Softmax over the elements that count; 0 at the others."""
    return _filled(input, mask, _lowest(input)).softmax(dim, dtype=dtype or input.dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """The logarithm of `softmax`."""
    return _filled(input, mask, _lowest(input)).log_softmax(dim, dtype=dtype or input.dtype)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Tensor:
    """Softmax of -input over the elements that count; 0 at the others."""
    return (-_filled(input, mask, _highest(input))).softmax(dim, dtype=dtype or input.dtype)


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Any = None
) -> Tensor:
    """The input divided by its norm along `dim` (at least eps); 0 where masked out."""
    length = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _filled(input, mask, 0) / length.maximum(length.new_full([], eps))
