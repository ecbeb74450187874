"""minitorch.distributions beside torch.distributions: draws, scores, moments, gradients, shapes, checks, text, KL."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch

import minitorch as mt
from minitorch.ops.gamma_gradient import dirichlet_grad, standard_gamma_grad

pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected", "ignore:Low df values")
SEED = 5
ROWS = {"p": [[0.1, 0.6, 0.3], [0.5, 0.25, 0.25]], "l": [[0.3, -1.2, 0.7], [2.0, 0.0, -0.5]]}
FACTOR = [[1.5, 0.0, 0.0], [0.4, 0.8, 0.0], [-0.3, 0.2, 1.1]]
COVARIANCE = (np.array(FACTOR) @ np.array(FACTOR).T).tolist()

# name of the class -> lists of parameters (numbers stay numbers, lists become tensors that require grad)
MADE: list[tuple[str, dict[str, Any]]] = [
    ("Normal", {"loc": [0.3, -1.0], "scale": [[0.5], [2.0]]}),
    ("Normal", {"loc": 0.5, "scale": 2.0}),
    ("Bernoulli", {"probs": [0.2, 0.5, 0.9]}),
    ("Bernoulli", {"logits": [[-1.0, 0.4]]}),
    ("Bernoulli", {"probs": 0.3}),
    ("Categorical", {"probs": ROWS["p"]}),
    ("Categorical", {"logits": ROWS["l"]}),
    ("OneHotCategorical", {"probs": ROWS["p"]}),
    ("OneHotCategorical", {"logits": ROWS["l"]}),
    ("OneHotCategoricalStraightThrough", {"logits": ROWS["l"]}),
    ("Beta", {"concentration1": [0.5, 2.0, 7.0], "concentration0": [1.5, 3.0, 0.8]}),
    ("Beta", {"concentration1": 2.0, "concentration0": 3.0}),
    ("Uniform", {"low": [-1.0, 0.0], "high": [[1.0], [3.0]]}),
    ("Uniform", {"low": 0.0, "high": 2.0}),
    ("Exponential", {"rate": [0.5, 2.0]}),
    ("Multinomial", {"total_count": 7, "probs": ROWS["p"]}),
    ("Multinomial", {"total_count": 4, "logits": ROWS["l"]}),
    ("Binomial", {"total_count": 6, "probs": [0.2, 0.7]}),
    ("Binomial", {"total_count": 60, "logits": [[0.2], [-0.7]]}),
    ("Gamma", {"concentration": [0.4, 1.0, 6.0], "rate": [1.0, 0.5, 3.0]}),
    ("Chi2", {"df": [1.0, 5.0]}),
    ("Dirichlet", {"concentration": [[0.5, 2.0, 1.5], [3.0, 1.2, 6.0]]}),
    ("Laplace", {"loc": [0.3, -1.0], "scale": [0.5, 2.0]}),
    ("Cauchy", {"loc": [0.3, -1.0], "scale": [0.5, 2.0]}),
    ("StudentT", {"df": [0.8, 1.5, 4.0], "loc": [0.0, 1.0, -1.0], "scale": [1.0, 0.5, 2.0]}),
    ("LogNormal", {"loc": [0.3, -1.0], "scale": [0.5, 1.0]}),
    ("HalfNormal", {"scale": [0.5, 2.0]}),
    ("HalfCauchy", {"scale": [0.5, 2.0]}),
    ("Gumbel", {"loc": [0.3, -1.0], "scale": [0.5, 2.0]}),
    ("Poisson", {"rate": [0.5, 4.0, 20.0]}),
    ("Geometric", {"probs": [0.2, 0.9]}),
    ("Geometric", {"logits": [0.2, -1.0]}),
    ("RelaxedBernoulli", {"temperature": [0.7], "probs": [0.2, 0.7]}),
    ("RelaxedOneHotCategorical", {"temperature": [0.7], "logits": ROWS["l"]}),
    ("MultivariateNormal", {"loc": [[0.5, -1.0, 2.0], [0.0, 0.1, 0.2]], "covariance_matrix": COVARIANCE}),
    ("MultivariateNormal", {"loc": [0.5, -1.0, 2.0], "precision_matrix": COVARIANCE}),
    ("MultivariateNormal", {"loc": [0.5, -1.0, 2.0], "scale_tril": [FACTOR, np.diag([1.0, 2.0, 3.0]).tolist()]}),
    ("LowRankMultivariateNormal", {"loc": [0.5, -1.0, 2.0], "cov_factor": [[1.0, 0.2], [0.3, -0.5], [0.0, 0.8]],
                                   "cov_diag": [[0.5, 1.0, 2.0], [1.0, 0.2, 0.7]]}),
    ("LowRankMultivariateNormal", {"loc": [0.5, -1.0], "cov_factor": [[1.0], [0.3]], "cov_diag": [0.5, 1.0]}),
    ("InverseGamma", {"concentration": [0.4, 1.5, 6.0], "rate": [1.0, 0.5, 3.0]}),
    ("LogisticNormal", {"loc": [[0.3, -1.0], [0.0, 1.0]], "scale": [0.5, 1.0]}),
    ("LogisticNormal", {"loc": 0.2, "scale": 1.5}),
    ("NegativeBinomial", {"total_count": 6.0, "probs": [0.2, 0.7]}),
    ("NegativeBinomial", {"total_count": [0.5, 3.0], "logits": [[0.2], [-0.7]]}),
    ("Pareto", {"scale": [0.5, 2.0], "alpha": [[0.8], [1.5], [4.0]]}),
    ("Weibull", {"scale": [0.5, 2.0, 1.0], "concentration": [0.8, 1.0, 3.0]}),
    ("FisherSnedecor", {"df1": [1.5, 3.0, 7.0], "df2": [[1.0], [6.0]]}),
    ("Kumaraswamy", {"concentration1": [0.5, 2.0, 7.0], "concentration0": [1.5, 0.3, 0.8]}),
    ("ContinuousBernoulli", {"probs": [0.2, 0.5, 0.4995, 0.9]}),
    ("ContinuousBernoulli", {"logits": [[-1.0, 0.4], [0.001, 3.0]]}),
    ("VonMises", {"loc": [0.3, -1.0, 5.0], "concentration": [[0.5], [2.0], [9.0]]}),
    ("LKJCholesky", {"dim": 3, "concentration": [0.5, 2.0]}),
    ("LKJCholesky", {"dim": 2, "concentration": 1.5}),
    ("Wishart", {"df": [5.0, 3.5], "covariance_matrix": COVARIANCE}),
    ("Wishart", {"df": 4.0, "scale_tril": FACTOR}),
    ("Wishart", {"df": [6.0], "precision_matrix": COVARIANCE}),
]  # fmt: skip
ids = [f"{name}-{'-'.join(kw)}{k}" for k, (name, kw) in enumerate(MADE)]
every = pytest.mark.parametrize(("name", "parameters"), MADE, ids=ids)


def make(library: Any, name: str, parameters: dict[str, Any], dtype: str = "float64", grad: bool = False) -> Any:
    """A distribution, and the tensors it was made of."""
    leaves = {
        k: library.tensor(v, dtype=getattr(library, dtype), requires_grad=grad)
        for k, v in parameters.items()
        if isinstance(v, list)
    }
    return getattr(library.distributions, name)(**{**parameters, **leaves}), list(leaves.values())


def both(name: str, parameters: dict[str, Any], **options: Any) -> tuple[Any, Any]:
    return make(mt, name, parameters, **options)[0], make(torch, name, parameters, **options)[0]


def close(ours: Any, theirs: Any, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    if theirs.dtype == torch.float32:
        rtol, atol = max(rtol, 2e-5), max(atol, 1e-6)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=rtol, atol=atol)


def seeded(draw: Any) -> Any:
    mt.manual_seed(SEED)
    torch.manual_seed(SEED)
    return draw()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every
def test_samples_are_torchs(name: str, parameters: dict, dtype: str) -> None:
    ours, theirs = both(name, parameters, dtype=dtype)
    for shape in ((), (4,), (3, 5)):
        x = seeded(lambda shape=shape: ours.sample(shape))
        y = seeded(lambda shape=shape: theirs.sample(shape))
        close(x, y, *((1e-12, 1e-12) if dtype == "float64" else (2e-5, 1e-6)))
        assert not x.requires_grad
    seeded(lambda: (ours.sample((3,)), theirs.sample((3,))))
    np.testing.assert_array_equal(mt.rand(3).numpy(), torch.rand(3).numpy())  # as many words were used


@every
def test_scores_and_gradients(name: str, parameters: dict) -> None:
    value = seeded(lambda: both(name, parameters)[1].sample((4,)))
    found = []
    for library in (mt, torch):
        made, leaves = make(library, name, parameters, grad=True)
        x = library.tensor(value.numpy())
        score = made.log_prob(x)
        upstream = library.tensor(np.random.default_rng(0).normal(size=tuple(score.shape)))
        grads = library.autograd.grad(score, leaves, upstream) if leaves else ()
        found.append((score, *grads))
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, 1e-8, 1e-10)


@every
def test_reparameterized_gradients(name: str, parameters: dict) -> None:
    found = []
    for library in (mt, torch):
        made, leaves = make(library, name, parameters, grad=True)
        if not made.has_rsample or not leaves:
            with pytest.raises(NotImplementedError) if not made.has_rsample else warnings.catch_warnings():
                made.rsample((2,))
            continue
        # torch can't differentiate through its repetition of singular matrices
        options = {"max_try_correction": 0} if name == "Wishart" else {}
        x = seeded(lambda made=made, options=options: made.rsample((6,), **options))
        upstream = library.tensor(np.random.default_rng(0).normal(size=tuple(x.shape)))
        found.append((x, *library.autograd.grad(x, leaves, upstream)))
    # torch's gradients of gamma and Dirichlet draws are approximations; ours are held against SciPy's below
    rtol = (
        5e-3
        if name in ("Gamma", "Chi2", "Dirichlet", "Beta", "StudentT", "InverseGamma", "FisherSnedecor", "Wishart")
        else 1e-9
    )
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, rtol, 1e-9 if rtol < 1e-4 else 1e-4)


def test_generalized_pareto_in_float32() -> None:
    # torch's compares the concentration with a float32 zero, so that float64 raises there
    found = []
    for L in (mt, torch):
        loc, scale = (L.tensor(v, requires_grad=True) for v in ([0.3, -1.0, 0.0], [0.5, 2.0, 1.0]))
        concentration = L.tensor([[0.3], [-0.4], [0.0], [-1.0]], requires_grad=True)
        L.manual_seed(SEED)
        made = L.distributions.GeneralizedPareto(loc, scale, concentration)
        x = made.rsample((5,))
        value = x.detach()
        results = [x, made.log_prob(value), made.cdf(value), made.log_survival_function(value), made.mean, made.stddev,
                   made.variance, made.mode, made.entropy(), made.expand((2, 4, 3)).log_prob(value[:2])]  # fmt: skip
        results += L.autograd.grad(
            (x * x.detach().sin()).sum() + made.log_prob(value).sum(), [loc, scale, concentration]
        )
        found.append([repr(made), repr(made.support).replace("minitorch", "torch"), *results])
    assert found[0][:2] == found[1][:2]
    for ours, theirs in zip(found[0][2:], found[1][2:], strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=2e-4, atol=2e-5)
    with pytest.raises(ValueError, match="to satisfy the constraint"):
        mt.distributions.GeneralizedPareto(0.0, -1.0, 0.5)


def attempt(read: Any) -> Any:
    try:
        return read()
    except (NotImplementedError, AttributeError) as error:
        return type(error)


MOMENTS = ("mean", "mode", "variance", "stddev", "entropy", "perplexity", "batch_shape", "event_shape", "support")


@pytest.mark.parametrize("what", MOMENTS)
@every
def test_moments_and_shapes(name: str, parameters: dict, what: str) -> None:
    ours, theirs = both(name, parameters)
    x, y = (
        attempt(lambda d=d: getattr(d, what)() if what in MOMENTS[4:6] else getattr(d, what)) for d in (ours, theirs)
    )
    if isinstance(x, mt.Tensor):
        close(x, y)
    else:
        assert repr(x).replace("minitorch.", "torch.") == repr(y)


@every
def test_entropy_gradients(name: str, parameters: dict) -> None:
    found = []
    for library in (mt, torch):
        made, leaves = make(library, name, parameters, grad=True)
        entropy = attempt(made.entropy)
        if isinstance(entropy, type):
            found.append([entropy])
            continue
        grads = (
            library.autograd.grad(entropy.sum(), leaves, allow_unused=True) if leaves and entropy.requires_grad else ()
        )
        found.append([None if g is None else g.numpy() for g in grads])
    for ours, theirs in zip(*found, strict=True):
        if ours is None or isinstance(ours, type):
            assert ours is theirs
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)  # torch's trigamma has eight digits


@every
def test_distribution_functions(name: str, parameters: dict) -> None:
    ours, theirs = both(name, parameters)
    value = seeded(lambda: theirs.sample((4,)))
    x, y = (attempt(lambda d=d, v=v: d.cdf(v)) for d, v in ((ours, mt.tensor(value.numpy())), (theirs, value)))
    assert (x is y) if isinstance(x, type) else close(x, y) is None
    share = np.random.default_rng(1).uniform(0.05, 0.95, tuple(value.shape))
    x, y = (attempt(lambda d=d, v=v: d.icdf(v)) for d, v in ((ours, mt.tensor(share)), (theirs, torch.tensor(share))))
    assert (x is y) if isinstance(x, type) else close(x, y) is None


@every
def test_expand_and_text(name: str, parameters: dict) -> None:
    ours, theirs = both(name, parameters)
    batch = (3, *ours.batch_shape)
    x, y = ours.expand(batch), theirs.expand(batch)
    assert type(x) is type(ours) and tuple(x.batch_shape) == tuple(y.batch_shape) == batch
    assert tuple(x.event_shape) == tuple(y.event_shape)
    assert repr(ours) == repr(theirs) and repr(x) == repr(y)
    value = seeded(lambda: y.sample())
    close(seeded(lambda: x.sample()), value, 1e-12, 1e-12)
    close(x.log_prob(mt.tensor(value.numpy())), y.log_prob(value))
    assert {k: repr(c) for k, c in ours.arg_constraints.items()} == {
        k: repr(c) for k, c in theirs.arg_constraints.items()
    }
    assert (ours.has_rsample, ours.has_enumerate_support) == (theirs.has_rsample, theirs.has_enumerate_support)


@every
def test_enumerated_support(name: str, parameters: dict) -> None:
    ours, theirs = both(name, parameters)
    for expand in (True, False):
        x, y = (attempt(lambda d=d, e=expand: d.enumerate_support(e)) for d in (ours, theirs))
        assert (x is y) if isinstance(x, type) else close(x, y) is None


# -- checks ----------------------------------------------------------------------------------------------------------

BAD: list[tuple[str, dict[str, Any]]] = [
    ("Normal", {"loc": 0.0, "scale": -1.0}),
    ("Normal", {"loc": [0.0, float("nan")], "scale": [1.0, 1.0]}),
    ("Uniform", {"low": [1.0], "high": [0.0]}),
    ("Bernoulli", {"probs": [0.5, 1.5]}),
    ("Bernoulli", {"probs": [0.5], "logits": [0.1]}),
    ("Bernoulli", {}),
    ("Categorical", {"probs": [-1.0, 2.0]}),
    ("Categorical", {"logits": [float("nan"), 2.0]}),
    ("Categorical", {}),
    ("Multinomial", {"total_count": [2.0], "probs": [0.5, 0.5]}),
    ("Dirichlet", {"concentration": [1.0, -1.0]}),
    ("Gamma", {"concentration": [0.0], "rate": [1.0]}),
    ("Geometric", {"probs": [0.0, 0.5]}),
    ("Poisson", {"rate": [-1.0]}),
    ("MultivariateNormal", {"loc": [0.0, 0.0]}),
    ("MultivariateNormal", {"loc": [0.0, 0.0], "covariance_matrix": [[1.0, 2.0], [2.0, 1.0]]}),
    ("MultivariateNormal", {"loc": [0.0, 0.0], "scale_tril": [[1.0, 2.0], [0.0, 1.0]]}),
    ("MultivariateNormal", {"loc": [0.0, 0.0], "scale_tril": [1.0, 2.0]}),
    ("LogNormal", {"loc": [0.0], "scale": [0.0]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), BAD)
def test_parameters_are_checked_in_torchs_words(name: str, parameters: dict) -> None:
    with pytest.raises(Exception, match=".") as theirs:
        make(torch, name, parameters)
    with pytest.raises(type(theirs.value), match="^" + re.escape(str(theirs.value)) + "$"):
        make(mt, name, parameters)


@pytest.mark.parametrize(
    ("name", "parameters", "value"),
    [
        ("Normal", {"loc": [0.0, 1.0], "scale": [1.0, 1.0]}, [0.0, 1.0, 2.0]),
        ("Normal", {"loc": [0.0, 1.0], "scale": [1.0, 1.0]}, [float("nan"), 1.0]),
        ("Bernoulli", {"probs": [0.5]}, [0.5]),
        ("Categorical", {"probs": [0.5, 0.5]}, [2.0]),
        ("Uniform", {"low": [0.0], "high": [1.0]}, [1.5]),
        ("Dirichlet", {"concentration": [1.0, 1.0]}, [0.5, 0.6]),
        ("Dirichlet", {"concentration": [1.0, 1.0]}, [0.5, 0.2, 0.3]),
        ("Exponential", {"rate": [1.0]}, [-1.0]),
        ("Poisson", {"rate": [1.0]}, [1.5]),
        ("Multinomial", {"total_count": 2, "probs": [0.5, 0.5]}, [2.0, 1.0]),
        ("LogNormal", {"loc": [0.0], "scale": [1.0]}, [-1.0]),
    ],
)
def test_values_are_checked_in_torchs_words(name: str, parameters: dict, value: list) -> None:
    ours, theirs = both(name, parameters)
    with pytest.raises(ValueError, match=".") as error:
        theirs.log_prob(torch.tensor(value))
    with pytest.raises(ValueError, match="^" + re.escape(str(error.value)) + "$"):
        ours.log_prob(mt.tensor(value))
    with pytest.raises(ValueError, match="must be a Tensor"):
        both("Normal", {"loc": 0.0, "scale": 1.0})[0].log_prob(0.5)


def test_checks_can_be_turned_off() -> None:
    d = mt.distributions
    off = d.Bernoulli(mt.tensor([1.5]), validate_args=False)
    assert off.log_prob(mt.tensor([0.5])).shape == (1,)
    d.Distribution.set_default_validate_args(False)
    try:
        d.Normal(0.0, -1.0)
    finally:
        d.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="to satisfy the constraint"):
        d.Normal(0.0, -1.0)


# -- gradients of draws against SciPy ---------------------------------------------------------------------------------


def test_gamma_draws_move_with_their_parameter() -> None:
    """Central differences of the quantile function."""
    rng = np.random.default_rng(2)
    a = rng.uniform(0.05, 60, 400)
    quantile = rng.uniform(0.01, 0.99, 400)
    x, h = scipy.special.gammaincinv(a, quantile), 1e-5 * a
    expected = (scipy.special.gammaincinv(a + h, quantile) - scipy.special.gammaincinv(a - h, quantile)) / (2 * h)
    np.testing.assert_allclose(standard_gamma_grad(a, x), expected, rtol=2e-6)


def test_beta_draws_move_with_their_parameter() -> None:
    rng = np.random.default_rng(2)
    a, b, quantile = rng.uniform(0.2, 40, 400), rng.uniform(0.2, 40, 400), rng.uniform(0.01, 0.99, 400)
    x, h = scipy.special.betaincinv(a, b, quantile), 1e-5 * a
    x2, x1 = scipy.special.betaincinv(a + h, b, quantile), scipy.special.betaincinv(a - h, b, quantile)
    np.testing.assert_allclose(dirichlet_grad(x, a, a + b) * (1 - x), (x2 - x1) / (2 * h), rtol=2e-5)


def test_draws_are_differentiable_once() -> None:
    a = mt.tensor([1.5], requires_grad=True)
    (g,) = mt.autograd.grad(mt.distributions.Gamma(a, 1.0).rsample(), a, create_graph=True)
    with pytest.raises(RuntimeError, match="is not implemented"):
        g.backward()


# -- Kullback-Leibler ------------------------------------------------------------------------------------------------

ONE: dict[str, tuple[dict, dict]] = {
    "Bernoulli": ({"probs": [0.2, 0.0, 0.7, 1.0]}, {"probs": [0.3, 0.5, 0.0, 1.0]}),
    "Beta": ({"concentration1": [2.0], "concentration0": [3.0]}, {"concentration1": [1.0], "concentration0": [0.5]}),
    "Binomial": ({"total_count": 5, "probs": [0.2, 0.4]}, {"total_count": 5, "probs": [0.3, 0.5]}),
    "Categorical": ({"probs": ROWS["p"]}, {"probs": [[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]}),
    "OneHotCategorical": ({"probs": ROWS["p"]}, {"logits": ROWS["l"]}),
    "ContinuousBernoulli": ({"probs": [0.2, 0.9]}, {"logits": [0.3, 0.0]}),
    "Dirichlet": ({"concentration": [0.5, 2.0, 1.5]}, {"concentration": [1.0, 1.0, 4.0]}),
    "Exponential": ({"rate": [0.5, 2.0]}, {"rate": [1.5, 1.0]}),
    "Gamma": ({"concentration": [0.5, 2.0], "rate": [1.0, 3.0]}, {"concentration": [1.5, 1.0], "rate": [2.0, 0.5]}),
    "Gumbel": ({"loc": [0.5, 2.0], "scale": [1.0, 3.0]}, {"loc": [1.5, 1.0], "scale": [2.0, 0.5]}),
    "Geometric": ({"probs": [0.2, 0.4]}, {"probs": [0.3, 0.5]}),
    "HalfNormal": ({"scale": [0.2, 0.4]}, {"scale": [0.3, 0.5]}),
    "Laplace": ({"loc": [0.5, 2.0], "scale": [1.0, 3.0]}, {"loc": [1.5, 1.0], "scale": [2.0, 0.5]}),
    "MultivariateNormal": (
        {"loc": [0.5, -1.0, 2.0], "covariance_matrix": COVARIANCE},
        {"loc": [[0.0, 0.1, 0.2], [1.0, 1.0, 1.0]], "scale_tril": [FACTOR, np.diag([1.0, 2.0, 3.0]).tolist()]},
    ),
    "Normal": ({"loc": [0.5, 2.0], "scale": [1.0, 3.0]}, {"loc": [1.5, 1.0], "scale": [2.0, 0.5]}),
    "LogNormal": ({"loc": [0.5, 2.0], "scale": [1.0, 3.0]}, {"loc": [1.5, 1.0], "scale": [2.0, 0.5]}),
    "Poisson": ({"rate": [0.5, 2.0]}, {"rate": [[1.5], [1.0]]}),
    "Uniform": ({"low": [0.1, 0.2], "high": [1.0, 0.8]}, {"low": [0.0, 0.4], "high": [2.0, 1.5]}),
    "Cauchy": ({"loc": [0.5, 2.0], "scale": [1.0, 3.0]}, {"loc": [1.5, 1.0], "scale": [2.0, 0.5]}),
}
OURS = mt.distributions.kl._REGISTRY
PAIRS = sorted({(p, q) for p in ONE for q in ONE if p == q} | {
    (p.__name__, q.__name__) for p, q in OURS if p.__name__ in ONE and q.__name__ in ONE
})  # fmt: skip


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_divergences(p: str, q: str) -> None:
    found = []
    for library in (mt, torch):
        (first, a), (second, b) = make(library, p, ONE[p][0], grad=True), make(library, q, ONE[q][1], grad=True)
        kl = library.distributions.kl_divergence(first, second)
        finite = kl[kl.isfinite()]
        leaves = a + b
        grads = library.autograd.grad(finite.sum(), leaves, allow_unused=True) if finite.requires_grad else ()
        found.append((kl, *(g if g is not None else library.zeros(1) for g in grads)))
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, 1e-8, 1e-9)


def test_divergences_that_nobody_registered() -> None:
    d = mt.distributions
    with pytest.raises(NotImplementedError, match=r"No KL\(p \|\| q\) is implemented for p type Cauchy"):
        d.kl_divergence(d.Cauchy(0.0, 1.0), d.Normal(0.0, 1.0))
    with pytest.raises(TypeError, match="Expected type_p to be a Distribution subclass"):
        d.register_kl(int, d.Normal)

    class Mine(d.Normal):
        pass

    assert d.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)) == 0
    d.register_kl(Mine, d.Normal)(lambda p, q: "mine")
    assert d.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)) == "mine"
    d.register_kl(d.Normal, Mine)(lambda p, q: "other")
    with pytest.warns(RuntimeWarning, match="Ambiguous kl_divergence"):
        d.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0))
    del OURS[Mine, d.Normal], OURS[d.Normal, Mine]


# -- mixtures --------------------------------------------------------------------------------------------------------


def mixture(L: Any, kind: str, grad: bool = False) -> tuple[Any, list]:
    d, generator = L.distributions, np.random.default_rng(4)

    def leaf(*shape: int, low: float = -1.0) -> Any:
        return L.tensor(generator.uniform(low, 1.5, shape), requires_grad=grad)

    shapes: dict[str, tuple] = {"one": ((3,), (3,)), "batch": ((2, 3), (2, 3)), "shared": ((1, 3), (2, 3))}
    weights, batch = shapes.get(kind, ((2, 3), (2, 3)))
    leaves = [
        leaf(*weights),
        leaf(*batch, *(2,) * (kind == "vectors")),
        leaf(*batch, *(2,) * (kind == "vectors"), low=0.3),
    ]
    if kind == "counts":
        parts = d.Poisson(leaves.pop())
        leaves.pop()
        leaves.append(parts.rate)
    else:
        parts = d.Normal(*leaves[1:])
    parts = d.Independent(parts, 1) if kind == "vectors" else parts
    return d.MixtureSameFamily(d.Categorical(logits=leaves[0]), parts), leaves


@pytest.mark.parametrize("kind", ["one", "batch", "shared", "vectors", "counts"])
def test_mixtures(kind: str) -> None:
    found = []
    for L in (mt, torch):
        made, leaves = mixture(L, kind, grad=True)
        value = seeded(lambda made=made: made.sample((4,)))
        values = [value, made.sample(), made.mean, made.variance, made.log_prob(value)]
        values += [made.cdf(value)] if kind not in ("vectors", "counts") else []
        values += L.autograd.grad(values[4].cos().sum() + made.variance.sum(), leaves)
        wide = made.expand((5, *made.batch_shape)) if kind != "shared" else made
        values.append(wide.log_prob(value[0]))
        said = [str(made), repr(made.support), str(made.batch_shape), str(made.event_shape), str(wide.batch_shape)]
        found.append((values, [text.replace("minitorch.", "torch.") for text in said]))
    assert found[0][1] == found[1][1]
    for ours, theirs in zip(found[0][0], found[1][0], strict=True):
        close(ours, theirs, 1e-8, 1e-10)


@pytest.mark.parametrize(
    "call",
    [
        lambda d, one: d.MixtureSameFamily(d.Normal(one(2), one(2)), d.Normal(one(2), one(2))),
        lambda d, one: d.MixtureSameFamily(d.Categorical(one(2)), 3),
        lambda d, one: d.MixtureSameFamily(d.Categorical(one(2)), d.Normal(one(3), one(3))),
        lambda d, one: d.MixtureSameFamily(d.Categorical(one(2, 3)), d.Normal(one(4, 3), one(4, 3))),
        lambda d, one: d.LowRankMultivariateNormal(one(()), one(2, 1), one(2)),
        lambda d, one: d.LowRankMultivariateNormal(one(2), one(2), one(2)),
        lambda d, one: d.LowRankMultivariateNormal(one(2), one(3, 1), one(2)),
        lambda d, one: d.LowRankMultivariateNormal(one(2), one(2, 1), one(3)),
        lambda d, one: d.LowRankMultivariateNormal(one(3, 2), one(2, 2, 1), one(2)),
        lambda d, one: d.NegativeBinomial(3.0, probs=one(2)),
    ],
)
def test_mixtures_and_others_are_checked(call: Any) -> None:
    raised = []
    for L in (torch, mt):
        with pytest.raises(ValueError, match=".") as error:
            call(L.distributions, L.ones)
        raised.append(str(error.value))
    assert raised[0] == raised[1]


def test_low_rank_matrices() -> None:
    ours, theirs = both(
        "LowRankMultivariateNormal", MADE[[name for name, _ in MADE].index("LowRankMultivariateNormal")][1]
    )
    for name in ("scale_tril", "covariance_matrix", "precision_matrix"):
        close(getattr(ours, name), getattr(theirs, name))


# -- transforms, Independent ------------------------------------------------------------------------------------------

TRANSFORMS = [
    ("ExpTransform", (), -2, 2), ("SigmoidTransform", (), -2, 2), ("TanhTransform", (), -2, 2),
    ("SoftplusTransform", (), -2, 2), ("AffineTransform", (0.5, -2.0), -2, 2), ("PowerTransform", (1.7,), 0.1, 2),
    ("StickBreakingTransform", (), -2, 2), ("AbsTransform", (), 0.1, 2), ("SoftmaxTransform", (), -2, 2),
]  # fmt: skip


def test_transforms_of_several_parts() -> None:
    value = np.random.default_rng(3).uniform(0.1, 0.9, (4, 6))
    found = []
    for L in (mt, torch):
        d = L.distributions
        several = [
            d.CatTransform([d.ExpTransform(), d.SigmoidTransform(), d.identity_transform], dim=1, lengths=[1, 3, 2]),
            d.CatTransform([d.CorrCholeskyTransform().inv, d.ExpTransform()][1:], dim=0, lengths=[4], cache_size=1),
            d.CatTransform([d.AffineTransform(1.0, 2.0, event_dim=1), d.ExpTransform()], dim=-1, lengths=[2, 4]),
            d.StackTransform([d.ExpTransform(), d.TanhTransform()] * 2),
            d.StackTransform([d.StickBreakingTransform()] * 0 + [d.SoftplusTransform()] * 6, dim=-1),
            d.ReshapeTransform((6,), (2, 3)),
            d.CorrCholeskyTransform(),
            d.CumulativeDistributionTransform(d.Normal(0.3, 2.0)),
        ]
        results: list = []
        for t in several:
            x = L.tensor(value, requires_grad=True)
            y = t(x)
            log = t.log_abs_det_jacobian(x, y)
            grads = L.autograd.grad((y * y).sum() + (log * log).sum(), [x])
            shapes = tuple(t.forward_shape(L.Size((4, 6)))), tuple(t.inverse_shape(L.Size(y.shape)))
            results.append((y, log, t.inv(y), *grads, shapes, t.bijective, t.domain.event_dim, repr(t)))
            assert t.with_cache(1).with_cache(1)(x).shape == y.shape
        for registry in (d.biject_to, d.transform_to):
            for c in (d.constraints.corr_cholesky, d.constraints.cat([d.constraints.positive] * 2, 1, [2, 4]),
                      d.constraints.stack([d.constraints.unit_interval] * 4)):  # fmt: skip
                x = L.tensor(value)
                y = registry(c)(x)
                results.append((y, registry(c).inv(y), c.check(y).sum().double()))
        found.append(results)
    for ours, theirs in zip(*found, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            if isinstance(a, mt.Tensor):
                close(a, b, 1e-9, 1e-10)
            else:
                assert a == b


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda d: d.ReshapeTransform((2, 3), (5,)), ValueError, "different numbers of elements"),
        (lambda d: d.ReshapeTransform((2, 3), (6,)).forward_shape((4, 5)), ValueError, "Shape mismatch"),
        (lambda d: d.CorrCholeskyTransform().forward_shape((4,)), ValueError, "not a flattened lower-diagonal number"),
        (lambda d: d.CorrCholeskyTransform().inverse_shape((4, 3)), ValueError, "not square"),
        (lambda d: d.CatTransform([3]), AssertionError, "must be Transform instances"),
        (lambda d: d.CatTransform([d.ExpTransform()], lengths=[1, 2]), AssertionError, "must match transforms"),
        (lambda d: d.StackTransform([d.ExpTransform()])(mt.ones(3)), AssertionError, "must equal length"),
        (lambda d: d.LKJCholesky(1), ValueError, "greater than or equal to 2"),
        (lambda d: d.Wishart(1.0, mt.eye(3)), ValueError, "expected to be greater than ndim - 1"),
        (lambda d: d.Wishart(4.0, mt.eye(3), mt.eye(3)), AssertionError, "Exactly one"),
        (lambda d: d.ContinuousBernoulli(mt.tensor([1.5]), validate_args=True), ValueError, "invalid values"),
        (lambda d: d.FisherSnedecor(-1.0, 2.0), ValueError, "satisfy the constraint"),
    ],
)
def test_errors_of_rarer_distributions_and_transforms(make: Any, kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        make(mt.distributions)


@pytest.mark.parametrize(("name", "arguments", "low", "high"), TRANSFORMS)
def test_transforms(name: str, arguments: tuple, low: float, high: float) -> None:
    value = np.random.default_rng(3).uniform(low, high, (4, 3))
    found = []
    for library in (mt, torch):
        t = getattr(library.distributions, name)(*arguments)
        x = library.tensor(value, requires_grad=True)
        y = t(x)
        log = t.log_abs_det_jacobian(x, y) if t.bijective else y
        total = (log * log).sum() + (y * y).sum()
        shapes = t.forward_shape((4, 3)), t.inverse_shape(tuple(y.shape)), t.bijective
        found.append((y, t.inv(y), log, *library.autograd.grad(total, [x]), shapes, repr(t), repr(t.inv)))
        assert t == getattr(library.distributions, name)(*arguments) and t.inv.inv is t
        if t.bijective:
            np.testing.assert_allclose(t.inv(y).detach().numpy(), value, rtol=1e-6)
    for ours, theirs in zip(found[0][:4], found[1][:4], strict=True):
        close(ours, theirs, 1e-9, 1e-10)
    assert [tuple(s) if not isinstance(s, bool) else s for s in found[0][4]] == [
        tuple(s) if not isinstance(s, bool) else s for s in found[1][4]
    ]
    assert found[0][5:] == found[1][5:]


def test_transformed_distributions() -> None:
    """A squashed normal, as in soft actor-critic, and a logistic distribution."""
    found = []
    for library in (mt, torch):
        d = library.distributions
        loc = library.tensor([[0.1, -0.4], [1.0, 0.2], [0.0, 0.5]], dtype=library.float64, requires_grad=True)
        squashed = d.TransformedDistribution(
            d.Independent(d.Normal(loc, 0.5), 1),
            [d.TanhTransform(cache_size=1), d.AffineTransform(1.0, 2.0, event_dim=1)],
        )
        action = seeded(lambda squashed=squashed: squashed.rsample((5,)))
        score = squashed.log_prob(action)
        logistic = d.TransformedDistribution(
            d.Uniform(library.zeros(2), library.ones(2)), [d.SigmoidTransform().inv, d.AffineTransform(0.5, -2.0)]
        )
        x = library.tensor([0.3, -1.0])
        found.append(
            (action, score, *library.autograd.grad(score.sum() + action.sum(), [loc]), logistic.cdf(x),
             logistic.icdf(library.tensor([0.2, 0.9])), logistic.log_prob(x))
        )  # fmt: skip
        assert repr(squashed) == "TransformedDistribution()"
        assert repr(squashed.support) == "IndependentConstraint(Real(), 1)"
        assert (tuple(squashed.batch_shape), tuple(squashed.event_shape)) == ((3,), (2,))
        assert tuple(squashed.expand((4, 3)).sample().shape) == (4, 3, 2)
        with pytest.raises(ValueError, match="transforms must be a Transform or list"):
            d.TransformedDistribution(d.Normal(0.0, 1.0), 3)
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, 1e-6, 1e-7)


def test_independent() -> None:
    found = []
    for library in (mt, torch):
        d = library.distributions
        base = d.Normal(library.zeros(2, 3, 4), library.ones(2, 3, 4))
        made = d.Independent(base, 2)
        x = seeded(lambda made=made: made.sample((5,)))
        found.append((x, made.log_prob(x), made.entropy(), made.mean, made.variance))
        texts = repr(made), repr(made.support), tuple(made.batch_shape), tuple(made.event_shape)
        assert texts == (
            "Independent(Normal(loc: torch.Size([2, 3, 4]), scale: torch.Size([2, 3, 4])), 2)",
            "IndependentConstraint(Real(), 2)", (2,), (3, 4),
        )  # fmt: skip
        assert tuple(made.expand((7, 2)).sample().shape) == (7, 2, 3, 4)
        assert float(d.kl_divergence(made, made).sum()) == 0
        with pytest.raises(ValueError, match="Expected reinterpreted_batch_ndims"):
            d.Independent(base, 4)
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, 2e-5, 1e-5)


CONSTRAINTS = ["positive", "unit_interval", "real", "simplex", "real_vector", "nonnegative", "lower_cholesky",
               "positive_definite"]  # fmt: skip


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_and_their_transforms(name: str) -> None:
    value = np.random.default_rng(4).normal(size=(3, 3)).astype("float64")
    for registry in ("transform_to", "biject_to"):
        found = []
        for library in (mt, torch):
            d = library.distributions
            constraint = getattr(d.constraints, name)
            inside = constraint.check(library.tensor(value))
            made = attempt(lambda d=d, c=constraint, r=registry: getattr(d, r)(c))
            y = made if isinstance(made, type) else made(library.tensor(value))
            found.append((inside, y, repr(constraint)))
            if not isinstance(made, type):
                assert constraint.check(y).all()
        close(found[0][0], found[1][0])
        assert found[0][2] == found[1][2]
        assert (found[0][1] is found[1][1]) if isinstance(found[0][1], type) else close(*(f[1] for f in found)) is None


BOUNDS = [("interval", (-1.0, 2.0)), ("greater_than", (0.5,)), ("less_than", (0.5,)), ("integer_interval", (0, 3)),
          ("half_open_interval", (0.0, 1.0)), ("multinomial", (3,)), ("greater_than_eq", (0.5,))]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), BOUNDS)
def test_bounded_constraints(name: str, arguments: tuple) -> None:
    value = np.array([[-1.0, 0.0], [0.5, 1.0], [2.0, 3.0], [4.0, np.nan]])
    ours, theirs = (getattr(d.constraints, name)(*arguments) for d in (mt.distributions, torch.distributions))
    close(ours.check(mt.tensor(value)), theirs.check(torch.tensor(value)))
    assert repr(ours) == repr(theirs)
    assert (ours.is_discrete, ours.event_dim) == (theirs.is_discrete, theirs.event_dim)


# -- subclasses, scripts ----------------------------------------------------------------------------------------------


def test_a_subclass_with_its_own_constructor_must_expand_itself() -> None:
    class Shifted(mt.distributions.Normal):
        def __init__(self, shift: Any) -> None:
            super().__init__(shift, 1.0)

    with pytest.raises(NotImplementedError, match="must also define a custom .expand"):
        Shifted(mt.zeros(2)).expand((3, 2))


def test_a_distribution_of_ones_own() -> None:
    class Silent(mt.distributions.Distribution):
        pass

    with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
        silent = Silent((2,))
    with pytest.warns(UserWarning, match="does not define `support`"):
        silent._validate_sample(mt.zeros(2))
    with pytest.raises(NotImplementedError, match="does not implement mode"):
        silent.mode  # noqa: B018
    with pytest.warns(FutureWarning, match="sample_n"), pytest.raises(NotImplementedError):
        silent.sample_n(2)


def test_policy_gradient() -> None:
    """The loss of REINFORCE has torch's gradient."""
    found = []
    for library in (mt, torch):
        logits = library.tensor(ROWS["l"], requires_grad=True)
        policy = library.distributions.Categorical(logits=logits)
        action = seeded(lambda policy=policy: policy.sample())
        loss = -(policy.log_prob(action) * library.tensor([1.0, -0.5])).sum() - 0.01 * policy.entropy().mean()
        loss.backward()
        found.append((action, loss, logits.grad))
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, 1e-5, 1e-6)
