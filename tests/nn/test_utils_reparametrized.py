"""weight_norm, spectral_norm and parametrizations beside torch's: values, first and second derivatives, state_dicts."""

from __future__ import annotations

import copy
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.nn.utils.weight_norm import weight_of
from tests.nn.sequence_tools import LIBRARIES, agree, numbers, refuse, weighted


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    """nn.utils.weight_norm is deprecated in both; one test reads the warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*weight_norm.* is deprecated", category=FutureWarning)
        yield


def layer(L: Any, kind: str = "linear") -> Any:
    made = {
        "linear": lambda: L.nn.Linear(4, 3, dtype=L.float64),
        "wide": lambda: L.nn.Linear(3, 5, dtype=L.float64),
        "square": lambda: L.nn.Linear(4, 4, dtype=L.float64),
        "conv": lambda: L.nn.Conv2d(2, 3, 2, dtype=L.float64),
    }[kind]()
    return made


def sample(L: Any, kind: str) -> Any:
    shapes = {"linear": (5, 4), "wide": (5, 3), "square": (5, 4), "conv": (2, 2, 4, 3)}
    return numbers(L, *shapes[kind], seed=3, grad=True)


def observed(L: Any, module: Any, kind: str) -> Any:
    """Output, derivatives of two orders, keys and buffers."""
    x = sample(L, kind)
    y = module(x)
    parameters = dict(sorted(module.named_parameters()))
    wanted = [x, *parameters.values()]
    first = L.autograd.grad(weighted(L, [y**2]), wanted, create_graph=True)
    second = L.autograd.grad(weighted(L, [g for g in first if g.requires_grad]), wanted, allow_unused=True)
    state = module.state_dict()
    return (
        y,
        first,
        [g is None for g in second],
        [g for g in second if g is not None],
        list(state),
        list(state.values()),
    )


FORMS: dict[str, Callable] = {
    "weight_norm": lambda L, m: L.nn.utils.weight_norm(m),
    "weight_norm over columns": lambda L, m: L.nn.utils.weight_norm(m, dim=1),
    "weight_norm over all": lambda L, m: L.nn.utils.weight_norm(m, dim=None),
    "weight_norm of the bias": lambda L, m: L.nn.utils.weight_norm(m, "bias"),
    "spectral_norm": lambda L, m: L.nn.utils.spectral_norm(m),
    "spectral_norm with options": lambda L, m: L.nn.utils.spectral_norm(m, n_power_iterations=3, eps=1e-6, dim=1),
    "new weight_norm": lambda L, m: L.nn.utils.parametrizations.weight_norm(m),
    "new weight_norm over columns": lambda L, m: L.nn.utils.parametrizations.weight_norm(m, dim=1),
    "new weight_norm over all": lambda L, m: L.nn.utils.parametrizations.weight_norm(m, "weight", None),
    "new spectral_norm": lambda L, m: L.nn.utils.parametrizations.spectral_norm(m),
    "new spectral_norm with options": lambda L, m: L.nn.utils.parametrizations.spectral_norm(
        m, n_power_iterations=3, eps=1e-6, dim=-1
    ),
    "new spectral_norm of the bias": lambda L, m: L.nn.utils.parametrizations.spectral_norm(m, "bias"),
}


@pytest.fixture
def _right_second_derivatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torch compose g v / |v| of its own functions: the double backward of its fused kernel is wrong, see below."""

    def composed(v: Any, g: Any, dim: int) -> Any:
        return v * (g / torch.norm_except_dim(v, 2, dim))

    monkeypatch.setattr(torch, "_weight_norm", composed)
    monkeypatch.setattr(sys.modules["torch.nn.utils.weight_norm"], "_weight_norm", composed)


