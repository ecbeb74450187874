"""The order in memory of what layers on images give: as torch's, channels last if an input lies so.

Values don't depend on it, but dropout draws its numbers in the order of memory.
"""

from __future__ import annotations

from typing import Any

from minitorch.backend import xp_of


def channels_last(x: Any) -> bool:
    """True if torch takes the strides of x, (N, C, H, W) or (N, C, D, H, W), for those of channels last."""
    shape, strides = x.shape, x.strides
    if len(shape) not in (4, 5) or (shape[1] != 1 and x.flags.c_contiguous):
        return False
    least = 0
    for d in (1, *range(len(shape) - 1, 1, -1), 0):
        if shape[d] == 1 != d:
            continue  # NumPy gives such dims any stride
        if not shape[d] or strides[d] < least or (d == 0 and least == strides[1]):
            return False
        least = strides[d] * shape[d] if shape[d] > 1 else strides[d]
    return True


def in_format(out: Any, *models: Any) -> Any:
    """`out` in the order of memory of channels last if one of the models lies so, else as it is."""
    for model in models:
        if model.ndim > 3 and (model.shape[1] == 1 or not model.flags.c_contiguous) and channels_last(model):
            return channels_to_end(out)
    return out


def channels_to_end(out: Any) -> Any:
    """The same values with the channels next to each other in memory."""
    xp = xp_of(out)
    return xp.moveaxis(xp.ascontiguousarray(xp.moveaxis(out, 1, -1)), -1, 1)
