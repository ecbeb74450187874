"""Parameters that several distributions take: a center, a scale, a matrix; chances, as probabilities or as logits."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import broadcast_all, lazy_property, logits_to_probs, one_of, probs_to_logits
from minitorch.tensor.cholesky import cholesky_inverse
from minitorch.tensor.size import Size


def part(path: str, doc: str) -> Any:
    """A property that is an attribute of a distribution, or of one within: part("base_dist.loc", "The mean.")."""
    return property(attrgetter(path), doc=doc)


class Centered(Distribution):
    """Symmetric about `loc`, where it is highest."""

    mean = part("loc", "The expectation.")
    mode = part("loc", "The most likely value.")


class OfFactor(Distribution):
    """Of a positive definite matrix L L^T, of which L is kept; the three ways to give it are computed when asked."""

    _unbroadcasted_scale_tril: Any

    def _matrix(self, matrix: Any) -> Any:
        return matrix.expand(self._batch_shape + matrix.shape[-2:])

    @lazy_property
    def scale_tril(self) -> Any:
        """L, lower triangular."""
        return self._matrix(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """L L^T."""
        return self._matrix(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of L L^T."""
        return self._matrix(cholesky_inverse(self._unbroadcasted_scale_tril))


class LocationScale(Distribution):
    """`loc` + `scale` times a number from a fixed distribution."""

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.size(), validate_args=validate_args)


class Chances(Distribution):
    """Given by `probs` or by `logits`; the other one is computed when it is asked for. The attribute `_given` tells."""

    _binary = True  # the chances of yes or no; False: those of classes, along the last dim

    def _take(self, probs: Any, logits: Any, *others: Any) -> list[Any]:
        """Keep the one that was given; the other parameters broadcast with it."""
        self._given = one_of(probs, logits)
        *broadcast, self.__dict__[self._given] = broadcast_all(*others, logits if probs is None else probs)
        return broadcast

    @property
    def _param(self) -> Any:
        return self.__dict__[self._given]

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._param.size()

    @lazy_property
    def logits(self) -> Any:
        """log(p / (1 - p)); of classes log p."""
        return probs_to_logits(self.probs, is_binary=self._binary)

    @lazy_property
    def probs(self) -> Any:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=self._binary)
