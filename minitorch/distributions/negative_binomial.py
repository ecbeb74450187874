"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.parametrized import Chances
from minitorch.nn.functional import logsigmoid
from minitorch.tensor.random import poisson

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Chances):
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
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.to(self._param.dtype)
        super().__init__(self._param.size(), validate_args=validate_args)

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