def test_torchs_second_derivative_of_weight_norm_is_wrong() -> None:
    """Its fused kernel takes the norm for a constant in the double backward; ours passes the check."""
    v, g = numbers(torch, 3, 4, grad=True), numbers(torch, 3, 1, seed=1, grad=True)
    assert not torch.autograd.gradgradcheck(lambda v, g: torch._weight_norm(v, g, 0), (v, g), raise_exception=False)
    v, g = numbers(mt, 3, 4, grad=True), numbers(mt, 3, 1, seed=1, grad=True)
    assert mt.autograd.gradgradcheck(lambda v, g: weight_of(v, g, 0), (v, g))


@pytest.mark.usefixtures("_right_second_derivatives")
@pytest.mark.parametrize("kind", ["linear", "conv"])
@pytest.mark.parametrize("form", FORMS)
def test_values_derivatives_and_state(form: str, kind: str) -> None:
    def program(L: Any) -> Any:
        module = FORMS[form](L, layer(L, kind))
        found = [observed(L, module, kind) for _ in range(2)]  # spectral norms move on in training
        module.eval()
        return found, observed(L, module, kind), observed(L, module, kind), repr(module), L.rand(2)

    agree(program, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("form", ["weight_norm", "spectral_norm", "new weight_norm", "new spectral_norm"])
def test_training_removing_and_loading(form: str) -> None:
    def program(L: Any) -> Any:
        module = FORMS[form](L, layer(L))
        optimizer = L.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            weighted(L, [module(sample(L, "linear")) ** 2]).backward()
            optimizer.step()
        other = FORMS[form](L, layer(L))
        loaded = str(other.load_state_dict(module.state_dict()))
        other.eval()
        y = other(sample(L, "linear"))
        removers = {
            "weight_norm": L.nn.utils.remove_weight_norm,
            "spectral_norm": L.nn.utils.remove_spectral_norm,
        }
        remove = removers.get(form, lambda m: L.nn.utils.parametrize.remove_parametrizations(m, "weight"))
        assert remove(module) is module
        state = module.state_dict()
        kinds = [type(module).__name__, type(module.weight).__name__, module.weight.requires_grad]
        return (
            loaded,
            y,
            list(state),
            list(state.values()),
            kinds,
            module(sample(L, "linear")),
            len(module._state_dict_hooks),
        )

    agree(program, rtol=1e-7, atol=1e-9)


def test_old_state_is_loaded_by_the_new_weight_norm() -> None:
    def program(L: Any) -> Any:
        old, new = FORMS["weight_norm"](L, layer(L)), FORMS["new weight_norm"](L, layer(L))
        result = str(new.load_state_dict(old.state_dict()))
        return result, new.weight, old(sample(L, "linear")), new(sample(L, "linear"))

    agree(program)


def test_spectral_norm_reads_state_without_v() -> None:
    def program(L: Any) -> Any:
        module = FORMS["spectral_norm"](L, layer(L))
        module(sample(L, "linear"))
        state = module.state_dict()
        version = state._metadata[""]["spectral_norm"]
        old = copy.copy(state)
        old._metadata = copy.deepcopy(state._metadata)
        del old._metadata[""]["spectral_norm"], old["weight_v"]
        old["weight"] = module.weight.detach().clone()
        other = FORMS["spectral_norm"](L, layer(L)).eval()
        result = str(other.load_state_dict(old))
        lost = copy.copy(state)
        lost._metadata = {}
        return version, result, other.weight_v, other(sample(L, "linear")), str(other.load_state_dict(lost))

    agree(program, rtol=1e-6, atol=1e-8)


def test_copies_and_pickles() -> None:
    def program(L: Any) -> Any:
        found = []
        for form in ("weight_norm", "spectral_norm", "new weight_norm", "new spectral_norm"):
            module = FORMS[form](L, layer(L)).eval()
            with L.no_grad():
                module(sample(L, "linear"))
            if form.startswith("new"):
                other = copy.deepcopy(module)
                with pytest.raises(RuntimeError, match="Serialization of parametrized modules is only supported"):
                    pickle.dumps(module)
            else:
                module.weight = module.weight.detach()
                other = pickle.loads(pickle.dumps(module))
            assert other.weight is not module.weight
            found += [other(sample(L, "linear")), sorted(other.state_dict()), type(other).__name__]
        return found

    agree(program)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: FORMS["weight_norm"](L, FORMS["weight_norm"](L, layer(L))), "Cannot register two weight_norm hooks"),
        (lambda L: FORMS["spectral_norm"](L, FORMS["spectral_norm"](L, layer(L))), "Cannot register two spectral_norm"),
        (lambda L: L.nn.utils.remove_weight_norm(layer(L)), "weight_norm of 'weight' not found in Linear"),
        (lambda L: L.nn.utils.remove_spectral_norm(layer(L)), "spectral_norm of 'weight' not found in Linear"),
        (lambda L: L.nn.utils.weight_norm(layer(L), "foo"), "foo"),
        (lambda L: L.nn.utils.spectral_norm(layer(L), "foo"), "foo"),
        (lambda L: L.nn.utils.spectral_norm(L.nn.Linear(2, 2, bias=False), "bias"), "parameter `bias` is None"),
        (lambda L: L.nn.utils.spectral_norm(layer(L), n_power_iterations=0), "n_power_iterations to be positive"),
        (lambda L: L.nn.utils.weight_norm(L.nn.LazyLinear(3)), "can't have uninitialized parameters"),
        (lambda L: L.nn.utils.spectral_norm(L.nn.LazyLinear(3)), "can't have uninitialized parameters"),
        (
            lambda L: L.nn.utils.parametrizations.spectral_norm(layer(L), "foo"),
            "no parameter or buffer with name 'foo'",
        ),
        (lambda L: L.nn.utils.parametrizations.orthogonal(layer(L), "foo"), "no parameter or buffer with name 'foo'"),
        (lambda L: L.nn.utils.parametrizations.orthogonal(layer(L), "bias"), "Got a tensor of 1 dimensions"),
        (lambda L: L.nn.utils.parametrizations.orthogonal(layer(L), "weight", "qr"), "orthogonal_map has to be one of"),
        (lambda L: L.nn.utils.parametrizations.spectral_norm(layer(L), dim=2), "Dimension out of range"),
        (lambda L: L.nn.utils.parametrizations.spectral_norm(layer(L), n_power_iterations=0), "to be positive"),
        (lambda L: L.nn.utils.parametrize.remove_parametrizations(layer(L), "weight"), "does not have a parametriz"),
        (
            lambda L: L.nn.utils.parametrize.remove_parametrizations(
                FORMS["new weight_norm"](L, layer(L)), "weight", False
            ),
            "Cannot leave unparametrized",
        ),
        (
            lambda L: L.nn.utils.parametrize.register_parametrization(layer(L), "foo", L.nn.ReLU()),
            "does not have a param",
        ),
        (lambda L: L.nn.utils.parametrize.ParametrizationList([], L.ones(2)), "requires one or more modules"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_the_deprecation() -> None:
    said = []
    for L in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            L.nn.utils.weight_norm(layer(L))
        said.append([(w.category, str(w.message)) for w in caught])
    assert said[0] == said[1] and len(said[0]) == 1


# -- orthogonal --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trivialize", [True, False])
@pytest.mark.parametrize("kind", ["linear", "wide", "square"])
@pytest.mark.parametrize("which", [None, "matrix_exp", "cayley", "householder"])
def test_orthogonal(which: str | None, kind: str, trivialize: bool) -> None:
    def program(L: Any) -> Any:
        module = layer(L, kind)
        L.nn.utils.parametrizations.orthogonal(module, "weight", which, use_trivialization=trivialize)
        before = module.weight
        tall = before if before.shape[0] >= before.shape[1] else before.T
        product = (tall.T @ tall).detach().numpy()
        assert np.abs(product - np.eye(len(product))).max() < 1e-10
        found = list(module.state_dict().values()), observed(L, module, kind)
        optimizer = L.optim.SGD(module.parameters(), lr=0.05)
        for _ in range(2):
            optimizer.zero_grad()
            weighted(L, [module(sample(L, kind)) ** 2]).backward()
            optimizer.step()
        return found, module.weight, L.rand(2)

    agree(program, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("which", ["matrix_exp", "cayley", "householder"])
def test_orthogonal_matrices_can_be_assigned(which: str) -> None:
    def program(L: Any) -> Any:
        found = []
        for kind in ("square", "wide", "linear"):
            module = layer(L, kind)
            L.nn.utils.parametrizations.orthogonal(module, "weight", which)
            value = L.nn.init.orthogonal_(L.empty(*module.weight.shape, dtype=L.float64))
            module.weight = value
            np.testing.assert_allclose(module.weight.detach().numpy(), value.numpy(), atol=1e-9)
            found += [value, module.weight]
            module.weight = numbers(L, *value.shape)
            found.append(module.weight)
        return found

    agree(program, rtol=1e-6, atol=1e-8)


def test_orthogonal_batches_and_complex_matrices() -> None:
    def program(L: Any) -> Any:
        found = []
        for dtype in (L.float64, L.complex128):
            module = L.nn.Module()
            module.w = L.nn.Parameter(L.randn(2, 3, 5, dtype=dtype))
            L.nn.utils.parametrizations.orthogonal(module, "w")
            found += [module.w, module.parametrizations.w.original]
        return found

    agree(program, rtol=1e-6, atol=1e-8)

    def householder(L: Any) -> Any:
        module = L.nn.Module()
        module.w = L.nn.Parameter(L.zeros(2, 2, dtype=L.complex128))
        L.nn.utils.parametrizations.orthogonal(module, "w", "householder")

    refuse(householder, "householder parametrization does not support complex tensors")
    wrong = lambda L: L.nn.utils.parametrizations.orthogonal(layer(L)).__setattr__("weight", L.zeros(2, 2))  # noqa: E731
    refuse(wrong, "Expected a matrix or batch of matrices of shape")
    plain = lambda L: L.nn.utils.parametrizations.orthogonal(  # noqa: E731
        layer(L), orthogonal_map="cayley", use_trivialization=False
    ).__setattr__("weight", L.zeros(3, 4, dtype=L.float64))
    refuse(plain, "It is not possible to assign")


# -- functions of the user's own ---------------------------------------------------------------------------------------


def functions(L: Any) -> dict[str, Any]:  # noqa: C901 - a list of small classes
    """Parametrizations written for a library."""

    class Symmetric(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, a: Any) -> Any:
            return a.triu()

    class Scale(L.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.log = L.nn.Parameter(L.tensor(0.3, dtype=L.float64))
            self.calls = 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x * self.log.exp()

        def right_inverse(self, y: Any) -> Any:
            return y / self.log.exp()

    class Product(L.nn.Module):
        def forward(self, a: Any, b: Any) -> Any:
            return a @ b

        def right_inverse(self, w: Any) -> Any:
            return w[:, :2].clone(), L.ones(2, w.shape[1], dtype=w.dtype)

    class Plain(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.exp()

    class Cast(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.float()

    class Cut(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x[:1]

    class Nothing(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return None

    class Halved(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.double()

        def right_inverse(self, x: Any) -> Any:
            return x.float()

    class Number(L.nn.Module):
        def forward(self, x: Any) -> Any:
            return x

        def right_inverse(self, x: Any) -> Any:
            return 3

    local = dict(locals())
    return {name: value for name, value in local.items() if isinstance(value, type)}


def test_composed_assigned_cached_and_removed() -> None:
    def program(L: Any) -> Any:
        P, f = L.nn.utils.parametrize, functions(L)
        module = layer(L, "square")
        scale = f["Scale"]()
        P.register_parametrization(module, "weight", f["Symmetric"]())
        P.register_parametrization(module, "weight", scale)
        found = [
            observed(L, module, "square"),
            repr(module),
            P.is_parametrized(module),
            P.is_parametrized(module, "bias"),
        ]
        found += [
            P.type_before_parametrizations(module).__name__,
            type(module).__name__,
            isinstance(module, L.nn.Linear),
        ]
        module.weight = numbers(L, 4, 4) + numbers(L, 4, 4).T
        found.append(module.parametrizations.weight.original)
        before = scale.calls
        with P.cached(), P.cached():
            same = module.weight is module.weight
        found += [same, scale.calls - before, module.weight is module.weight]
        P.register_parametrization(module, "bias", f["Plain"]())
        found.append(observed(L, module, "square"))
        P.remove_parametrizations(module, "weight", leave_parametrized=False)
        found += [module.weight, [n for n, _ in module.named_parameters()], type(module).__name__]
        P.remove_parametrizations(module, "bias")
        return found, module.bias, [n for n, _ in module.named_parameters()], type(module).__name__, repr(module)

    agree(program)


def test_several_originals() -> None:
    def program(L: Any) -> Any:
        P, f = L.nn.utils.parametrize, functions(L)
        module = layer(L)
        P.register_parametrization(module, "weight", f["Product"]())
        P.register_parametrization(module, "weight", f["Scale"]())
        found = [observed(L, module, "linear"), module.parametrizations.weight.ntensors]
        module.weight = numbers(L, 3, 4)
        other = layer(L)
        P.transfer_parametrizations_and_params(module, other, "weight")
        shared = other.parametrizations.weight.original0 is module.parametrizations.weight.original0
        P.remove_parametrizations(module, "weight")
        return found, module.weight, [n for n, _ in module.named_parameters()], other.weight, shared

    agree(program)


def test_transfer_and_buffers() -> None:
    def program(L: Any) -> Any:
        P, f = L.nn.utils.parametrize, functions(L)
        module, other = layer(L, "square"), layer(L, "square")
        P.register_parametrization(module, "weight", f["Symmetric"]())
        assert P.transfer_parametrizations_and_params(module, other) is other
        shared = other.parametrizations.weight.original is module.parametrizations.weight.original
        module.register_buffer("b", numbers(L, 3))
        P.register_parametrization(module, "b", f["Plain"]())
        with L.no_grad():
            frozen = module.b.requires_grad
        P.remove_parametrizations(module, "b")
        return other.weight, shared, frozen, module.b, list(module.state_dict()), [n for n, _ in module.named_buffers()]

    agree(program)


def test_parametrizations_that_are_refused() -> None:
    def register(name: str, first: str | None = None, unsafe: bool = False) -> Any:
        def program(L: Any) -> Any:
            f, module = functions(L), layer(L, "square")
            for kind in (first, name) if first else (name,):
                L.nn.utils.parametrize.register_parametrization(module, "weight", f[kind](), unsafe=unsafe)

        return program

    for first in (None, "Symmetric"):
        refuse(register("Cast", first), "may not change the dtype of the tensor, unless")
        refuse(register("Cut", first), "may not change the shape of the tensor, unless")
        refuse(register("Nothing", first), "A parametrization must return a tensor. Got NoneType")
    refuse(register("Halved"), "When `right_inverse` outputs one tensor, it may not change the dtype")
    refuse(register("Halved", "Symmetric"), "must have the same dtype as module.weight")
    refuse(register("Number"), "'right_inverse' must return a Tensor or a Sequence")
    refuse(register("Number", "Symmetric"), "right_inverse must return a tensor. Got: int")

    def assign(L: Any) -> Any:
        module = layer(L)
        L.nn.utils.parametrize.register_parametrization(module, "weight", functions(L)["Plain"]())
        module.weight = L.zeros(3, 4, dtype=L.float64)

    refuse(assign, "parametrization Plain does not implement right_inverse")
    mt.nn.utils.parametrize.register_parametrization(layer(mt), "weight", functions(mt)["Cut"](), unsafe=True)
