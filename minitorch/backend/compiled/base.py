"""What all compiled kernels share: which arrays are worth it."""

from __future__ import annotations

import numpy as np

from minitorch.backend.kernels.base import Kernels
from minitorch.backend.kernels.windows import Array


class Compiled(Kernels):
    """Kernels for NumPy arrays on the CPU."""

    least = 1 << 13  # shorter arrays are as fast with NumPy

    def worth(self, x: Array, dtypes: str = "f") -> bool:
        """True if x is long enough, and of one of these dtypes."""
        return x.size >= self.least and x.dtype.char in dtypes and x.__class__ is np.ndarray
