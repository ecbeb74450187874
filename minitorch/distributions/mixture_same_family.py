"""Mixtures of distributions of one kind."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.categorical import Categorical
from minitorch.distributions.distribution import Distribution
from minitorch.tensor.size import Size

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """Draw k from the Categorical `mixture_distribution`, then a value from component k, the last batch dim of
    `component_distribution`.

    log_prob(x) = log sum_k p_k exp(log_prob_k(x)); samples carry no gradient.

    >>> import minitorch as mt
    >>> d = mt.distributions
    >>> parts = d.Normal(mt.tensor([-1.0, 1.0]), mt.ones(2))
    >>> d.MixtureSameFamily(d.Categorical(mt.tensor([0.25, 0.75])), parts).mean
    tensor(0.5000)
    """

    arg_constraints: dict[str, Any] = {}  # type: ignore[assignment]

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any, validate_args: bool | None = None
    ) -> None:
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(  # noqa: TRY004 - as torch
                " The Mixture distribution needs to be an  instance of torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(  # noqa: TRY004 - as torch
                "The Component distribution needs to be an instance of torch.distributions.Distribution"
            )
        weights, batch = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        if any(1 not in (i, j) and i != j for i, j in zip(reversed(weights), reversed(batch), strict=False)):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({weights}) is not "
                f"compatible with `component_distribution.batch_shape`({batch})"
            )
        components = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if components[0] != components[1]:
            raise ValueError(
                f"`mixture_distribution component` ({components[0]}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components[1]})"
            )
        self._num_component = components[0]
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(batch, component_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        batch_shape = Size(batch_shape)
        new._component_distribution = self._component_distribution.expand(batch_shape + (self._num_component,))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        new._num_component, new._event_ndims = self._num_component, self._event_ndims
        return self._finish_expanded(new, batch_shape)

    @constraints.dependent_property
    def support(self) -> Any:
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Any:
        """Of the number of the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """The components."""
        return self._component_distribution

    def _average(self, x: Any) -> Any:
        """The sum over components, weighted with their probabilities, of x of shape [batch, k, event]."""
        probs = self._mixture_distribution.probs
        missing = len(self._batch_shape) - len(self._mixture_distribution.batch_shape) if probs.dim() > 2 else 0
        shape = probs.shape[:-1] + (1,) * missing + probs.shape[-1:] + (1,) * self._event_ndims
        return (probs.reshape(shape) * x).sum(-1 - self._event_ndims)

    def _pad(self, x: Any) -> Any:
        return x.unsqueeze(-1 - self._event_ndims)

    @property
    def mean(self) -> Any:
        return self._average(self._component_distribution.mean)

    @property
    def variance(self) -> Any:
        # the mean of the components' variances, and the variance of their means
        parts = self._component_distribution
        return self._average(parts.variance) + self._average((parts.mean - self._pad(self.mean)).pow(2))

    def cdf(self, x: Any) -> Any:
        return (self._component_distribution.cdf(self._pad(x)) * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Any) -> Any:
        self._check(x)
        log_prob = self._component_distribution.log_prob(self._pad(x))
        return (log_prob + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            dim = len(sample_shape) + len(self._batch_shape)
            chosen = chosen.reshape(chosen.shape + (1,) * (self._event_ndims + 1))
            return drawn.gather(dim, chosen.expand(chosen.shape[: dim + 1] + self._event_shape)).squeeze(dim)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
