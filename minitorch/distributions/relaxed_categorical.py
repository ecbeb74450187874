"""Differentiable stand-ins for one-hot samples: softmax((logits + Gumbel noise) / temperature).

The Concrete distribution (Maddison et al., 2017), or Gumbel-softmax (Jang et al., 2017).
"""

from __future__ import annotations

from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.categorical import OfClasses
from minitorch.distributions.parametrized import part
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.transforms import ExpTransform
from minitorch.distributions.utils import broadcast_all, clamp_probs, like, rand
from minitorch.tensor.creation import full_like

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(OfClasses):
    """The logarithm of RelaxedOneHotCategorical's samples."""

    support = constraints.real_vector
    has_rsample = True
    parameters = {"_categorical": 0}
    settings = ("temperature",)

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = clamp_probs(rand(self._extended_shape(sample_shape), **like(self.logits)))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        k = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        scale = full_like(self.temperature, float(k)).lgamma() + self.temperature.log() * (k - 1)
        score = logits - value * self.temperature
        return (score - score.logsumexp(dim=-1, keepdim=True)).sum(-1) + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex, nearer to one-hot vectors the lower the temperature."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex  # type: ignore[assignment]
    has_rsample = True  # type: ignore[assignment]
    temperature = part("base_dist.temperature", "How soft the samples are.")
    logits = part("base_dist.logits", "log p.")
    probs = part("base_dist.probs", "The probabilities.")

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(RelaxedOneHotCategorical, _instance))
