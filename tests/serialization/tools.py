"""What the tests of checkpoints share: the way from one library to the other, and comparing what arrives."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

ROOT = Path(__file__).resolve().parents[2]


def through(source: Any, target: Any, value: Any, **settings: Any) -> Any:
    """The value that one library saved, loaded by the other."""
    file = io.BytesIO()
    source.save(value, file)
    file.seek(0)
    return target.load(file, **settings)


def bits(t: Any) -> np.ndarray:
    """The values of a tensor of either library, bfloat16 as its bits."""
    t = t.detach()
    if str(t.dtype) == "torch.bfloat16":
        return t.view(torch.int16).numpy() if isinstance(t, torch.Tensor) else t._array.view(np.int16)
    return t.numpy()


def assert_same(found: Any, expected: Any) -> None:
    """Equal in structure and values, tensors of one library against those of the other."""
    if hasattr(expected, "requires_grad"):
        assert type(found).__name__ == type(expected).__name__
        assert (str(found.dtype), found.requires_grad) == (str(expected.dtype), expected.requires_grad)
        assert (tuple(found.shape), found.stride()) == (tuple(expected.shape), expected.stride())
        assert found.storage_offset() == expected.storage_offset()
        np.testing.assert_array_equal(bits(found), bits(expected))
    elif isinstance(expected, dict):
        assert type(found) is type(expected) and list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert type(found).__name__ == type(expected).__name__ and len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            assert_same(f, e)
    else:
        assert repr(found) == repr(expected)


WAYS = [
    pytest.param(torch, mt, id="from torch"),
    pytest.param(mt, torch, id="to torch"),
    pytest.param(mt, mt, id="own"),
]


def network(lib: Any) -> Any:
    nn = lib.nn
    lib.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16, 8), nn.LayerNorm(8), nn.GELU(), nn.Dropout(0.5), nn.Linear(8, 2),
    )  # fmt: skip
