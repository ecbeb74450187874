"""The weights of convolutions, laid out in memory with the channels last."""

from __future__ import annotations

from typing import Any

from minitorch.nn.modules.conv import Conv2d, Conv3d
from minitorch.nn.modules.conv_transpose import ConvTranspose2d, ConvTranspose3d

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def _convert(module: Any, kinds: tuple[type, ...], memory_format: Any) -> Any:
    for m in module.modules():
        if isinstance(m, kinds):
            m.weight.data = m.weight.detach().clone(memory_format=memory_format)  # type: ignore[attr-defined]
    return module


def convert_conv2d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Lay out the weights of all Conv2d and ConvTranspose2d in `module`, in place, as `memory_format` says.

    >>> import minitorch as mt
    >>> conv = mt.nn.utils.convert_conv2d_weight_memory_format(mt.nn.Conv2d(3, 2, 4), mt.channels_last)
    >>> conv.weight.stride()
    (48, 1, 12, 3)
    """
    return _convert(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Lay out the weights of all Conv3d and ConvTranspose3d in `module`, in place, as `memory_format` says.

    >>> import minitorch as mt
    >>> conv = mt.nn.utils.convert_conv3d_weight_memory_format(mt.nn.Conv3d(3, 2, 4), mt.channels_last_3d)
    >>> conv.weight.stride()
    (192, 1, 48, 12, 3)
    """
    return _convert(module, (Conv3d, ConvTranspose3d), memory_format)
