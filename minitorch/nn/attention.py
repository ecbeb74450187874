"""torch.nn.attention's names: which kernel computes scaled dot-product attention. Here one formula serves for all."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager

from minitorch.absent import absent_namespace

__all__ = ["SDPBackend", "flex_attention", "sdpa_kernel"]

flex_attention = absent_namespace(
    "nn.attention.flex_attention",
    "use nn.functional.scaled_dot_product_attention with a mask.",
    "flex_attention create_block_mask create_mask",
    "BlockMask",
)


class SDPBackend(enum.IntEnum):
    """The kernels that torch chooses from."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict]:
    """Accepted and without effect: minitorch has one implementation of attention, whose values any kernel should give.

    >>> from minitorch import nn, zeros
    >>> q = zeros(1, 2, 4)
    >>> with nn.attention.sdpa_kernel(nn.attention.SDPBackend.MATH):
    ...     nn.functional.scaled_dot_product_attention(q, q, q).shape
    torch.Size([1, 2, 4])
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    yield {}
