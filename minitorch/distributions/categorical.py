"""The categorical distribution: one of K classes."""

from __future__ import annotations

import math
from typing import Any

from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.bernoulli import enumerated
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.parametrized import Chances, part
from minitorch.distributions.utils import arange, broadcast_tensors, like, one_of
from minitorch.tensor.creation import full
from minitorch.tensor.size import Size

__all__ = ["Categorical"]


class Categorical(Chances):
    """An integer below K = probs.shape[-1], k with probability probs[..., k].

    `probs` (any weights >= 0) are normalized to sum 1, `logits` to log-probabilities.

    >>> import minitorch as mt
    >>> mt.distributions.Categorical(mt.tensor([1.0, 3.0])).probs
    tensor([0.2500, 0.7500])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    parameters = {"probs": 1, "logits": 1}
    settings = ("_given", "_num_events")
    _binary = False

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._given = one_of(probs, logits)
        weights = logits if probs is None else probs
        if weights.dim() < 1:
            raise ValueError(f"`{self._given}` parameter must be at least one-dimensional.")
        if probs is None:
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        else:
            self.probs = probs / probs.sum(-1, keepdim=True)
        self._num_events = self._param.size()[-1]
        super().__init__(self._param.size()[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Any:
        """nan: classes are names, not numbers."""
        return full(self._extended_shape(), math.nan, **like(self.probs))

    @property
    def mode(self) -> Any:
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Any:
        return self.mean

    def sample(self, sample_shape: Any = ()) -> Any:
        rows = self.probs.reshape(-1, self._num_events)
        drawn = rows.multinomial(Size(sample_shape).numel(), True).T
        return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        value, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self) -> Any:
        logits = self.logits.clamp(min=dtypes.finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        values = arange(self._num_events, dtype=dtypes.int64, device=self._param.device)
        return enumerated(values, self._batch_shape, expand)


class OfClasses(Distribution):
    """A distribution over the same K classes as the categorical one that it is made of."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    probs = part("_categorical.probs", "The probabilities of the classes.")
    logits = part("_categorical.logits", "Their logarithms.")
    param_shape = part("_categorical.param_shape", "The shape of the parameter that was given.")

    def __init__(self, probs: Any, logits: Any, validate_args: bool | None) -> None:
        self._categorical = Categorical(probs, logits)
        shape = self.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)
