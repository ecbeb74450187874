"""Convolution layers: one `_ConvNd`; the public classes set the number of spatial dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.lazy import LazyModuleMixin
from minitorch.nn.modules.module import Module
from minitorch.nn.modules.sizes import as_tuple
from minitorch.nn.parameter import Parameter, UninitializedParameter
from minitorch.tensor.creation import empty

__all__ = ["Conv1d", "Conv2d", "Conv3d", "LazyConv1d", "LazyConv2d", "LazyConv3d"]

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """State of all convolutions, the transposed ones included: weight, bias and settings.

    weight (C_out, C_in/groups, k...), transposed (C_in, C_out/groups, k...), and bias (C_out) start uniform on [-b, b),
    b = 1 / sqrt(fan_in), fan_in the number of values that the weight's second dimension and the kernel hold.
    """

    ndim: int
    conv: Callable
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        n = self.ndim
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = (as_tuple(v, n) for v in (kernel_size, stride, dilation))
        self.padding: Any = padding if isinstance(padding, str) else as_tuple(padding, n)
        self.output_padding = (0,) * n
        self.padding_mode = padding_mode
        self._check_settings()
        self.weight = Parameter(empty(*self._weight_shape(), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check_settings(self) -> None:
        if self.groups <= 0:
            raise ValueError(f"groups must be a positive integer, got groups={self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups != 0:
                raise ValueError(
                    f"{name} must be divisible by groups, got {name}={getattr(self, name)}, groups={self.groups}"
                )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of 'valid', 'same'")
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError(f"padding='same' is not supported for strided convolutions, got stride={self.stride}")
        if self.padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {_MODES}, but got padding_mode='{self.padding_mode}'")

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def _edge_padding(self) -> tuple[int, ...]:
        """The padding as F.pad takes it (last dimension first), for the padding modes other than zeros."""
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return tuple(side for t in reversed(total) for side in (t // 2, t - t // 2))
        sides = (0,) * self.ndim if self.padding == "valid" else self.padding
        return tuple(p for p in reversed(sides) for _ in range(2))

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        """The convolution with the weight and bias given: subclasses that change these call it."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._edge_padding(), mode=self.padding_mode), 0
        return type(self).conv(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Any) -> Any:
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        nothing = (0,) * self.ndim
        s = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != nothing:
            s += f", padding={self.padding}"
        if self.dilation != (1,) * self.ndim:
            s += f", dilation={self.dilation}"
        if self.output_padding != nothing:
            s += f", output_padding={self.output_padding}"
        if self.groups != 1:
            s += f", groups={self.groups}"
        if self.bias is None:
            s += ", bias=False"
        if self.padding_mode != "zeros":
            s += f", padding_mode={self.padding_mode}"
        return s


class Conv1d(_ConvNd):
    """Cross-correlation with learned kernels: out[i] = bias[i] + sum over j of weight[i, j] * input[j].

    Shape: input (N, C_in, L) or (C_in, L) -> (N, C_out, L_out) or (C_out, L_out), with
    L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.

    padding: how many places at each end, "valid" (none), or "same" (as many as keep the size; stride 1 only).
    padding_mode: what stands there: "zeros", "reflect", "replicate" or "circular".
    groups: input and output channels are cut into so many groups, each seeing its own inputs only.

    >>> import minitorch as mt
    >>> mt.nn.Conv1d(2, 4, kernel_size=3, padding="same")(mt.ones(2, 7)).shape
    torch.Size([4, 7])
    """

    ndim = 1
    conv = staticmethod(F.conv1d)


class Conv2d(_ConvNd):
    """`Conv1d` for images: kernels, strides, paddings and dilations are numbers or (height, width).

    Shape: input (N, C_in, H, W) or (C_in, H, W) -> (N, C_out, H_out, W_out) or (C_out, H_out, W_out).

    >>> import minitorch as mt
    >>> mt.nn.Conv2d(1, 4, kernel_size=(3, 5), padding=(1, 2))(mt.ones(8, 1, 6, 7)).shape
    torch.Size([8, 4, 6, 7])
    """

    ndim = 2
    conv = staticmethod(F.conv2d)


class Conv3d(_ConvNd):
    """`Conv1d` for volumes: kernels, strides, paddings and dilations are numbers or (depth, height, width).

    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W) -> (N, C_out, D_out, H_out, W_out), without N for a single one.
    """

    ndim = 3
    conv = staticmethod(F.conv3d)


# -- lazy --------------------------------------------------------------------------------------------------------------


class LazyConvMixin(LazyModuleMixin):
    """What lazy convolutions share: in_channels is the size of the first input's channel dimension."""

    ndim: int
    groups: int
    in_channels: int
    weight: Any
    bias: Any

    def _uninitialize(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        """Put parameters without shapes in the place of those that the constructor made with no channels."""
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        if not self.has_uninitialized_params():
            return
        n = self.ndim
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(self).__name__}, "
                f"but got input of size: {list(input.shape)}"
            )
        self.in_channels = input.shape[-n - 1]
        if self.in_channels % self.groups != 0:
            raise ValueError(
                f"in_channels must be divisible by groups, got in_channels={self.in_channels}, groups={self.groups}"
            )
        self.weight.materialize(self._weight_shape())  # type: ignore[attr-defined]
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyConvNd(LazyConvMixin):
    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._uninitialize(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConvNd, Conv1d):
    """A Conv1d that takes in_channels from its first input, and is a Conv1d from then on."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvNd, Conv2d):
    """A Conv2d that takes in_channels from its first input, and is a Conv2d from then on.

    >>> import minitorch as mt
    >>> layer = mt.nn.LazyConv2d(4, kernel_size=3)
    >>> layer(mt.ones(1, 2, 5, 5)).shape, layer
    (torch.Size([1, 4, 3, 3]), Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1)))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvNd, Conv3d):
    """A Conv3d that takes in_channels from its first input, and is a Conv3d from then on."""

    cls_to_become = Conv3d
