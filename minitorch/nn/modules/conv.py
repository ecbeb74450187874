"""Convolution layers: one `_ConvNd`; the public classes set the number of spatial dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor.creation import empty

__all__ = ["Conv1d", "Conv2d", "Conv3d"]


def as_tuple(value: Any, n: int) -> tuple[int, ...]:
    """One number for all n dimensions, or a tuple of them."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


class _ConvNd(Module):
    ndim: int
    conv: Callable

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            modes = "{'zeros', 'reflect', 'replicate', 'circular'}"
            raise ValueError(f"padding_mode must be one of {modes}, but got padding_mode='{padding_mode}'")
        n = self.ndim
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}")
            if padding == "same" and any(s != 1 for s in as_tuple(stride, n)):
                raise ValueError("padding='same' is not supported for strided convolutions")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.dilation = (as_tuple(v, n) for v in (kernel_size, stride, dilation))
        self.padding: Any = padding if isinstance(padding, str) else as_tuple(padding, n)
        self.groups = groups
        self.padding_mode = padding_mode
        self.weight = Parameter(
            empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def _edge_padding(self) -> tuple[int, ...]:
        """The padding as F.pad takes it (last dimension first), for the padding modes other than zeros."""
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return tuple(side for t in reversed(total) for side in (t // 2, t - t // 2))
        sides = (0,) * self.ndim if self.padding == "valid" else self.padding
        return tuple(p for p in reversed(sides) for _ in range(2))

    def forward(self, input: Any) -> Any:
        if self.padding_mode != "zeros":
            padded = F.pad(input, self._edge_padding(), mode=self.padding_mode)
            return type(self).conv(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        return type(self).conv(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        s = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self.ndim:
            s += f", padding={self.padding}"
        if self.dilation != (1,) * self.ndim:
            s += f", dilation={self.dilation}"
        if self.groups != 1:
            s += f", groups={self.groups}"
        if self.bias is None:
            s += ", bias=False"
        if self.padding_mode != "zeros":
            s += f", padding_mode={self.padding_mode}"
        return s


class Conv1d(_ConvNd):
    """Cross-correlation over (N, C_in, L): see `nn.functional.conv1d`."""

    ndim = 1
    conv = staticmethod(F.conv1d)


class Conv2d(_ConvNd):
    """Cross-correlation over (N, C_in, H, W): see `nn.functional.conv2d`."""

    ndim = 2
    conv = staticmethod(F.conv2d)


class Conv3d(_ConvNd):
    """Cross-correlation over (N, C_in, D, H, W): see `nn.functional.conv3d`."""

    ndim = 3
    conv = staticmethod(F.conv3d)
