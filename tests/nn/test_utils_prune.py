"""nn.utils.prune beside torch's: masks, values, gradients, several prunings, removal, state_dicts, errors."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch.nn.utils.prune  # noqa: F401 - not imported by torch itself

from tests.nn.sequence_tools import agree, numbers, refuse, weighted


def layer(L: Any) -> Any:
    return L.nn.Conv1d(4, 6, 3, dtype=L.float64)


def observed(L: Any, module: Any) -> Any:
    x = numbers(L, 2, 4, 5, grad=True)
    y = module(x)
    parameters = dict(sorted(module.named_parameters()))
    gradients = L.autograd.grad(weighted(L, [y**2]), [x, *parameters.values()])
    state = module.state_dict()
    prune = L.nn.utils.prune
    return y, gradients, sorted(state), [state[k] for k in sorted(state)], prune.is_pruned(module), list(parameters)


PRUNINGS = {
    "identity": lambda L, m: L.nn.utils.prune.identity(m, "weight"),
    "random": lambda L, m: L.nn.utils.prune.random_unstructured(m, "weight", 0.3),
    "random count": lambda L, m: L.nn.utils.prune.random_unstructured(m, name="bias", amount=4),
    "l1": lambda L, m: L.nn.utils.prune.l1_unstructured(m, "weight", amount=0.45),
    "l1 nothing": lambda L, m: L.nn.utils.prune.l1_unstructured(m, "weight", 0),
    "l1 by scores": lambda L, m: L.nn.utils.prune.l1_unstructured(m, "weight", 7, numbers(L, 6, 4, 3, seed=8)),
    "random rows": lambda L, m: L.nn.utils.prune.random_structured(m, "weight", 0.5, 0),
    "random columns": lambda L, m: L.nn.utils.prune.random_structured(m, "weight", 1, dim=-1),
    "no rows": lambda L, m: L.nn.utils.prune.random_structured(m, "weight", 0, 0),
    "rows by norm": lambda L, m: L.nn.utils.prune.ln_structured(m, "weight", 0.5, 2, 0),
    "columns by norm": lambda L, m: L.nn.utils.prune.ln_structured(m, "weight", 1, 1, -1),
    "largest": lambda L, m: L.nn.utils.prune.ln_structured(
        m, "weight", 2, float("inf"), 1, importance_scores=numbers(L, 6, 4, 3, seed=8)
    ),
    "mask": lambda L, m: L.nn.utils.prune.custom_from_mask(m, "weight", numbers(L, 6, 4, 3, seed=9) > 0),
}


@pytest.mark.parametrize("second", [None, "l1", "random columns", "random"])
@pytest.mark.parametrize("first", PRUNINGS)
def test_prunings(first: str, second: str | None) -> None:
    def program(L: Any) -> Any:
        module, prune = layer(L), L.nn.utils.prune
        assert PRUNINGS[first](L, module) is module
        found = [observed(L, module)]
        if second is not None:
            PRUNINGS[second](L, module)
            found.append(observed(L, module))
        (*_, hook) = module._forward_pre_hooks.values()
        found.append((type(hook).__name__, len(module._forward_pre_hooks)))
        same = copy.copy(module.state_dict())
        other = PRUNINGS[first](L, layer(L))
        if second is not None:
            PRUNINGS[second](L, other)
        found.append(str(other.load_state_dict(same)))
        name = "bias" if first == "random count" else "weight"
        prune.remove(module, name)
        return found, other(numbers(L, 2, 4, 5)), getattr(module, name), observed_after(L, module), L.rand(2)

    agree(program)


def observed_after(L: Any, module: Any) -> Any:
    return sorted(module.state_dict()), module(numbers(L, 2, 4, 5)), L.nn.utils.prune.is_pruned(module)


@pytest.mark.parametrize("method", ["L1Unstructured", "RandomUnstructured"])
def test_global_pruning(method: str) -> None:
    def program(L: Any) -> Any:
        prune, net = L.nn.utils.prune, L.nn.Sequential(layer(L), L.nn.ReLU(), L.nn.Linear(3, 4, dtype=L.float64))
        which = [(net[0], "weight"), (net[2], "weight"), (net[2], "bias")]
        scores = {which[1]: numbers(L, 4, 3, seed=4)}
        found = []
        for amount in (0.3, 20):
            prune.global_unstructured(which, getattr(prune, method), importance_scores=scores, amount=amount)
            found += [*net.state_dict().values(), net(numbers(L, 2, 4, 5))]
        return found, sorted(net.state_dict()), prune.is_pruned(net)

    agree(program)


def test_methods_outside_of_modules() -> None:
    def program(L: Any) -> Any:
        prune, t = L.nn.utils.prune, numbers(L, 3, 4)
        mask = L.ones(3, 4)
        mask[0] = 0
        container = prune.PruningContainer()
        container._tensor_name = "x"
        method = prune.LnStructured(1, 2, 0)
        method._tensor_name = "x"
        container.add_pruning_method(method)
        found = [prune.L1Unstructured(0.4).prune(t), prune.LnStructured(1, 2).prune(t, importance_scores=-t)]
        found += [prune.CustomFromMask(mask).prune(t, L.ones(3, 4)), prune.Identity().prune(t, mask)]
        found += [container.compute_mask(t, mask), len(container), container[0] is method, list(container) == [method]]
        return found, prune.RandomStructured(2, 1).prune(t), prune.RandomUnstructured(3).compute_mask(t, mask)

    agree(program)


def container_of(L: Any, other: Any, name: str = "y") -> Any:
    prune = L.nn.utils.prune
    method = prune.Identity()
    method._tensor_name = "x"
    made = prune.PruningContainer(method)
    if isinstance(other, str):
        other = prune.Identity()
        other._tensor_name = name
    made.add_pruning_method(other)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.nn.utils.prune.l1_unstructured(layer(L), "weight", "half"), "Invalid type for amount: half"),
        (lambda L: L.nn.utils.prune.l1_unstructured(layer(L), "weight", -1), "amount=-1 should either be"),
        (lambda L: L.nn.utils.prune.random_unstructured(layer(L), "weight", 1.5), "amount=1.5 should either be"),
        (lambda L: L.nn.utils.prune.random_unstructured(layer(L), "bias", 7), "amount=7 should be smaller than"),
        (lambda L: L.nn.utils.prune.ln_structured(layer(L), "bias", 1, 2, 0), "only be applied to multidimensional"),
        (lambda L: L.nn.utils.prune.random_structured(layer(L), "weight", 1, 3), "Invalid index 3 for tensor of size"),
        (lambda L: L.nn.utils.prune.l1_unstructured(layer(L), "foo", 1), "foo"),
        (lambda L: L.nn.utils.prune.l1_unstructured(layer(L), "weight", 1, L.ones(2)), "should have the same shape"),
        (lambda L: L.nn.utils.prune.L1Unstructured(1).prune(L.ones(3), None, L.ones(2)), "should have the same shape"),
        (lambda L: L.nn.utils.prune.custom_from_mask(layer(L), "weight", L.ones(2)), "must match self.mask shape"),
        (lambda L: L.nn.utils.prune.remove(layer(L), "weight"), "has to be pruned before pruning can be removed"),
        (lambda L: L.nn.utils.prune.global_unstructured(3, L.nn.utils.prune.Identity), "not an Iterable"),
        (
            lambda L: L.nn.utils.prune.global_unstructured(
                [(layer(L), "weight")], L.nn.utils.prune.LnStructured, amount=1, n=2
            ),
            'Only "unstructured" PRUNING_TYPE supported',
        ),
        (
            lambda L: L.nn.utils.prune.global_unstructured(
                [(layer(L), "weight")], L.nn.utils.prune.Identity, importance_scores=[1]
            ),
            "importance_scores must be of type dict",
        ),
        (lambda L: L.nn.utils.prune.BasePruningMethod(), "abstract"),
        (lambda L: container_of(L, 3), "is not a BasePruningMethod subclass"),
        (lambda L: container_of(L, "method"), "Can only add pruning methods acting on the parameter named 'x'"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_a_failed_pruning_leaves_the_module_as_it_was() -> None:
    def program(L: Any) -> Any:
        module = layer(L)
        with pytest.raises(ValueError, match="smaller than"):
            L.nn.utils.prune.l1_unstructured(module, "weight", 1000)
        return sorted(module.state_dict()), len(module._forward_pre_hooks), module(numbers(L, 2, 4, 5))

    agree(program)
