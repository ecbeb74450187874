"""The Bernoulli distribution: one toss of a coin."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.distributions import constraints
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.parametrized import Chances
from minitorch.distributions.utils import arange, broadcast_all, like, where
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.tensor.size import Size

__all__ = ["Bernoulli"]


class Bernoulli(Chances, ExponentialFamily):
    """1 with probability `probs`, else 0; or given by `logits`, log(p / (1 - p)).

    >>> import minitorch as mt
    >>> mt.distributions.Bernoulli(mt.tensor([0.25])).log_prob(mt.tensor([1.0]))
    tensor([-1.3863])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    parameters = {"probs": 0, "logits": 0}
    settings = ("_given",)
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self._param.size(), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return where(self.probs == 0.5, math.nan, (self.probs >= 0.5).to(self.probs.dtype))

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self.probs.expand(self._extended_shape(sample_shape)).bernoulli()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Any:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Any:
        return enumerated(arange(2, **like(self._param)), self._batch_shape, expand)

    @property
    def _natural_params(self) -> tuple:
        return (self.probs.logit(),)

    def _log_normalizer(self, x: Any) -> Any:
        return x.exp().log1p()


def enumerated(values: Any, batch_shape: Size, expand: bool) -> Any:
    """A list of values along dim 0, ones (or, expanded, the batch) behind."""
    values = values.view((-1,) + (1,) * len(batch_shape))
    return values.expand((-1, *batch_shape)) if expand else values
