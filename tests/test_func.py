"""minitorch.func beside torch.func: derivatives of all kinds, nested, of nests; vmap; modules as functions."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.func.tree import flatten
from tests.nn.sequence_tools import agree, numbers, refuse


def tensors(tree: Any) -> list:
    """The leaves of a nest, its form, and which of them have a graph."""
    found, structure = flatten(tree)
    return [*found, str(structure), [getattr(t, "requires_grad", None) for t in found]]


def f(x: Any, w: Any) -> Any:
    return ((x * w).sin() * x**2).sum()


def many(x: Any, w: Any) -> Any:
    return (x * w).exp(), [x.sin() @ w]


DERIVATIVES = {
    "grad": lambda L, x, w: L.func.grad(f)(x, w),
    "grad by the second": lambda L, x, w: L.func.grad(f, argnums=1)(x, w),
    "grad by both": lambda L, x, w: L.func.grad(f, argnums=(1, 0))(x, w),
    "grad by the last": lambda L, x, w: L.func.grad(f, argnums=-1)(x, w),
    "grad with aux": lambda L, x, w: L.func.grad(lambda x, w: (f(x, w), {"y": x * w}), has_aux=True)(x, w),
    "grad of a dict": lambda L, x, w: L.func.grad(lambda p: f(p["x"], p["w"][0]))({"x": x, "w": [w]}),
    "grad with keywords": lambda L, x, w: L.func.grad(lambda x, k: f(x, w) * k)(x, k=2.0),
    "value": lambda L, x, w: L.func.grad_and_value(f)(x, w),
    "value and aux": lambda L, x, w: L.func.grad_and_value(lambda x: (f(x, w), x), has_aux=True)(x),
    "unused": lambda L, x, w: L.func.grad(lambda x, w: (w * w).sum())(x, w),
    "in place": lambda L, x, w: L.func.grad(lambda x: x.clone().mul_(w).sum())(x),
    "grad of grad": lambda L, x, w: L.func.grad(lambda x: (L.func.grad(f)(x, w) ** 2).sum())(x),
    "third": lambda L, x, w: L.func.grad(L.func.grad(L.func.grad(lambda x: (x**4) * w[0])))(x[0]),
    "jacrev": lambda L, x, w: L.func.jacrev(many)(x, w),
    "jacrev of a matrix": lambda L, x, w: L.func.jacrev(lambda x, w: x[:, None] * w**2, (0, 1))(x, w),
    "jacrev with aux": lambda L, x, w: L.func.jacrev(lambda x: (x * w, x.sum()), has_aux=True, chunk_size=2)(x),
    "jacrev of nothing": lambda L, x, w: L.func.jacrev(lambda x: x[:0] * 2)(x),
    "jacfwd": lambda L, x, w: L.func.jacfwd(many, argnums=(0, 1))(x, w),
    "hessian": lambda L, x, w: L.func.hessian(f)(x, w),
    "hessian by both": lambda L, x, w: L.func.hessian(f, argnums=(0, 1))(x, w),
    "jacfwd of jacrev": lambda L, x, w: L.func.jacfwd(L.func.jacrev(lambda x: x**3 * w))(x),
    "jvp": lambda L, x, w: L.func.jvp(many, (x, w), (w, x)),
    "jvp with aux": lambda L, x, w: L.func.jvp(lambda x: (x * w, w), (x,), (w,), has_aux=True),
    "jvp of a constant": lambda L, x, w: L.func.jvp(lambda x: w * 2, (x,), (w,)),
    "jvp of jvp": lambda L, x, w: L.func.jvp(lambda x: L.func.jvp(lambda y: (y**3).sin(), (x,), (w,))[1], (x,), (w,)),
    "vjp": lambda L, x, w: [(out, pull(out), pull(out)) for out, pull in [L.func.vjp(many, x, w)]],
    "vjp of one": lambda L, x, w: [(out, pull(w)) for out, pull in [L.func.vjp(lambda x: x.exp(), x)]],
    "vjp with aux": lambda L, x, w: [
        (out, pull(w), aux) for out, pull, aux in [L.func.vjp(lambda x: (x.exp(), x * 2), x, has_aux=True)]
    ],
    "grad of vjp": lambda L, x, w: L.func.grad(lambda x: L.func.vjp(lambda y: y**3, x)[1](w)[0].sum())(x),
    "Hessian vector": lambda L, x, w: L.func.jvp(L.func.grad(lambda x: f(x, w)), (x,), (w,)),
    "linearize": lambda L, x, w: [(out, push(w), push(x)) for out, push in [L.func.linearize(lambda x: x.sin(), x)]],
    "vmap of grad": lambda L, x, w: L.func.vmap(L.func.grad(f), in_dims=(0, None))(L.stack([x, w, x + w]), w),
    "grad of vmap": lambda L, x, w: L.func.grad(lambda x: L.vmap(lambda a, b: a * b * a)(x, w).sum())(x),
    "no grad": lambda L, x, w: no_grad(L, lambda: L.func.grad(f)(x, w)),
    "no grad inside": lambda L, x, w: L.func.grad(lambda x: (x * no_grad(L, lambda: x.exp())).sum())(x),
}


def no_grad(L: Any, function: Any) -> Any:
    with L.no_grad():
        return function()


CASES = [(n, outside) for n in DERIVATIVES for outside in (False, True) if (n, outside) != ("linearize", True)]


@pytest.mark.parametrize(("name", "outside"), CASES)
def test_derivatives(name: str, outside: bool) -> None:
    def program(L: Any) -> Any:
        x, w = numbers(L, 3, grad=outside), numbers(L, 3, seed=1, grad=outside)
        result = DERIVATIVES[name](L, x, w)
        found = tensors(result)
        if outside:  # and the results can be differentiated by what they were made of
            graphs = [t for t in flatten(result)[0] if getattr(t, "requires_grad", False)]
            if graphs:
                total = sum((t**2).sum() for t in graphs)
                found += [g for g in L.autograd.grad(total, [x, w], allow_unused=True) if g is not None]
        return found, x.grad is None, w.grad is None

    agree(program, rtol=1e-8)


def test_linearized_functions_can_be_differentiated() -> None:
    """torch takes what was computed at the point for constants, so that its push(w) forgets what depends on x."""

    def gradients(L: Any, push: Any) -> list:
        x, w = numbers(L, 3, grad=True), numbers(L, 3, seed=1, grad=True)
        return [g.numpy() for g in L.autograd.grad((push(L, x, w) ** 2).sum(), [x, w])]

    def linearized(L: Any, x: Any, w: Any) -> Any:
        return L.func.linearize(lambda x: x.sin(), x)[1](w)

    right = gradients(torch, lambda L, x, w: x.cos() * w)
    np.testing.assert_allclose(gradients(mt, linearized), right, rtol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its graph
        with pytest.raises(RuntimeError, match="not have been used in the graph"):
            gradients(torch, linearized)


def test_a_function_may_change_its_input_in_place() -> None:
    """It changes a copy; torch refuses."""
    x = mt.tensor([1.0, 2.0])
    assert mt.func.grad(lambda x: x.mul_(3).sum())(x).tolist() == [3.0, 3.0] and x.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        torch.func.grad(lambda x: x.mul_(3).sum())(torch.ones(2))


# -- vmap --------------------------------------------------------------------------------------------------------------

MAPS = {
    "plain": lambda L, x, y: L.vmap(lambda a: a.sum())(x),
    "two": lambda L, x, y: L.vmap(L.dot)(x, y),
    "dims": lambda L, x, y: L.vmap(lambda a, b: a * b.sum(), in_dims=(1, 0))(x, x.T),
    "last": lambda L, x, y: L.vmap(lambda a: a.exp(), -1, -1)(x),
    "None": lambda L, x, y: L.vmap(lambda a, b: a @ b, in_dims=(None, 0))(x, y),
    "number": lambda L, x, y: L.vmap(lambda a, b: a * b, in_dims=(0, None))(x, 2.5),
    "nest": lambda L, x, y: L.vmap(lambda p: {"s": p["a"] + p["b"][0]}, in_dims=({"a": 0, "b": [1]},))(
        {"a": x, "b": [x.T]}
    ),
    "out dims": lambda L, x, y: L.vmap(lambda a: (a, a.sum(), a * 2), out_dims=(1, 0, -1))(x),
    "one out dim": lambda L, x, y: L.vmap(lambda a: (a, [a * 2]), out_dims=1, chunk_size=2)(x),
    "nested": lambda L, x, y: L.vmap(L.vmap(lambda a, b: a * b, in_dims=(0, None)), in_dims=(None, 0))(x[0], y[:, 0]),
    "keywords": lambda L, x, y: L.vmap(lambda a, k: a * k)(x, k=y),
    "layer": lambda L, x, y: L.vmap(L.nn.Linear(4, 2, dtype=L.float64))(x),
    "same": lambda L, x, y: L.vmap(lambda a: a + L.rand(4, dtype=L.float64), randomness="same")(x),
    "different": lambda L, x, y: L.vmap(lambda a: a + L.rand(4, dtype=L.float64), randomness="different")(x),
}


@pytest.mark.parametrize("name", MAPS)
def test_vmap(name: str) -> None:
    def program(L: Any) -> Any:
        result = MAPS[name](L, numbers(L, 3, 4), numbers(L, 3, 4, seed=1))
        return tensors(result), L.rand(2)

    agree(program)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            lambda L: L.func.grad(lambda x: x)(L.ones(3)),
            "Expected .* to return a scalar Tensor, got tensor with 1 dims",
        ),
        (lambda L: L.func.grad(lambda x: 3)(L.ones(3)), "to return a Tensor, got <class 'int'>"),
        (lambda L: L.func.grad(lambda x: x.sum(), argnums=1)(L.ones(3)), "Got argnum=1, but only 1 positional inputs"),
        (
            lambda L: L.func.grad(lambda x: x.sum(), has_aux=True)(L.ones(3)),
            "should be a tuple: .output, aux. if has_aux",
        ),
        (
            lambda L: L.func.grad(lambda x: x.sum())(L.ones(3, dtype=L.int64)),
            "floating point dtype can require gradients",
        ),
        (lambda L: L.func.jacrev(lambda x: x, argnums=(0, 2))(L.ones(2)), "Got argnum=2, but only 1 positional"),
        (lambda L: L.func.jacrev(lambda x: x, chunk_size=0), "`chunk_size` should be greater than 0"),
        (lambda L: L.func.jvp(lambda x: x, L.ones(2), L.ones(2)), "Expected primals to be a tuple"),
        (lambda L: L.func.jvp(lambda x: x, (L.ones(2),), (L.ones(2),) * 2), "to have the same python structure"),
        (lambda L: L.func.jvp(lambda x: x, (L.ones(2),), (L.ones(3),)), "different size than that of the original"),
        (
            lambda L: L.func.vjp(lambda x: (x, x), L.ones(2))[1](L.ones(2)),
            "pytree structure of cotangents to be the same",
        ),
        (
            lambda L: L.vmap(lambda x: x)(L.ones(())),
            "Got in_dim=0 for some input, but that input is a Tensor of dimens",
        ),
        (
            lambda L: L.vmap(lambda x, y: x)(L.ones(2), L.ones(3)),
            r"same size in the mapped dimension, got sizes \[2, 3\]",
        ),
        (lambda L: L.vmap(lambda x: x, in_dims=None)(L.ones(2)), "expected `in_dims` to be int or a"),
        (lambda L: L.vmap(lambda x: x, in_dims=(0, 0))(L.ones(2)), "in_dims is not compatible with the structure"),
        (lambda L: L.vmap(lambda x: x, in_dims=2)(L.ones(2)), "Got in_dim=2 for some input"),
        (lambda L: L.vmap(lambda x: 3)(L.ones(2)), "must only return Tensors, got type <class 'int'>"),
        (lambda L: L.vmap(lambda x: L.rand(2))(L.ones(2)), "called random operation while in randomness error mode"),
        (lambda L: L.vmap(lambda x: x, randomness="foo")(L.ones(2)), "Only allowed values for randomness"),
        (lambda L: L.vmap(lambda x: x)(), "got no inputs"),
        (lambda L: L.vmap(lambda x: x, chunk_size=0)(L.ones(2)), "chunk_size should be None or greater than 0"),
        (lambda L: L.vmap(lambda x: x)(3), "We cannot vmap over non-Tensor arguments"),
        (lambda L: L.vmap(lambda x: x, out_dims=(0, 0))(L.ones(2)), "out_dims is not compatible with the structure"),
        (lambda L: L.vmap(lambda x: x, out_dims=3)(L.ones(2)), "Dimension out of range"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_what_is_not_supported_says_so() -> None:
    with pytest.raises(NotImplementedError, match="strict=True"):
        mt.func.jvp(lambda x: x, (mt.ones(1),), (mt.ones(1),), strict=True)
    with pytest.raises(NotImplementedError, match="size 0"):
        mt.vmap(lambda x: x)(mt.ones(0, 2))


# -- modules -----------------------------------------------------------------------------------------------------------


def tied(L: Any) -> Any:
    net = L.nn.Sequential(L.nn.Linear(3, 3, dtype=L.float64), L.nn.Tanh(), L.nn.Linear(3, 3, dtype=L.float64))
    net[2].weight = net[0].weight
    return net


def test_functional_call() -> None:
    def program(L: Any) -> Any:
        net, x, call = tied(L), numbers(L, 2, 3), L.func.functional_call
        w, b = numbers(L, 3, 3, seed=1, grad=True), numbers(L, 3, seed=2, grad=True)
        before = [p.detach().clone() for p in net.parameters()]
        y = call(net, {"0.weight": w, "2.bias": b}, x)
        loose = call(net, {"0.weight": w, "2.bias": b}, (x,), tie_weights=False)
        several = call(net, ({"0.weight": w}, {"2.bias": b}), (), {"input": x})
        gradients = L.autograd.grad((y**2).sum(), [w, b])
        whole = dict(net.named_parameters())
        strict = call(net, whole, x, strict=True)
        same = all(bool((a == p).all()) for a, p in zip(before, net.parameters(), strict=True))
        parameters = {k: v.detach() for k, v in net.named_parameters()}
        slopes = L.func.grad(lambda p: (call(net, p, x) ** 2).sum())(parameters)
        per_sample = L.vmap(L.func.grad(lambda p, s: call(net, p, s).sum()), in_dims=(None, 0))(parameters, x)
        return y, loose, several, gradients, strict, same, tensors(slopes), tensors(per_sample), tensors(L.func.hessian(
            lambda b: call(net, {"0.bias": b}, x).pow(2).sum())(parameters["0.bias"]))  # fmt: skip

    agree(program, rtol=1e-8)


def test_buffers_that_the_forward_replaces() -> None:
    def program(L: Any) -> Any:
        class Counts(L.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.register_buffer("n", L.zeros(1))
                self.plain = L.ones(1)

            def forward(self, x: Any) -> Any:
                self.n = self.n + 1
                return x * self.n * self.plain

        net = Counts()
        state = {"n": L.full((1,), 5.0), "plain": L.full((1,), 2.0)}
        y = L.func.functional_call(net, state, L.ones(2))
        return y, state["n"], net.n, net.plain

    agree(program)


def test_stacked_modules() -> None:
    def program(L: Any) -> Any:
        nets, x = [L.nn.Linear(3, 2, dtype=L.float64) for _ in range(4)], numbers(L, 5, 3)
        parameters, buffers = L.func.stack_module_state(nets)

        def run(p: Any, b: Any, x: Any) -> Any:
            return L.func.functional_call(nets[0], (p, b), (x,))

        y = L.vmap(run, in_dims=(0, 0, None))(parameters, buffers, x)
        grads = L.autograd.grad((y**2).sum(), list(parameters.values()))
        return tensors(parameters), buffers, y, grads, parameters["weight"].is_leaf

    agree(program)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.func.functional_call(tied(L), {"foo.bar": L.ones(1)}, L.ones(3)), "has no attribute `foo`"),
        (lambda L: L.func.functional_call(tied(L), {"x": L.ones(1)}, L.ones(3), strict=True), "Unexpected key"),
        (lambda L: L.func.functional_call(tied(L), {"0.bias": L.ones(3)}, L.ones(3), strict=True), "Missing key"),
        (
            lambda L: L.func.functional_call(tied(L), {"0.weight": L.ones(3, 3), "2.weight": L.ones(3, 3)}, L.ones(3)),
            r"multiple values for keys \['0.weight', '2.weight'\], which are tied",
        ),
        (lambda L: L.func.functional_call(tied(L), 3, L.ones(3)), "to be a dict, or a list/tuple of dicts"),
        (lambda L: L.func.functional_call(tied(L), [3], L.ones(3)), "to be dictionaries"),
        (
            lambda L: L.func.functional_call(tied(L), [{"0.bias": 1}, {"0.bias": 2}], 3),
            "appeared in multiple dictionar",
        ),
        (lambda L: L.func.stack_module_state([]), "Expected at least one model"),
        (lambda L: L.func.stack_module_state([tied(L), tied(L).eval()]), "same training/eval mode"),
        (lambda L: L.func.stack_module_state([tied(L), L.nn.Linear(2, 2)]), "of the same class"),
        (
            lambda L: L.func.stack_module_state([L.nn.Linear(2, 2), L.nn.Linear(2, 2).requires_grad_(False)]),
            "to have the same .requires_grad",
        ),
    ],
)
def test_module_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_the_old_place_of_functional_call() -> None:
    results = []
    for L in (torch, mt):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            layer = L.nn.Linear(2, 1)
            y = L.nn.utils.stateless.functional_call(layer, {"weight": L.ones(1, 2), "bias": L.zeros(1)}, L.ones(2))
        results.append((y.tolist(), [(w.category, str(w.message)) for w in caught]))
    assert results[0] == results[1] and len(results[0][1]) == 1


def test_signatures() -> None:
    for name in mt.func.__all__:
        ours, theirs = (inspect.signature(getattr(L.func, name)).parameters.values() for L in (mt, torch))
        want = [(p.name, p.default, p.kind) for p in theirs if not p.name.startswith("_")]
        assert [(p.name, p.default, p.kind) for p in ours] == want, name
    assert np.array_equal(mt.vmap(lambda x: x * 2)(mt.ones(2)).numpy(), [2, 2])
