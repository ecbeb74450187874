"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.utils import broadcast_all, lazy_property, logits_to_probs, one_of, probs_to_logits
from minitorch.nn.functional import logsigmoid
from minitorch.tensor.random import poisson
from minitorch.tensor.size import Size

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Distribution):
    """The number of successes, of probability `probs` (or log-odds `logits`), before `total_count` failures.

    >>> import minitorch as mt
    >>> mt.distributions.NegativeBinomial(4.0, mt.tensor([0.5])).mean
    tensor([4.])
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    parameters = {"total_count": 0, "probs": 0, "logits": 0}
    settings = ("_given",)

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._given = one_of(probs, logits)
        count, self.__dict__[self._given] = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = count.to(self._param.dtype)
        super().__init__(self._param.size(), validate_args=validate_args)

    @property
    def _param(self) -> Any:
        return self.__dict__[self._given]

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._param.size()

    @lazy_property
    def logits(self) -> Any:
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Any:
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def mean(self) -> Any:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Any:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():  # a total_count of 0 is no gamma's parameter, but gives 0: unchecked
            rates = Gamma(self.total_count, (-self.logits).exp(), validate_args=False).sample(sample_shape)
            return poisson(rates)

    def log_prob(self, value: Any) -> Any:
        """log C(k + n - 1, k) + n log(1 - p) + k log p; 0 at k = n = 0, where the gamma function has its pole."""
        self._check(value)
        n = self.total_count
        ways = (1.0 + value).lgamma() + n.lgamma() - (n + value).lgamma()
        weight = n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        return weight - ways.masked_fill(n + value == 0.0, 0.0)
