"""Padding layers: one `_PadNd` for each kind of border; the public classes set the number of dimensions padded."""

from __future__ import annotations

from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.nn.modules.sizes import as_tuple

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """padding: one width for all sides, or (before, after) of the last dimension, then of the one before it, ...

    A negative width cuts off. Shape: (N, C, *) or (C, *), * being 1, 2 or 3 dimensions.
    """

    ndim: int
    mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = as_tuple(padding, 2 * self.ndim)

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    mode = "circular"

    def forward(self, input: Any) -> Any:
        n = self.ndim
        if input.dim() not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """A border taken from the other end: the row goes round.

    >>> import minitorch as mt
    >>> mt.nn.CircularPad1d((2, 1))(mt.tensor([[1.0, 2.0, 3.0]]))
    tensor([[2., 3., 1., 2., 3., 1.]])
    """

    ndim = 1


class CircularPad2d(_CircularPadNd):
    """An image's border taken from the other end; padding is a number or (left, right, top, bottom)."""

    ndim = 2


class CircularPad3d(_CircularPadNd):
    """A volume's border taken from the other end; padding is a number or (left, right, top, bottom, front, back)."""

    ndim = 3


class _ConstantPadNd(_PadNd):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """A border of one value.

    >>> import minitorch as mt
    >>> mt.nn.ConstantPad1d((2, 1), 9.0)(mt.tensor([[1.0, 2.0, 3.0]]))
    tensor([[9., 9., 1., 2., 3., 9.]])
    """

    ndim = 1


class ConstantPad2d(_ConstantPadNd):
    """An image's border of one value; padding is a number or (left, right, top, bottom)."""

    ndim = 2


class ConstantPad3d(_ConstantPadNd):
    """A volume's border of one value; padding is a number or (left, right, top, bottom, front, back)."""

    ndim = 3


class ReflectionPad1d(_PadNd):
    """A border that mirrors the row, without its edge: widths must be smaller than the row.

    >>> import minitorch as mt
    >>> mt.nn.ReflectionPad1d((2, 1))(mt.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2.]])
    """

    ndim, mode = 1, "reflect"


class ReflectionPad2d(_PadNd):
    """A border that mirrors the image; padding is a number or (left, right, top, bottom)."""

    ndim, mode = 2, "reflect"


class ReflectionPad3d(_PadNd):
    """A border that mirrors the volume; padding is a number or (left, right, top, bottom, front, back)."""

    ndim, mode = 3, "reflect"


class ReplicationPad1d(_PadNd):
    """A border that repeats the edge.

    >>> import minitorch as mt
    >>> mt.nn.ReplicationPad1d((2, 1))(mt.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 1., 2., 3., 3.]])
    """

    ndim, mode = 1, "replicate"


class ReplicationPad2d(_PadNd):
    """A border that repeats the image's edge; padding is a number or (left, right, top, bottom)."""

    ndim, mode = 2, "replicate"


class ReplicationPad3d(_PadNd):
    """A border that repeats the volume's edge; padding is a number or (left, right, top, bottom, front, back)."""

    ndim, mode = 3, "replicate"


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """A border of zeros.

    >>> import minitorch as mt
    >>> mt.nn.ZeroPad1d((2, 1))(mt.tensor([[1.0, 2.0, 3.0]]))
    tensor([[0., 0., 1., 2., 3., 0.]])
    """


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """An image's border of zeros; padding is a number or (left, right, top, bottom)."""


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """A volume's border of zeros; padding is a number or (left, right, top, bottom, front, back)."""
