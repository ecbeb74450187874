"""Transposed convolutions: each input place adds its multiple of the kernel to the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.conv import LazyConvMixin, _ConvNd
from minitorch.nn.modules.sizes import as_tuple

__all__ = [
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            name = type(self).__name__
            raise ValueError(
                f'Only "zeros" padding mode is supported for {name}, but got padding_mode={padding_mode!r}'
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, as_tuple(padding, self.ndim), dilation, groups, bias,
            device=device, dtype=dtype,
        )  # fmt: skip
        self.output_padding = as_tuple(output_padding, self.ndim)

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        extra = self.output_padding if output_size is None else self._extra_for(input, tuple(output_size))
        return type(self).conv(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _extra_for(self, input: Any, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output padding that gives the wanted size: several sizes of an image convolve to the same one."""
        n = self.ndim
        front = input.dim() - n
        if len(wanted) == front + n:
            wanted = wanted[front:]
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or {front + n} elements "
                f"(got {len(wanted)})"
            )
        terms = zip(input.shape[front:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, k, s, p, d in terms]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not a <= w <= b for a, w, b in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(input.shape[front:])})"
            )
        return tuple(w - a for w, a in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The gradient of `Conv1d` with respect to its input, as a layer; also called deconvolution.

    Shape: input (N, C_in, L) or (C_in, L) -> (N, C_out, L_out) or (C_out, L_out), with
    L_out = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1.

    With stride s, s sizes convolve to the same L: output_padding, or output_size at the call, says which is meant.
    The layer with the settings of a Conv1d undoes that layer's change of size. Mind the order of the arguments:
    output_padding, groups, bias, dilation.

    >>> import minitorch as mt
    >>> up = mt.nn.ConvTranspose1d(2, 4, kernel_size=3, stride=2)
    >>> up(mt.ones(2, 5)).shape, up(mt.ones(2, 5), output_size=[12]).shape
    (torch.Size([4, 11]), torch.Size([4, 12]))
    """

    ndim = 1
    conv = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """`ConvTranspose1d` for images: settings are numbers or (height, width).

    Shape: input (N, C_in, H, W) or (C_in, H, W) -> (N, C_out, H_out, W_out) or (C_out, H_out, W_out).

    >>> import minitorch as mt
    >>> mt.nn.ConvTranspose2d(8, 3, kernel_size=4, stride=2, padding=1)(mt.ones(1, 8, 5, 7)).shape
    torch.Size([1, 3, 10, 14])
    """

    ndim = 2
    conv = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """`ConvTranspose1d` for volumes: settings are numbers or (depth, height, width).

    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W) -> (N, C_out, D_out, H_out, W_out), without N for a single one.
    """

    ndim = 3
    conv = staticmethod(F.conv_transpose3d)


class _LazyConvTransposeNd(LazyConvMixin):
    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._uninitialize(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTransposeNd, ConvTranspose1d):
    """A ConvTranspose1d that takes in_channels from its first input, and is a ConvTranspose1d from then on."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTransposeNd, ConvTranspose2d):
    """A ConvTranspose2d that takes in_channels from its first input, and is a ConvTranspose2d from then on."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTransposeNd, ConvTranspose3d):
    """A ConvTranspose3d that takes in_channels from its first input, and is a ConvTranspose3d from then on."""

    cls_to_become = ConvTranspose3d
