"""`kl_divergence(p, q)`, the expectation of log p - log q under p: closed forms, found by the pair of classes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from minitorch.autograd.api import grad
from minitorch.distributions.bernoulli import Bernoulli
from minitorch.distributions.beta import Beta
from minitorch.distributions.binomial import Binomial
from minitorch.distributions.categorical import Categorical
from minitorch.distributions.cauchy import Cauchy
from minitorch.distributions.continuous_bernoulli import ContinuousBernoulli
from minitorch.distributions.dirichlet import Dirichlet
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.exponential import Exponential
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.geometric import Geometric
from minitorch.distributions.gumbel import Gumbel
from minitorch.distributions.half_normal import HalfNormal
from minitorch.distributions.independent import Independent
from minitorch.distributions.laplace import Laplace
from minitorch.distributions.multivariate_normal import MultivariateNormal, mahalanobis
from minitorch.distributions.normal import Normal
from minitorch.distributions.one_hot_categorical import OneHotCategorical
from minitorch.distributions.poisson import Poisson
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.uniform import Uniform
from minitorch.distributions.utils import euler_constant, sum_rightmost, where
from minitorch.nn.functional import softplus
from minitorch.tensor.creation import full_like
from minitorch.tensor.solving import solve_triangular

__all__ = ["kl_divergence", "register_kl"]

_REGISTRY: dict[tuple[type, type], Callable] = {}
_FOUND: dict[tuple[type, type], Callable | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Callable], Callable]:
    """Decorator: the function computes kl_divergence(p, q) for these classes and their subclasses."""
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {kind}")

    def register(fn: Callable) -> Callable:
        _REGISTRY[type_p, type_q] = fn
        _FOUND.clear()
        return fn

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """KL(p || q), the sum (or integral) of p log(p / q); of the shape of the batch.

    >>> import minitorch as mt
    >>> d = mt.distributions
    >>> d.kl_divergence(d.Normal(0.0, 1.0), d.Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    if pair not in _FOUND:
        _FOUND[pair] = _search(*pair)
    found = _FOUND[pair]
    if found is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {pair[0].__name__} and q type {pair[1].__name__}"
        )
    return found(p, q)


