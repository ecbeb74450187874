"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.parametrized import Centered, OfFactor
from minitorch.distributions.utils import like, standard_normal
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.cholesky import cholesky
from minitorch.tensor.size import Size
from minitorch.tensor.solving import solve_triangular

__all__ = ["MultivariateNormal"]

broadcast_shapes = FUNCTIONS["broadcast_shapes"]


class MultivariateNormal(OfFactor, Centered):
    """Vectors with mean `loc` and one of: covariance_matrix, its inverse precision_matrix, its factor scale_tril.

    log_prob(x) = -(d log(2 pi) + |L**-1 (x - loc)|**2) / 2 - log det L, where covariance_matrix = L L^T.
    Only L = scale_tril is computed with; the others cost a Cholesky decomposition.

    >>> import minitorch as mt
    >>> mt.distributions.MultivariateNormal(mt.zeros(2), mt.eye(2)).log_prob(mt.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    parameters = {"loc": 1, "covariance_matrix": 2, "scale_tril": 2, "precision_matrix": 2}
    settings = ("_unbroadcasted_scale_tril",)

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        matrices = {
            "scale_tril": scale_tril, "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix
        }  # fmt: skip
        given = [name for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        matrix = matrices[given[0]]
        if matrix.dim() < 2:
            kind = "scale_tril matrix" if given == ["scale_tril"] else given[0]
            raise ValueError(f"{kind} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = Size(broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        self.__dict__[given[0]] = matrix.expand(batch_shape + (-1, -1))
        self.loc = loc.expand(batch_shape + (-1,))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        factor = {"covariance_matrix": cholesky, "precision_matrix": _factor_of_inverse}.get(given[0])
        self._unbroadcasted_scale_tril = matrix if factor is None else factor(matrix)

    @property
    def variance(self) -> Any:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._unbroadcasted_scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        distance = mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Any:
        half = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return half.expand(self._batch_shape) if self._batch_shape else half


def mahalanobis(factor: Any, x: Any) -> Any:
    """|L**-1 x|**2 over the last dim; batch dims broadcast."""
    if factor.dim() == 2:  # one matrix for all: the vectors become columns of one system
        columns = x.reshape(-1, x.shape[-1]).mT
        return solve_triangular(factor, columns, upper=False).pow(2).sum(-2).reshape(x.shape[:-1])
    return solve_triangular(factor, x.unsqueeze(-1), upper=False).pow(2).sum((-2, -1))


def _factor_of_inverse(precision: Any) -> Any:
    """Lower-triangular L with L L^T = precision**-1.

    Flipped both ways, precision has the factor F; flipped back, F is upper-triangular U with U U^T = precision, and
    L = U**-T.
    """
    flipped = cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT
    identity = FUNCTIONS["eye"](precision.shape[-1], **like(precision))
    return solve_triangular(flipped, identity, upper=False)
