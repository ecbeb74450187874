"""Layers on images give channels last to channels last, as torch's: dropout draws in the order of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

IMAGES = [(2, 4, 6, 5), (1, 4, 6, 5), (2, 1, 6, 5), (2, 4, 1, 6), (2, 3, 4, 5, 6)]
VALUES = np.random.default_rng(3).standard_normal(2000).astype("float32")


def image(L: Any, shape: tuple, order: str) -> Any:
    x = L.from_numpy(VALUES[: np.prod(shape)].copy()).reshape(shape)
    axes = list(range(len(shape)))
    last, first = [0, *axes[2:], 1], [0, axes[-1], *axes[1:-1]]
    if order == "last":
        return x.permute(last).contiguous().permute(first)
    return x.transpose(-1, -2).contiguous().transpose(-1, -2) if order == "turned" else x


def layers(L: Any, shape: tuple) -> dict[str, Callable]:
    rank, c = len(shape) - 2, shape[1]
    F, n = L.nn.functional, "23"[rank - 2]
    window = (1,) * rank if rank == 2 else (3,) * rank  # with 1 of volumes, torch chooses by the number of threads
    w = L.from_numpy(VALUES[: 8 * c * np.prod(window)].copy()).reshape(8, c, *window)
    pool, pads = (2,) * (rank - 1), [1] * (2 * rank)
    return {
        "conv": lambda x: getattr(F, f"conv{n}d")(x, w),
        "conv of a weight": lambda x: getattr(F, f"conv{n}d")(x, image(L, (5, c, *(1,) * (rank - 1), 2), "last")),
        "conv_transpose": lambda x: getattr(F, f"conv_transpose{n}d")(x, w.transpose(0, 1), w.reshape(8, -1)[:, 0]),
        "max_pool": lambda x: getattr(F, f"max_pool{n}d")(x, (1, *pool)),
        "avg_pool": lambda x: getattr(F, f"avg_pool{n}d")(x, (1, *pool)),
        "adaptive_avg_pool": lambda x: getattr(F, f"adaptive_avg_pool{n}d")(x, 2),
        "interpolate": lambda x: F.interpolate(x, scale_factor=2),
        "pad": lambda x: F.pad(x, pads),
        "replicate": lambda x: F.pad(x, pads, mode="replicate"),
        "cat": lambda x: L.cat([x, x], 1),
        "cat of two orders": lambda x: L.cat([x, x.contiguous()], 1),
        "net": lambda x: L.relu(getattr(F, f"conv{n}d")(F.group_norm(x, 1), w)) + 1,
    }


@pytest.mark.parametrize("order", ["last", "first", "turned"])
@pytest.mark.parametrize("shape", IMAGES)
def test_order_in_memory(shape: tuple, order: str) -> None:
    for name in layers(mt, shape):
        ours, theirs = (layers(L, shape)[name](image(L, shape, order)) for L in (mt, torch))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5)
        # of a dim of length one the stride says nothing
        strides = [[s for s, n in zip(y.stride(), y.shape, strict=True) if n > 1] for y in (ours, theirs)]
        assert strides[0] == strides[1], f"{name} of {shape}, {order}: {strides}"


def test_dropout_after_a_convolution() -> None:
    found = []
    for L in (mt, torch):
        L.manual_seed(0)
        net = L.nn.Sequential(L.nn.Conv2d(4, 8, 3, padding=1), L.nn.MaxPool2d(2), L.nn.SiLU(), L.nn.Dropout(0.3))
        found.append(net(image(L, (2, 4, 6, 5), "last")).detach().numpy())
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-6)
