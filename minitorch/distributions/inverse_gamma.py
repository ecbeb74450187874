"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.parametrized import part
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.transforms import PowerTransform
from minitorch.distributions.utils import where

__all__ = ["InverseGamma"]


class InverseGamma(TransformedDistribution):
    """1 / x with x drawn from Gamma(concentration, rate).

    >>> import minitorch as mt
    >>> mt.distributions.InverseGamma(3.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive  # type: ignore[assignment]
    has_rsample = True  # type: ignore[assignment]
    concentration = part("base_dist.concentration", "The concentration of the gamma distribution.")
    rate = part("base_dist.rate", "The rate of the gamma distribution.")

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(-base.rate.new_ones(())), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(InverseGamma, _instance))

    @property
    def mean(self) -> Any:
        return where(self.concentration > 1, self.rate / (self.concentration - 1), math.inf)

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        a = self.concentration
        return where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Any:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
