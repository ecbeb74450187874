"""`ExponentialFamily`: densities exp(<t(x), theta> - F(theta) + k(x)); the entropy follows from F's gradient."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.api import grad
from minitorch.distributions.distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """A distribution given by natural parameters theta and the log-normalizer F(theta).

    The gradient of F is the expectation of the statistics t(x), so the entropy is F - <theta, dF/dtheta> - E[k(x)].
    """

    @property
    def _natural_params(self) -> tuple:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError

    def entropy(self) -> Any:
        """F - <theta, dF/dtheta> - E[k(x)]; parameters get no gradient through it, as in torch."""
        theta = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*theta)
        result = normalizer - self._mean_carrier_measure
        for p, g in zip(theta, grad(normalizer.sum(), theta, create_graph=True), strict=True):
            result = result - (p * g).reshape(self._batch_shape + (-1,)).sum(-1)
        return result
