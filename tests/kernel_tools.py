"""What the tests of the array kernels share: kernels over a strict stand-in for NumPy, values, comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st

from minitorch.backend.kernels.conv import ConvKernels
from minitorch.backend.kernels.fold import FoldKernels
from minitorch.backend.kernels.grid import GridKernels
from minitorch.backend.kernels.pool import PoolKernels
from minitorch.backend.kernels.resample import ResampleKernels

# What the kernels may ask of an array module: functions that NumPy and CuPy both have.
SHARED = frozenset(
    "add arange asarray ascontiguousarray concatenate dtype empty float32 floor full iinfo inf int64 isfinite lib"
    " matmul maximum minimum moveaxis multiply negative ones rint subtract take uint8"
    " where zeros".split()
)


class SharedModule:
    """NumPy, but only what CuPy has too; what is new in memory comes filled with nan, so that a hole shows."""

    def __getattr__(self, name: str) -> Any:
        if name not in SHARED:
            raise AttributeError(f"the kernels use xp.{name}: check that CuPy has it, then add it to SHARED")
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any) -> np.ndarray:
        poison = np.nan if np.dtype(dtype).kind in "fc" else 77
        return np.full(shape, poison, dtype=dtype)


class TestedKernels(ConvKernels, PoolKernels, FoldKernels, ResampleKernels, GridKernels):
    """All kernels over ``SharedModule``, with blocks so small that small samples have several."""

    __test__ = False
    xp = SharedModule()

    def __init__(self, conv_columns: int = 1024, pool_elements: int = 1 << 17) -> None:
        self.conv_columns = conv_columns
        self.pool_elements = pool_elements
        self.winograd_channels = 2
        self.depthwise_elements = pool_elements


def examples(count: int) -> settings:
    """At least ``count`` Hypothesis examples, more if the profile says so."""
    return settings(max_examples=max(count, settings.default.max_examples))


def values(seed: int, *shapes: tuple[int, ...], dtype: Any = np.float64) -> list[np.ndarray]:
    """Arrays of normally distributed values, a different stream for each."""
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    if np.dtype(dtype).kind == "c":
        arrays = [a + 1j * rng.standard_normal(a.shape) for a in arrays]
    return [a.astype(dtype) for a in arrays]


def leaf(array: np.ndarray) -> torch.Tensor:
    """A torch leaf with its own copy of the values."""
    return torch.from_numpy(array.copy()).requires_grad_()


def assert_close(ours: np.ndarray, theirs: torch.Tensor | np.ndarray) -> None:
    """Same dtype, shape and values: 1e-10 in 64 bits, torch.testing's defaults in fewer; nan equals nan."""
    theirs = torch.as_tensor(theirs).detach()
    tight = {"rtol": 1e-10, "atol": 1e-10} if theirs.dtype in (torch.float64, torch.complex128) else {}
    torch.testing.assert_close(torch.from_numpy(np.array(ours)), theirs, equal_nan=True, **tight)


def assert_as_exact(ours: np.ndarray, theirs: torch.Tensor, exact: np.ndarray) -> None:
    """For sums that cancel in float32: no further from the float64 result than torch is, up to a factor of 4."""
    allowed = 4 * np.abs(theirs.detach().numpy() - exact).max(initial=0) + 4e-7 * np.abs(exact).max(initial=0)
    assert np.abs(ours - exact).max(initial=0) <= allowed


def inner(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of the elementwise product: what adjoints are measured by."""
    return float(np.vdot(a.ravel(), b.ravel()))


@st.composite
def distinct_sizes(draw: Any, least: tuple[int, ...], spread: int = 4) -> tuple[int, ...]:
    """One size for each dimension, at least ``least``, all different, so that swapped dimensions show."""
    sizes: list[int] = []
    for low in least:
        size = low + draw(st.integers(0, spread))
        while size in sizes:
            size += 1
        sizes.append(size)
    return tuple(sizes)
