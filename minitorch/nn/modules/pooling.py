"""Pooling layers: one `_PoolNd` and a base for each kind; the public classes set the number of dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.nn.modules.sizes import as_tuple

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _PoolNd(Module):
    """What all pools share: a function, and settings of which `shown` are in the repr."""

    pool: Callable
    shown: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


# -- maxima ------------------------------------------------------------------------------------------------------------


class _MaxPoolNd(_PoolNd):
    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        return type(self).pool(
            input, self.kernel_size, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )  # fmt: skip


class MaxPool1d(_MaxPoolNd):
    """The largest value in each window; stride is the kernel's size unless given.

    Shape: (N, C, L) or (C, L) -> (..., L_out),
    L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1; ceil_mode: ceil instead of floor.
    return_indices: also where the values were, for `MaxUnpool1d`.

    >>> import minitorch as mt
    >>> mt.nn.MaxPool1d(2)(mt.tensor([[1.0, 3.0, 2.0, 0.0]]))
    tensor([[3., 2.]])
    """

    pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The largest value in each window of (N, C, H, W) or (C, H, W); see `MaxPool1d`."""

    pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The largest value in each window of (N, C, D, H, W) or (C, D, H, W); see `MaxPool1d`."""

    pool = staticmethod(F.max_pool3d)


class _FractionalMaxPoolNd(_PoolNd):
    ndim: int

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name, n = type(self).__name__, self.ndim
        self.kernel_size = as_tuple(kernel_size, n)
        if n == 3 and any(k <= 0 for k in self.kernel_size):  # torch's 2-d layer finds out when it is called
            raise ValueError(f"{name}: kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else as_tuple(output_size, n)
        self.output_ratio = None if output_ratio is None else as_tuple(output_ratio, n)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError(f"{name}: only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"{name}: output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Any) -> Any:
        return type(self).pool(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            _random_samples=self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Maxima of windows whose steps are drawn at random at each call (Graham 2014).

    Give output_size, or output_ratio of the input's size, between 0 and 1: any shrinkage is possible, not only 1/2.
    _random_samples (N, C, 2), values in [0, 1), fixes the steps.
    """

    ndim = 2
    pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """`FractionalMaxPool2d` for volumes; _random_samples (N, C, 3)."""

    ndim = 3
    pool = staticmethod(F.fractional_max_pool3d)


class _MaxUnpoolNd(_PoolNd):
    ndim: int
    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = as_tuple(kernel_size, self.ndim)
        self.stride = as_tuple(stride if stride is not None else kernel_size, self.ndim)
        self.padding = as_tuple(padding, self.ndim)

    def forward(self, input: Any, indices: Any, output_size: Sequence[int] | None = None) -> Any:
        return type(self).pool(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd):
    """Zeros with each maximum put back where `MaxPool1d(return_indices=True)` found it.

    Several sizes pool to the same one: output_size at the call says which is meant.

    >>> import minitorch as mt
    >>> pool, unpool = mt.nn.MaxPool1d(2, return_indices=True), mt.nn.MaxUnpool1d(2)
    >>> unpool(*pool(mt.tensor([[1.0, 3.0, 2.0, 0.0]])))
    tensor([[0., 3., 2., 0.]])
    """

    ndim = 1
    pool = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """`MaxUnpool1d` for images, after `MaxPool2d`."""

    ndim = 2
    pool = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """`MaxUnpool1d` for volumes, after `MaxPool3d`."""

    ndim = 3
    pool = staticmethod(F.max_unpool3d)


# -- means -------------------------------------------------------------------------------------------------------------


class AvgPool1d(_PoolNd):
    """The mean of each window; stride is the kernel's size unless given.

    Shape: (N, C, L) or (C, L) -> (..., L_out), L_out = floor((L + 2 padding - kernel_size) / stride) + 1.
    count_include_pad: the zeros of the padding count as values. ceil_mode: ceil instead of floor.

    >>> import minitorch as mt
    >>> mt.nn.AvgPool1d(2)(mt.tensor([[1.0, 3.0, 2.0, 0.0]]))
    tensor([[2., 1.]])
    """

    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size = as_tuple(kernel_size, 1)
        self.stride = as_tuple(stride if stride is not None else kernel_size, 1)
        self.padding = as_tuple(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Any) -> Any:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolNd(_PoolNd):
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return type(self).pool(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class AvgPool2d(_AvgPoolNd):
    """The mean of each window of (N, C, H, W) or (C, H, W); divisor_override: divide the sum by this instead."""

    pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W); see `AvgPool2d`."""

    pool = staticmethod(F.avg_pool3d)


class _LPPoolNd(_PoolNd):
    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        return type(self).pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(_LPPoolNd):
    """The power mean without its division: (sum of x^p over the window)^(1/p), p = norm_type.

    >>> import minitorch as mt
    >>> mt.nn.LPPool1d(2, kernel_size=2)(mt.tensor([[3.0, 4.0, 0.0, 1.0]]))
    tensor([[5., 1.]])
    """

    pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """`LPPool1d` over windows of (N, C, H, W) or (C, H, W)."""

    pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """`LPPool1d` over windows of (N, C, D, H, W) or (C, D, H, W)."""

    pool = staticmethod(F.lp_pool3d)


# -- adaptive: the output's size is given, and the windows follow from it ----------------------------------------------


class _AdaptiveAvgPoolNd(_PoolNd):
    shown = ("output_size",)

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return type(self).pool(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means of output_size windows that cover the row: window i reaches from floor(i L / n) to ceil((i + 1) L / n).

    >>> import minitorch as mt
    >>> mt.nn.AdaptiveAvgPool1d(2)(mt.tensor([[1.0, 2.0, 6.0]]))
    tensor([[1.5000, 4.0000]])
    """

    pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """`AdaptiveAvgPool1d` for images; output_size is a number or (height, width), None in it keeps the input's."""

    pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """`AdaptiveAvgPool1d` for volumes; output_size is a number or (depth, height, width), None in it as above."""

    pool = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(_PoolNd):
    shown = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        return type(self).pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima of output_size windows that cover the row; the windows are those of `AdaptiveAvgPool1d`.

    return_indices: also where the maxima were.
    """

    pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """`AdaptiveMaxPool1d` for images; output_size is a number or (height, width), None in it keeps the input's."""

    pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """`AdaptiveMaxPool1d` for volumes; output_size is a number or (depth, height, width), None in it as above."""

    pool = staticmethod(F.adaptive_max_pool3d)
