"""The geometric distribution: failures before the first success."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import (
    broadcast_all,
    lazy_property,
    like,
    logits_to_probs,
    one_of,
    probs_to_logits,
    where,
)
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.tensor.creation import empty, zeros_like

__all__ = ["Geometric"]


class Geometric(Distribution):
    """(1 - p)**k p for k = 0, 1, 2, ... (Tensor.geometric_ counts the success too, and starts at 1).

    >>> import minitorch as mt
    >>> mt.distributions.Geometric(0.25).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    parameters = {"probs": 0, "logits": 0}

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = one_of(probs, logits)
        (self.__dict__[given],) = broadcast_all(logits if probs is None else probs)
        super().__init__(self.__dict__[given].size(), validate_args=validate_args)
        if self._validate_args and given == "probs" and not (self.probs > 0).all():
            raise ValueError(
                f"Expected parameter probs ({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) "
                f"of distribution {self!r} to be positive but found invalid values:\n"
                f"{self.probs.data[~(self.probs > 0)]}"
            )

    @lazy_property
    def logits(self) -> Any:
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Any:
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def mean(self) -> Any:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Any:
        return zeros_like(self.probs)

    @property
    def variance(self) -> Any:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            blank = empty(self._extended_shape(sample_shape), **like(self.probs))
            u = blank.uniform_(dtypes.finfo(self.probs.dtype).tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        value, probs = broadcast_all(value, self.probs)
        failing = where((probs == 1) & (value == 0), 0.0, probs)  # 0 * log(0) is to be 0
        return value * (-failing).log1p() + probs.log()

    def entropy(self) -> Any:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
