"""`Kernels`: every hand-written array kernel, in its plain form, for any array module."""

from __future__ import annotations

from typing import Any

from minitorch.backend.kernels.conv import ConvKernels
from minitorch.backend.kernels.fold import FoldKernels
from minitorch.backend.kernels.pool import PoolKernels
from minitorch.backend.kernels.resample import ResampleKernels


class Kernels(ConvKernels, PoolKernels, FoldKernels, ResampleKernels):
    """All kernels over one array module `xp`; a device subclasses this and overrides what it does better."""

    name = "plain"

    def __init__(self, xp: Any) -> None:
        self.xp = xp
