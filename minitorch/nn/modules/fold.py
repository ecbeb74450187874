"""Sliding blocks: out of an image as columns, and summed back into one."""

from __future__ import annotations

from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    """Every kernel-sized block of the input as a column (im2col).

    Shape: (N, C, H, W) or (C, H, W) -> (N, C kH kW, L) or (C kH kW, L), L the number of blocks.

    >>> import minitorch as mt
    >>> mt.nn.Unfold(kernel_size=(2, 3))(mt.ones(1, 5, 3, 4)).shape
    torch.Size([1, 30, 4])
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """The adjoint of `Unfold`: blocks are added where they lie in an image of output_size, so overlaps sum.

    Shape: (N, C kH kW, L) or (C kH kW, L) -> (N, C, H, W) or (C, H, W).

    >>> import minitorch as mt
    >>> mt.nn.Fold(output_size=(1, 3), kernel_size=(1, 2))(mt.ones(2, 2))
    tensor([[[1., 2., 1.]]])
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Any) -> Any:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