def _search(type_p: type, type_q: type) -> Callable | None:
    """The registered pair nearest in the order of bases, whether p's or q's class is looked at first."""
    near_p, near_q = type_p.__mro__, type_q.__mro__
    fitting = [(p, q) for p, q in _REGISTRY if p in near_p and q in near_q]
    if not fitting:
        return None
    p_first = min(fitting, key=lambda pair: (near_p.index(pair[0]), near_q.index(pair[1])))
    q_first = min(fitting, key=lambda pair: (near_q.index(pair[1]), near_p.index(pair[0])))
    if _REGISTRY[p_first] is not _REGISTRY[q_first]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({p_first[0].__name__}, {q_first[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _REGISTRY[p_first]


# -- pairs of one kind -----------------------------------------------------------------------------------------------


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = where(p.probs == 0, 0.0, where(q.probs == 0, math.inf, ones))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return ones + where(p.probs == 1, 0.0, where(q.probs == 1, math.inf, zeros))


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    constants = c.lgamma() + d.lgamma() + (a + b).lgamma() - (a.lgamma() + b.lgamma() + (c + d).lgamma())
    return constants + (a - c) * a.digamma() + (b - d) * b.digamma() + (c + d - a - b) * (a + b).digamma()


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return where(p.total_count > q.total_count, math.inf, p.total_count * each)


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    return where(p.probs == 0, 0.0, where(q.probs == 0, math.inf, terms)).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    constants = total.lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return constants + ((a - b) * (a.digamma() - total.digamma().unsqueeze(-1))).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: Any, q: Any) -> Any:
    """F(theta_q) - F(theta_p) - <theta_q - theta_p, dF/dtheta_p>, a Bregman divergence."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using "
            "Bregman divergences"
        )
    of_p = [t.detach().requires_grad_() for t in p._natural_params]
    of_q = q._natural_params
    normalizer = p._log_normalizer(*of_p)
    result = q._log_normalizer(*of_q) - normalizer
    slopes = grad(normalizer.sum(), of_p, create_graph=True)
    for a, b, slope in zip(of_p, of_q, slopes, strict=True):
        result = result - sum_rightmost((b - a) * slope, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    constants = b * (p.rate / q.rate).log() + b.lgamma() - a.lgamma()
    return constants + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    away = (p.loc - q.loc) / q.scale
    tail = ((1 + ratio).lgamma() - away).exp()
    return -ratio.log() + away + ratio * euler_constant + tail - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * (-away / p.scale).exp() - 1


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed"
        )
    volume = q._half_log_det() - p._half_log_det()
    ratio = solve_triangular(q._unbroadcasted_scale_tril, p._unbroadcasted_scale_tril, upper=False)
    distance = mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return volume + 0.5 * (ratio.pow(2).sum((-2, -1)) + distance - p.event_shape[0])


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    ratio = ((q.high - q.low) / (p.high - p.low)).log()
    return where((q.low > p.low) | (q.high < p.high), math.inf, ratio)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# -- pairs of two kinds ----------------------------------------------------------------------------------------------


def _never(parameter: str) -> Callable:
    """p has draws that q never has: infinite."""
    return lambda p, q: full_like(getattr(p, parameter), math.inf)


for _p, _parameter, _others in (
    (Exponential, "rate", (Beta, ContinuousBernoulli, Uniform)),
    (Gamma, "concentration", (Beta, ContinuousBernoulli, Uniform)),
    (Gumbel, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Uniform)),
    (Laplace, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Uniform)),
    (Normal, "loc", (Beta, ContinuousBernoulli, Exponential, Gamma, Uniform)),
    (Poisson, "rate", (Bernoulli, Binomial)),
):
    for _q in _others:
        register_kl(_p, _q)(_never(_parameter))


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Normal, Laplace)
def _normal_laplace(p: Any, q: Any) -> Any:
    """-H(p) + log(2 b) + E|x - loc| / b; E|x - loc| is the mean of a folded normal number."""
    away = p.loc - q.loc
    folded = math.sqrt(2 / math.pi) * p.scale * (-0.5 * (away / p.scale).pow(2)).exp()
    folded = folded + away * (away / p.scale * math.sqrt(0.5)).erf()
    return -(p.scale / q.scale).log() + folded / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


@register_kl(Laplace, Normal)
def _laplace_normal(p: Any, q: Any) -> Any:
    ratio = p.scale.pow(2) / q.scale.pow(2)
    away = 0.5 * ((p.loc - q.loc) / q.scale).pow(2)
    return -0.5 * (2 * ratio / math.pi).log() + ratio + away - 1


@register_kl(Uniform, Normal)
def _uniform_normal(p: Any, q: Any) -> Any:
    """-log(width) + log(scale sqrt(2 pi)) + E[(x - loc)**2] / (2 scale**2)."""
    width = p.high - p.low
    squares = width.pow(2) / 12 + ((p.high + p.low) / 2 - q.loc).pow(2)
    return (math.sqrt(2 * math.pi) * q.scale / width).log() + 0.5 * squares / q.scale.pow(2)


@register_kl(Exponential, Normal)
def _exponential_normal(p: Any, q: Any) -> Any:
    """-H(p) + log(scale sqrt(2 pi)) + E[(x - loc)**2] / (2 scale**2), with mean 1/r and mean square 2/r**2."""
    squares = 2 / p.rate.pow(2) - 2 * q.loc / p.rate + q.loc.pow(2)
    return p.rate.log() - 1 + (q.scale * math.sqrt(2 * math.pi)).log() + 0.5 * squares / q.scale.pow(2)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p: Any, q: Any) -> Any:
    """-H(p) - E[log q]; E[log x] = -log(rate) - Euler's constant."""
    a, ratio = q.concentration, q.rate / p.rate
    return ratio - a * ratio.log() + a.lgamma() + a * euler_constant - (1 + euler_constant)


@register_kl(Gamma, Exponential)
def _gamma_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Normal)
def _gamma_normal(p: Any, q: Any) -> Any:
    a, rate = p.concentration, p.rate
    squares = (a + a.pow(2)) / rate.pow(2) - 2 * q.loc * a / rate + q.loc.pow(2)
    return -p.entropy() + (q.scale * math.sqrt(2 * math.pi)).log() + 0.5 * squares / q.scale.pow(2)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    constants = p._log_norm() + (-p.probs).log1p() - q._log_norm() - (-q.probs).log1p()
    return p.mean * (p.logits - q.logits) + constants


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p: Any, q: Any) -> Any:
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._log_norm()


@register_kl(ContinuousBernoulli, Normal)
@register_kl(Beta, Normal)
def _beta_normal(p: Any, q: Any) -> Any:
    squares = p.variance + (p.mean - q.loc).pow(2)
    return -p.entropy() + (q.scale * math.sqrt(2 * math.pi)).log() + 0.5 * squares / q.scale.pow(2)


@register_kl(Beta, Uniform)
def _beta_uniform(p: Any, q: Any) -> Any:
    outside = (q.high < 1) | (q.low > 0)
    return where(outside, math.inf, -p.entropy() + (q.high - q.low).log())


@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Beta, Exponential)
def _beta_exponential(p: Any, q: Any) -> Any:
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration1, p.concentration0
    log_x = a.digamma() - (a + b).digamma()
    constants = q.concentration.lgamma() - q.concentration * q.rate.log()
    return -p.entropy() + constants - (q.concentration - 1) * log_x + q.rate * p.mean


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Any, q: Any) -> Any:
    inside = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
    return where(p.low < 0, math.inf, inside)


@register_kl(Normal, Gumbel)
def _normal_gumbel(p: Any, q: Any) -> Any:
    """-H(p) + log(scale) + E[y + e**-y], y = (x - loc) / scale, normal with a mean and a variance."""
    mean, variance = (p.loc - q.loc) / q.scale, (p.scale / q.scale).pow(2)
    return -0.5 * variance.log() + mean + (0.5 * variance - mean).exp() - 0.5 * (1 + math.log(2 * math.pi))
