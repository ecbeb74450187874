"""`Kernels`: every hand-written array kernel, in its plain form, for any array module."""

from __future__ import annotations

import functools
from typing import Any

from minitorch.backend.kernels.conv import ConvKernels
from minitorch.backend.kernels.fold import FoldKernels
from minitorch.backend.kernels.grid import GridKernels
from minitorch.backend.kernels.norm import NormKernels
from minitorch.backend.kernels.pointwise import PointwiseKernels
from minitorch.backend.kernels.pool import PoolKernels
from minitorch.backend.kernels.recurrent import RecurrentKernels
from minitorch.backend.kernels.resample import ResampleKernels
from minitorch.backend.kernels.rows import RowKernels
from minitorch.backend.kernels.softmax import SoftmaxKernels
from minitorch.backend.kernels.steps import StepKernels


class Kernels(
    ConvKernels,
    PoolKernels,
    FoldKernels,
    ResampleKernels,
    GridKernels,
    PointwiseKernels,
    SoftmaxKernels,
    NormKernels,
    RowKernels,
    RecurrentKernels,
    StepKernels,
):
    """All kernels over a backend's array module; a device subclasses this and overrides what it does better."""

    name = "plain"

    def __init__(self, backend: Any) -> None:
        self.xp = backend.xp
        self._backend = backend

    @functools.cached_property
    def special(self) -> Any:
        """scipy.special or its counterpart."""
        return self._backend.special


class DeviceKernels(Kernels):
    """For devices without a cache to stay in: everything at once."""

    own_erf = False
    pointwise_elements = softmax_elements = norm_elements = None
    winograd_tiles = 0
