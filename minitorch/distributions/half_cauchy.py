"""The absolute value of a Cauchy number."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.cauchy import Cauchy
from minitorch.distributions.half_normal import Folded
from minitorch.distributions.transforms import AbsTransform
from minitorch.distributions.utils import like
from minitorch.tensor.creation import full

__all__ = ["HalfCauchy"]


class HalfCauchy(Folded):
    """|x| with x drawn from Cauchy(0, scale).

    >>> import minitorch as mt
    >>> mt.distributions.HalfCauchy(1.0).cdf(mt.tensor(1.0))
    tensor(0.5000)
    """

    arg_constraints = {"scale": constraints.positive}

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return super().expand(batch_shape, self._get_checked_instance(HalfCauchy, _instance))

    @property
    def mean(self) -> Any:
        return full(self._extended_shape(), math.inf, **like(self.scale))

    @property
    def variance(self) -> Any:
        return self.base_dist.variance
