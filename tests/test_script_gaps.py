"""Small things that ordinary scripts use: the old Variable, DataParallel on one device, accelerator, memory formats."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

LIBRARIES = (torch, mt)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 5), (9, 3), (8, 1), (0, 2), (3, 3, 3), (7, 2)])
@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("strided", [False, True])
def test_fill_diagonal(shape: tuple, wrap: bool, strided: bool) -> None:
    found = []
    for L in LIBRARIES:
        x = L.arange(float(np.prod(shape) * 2)).reshape(*shape, 2)[..., 1] if strided else L.zeros(shape)
        assert x.fill_diagonal_(7, wrap=wrap) is x
        found.append(x.numpy().copy())
    np.testing.assert_array_equal(*found)


def test_fill_diagonal_takes_part_in_the_tape() -> None:
    found = []
    for L in LIBRARIES:
        x = L.arange(12.0).reshape(4, 3).requires_grad_()
        y = x * 2
        (y.fill_diagonal_(5) * y).sum().backward()
        found.append((x.grad.numpy(), y.detach().numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda L: L.zeros(3).fill_diagonal_(1), RuntimeError, "dimensions must larger than 1"),
        (lambda L: L.zeros(2, 3, 4).fill_diagonal_(1), RuntimeError, "equal length"),
        (lambda L: L.zeros(2, 2).fill_diagonal_("a"), TypeError, "must be Number, not str"),
        (lambda L: L.zeros(2, 2).fill_diagonal_(L.ones(2)), TypeError, "must be Number, not Tensor"),
        (lambda L: L.autograd.Variable(3), TypeError, "Variable data has to be a tensor, but got int"),
    ],
)
def test_errors(call: Any, error: type, message: str) -> None:
    for L in LIBRARIES:
        with pytest.raises(error, match=message):
            call(L)


def test_variable() -> None:
    for L in LIBRARIES:
        t = L.ones(2)
        v = L.autograd.Variable(t, requires_grad=True)
        assert isinstance(v, L.Tensor) and isinstance(t, L.autograd.Variable)
        assert not isinstance(3, L.autograd.Variable)
        assert v.requires_grad and not t.requires_grad and v.data_ptr() == t.data_ptr()
        assert not L.autograd.Variable(v * 2).requires_grad
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            L.autograd.Variable(t, volatile=True)
        assert "volatile was removed" in str(caught[0].message)


def test_data_parallel_on_a_machine_without_gpu() -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(0)
        net = L.nn.DataParallel(L.nn.Linear(3, 2))
        x = L.arange(6.0).reshape(2, 3)
        found.append((list(net.state_dict()), repr(net), net.device_ids, net(x).tolist() == net.module(x).tolist()))
    assert found[0] == found[1]
    assert found[1][-1]
    with pytest.raises(TypeError, match="expected a Module, got int"):
        mt.nn.DataParallel(3)


def test_accelerator_without_gpu() -> None:
    if mt.cuda.is_available():
        pytest.skip("a GPU is there")
    for L in LIBRARIES:
        a = L.accelerator
        assert (a.is_available(), a.current_accelerator(), a.device_count()) == (False, None, 0)
        for call in (a.current_device_index, a.synchronize, lambda a=a: a.set_device_index(0)):
            with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is available"):
                call()


def test_memory_format_in_conversions() -> None:
    found = []
    for L in LIBRARIES:
        x = L.arange(120.0).reshape(2, 3, 4, 5)
        y = x.to(memory_format=L.channels_last)
        assert L.equal(x, y) and x.to(memory_format=L.preserve_format) is x
        found.append(
            [
                t.stride()
                for t in (
                    y, x.to(L.float64, memory_format=L.channels_last), x.double(memory_format=L.channels_last),
                    y.cpu(), y.cpu(memory_format=L.contiguous_format), y.to(L.float64),
                    y.to(L.float64, memory_format=L.contiguous_format),
                )
            ]
        )  # fmt: skip
    assert found[0] == found[1]


def test_gradgradcheck_draws_torchs_numbers() -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(3)
        for dtype in (L.float64, L.complex128):
            x = L.ones(3, dtype=dtype).requires_grad_()
            assert L.autograd.gradgradcheck(lambda t: t * t * t, (x,))
        found.append(L.rand(2).tolist())
    assert found[0] == found[1]


def test_range_and_only_inputs() -> None:
    found = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            values = [L.range(*a) for a in ((1, 4), (1, 4, 0.5), (0, 1, 0.3), (5, 1, -2))] + [
                L.range(1, 3, dtype=L.int64)
            ]
            x = L.ones(2, requires_grad=True)
            (gradient,) = L.autograd.grad((x * x).sum(), x, only_inputs=False)
        for bad in ((1, 4, 0), (4, 1), (0, float("inf"))):
            with pytest.raises(RuntimeError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                L.range(*bad)
        said = [(w.category, str(w.message)) for w in caught]
        found.append(([v.tolist() for v in values], [str(v.dtype) for v in values], gradient.tolist(), said))
    assert found[0] == found[1]
