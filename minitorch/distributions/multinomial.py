"""The multinomial distribution."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.binomial import Binomial
from minitorch.distributions.categorical import OfClasses
from minitorch.distributions.utils import broadcast_all, where
from minitorch.tensor.convert import tensor
from minitorch.tensor.creation import ones_like, zeros
from minitorch.tensor.size import Size

__all__ = ["Multinomial"]


class Multinomial(OfClasses):
    """How often each of K classes comes in `total_count` draws.

    >>> import minitorch as mt
    >>> mt.distributions.Multinomial(4, mt.tensor([1.0, 3.0])).mean
    tensor([1., 3.])
    """

    parameters = {"_categorical": 0}
    settings = ("total_count",)

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        super().__init__(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        drawn = self._categorical.sample(Size((self.total_count,)) + Size(sample_shape)).movedim(0, -1)
        counts = zeros(self._extended_shape(sample_shape), dtype=drawn.dtype, device=drawn.device)
        return counts.scatter_add_(-1, drawn, ones_like(drawn)).to(self.probs.dtype)

    def entropy(self) -> Any:
        """n H(probs) - log n! + the sum over classes of E[log X_k!], X_k binomial."""
        n = tensor(self.total_count)
        one_class = Binomial(self.total_count, probs=self.probs)
        counts = one_class.enumerate_support(expand=False)[1:]
        expected = (one_class.log_prob(counts).exp() * (counts + 1).lgamma()).sum([0, -1])
        return n * self._categorical.entropy() - (n + 1).lgamma() + expected

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        logits = where((value == 0) & (logits == -math.inf), 0.0, logits)  # 0 * -inf is to be 0
        return (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1) + (logits * value).sum(-1)
