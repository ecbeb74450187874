"""Average pooling, fixed and adaptive, and power-mean pooling. The checks are pool.py's; ops/pool.py computes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.nn.functional.pool import (
    adaptive_arguments,
    check_output,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    window_arguments,
)
from minitorch.nn.functional.spatial import need_tensor, sizes, unbatched
from minitorch.ops import pool as ops
from minitorch.ops.kinds import scalar_name

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

    IntOr = int | tuple[int, ...]

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "lp_pool1d", "lp_pool2d", "lp_pool3d",
]  # fmt: skip


def avg_pool1d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window of length kernel_size.

    Shape: input (N, C, L) or (C, L).

    >>> import minitorch as mt
    >>> mt.nn.functional.avg_pool1d(mt.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of an image.

    count_include_pad: zeros of the padding count as values. divisor_override: divide the sum by this instead.
    Shape: input (N, C, H, W) or (C, H, W).

    >>> import minitorch as mt
    >>> mt.nn.functional.avg_pool2d(mt.tensor([[[1.0, 3.0], [2.0, 0.0]]]), 2)
    tensor([[[1.5000]]])
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of a volume; see `avg_pool2d`.

    Shape: input (N, C, D, H, W) or (C, D, H, W).

    >>> import minitorch as mt
    >>> mt.nn.functional.avg_pool3d(mt.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5000]]]])
    """
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _avg_pool(
    op: str, n: int, input: Any, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_pad: bool, divisor: Any
) -> Tensor:
    x, was, kernel, stride, padding = window_arguments(op, n, input, kernel, stride, padding)
    if divisor is not None and divisor == 0:
        raise RuntimeError(f"{op}: divisor must be not zero")
    _need_number(op, f"avg_pool{n}d", x)
    check_output(op, x._array.shape[2:], kernel, stride, padding, (1,) * n, ceil_mode, input)
    y = ops.avg_pool(
        x, kernel=kernel, stride=stride, padding=padding, ceil_mode=bool(ceil_mode), count_include_pad=bool(count_pad),
        divisor_override=divisor,
    )  # fmt: skip
    return unbatched(y, was)


def _need_number(op: str, name: str, x: Any) -> None:
    if x._array.dtype.kind in "bcu" or (x._array.dtype.kind == "i" and x._array.dtype.itemsize < 8):
        raise NotImplementedError(f"{op}: \"{name}\" not implemented for '{scalar_name(x._array)}'")


def adaptive_avg_pool1d(input: Tensor, output_size: IntOr) -> Tensor:
    """The means of output_size windows, floor(i L / out) up to ceil((i + 1) L / out).

    Shape: input (N, C, L) or (C, L).

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_avg_pool1d(mt.tensor([[1.0, 3.0, 2.0]]), 2)
    tensor([[2.0000, 2.5000]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows that divide an image into output_size parts; None in it keeps the input's size.

    Shape: input (N, C, H, W) or (C, H, W).

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_avg_pool2d(mt.tensor([[[1.0, 3.0], [2.0, 0.0]]]), (1, None))
    tensor([[[1.5000, 1.5000]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows that divide a volume into output_size parts; see `adaptive_avg_pool2d`.

    Shape: input (N, C, D, H, W) or (C, D, H, W).

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_avg_pool3d(mt.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[3.5000]]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_avg_pool(op: str, n: int, input: Any, output_size: Any) -> Tensor:
    x, was, spatial = adaptive_arguments(op, n, input, output_size)
    if x._array.dtype.kind not in "fV":
        raise NotImplementedError(f"{op}: \"adaptive_avg_pool{n}d\" not implemented for '{scalar_name(x._array)}'")
    return unbatched(ops.adaptive_avg_pool(x, spatial=spatial), was)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: IntOr | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^p)^(1/p) over each window, p = norm_type; infinity: the largest absolute value, -infinity: the least.

    >>> import minitorch as mt
    >>> mt.nn.functional.lp_pool1d(mt.tensor([[3.0, 4.0]]), 2, 2)
    tensor([[5.]])
    """
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: IntOr, stride: IntOr | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^p)^(1/p) over each window of an image, p = norm_type.

    >>> import minitorch as mt
    >>> mt.nn.functional.lp_pool2d(mt.tensor([[[3.0, 4.0]]]), 2, (1, 2))
    tensor([[[5.]]])
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: IntOr, stride: IntOr | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x^p)^(1/p) over each window of a volume, p = norm_type.

    >>> import minitorch as mt
    >>> mt.nn.functional.lp_pool3d(mt.tensor([[[[3.0, 4.0]]]]), 2, (1, 1, 2))
    tensor([[[[5.]]]])
    """
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(op: str, n: int, input: Any, p: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    """As torch composes it: sums that came out negative are taken as 0 before the root, but keep their sign."""
    need_tensor(op, "input", 1, input)
    if isinstance(p, (int, float)) and math.isinf(p):
        sign, max_pool = math.copysign(1, p), (max_pool1d, max_pool2d, max_pool3d)[n - 1]
        return max_pool(input.abs() * sign, kernel_size, stride, ceil_mode=ceil_mode) * sign
    kernel = sizes(op, "kernel_size", kernel_size, n, 3)
    means = _avg_pool(op, n, input**p, kernel, stride, 0, ceil_mode, True, None)
    return (means.sign() * means.abs().relu() * math.prod(kernel)) ** (1.0 / p)
