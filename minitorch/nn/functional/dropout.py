"""Dropout: elements or whole channels set to zero at random. The random numbers are torch's, in torch's order."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.autograd.views import inplace as in_place
from minitorch.backend import device_of, xp_of
from minitorch.errors import explain
from minitorch.nn.functional.spatial import need_tensor
from minitorch.ops.elementwise import add, mul
from minitorch.ops.kinds import scalar_name
from minitorch.tensor.dims import refuse_dtype
from minitorch.tensor.random import drawn, stream

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

ALPHA = 1.7580993408473766  # scale * alpha of SELU: minus the value that it saturates at


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each element is zeroed with probability p and the others are divided by 1 - p, which keeps the mean.

    >>> import minitorch as mt
    >>> mt.nn.functional.dropout(mt.tensor([1.0, 2.0]), training=False)
    tensor([1., 2.])
    """
    return _dropout("dropout", input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """In training, elements are set to SELU's lowest value with probability p; then mean and variance are restored.

    >>> import minitorch as mt
    >>> mt.nn.functional.alpha_dropout(mt.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return _dropout("alpha_dropout", input, p, training, inplace, alpha=True)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels: of each input[n, c].

    >>> import minitorch as mt
    >>> mt.nn.functional.feature_alpha_dropout(mt.ones(1, 2))
    tensor([[1., 1.]])
    """
    return _dropout("feature_alpha_dropout", input, p, training, inplace, features=True, alpha=True)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels: each (L) of an input (N, C, L) or (C, L) is kept or zeroed as one.

    >>> import minitorch as mt
    >>> mt.nn.functional.dropout1d(mt.ones(1, 2, 3), training=False).sum()
    tensor(6.)
    """
    _check_probability("dropout1d", input, p)
    ndim = input._array.ndim
    if ndim not in (2, 3):
        what = f"Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d drops whole channels"
        raise RuntimeError(explain(f"dropout1d: {what}", [("input", input._array.shape, "")], "(N, C, L) or (C, L)"))
    return _channels("dropout1d", input, p, training, inplace, ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels: each (H, W) of an input (N, C, H, W) is kept or zeroed as one.

    An input (N, C, L) is accepted, with a warning, as torch does.

    >>> import minitorch as mt
    >>> mt.nn.functional.dropout2d(mt.ones(1, 2, 3, 4), training=False).sum()
    tensor(24.)
    """
    _check_probability("dropout2d", input, p)
    ndim = input._array.ndim
    if ndim not in (3, 4):
        _warn(f"dropout2d: Received a {ndim}-D input to dropout2d, which is deprecated; use dropout instead")
    if ndim == 3:
        _warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D "
            "dropout behavior is desired - "
            "input is interpreted as shape (N, C, L), where C is the channel dim. Use dropout1d instead"
        )
    return _dropout("dropout2d", input, p, training, inplace, features=True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels: each (D, H, W) of an input (N, C, D, H, W) or (C, D, H, W) is kept or zeroed as one.

    >>> import minitorch as mt
    >>> mt.nn.functional.dropout3d(mt.ones(1, 2, 3, 4, 5), training=False).sum()
    tensor(120.)
    """
    _check_probability("dropout3d", input, p)
    ndim = input._array.ndim
    if ndim not in (4, 5):
        _warn(f"dropout3d: Received a {ndim}-D input to dropout3d, which is deprecated; use dropout instead")
    return _channels("dropout3d", input, p, training, inplace, ndim == 5)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=3)


def _channels(op: str, input: Any, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    """Whole channels, of an input that may lack its batch dimension."""
    if batched:
        return _dropout(op, input, p, training, inplace, features=True)
    if inplace:
        _dropout(op, input.unsqueeze(0), p, training, True, features=True)
        return input
    return _dropout(op, input.unsqueeze(0), p, training, False, features=True).squeeze(0)


def _check_probability(op: str, input: Any, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{op}: dropout probability has to be between 0 and 1, but got {p}")
    need_tensor(op, "input", 1, input)


def _dropout(
    op: str, input: Any, p: float, training: bool, inplace: bool, features: bool = False, alpha: bool = False
) -> Tensor:
    """input * noise (+ shift), as torch composes it."""
    _check_probability(op, input, p)
    x = input._array
    if p == 0 or not training or x.size == 0:
        return input
    times, plus = (in_place, in_place) if inplace else (_call, _call)
    if p == 1:
        return times(mul, input, wrap(xp_of(x).zeros((), dtype=x.dtype)))
    if x.dtype.kind in "biu":
        raise RuntimeError(
            f"{op}: result type Float can't be cast to the desired output type {scalar_name(x)}\n "
            "   hint  input.float()"
        )
    refuse_dtype(input, "c", "bernoulli_scalar_cpu_")
    keep = _kept_channels(op, x, 1 - p) if features else _kept(x, 1 - p)
    real = x.real.dtype.type
    if not alpha:
        noise = keep.astype(x.dtype)
        noise *= (real(1) / real(1 - p)).astype(x.real.dtype)
        return times(mul, input, wrap(noise))
    a = 1.0 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    noise = keep.astype(x.dtype)
    shift = (noise - real(1)) * real(ALPHA * a) + real(ALPHA * a * p)
    return plus(add, times(mul, input, wrap(noise * real(a))), wrap(shift))


def _call(op: Any, x: Any, y: Any) -> Any:
    return op(x, y)


def _kept(x: Any, q: float) -> Any:
    """Which elements stay. The numbers are drawn in the order of x's memory, as torch's are."""
    steps = [abs(s) for s in x.strides]
    order = sorted(range(x.ndim), key=lambda d: -steps[d])
    if order == list(range(x.ndim)) or any(s == 0 and n > 1 for s, n in zip(steps, x.shape, strict=True)):
        return _draw(x, q, x.shape)
    back = sorted(range(x.ndim), key=order.__getitem__)
    return _draw(x, q, tuple(x.shape[d] for d in order)).transpose(back)


def _kept_channels(op: str, x: Any, q: float) -> Any:
    """Which channels stay, with ones in place of the other dimensions: (N, C, 1, ...)."""
    if x.ndim < 2:
        what = "Feature dropout requires at least 2 dimensions in the input"
        raise RuntimeError(explain(f"{op}: {what}", [("input", x.shape, "")], "(N, C, ...)"))
    return _draw(x, q, x.shape[:2] + (1,) * (x.ndim - 2))


def _draw(x: Any, q: float, shape: tuple) -> Any:
    where = device_of(x)
    return drawn(stream(None, where).keep(q, shape), where)
