"""The Dirichlet distribution: random probability vectors."""

from __future__ import annotations

from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.utils import where
from minitorch.nn.functional import one_hot
from minitorch.tensor.random_gamma import sample_dirichlet

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """The density on the simplex proportional to the product of x_k**(a_k - 1), a the concentration.

    >>> import minitorch as mt
    >>> mt.distributions.Dirichlet(mt.tensor([1.0, 3.0])).mean
    tensor([0.2500, 0.7500])

    rsample's gradient is exact here; torch's has about three digits.
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    parameters = {"concentration": 1}

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        a = self.concentration
        return (a - 1.0).xlogy(value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    @property
    def mean(self) -> Any:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Any:
        """(a - 1) normalized where some a > 1; where all are below 1, a corner of the simplex."""
        above = (self.concentration - 1).clamp(min=0.0)
        shares = above / above.sum(-1, True)
        corner = one_hot(shares.argmax(dim=-1), self._event_shape[0]).to(shares.dtype)
        return where((self.concentration < 1).all(dim=-1, keepdim=True), corner, shares)

    @property
    def variance(self) -> Any:
        a = self.concentration
        total = a.sum(-1, True)
        return a * (total - a) / (total.pow(2) * (total + 1))

    def entropy(self) -> Any:
        a, k = self.concentration, self._event_shape[0]
        total = a.sum(-1)
        bends = (k - total) * total.digamma() + ((a - 1.0) * a.digamma()).sum(-1)
        return a.lgamma().sum(-1) - total.lgamma() - bends

    @property
    def _natural_params(self) -> tuple:
        return (self.concentration,)

    def _log_normalizer(self, x: Any) -> Any:
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
