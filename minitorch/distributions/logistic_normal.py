"""The logistic-normal distribution."""

from __future__ import annotations

from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.normal import Normal
from minitorch.distributions.parametrized import part
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.transforms import StickBreakingTransform

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    """Probabilities of n + 1 classes: n normal numbers, put on the simplex by StickBreakingTransform.

    >>> import minitorch as mt
    >>> mt.distributions.LogisticNormal(mt.zeros(3), mt.ones(3)).event_shape
    torch.Size([4])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex  # type: ignore[assignment]
    has_rsample = True  # type: ignore[assignment]
    loc = part("base_dist.base_dist.loc", "The means of the normal numbers.")
    scale = part("base_dist.base_dist.scale", "Their standard deviations.")

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        base = base if base.batch_shape else base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(LogisticNormal, _instance))
