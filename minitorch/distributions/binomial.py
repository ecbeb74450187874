"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.bernoulli import enumerated
from minitorch.distributions.parametrized import Chances
from minitorch.distributions.utils import arange, like
from minitorch.tensor.random_gamma import binomial

__all__ = ["Binomial"]


class Binomial(Chances):
    """The number of successes among `total_count` trials of probability `probs` (or of log-odds `logits`).

    >>> import minitorch as mt
    >>> mt.distributions.Binomial(10, mt.tensor([0.5])).mean
    tensor([5.])
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    parameters = {"total_count": 0, "probs": 0, "logits": 0}
    settings = ("_given",)

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.to(self._param.dtype)
        super().__init__(self._param.size(), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Any) -> Any:
        """log C(n, k) + k log p + (n - k) log(1 - p), written with log-odds l as k l - n log(1 + e**l)."""
        self._check(value)
        n, logits = self.total_count, self.logits
        # max(l, 0) with gradient 1/2 at 0, and the rest of log(1 + e**l)
        above = (logits.clamp(min=0) + logits - logits.clamp(max=0)) / 2
        failing = n * above + n * (-logits.abs()).exp().log1p() - (n + 1).lgamma()
        return value * logits - (value + 1).lgamma() - (n - value + 1).lgamma() - failing

    def entropy(self) -> Any:
        self._common_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        count = self._common_count("enumerate_support")
        return enumerated(arange(1 + count, **like(self._param)), self._batch_shape, expand)

    def _common_count(self, method: str) -> int:
        most = int(self.total_count.max())
        if self.total_count.min() != most:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{method}`.")
        return most
