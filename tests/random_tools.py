"""What the tests of the random streams share: one draw from our generator and from torch's, compared by bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ml_dtypes
import numpy as np
import pytest
import torch

from minitorch.backend.random import Generator

SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 33, 1000)
BF16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
# In single precision torch's own normals depend on its build: the polynomials in boxmuller.py are those of AVX2.
AVX2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
needs_avx2 = pytest.mark.skipif(not AVX2, reason="torch runs other polynomials here")
Draw = Callable[[Generator], np.ndarray]
TorchDraw = Callable[[torch.Generator], torch.Tensor]


def empty(shape: object, dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype)


def np_dtype(dtype: torch.dtype) -> np.dtype:
    return BF16 if dtype == torch.bfloat16 else np.dtype(str(dtype).removeprefix("torch."))


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.view(torch.int16).numpy().view(BF16) if tensor.dtype == torch.bfloat16 else tensor.numpy()


def assert_same(ours: np.ndarray, theirs: torch.Tensor) -> None:
    theirs = to_numpy(theirs.contiguous())
    assert isinstance(ours, np.ndarray)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert np.ascontiguousarray(ours).tobytes() == np.ascontiguousarray(theirs).tobytes()


def assert_in_step(ours: Generator, theirs: torch.Generator) -> None:
    mine, other = ours.get_state(), theirs.get_state().numpy()
    assert mine.tobytes() == other.tobytes()


def check(ours: Draw, theirs: TorchDraw, seeds: Iterable[int] = (0, 7, 123456789), times: int = 2) -> None:
    """`ours(generator)` and `theirs(generator)` give the same bits and leave the same states, `times` times."""
    for seed in seeds:
        mine, other = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
        for _ in range(times):
            assert_same(ours(mine), theirs(other))
            assert_in_step(mine, other)
