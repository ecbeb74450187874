"""nn.utils' tools for gradients and parameters beside torch's: clipping, vectors, fusion, skip_init."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, numbers, refuse


def with_gradients(L: Any, scale: float = 1.0, dtypes: tuple = ("float64",) * 3) -> list:
    shapes, parameters = ((3, 2), (4,), ()), []
    for k, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True)):
        p = L.nn.Parameter(numbers(L, *shape, seed=k, dtype=dtype))
        p.grad = numbers(L, *shape, seed=10 + k, dtype=dtype) * scale
        parameters.append(p)
    return [*parameters, L.nn.Parameter(L.ones(2))]  # and one without a gradient


@pytest.mark.parametrize("foreach", [None, True, False])
@pytest.mark.parametrize("norm_type", [2.0, 1, 3.5, 0.5, float("inf"), 0, -float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 1000, 0.0])
def test_norms(max_norm: float, norm_type: float, foreach: bool | None) -> None:
    def program(L: Any) -> Any:
        parameters = with_gradients(L)
        versions = [p.grad._version for p in parameters[:3]]
        total = L.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type, foreach=foreach)
        changed = [p.grad._version > v for p, v in zip(parameters, versions, strict=False)]
        again = L.nn.utils.clip_grad_norm_(parameters[0], max_norm, norm_type)
        return total, again, [p.grad for p in parameters[:3]], changed, total.requires_grad

    agree(program)


@pytest.mark.parametrize("dtypes", [("float32", "float32", "float32"), ("float32", "float64", "float32")])
def test_norms_of_single_and_mixed_precision(dtypes: tuple) -> None:
    def program(L: Any) -> Any:
        parameters = with_gradients(L, dtypes=dtypes)
        total = L.nn.utils.clip_grad_norm_(iter(parameters), 0.7)
        return total, [p.grad for p in parameters[:3]]

    if len(set(dtypes)) == 1:
        agree(program, rtol=1e-5)
    else:
        results = [program(L) for L in LIBRARIES]
        for a, b in zip(results[0][1], results[1][1], strict=True):
            np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-5)


def test_parts_of_clipping() -> None:
    def program(L: Any) -> Any:
        utils, parameters = L.nn.utils, with_gradients(L)
        total = utils.get_total_norm([p.grad for p in parameters[:3]], 2.0)
        utils.clip_grads_with_norm_(parameters, 0.3, total)
        utils.clip_grad_value_(parameters, 0.1)
        utils.clip_grad_value_(iter(parameters), 0.05, foreach=False)
        return total, [p.grad for p in parameters[:3]], utils.get_total_norm([]), utils.get_total_norm(total)

    agree(program)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_norms_that_are_not_finite(bad: float) -> None:
    def refused(L: Any) -> Any:
        L.nn.utils.clip_grad_norm_(with_gradients(L, bad), 1.0, error_if_nonfinite=True)

    def allowed(L: Any) -> Any:
        parameters = with_gradients(L, bad)
        return L.nn.utils.clip_grad_norm_(parameters, 1.0), [p.grad for p in parameters[:3]]

    refuse(refused, "total norm of order 2.0 for gradients from `parameters` is non-finite")
    agree(allowed)


def test_clipping_warns_of_old_names_and_empty_generators() -> None:
    said = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = L.nn.utils.clip_grad_norm(with_gradients(L), 1.0)
            nothing = L.nn.utils.clip_grad_norm_((p for p in []), 1.0)
        said.append([(w.category, str(w.message)) for w in caught] + [round(found.item(), 9), nothing.item()])
    assert said[0] == said[1] and len(said[0]) == 4


def test_vectors() -> None:
    def program(L: Any) -> Any:
        layer = L.nn.Linear(3, 2).double()
        vector = L.nn.utils.parameters_to_vector(layer.parameters())
        (gradient,) = L.autograd.grad((vector**2).sum(), [layer.weight])
        new = numbers(L, 8)
        L.nn.utils.vector_to_parameters(new, layer.parameters())
        before = layer.weight.detach().clone()
        new[0] = 100.0  # the memory is shared
        return vector, gradient, before, layer.weight, layer.bias, layer.weight.requires_grad

    agree(program)
    refuse(lambda L: L.nn.utils.vector_to_parameters([1.0], []), "expected torch.Tensor, but got: (builtins.)?list")
    refuse(lambda L: L.nn.utils.parameters_to_vector([]), "non-empty")
    refuse(lambda L: L.nn.utils.parameters_to_vector([L.ones(2, 3).t()]), "view")


@pytest.mark.parametrize("given", [True, False])
def test_fused_weights(given: bool) -> None:
    def program(L: Any) -> Any:
        utils = L.nn.utils
        mean, var, w, b = (numbers(L, 4, seed=k).abs() for k in range(4))
        weight = L.nn.Parameter(numbers(L, 4, 3, 2, 2, seed=5))
        bias = L.nn.Parameter(numbers(L, 4, seed=6)) if given else None
        norm = (w, b) if given else (None, None)
        fused = utils.fuse_conv_bn_weights(weight, bias, mean, var, 1e-3, *norm)
        turned = utils.fuse_conv_bn_weights(weight.transpose(0, 1), bias, mean, var, 1e-3, *norm, True)
        flat = utils.fuse_linear_bn_weights(weight[:, :, 0, 0], bias, mean, var, 1e-3, w, b)
        return [(*pair, [p.requires_grad for p in pair]) for pair in (fused, turned, flat)]

    agree(program)


class Norm:
    """What fusing reads of a BatchNorm."""

    def __init__(self, L: Any, n: int, training: bool = False) -> None:
        self.training, self.eps, self.num_features = training, 1e-3, n
        self.running_mean, self.running_var = numbers(L, n, seed=1), numbers(L, n, seed=2).abs()
        self.weight, self.bias = numbers(L, n, seed=3), numbers(L, n, seed=4)

    def __call__(self, L: Any, x: Any) -> Any:
        args = (x, self.running_mean, self.running_var, self.weight, self.bias)
        return L.nn.functional.batch_norm(*args, training=False, eps=self.eps)


def test_fused_layers() -> None:
    def program(L: Any) -> Any:
        conv, linear = L.nn.Conv2d(3, 4, 2).double().eval(), L.nn.Linear(3, 4).double().eval()
        norm, x, y = Norm(L, 4), numbers(L, 2, 3, 5, 5), numbers(L, 6, 3)
        fused, flat = L.nn.utils.fuse_conv_bn_eval(conv, norm), L.nn.utils.fuse_linear_bn_eval(linear, norm)
        assert fused is not conv and fused.weight is not conv.weight
        np.testing.assert_allclose(fused(x).detach().numpy(), norm(L, conv(x)).detach().numpy(), atol=1e-9)
        np.testing.assert_allclose(flat(y).detach().numpy(), norm(L, linear(y)).detach().numpy(), atol=1e-9)
        return fused(x), flat(y), sorted(fused.state_dict()), repr(flat)

    agree(program)


def test_fusing_refuses() -> None:
    def fuse(kind: str, n: int, training: bool) -> Any:
        def program(L: Any) -> Any:
            layer = L.nn.Conv1d(3, 4, 2) if kind == "conv" else L.nn.Linear(3, 4)
            getattr(L.nn.utils, f"fuse_{kind}_bn_eval")(layer.eval(), Norm(L, n, training))

        return program

    refuse(fuse("conv", 4, True), "Fusion only for eval!")
    refuse(fuse("linear", 4, True), "Fusion only for eval!")
    refuse(fuse("linear", 3, False), "linear.out_features=4 and bn.num_features=3")


def test_skip_init_draws_no_random_numbers() -> None:
    def program(L: Any) -> Any:
        layer = L.nn.utils.skip_init(L.nn.Linear, 3, 2, bias=False, dtype=L.float64)
        return type(layer).__name__, list(layer.weight.shape), str(layer.weight.dtype).split(".")[1], L.rand(3)

    agree(program)
    refuse(lambda L: L.nn.utils.skip_init(int), "Expected a Module; got")
    refuse(lambda L: L.nn.utils.skip_init(L.nn.ReLU), "Module must support a 'device' arg")


def test_names_and_arguments() -> None:
    for name in mt.nn.utils.__all__:
        theirs = getattr(torch.nn.utils, name, None)
        if inspect.isfunction(theirs):
            ours = inspect.signature(getattr(mt.nn.utils, name)).parameters.values()
            assert [(p.name, p.default) for p in ours] == [
                (p.name, p.default) for p in inspect.signature(theirs).parameters.values()
            ], name
