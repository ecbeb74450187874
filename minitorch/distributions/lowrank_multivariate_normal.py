"""The normal distribution of vectors whose covariance is a diagonal and a matrix of low rank."""

from __future__ import annotations

import math
from typing import Any

from minitorch.distributions import constraints
from minitorch.distributions.multivariate_normal import mahalanobis
from minitorch.distributions.parametrized import Centered
from minitorch.distributions.utils import broadcast_tensors, lazy_property, like, standard_normal
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.cholesky import cholesky
from minitorch.tensor.solving import solve_triangular

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(Centered):
    """Vectors of n numbers with mean `loc` and covariance W W^T + diag(D): `cov_factor` W is n x m, `cov_diag` D > 0.

    Nothing of size n x n is decomposed: with the m x m matrix C = I + W^T D**-1 W,
    det(W W^T + D) = det C det D, and (W W^T + D)**-1 = D**-1 - D**-1 W C**-1 W^T D**-1 (Woodbury).

    >>> import minitorch as mt
    >>> normal = mt.distributions.LowRankMultivariateNormal(mt.zeros(2), mt.tensor([[1.0], [0.0]]), mt.ones(2))
    >>> normal.covariance_matrix.tolist()
    [[2.0, 0.0], [0.0, 1.0]]
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True
    parameters = {"loc": 1, "cov_factor": 2, "cov_diag": 1}
    settings = ("_unbroadcasted_cov_factor", "_unbroadcasted_cov_diag", "_capacitance_tril")

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if cov_diag.shape[-1:] != event:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event}")
        try:
            wide, self.cov_factor, diag = broadcast_tensors(loc.unsqueeze(-1), cov_factor, cov_diag.unsqueeze(-1))
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc, self.cov_diag = wide[..., 0], diag[..., 0]
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        scaled = cov_factor.mT / cov_diag.unsqueeze(-2)
        self._capacitance_tril = _one_more_cholesky(scaled @ cov_factor)
        super().__init__(self.loc.shape[:-1], event, validate_args=validate_args)

    def _matrix(self, matrix: Any) -> Any:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def variance(self) -> Any:
        each = self._unbroadcasted_cov_factor.pow(2).sum(-1) + self._unbroadcasted_cov_diag
        return each.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Any:
        # W W^T + D = D**1/2 (I + V V^T) D**1/2 with V = D**-1/2 W, and what is in brackets is well conditioned
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        v = self._unbroadcasted_cov_factor / root
        return self._matrix(root * _one_more_cholesky(v @ v.mT))

    @lazy_property
    def covariance_matrix(self) -> Any:
        w = self._unbroadcasted_cov_factor
        return self._matrix(w @ w.mT + self._unbroadcasted_cov_diag.diag_embed())

    @lazy_property
    def precision_matrix(self) -> Any:
        scaled = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        a = solve_triangular(self._capacitance_tril, scaled, upper=False)
        return self._matrix(self._unbroadcasted_cov_diag.reciprocal().diag_embed() - a.mT @ a)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        low = standard_normal(shape[:-1] + self.cov_factor.shape[-1:], self.loc)
        each = standard_normal(shape, self.loc)
        mixed = (self._unbroadcasted_cov_factor @ low.unsqueeze(-1)).squeeze(-1)
        return self.loc + mixed + self._unbroadcasted_cov_diag.sqrt() * each

    def _log_det(self) -> Any:
        low = self._capacitance_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return 2 * low + self._unbroadcasted_cov_diag.log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        w, diag, x = self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag, value - self.loc
        low = ((w.mT / diag.unsqueeze(-2)) @ x.unsqueeze(-1)).squeeze(-1)
        distance = (x.pow(2) / diag).sum(-1) - mahalanobis(self._capacitance_tril, low)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self) -> Any:
        half = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_det())
        return half.expand(self._batch_shape) if self._batch_shape else half


def _one_more_cholesky(matrix: Any) -> Any:
    """The Cholesky factor of I + matrix."""
    return cholesky(matrix + FUNCTIONS["eye"](matrix.shape[-1], **like(matrix)))
