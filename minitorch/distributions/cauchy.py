"""The Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.parametrized import LocationScale
from minitorch.distributions.utils import like
from minitorch.tensor.creation import empty, full

__all__ = ["Cauchy"]


class Cauchy(LocationScale):
    """1 / (pi scale (1 + ((x - loc) / scale)**2)): tails so heavy that there is no mean.

    >>> import minitorch as mt
    >>> mt.distributions.Cauchy(0.0, 1.0).cdf(mt.tensor(1.0))
    tensor(0.7500)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    parameters = {"loc": 0, "scale": 0}

    @property
    def mean(self) -> Any:
        return full(self._extended_shape(), math.nan, **like(self.loc))

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return full(self._extended_shape(), math.inf, **like(self.loc))

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = empty(self._extended_shape(sample_shape), **like(self.loc)).cauchy_()
        return self.loc + noise * self.scale

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return -math.log(math.pi) - self.scale.log() - (((value - self.loc) / self.scale) ** 2).log1p()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + self.scale.log()
