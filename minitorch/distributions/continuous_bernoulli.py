"""The continuous Bernoulli distribution: what a Bernoulli density becomes on all of [0, 1]."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.parametrized import Chances
from minitorch.distributions.utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    like,
    logits_to_probs,
    rand,
    where,
)
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.tensor.creation import ones_like, zeros_like

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Chances, ExponentialFamily):
    """Density proportional to probs**x (1 - probs)**(1 - x) for x in [0, 1]; or given by `logits`, log(p / (1 - p)).

    Between `lims`, near 1/2, where the formulas are 0 / 0, Taylor series stand in (Loaiza-Ganem, Cunningham 2019).

    >>> import minitorch as mt
    >>> mt.distributions.ContinuousBernoulli(mt.tensor([0.5])).mean
    tensor([0.5000])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    parameters = {"probs": 0, "logits": 0}
    settings = ("_given", "_lims")
    _mean_carrier_measure = 0

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits)
        if self._given == "probs":
            # checked before it is clamped, after which it would always pass
            if validate_args is not None and not constraints.unit_interval.check(self._param).all():
                raise ValueError("The parameter probs has invalid values")
            self.probs = clamp_probs(self._param)
        self._lims = lims
        super().__init__(self._param.size(), validate_args=validate_args)

    @lazy_property
    def probs(self) -> Any:
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _cut(self) -> tuple[Any, Any]:
        """Where the formulas hold, and the probabilities with one of the limits where they don't."""
        holds = (self.probs <= self._lims[0]) | (self.probs > self._lims[1])
        return holds, where(holds, self.probs, self._lims[0] * ones_like(self.probs))

    def _log_norm(self) -> Any:
        """The logarithm of 2 artanh(1 - 2p) / (1 - 2p), by which the density is multiplied."""
        holds, p = self._cut()
        low = where(p <= 0.5, p, zeros_like(p))  # each branch sees harmless values where the other is taken
        high = where(p >= 0.5, p, ones_like(p))
        log_norm = ((-p).log1p() - p.log()).abs().log() - where(
            p <= 0.5, (-2.0 * low).log1p(), (2.0 * high - 1.0).log()
        )
        x = (self.probs - 0.5).pow(2)
        return where(holds, log_norm, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Any:
        holds, p = self._cut()
        x = self.probs - 0.5
        taylor = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x
        return where(holds, p / (2.0 * p - 1.0) + 1.0 / ((-p).log1p() - p.log()), taylor)

    @property
    def variance(self) -> Any:
        holds, p = self._cut()
        x = (self.probs - 0.5).pow(2)
        taylor = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x
        exact = p * (p - 1.0) / (1.0 - 2.0 * p).pow(2) + 1.0 / ((-p).log1p() - p.log()).pow(2)
        return where(holds, exact, taylor)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(rand(self._extended_shape(sample_shape), **like(self.probs)))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._log_norm()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        holds, p = self._cut()
        exact = (p.pow(value) * (1.0 - p).pow(1.0 - value) + p - 1.0) / (2.0 * p - 1.0)
        inside = where(holds, exact, value)
        return where(value <= 0.0, zeros_like(value), where(value >= 1.0, ones_like(value), inside))

    def icdf(self, value: Any) -> Any:
        holds, p = self._cut()
        exact = ((-p + value * (2.0 * p - 1.0)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p())
        return where(holds, exact, value)

    def entropy(self) -> Any:
        log0, log1 = (-self.probs).log1p(), self.probs.log()
        return self.mean * (log0 - log1) - self._log_norm() - log0

    @property
    def _natural_params(self) -> tuple:
        return (self.logits,)

    def _log_normalizer(self, x: Any) -> Any:
        low, high = (limit - 0.5 for limit in self._lims)
        holds = (x <= low) | (x > high)
        cut = where(holds, x, low * ones_like(x))
        taylor = 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0
        return where(holds, cut.expm1().abs().log() - cut.abs().log(), taylor)
