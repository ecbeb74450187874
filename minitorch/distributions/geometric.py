"""The geometric distribution: failures before the first success."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.parametrized import Chances
from minitorch.distributions.utils import broadcast_all, like, where
from minitorch.nn.functional import binary_cross_entropy_with_logits
from minitorch.tensor.creation import empty, zeros_like

__all__ = ["Geometric"]


class Geometric(Chances):
    """(1 - p)**k p for k = 0, 1, 2, ... (Tensor.geometric_ counts the success too, and starts at 1).

    >>> import minitorch as mt
    >>> mt.distributions.Geometric(0.25).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    parameters = {"probs": 0, "logits": 0}
    settings = ("_given",)

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._take(probs, logits)
        super().__init__(self.param_shape, validate_args=validate_args)
        if self._validate_args and self._given == "probs" and not (self.probs > 0).all():
            raise ValueError(
                f"Expected parameter probs ({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) "
                f"of distribution {self!r} to be positive but found invalid values:\n"
                f"{self.probs.data[~(self.probs > 0)]}"
            )

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
