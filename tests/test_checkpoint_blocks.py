"""utils.checkpoint beside torch's: values, gradients and random numbers of both kinds, warnings, errors."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.checkpoint

import minitorch as mt
from minitorch.utils import checkpoint as ours
from tests.nn.sequence_tools import LIBRARIES, agree, numbers, refuse


def tools(L: Any) -> Any:
    return torch.utils.checkpoint if L is torch else ours


def network(L: Any) -> Any:
    nn = L.nn
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 4), nn.Dropout(0.3)).double()


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("reentrant", [True, False])
def test_values_gradients_and_random_numbers(reentrant: bool, preserve: bool) -> None:
    def program(L: Any) -> Any:
        net, x = network(L), numbers(L, 3, 4, grad=True)
        found = []
        for segments in (None, 1, 2, 3):
            options = {"use_reentrant": reentrant, "preserve_rng_state": preserve}
            if segments is None:
                y = tools(L).checkpoint(net, x, **options)
            else:
                y = tools(L).checkpoint_sequential(net, segments, x, **options)
            found += [y, L.rand(2)]
            (y**3).sum().backward()
            found += [x.grad.clone(), net[0].weight.grad.clone(), L.rand(2)]
        return found

    agree(program)


def test_as_without() -> None:
    results = []
    for reentrant in (None, True, False):
        mt.manual_seed(0)
        net, x = network(mt), numbers(mt, 3, 4, grad=True)
        y = net(x) if reentrant is None else ours.checkpoint(net, x, use_reentrant=reentrant)
        (y**2).sum().backward()
        results.append([y.detach().numpy(), x.grad.numpy(), *(p.grad.numpy() for p in net.parameters())])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_keywords_and_contexts() -> None:
    def program(L: Any) -> Any:
        entered = []

        class Context:
            def __init__(self, name: str) -> None:
                self.name = name

            def __enter__(self) -> None:
                entered.append(self.name)

            def __exit__(self, *error: Any) -> None:
                entered.append("end " + self.name)

        x = numbers(L, 3, grad=True)
        y = tools(L).checkpoint(
            lambda x, k: (x * k).sin() * x, x, k=2, use_reentrant=False, context_fn=lambda: (Context("a"), Context("b"))
        )
        (g,) = L.autograd.grad(y.sum(), [x])
        return y, g, entered

    agree(program)


def test_second_derivatives_without_reentry() -> None:
    def program(L: Any) -> Any:
        x = numbers(L, 3, grad=True)
        y = tools(L).checkpoint(lambda x: (x**3).sin(), x, use_reentrant=False)
        (g,) = L.autograd.grad(y.sum(), [x], create_graph=True)
        return g, L.autograd.grad((g**2).sum(), [x])

    agree(program)


def call(*args: Any, **options: Any) -> Any:
    return lambda L: tools(L).checkpoint(lambda x: x * 2, L.ones(2, requires_grad=True), *args, **options)


def changing(L: Any, size: int) -> Any:
    calls: list = []

    def block(x: Any) -> Any:
        calls.append(1)
        return (x[:size] if len(calls) > 1 else x).exp().sum()

    tools(L).checkpoint(block, L.ones(3, requires_grad=True), use_reentrant=False).backward()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (call(use_reentrant=True, k=1), "Unexpected keyword arguments: k"),
        (call(use_reentrant=True, debug=True), "Passing `context_fn` or `debug` is only supported when"),
        (call(use_reentrant=True, context_fn=lambda: (nullcontext(),) * 2), "Passing `context_fn` or `debug`"),
        (call(use_reentrant=False, determinism_check="some"), "determinism_check should be one of"),
        (
            lambda L: tools(L).checkpoint_sequential([], 1, 3, use_reentrant=False, foo=1),
            "Unexpected keyword arguments",
        ),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_blocks_that_change() -> None:
    for L in LIBRARIES:
        error = torch.utils.checkpoint.CheckpointError if L is torch else ours.CheckpointError
        with pytest.raises(error, match="have different metadata than during the forward pass"):
            changing(L, 2)


def test_warnings() -> None:
    said = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            tools(L).checkpoint(lambda x: x * 2, L.ones(2))
            tools(L).checkpoint_sequential([lambda x: x * 2], 1, L.ones(2))
        said.append([str(w.message) for w in caught])
    assert len(said[0]) == len(said[1]) == 3
    assert "use_reentrant parameter should be passed explicitly" in said[1][0] and said[0][1] == said[1][1]
    with pytest.raises(NotImplementedError, match="debug=True is not supported"):
        call(use_reentrant=False, debug=True)(mt)


def test_the_reentrant_form_refuses_gradients_of_some_inputs() -> None:
    x = mt.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="incompatible with .grad"):
        mt.autograd.grad(ours.checkpoint(lambda t: t * t, x, use_reentrant=True).sum(), x)
    with ours.set_checkpoint_early_stop(False):
        y = ours.checkpoint(lambda t: t * t, x, use_reentrant=False, context_fn=ours.noop_context_fn)
        (g,) = mt.autograd.grad(y.sum(), x)
    assert g.tolist() == [2.0, 2.0]


def test_what_reversible_layers_take_from_the_module() -> None:
    for L in LIBRARIES:
        module, x = tools(L), L.ones(2, requires_grad=True)
        assert module.get_device_states(x, 3, L.ones(1)) == ([], [])
        module.set_device_states([], [])
        a, b, c = module.detach_variable((x * 2, 5, L.ones(1)))
        assert (a.requires_grad, a.is_leaf, b, c.requires_grad) == (True, True, 5, False)
        with pytest.raises(RuntimeError, match="Only tuple of tensors is supported"):
            module.detach_variable([x])
