"""The Wishart distribution of random covariance matrices."""

from __future__ import annotations

import math
import warnings
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.chi2 import Chi2
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.multivariate_normal import _factor_of_inverse
from minitorch.distributions.parametrized import OfFactor
from minitorch.distributions.utils import arange, like, standard_normal, where
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.cholesky import cholesky, cholesky_solve
from minitorch.tensor.convert import tensor
from minitorch.tensor.size import Size

__all__ = ["Wishart"]

broadcast_shapes, diag_embed, eye, mvlgamma, tril_indices = (
    FUNCTIONS[name] for name in ("broadcast_shapes", "diag_embed", "eye", "mvlgamma", "tril_indices")
)


class Wishart(OfFactor, ExponentialFamily):
    """X X^T for X of `df` columns from N(0, covariance_matrix), which may be given by its inverse or its factor.

    Drawn by Bartlett's decomposition: L A with A lower triangular, chi on the diagonal and normal below it.

    >>> import minitorch as mt
    >>> mt.distributions.Wishart(mt.tensor(3.0), mt.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    parameters = {"df": 0, "covariance_matrix": 2, "scale_tril": 2, "precision_matrix": 2}
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """Parameter -> the set it must lie in; df must exceed the size of the matrices less one."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def __init__(
        self, df: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        matrices = {
            "scale_tril": scale_tril, "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix
        }  # fmt: skip
        given = [name for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        matrix = matrices[given[0]]
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        n = matrix.shape[-1]
        if isinstance(df, TensorBase):
            batch_shape = Size(broadcast_shapes(matrix.shape[:-2], df.shape))
            self.df = df.expand(batch_shape)  # type: ignore[attr-defined]
        else:
            batch_shape, self.df = Size(matrix.shape[:-2]), tensor(df, **like(matrix))
        if (self.df <= n - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        if (self.df < n).any():
            what = "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim."
            warnings.warn(what, stacklevel=2)
        self.__dict__[given[0]] = matrix.expand(batch_shape + (-1, -1))
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        factor = {"covariance_matrix": cholesky, "precision_matrix": _factor_of_inverse}.get(given[0])
        self._unbroadcasted_scale_tril = matrix if factor is None else factor(matrix)
        self._dist_chi2 = self._chi2()

    def _chi2(self) -> Chi2:
        """The squares of A's diagonal."""
        n = self._unbroadcasted_scale_tril.shape[-1]
        fewer = arange(n, **like(self._unbroadcasted_scale_tril))
        return Chi2(self.df.unsqueeze(-1) - fewer.expand((*self.df.shape, n)))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(new.batch_shape + self.event_shape)
        new._dist_chi2 = new._chi2()
        return new

    @property
    def mean(self) -> Any:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self.df - self._event_shape[-1] - 1
        return where(factor <= 0, math.nan, factor)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (v.pow(2) + diagonal[..., :, None] * diagonal[..., None, :])

    def _bartlett(self, sample_shape: Any) -> Any:
        n = self._event_shape[-1]
        chi = self._dist_chi2.rsample(sample_shape).sqrt()
        noise = diag_embed(chi.clamp(min=dtypes.finfo(chi.dtype).eps))
        i, j = tril_indices(n, n, offset=-1, device=noise.device)
        noise[..., i, j] = standard_normal(Size(sample_shape) + self._batch_shape + (n * (n - 1) // 2,), noise)
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Any:
        """Matrices; like torch, draws again (up to ten times) what its test for singular matrices flags."""
        sample = self._bartlett(Size(sample_shape))
        again = self._flagged(self.support.check(sample))  # the regular ones, as torch does
        if again.any():
            warnings.warn("Singular sample detected.", stacklevel=2)
            for _ in range(10 if max_try_correction is None else max_try_correction):
                new = self._bartlett(again[again].shape)
                sample[again] = new
                again[again.clone()] = self._flagged(~self.support.check(new))
                if not again.any():
                    break
        return sample

    def _flagged(self, draws: Any) -> Any:
        """A flag for each draw of the whole batch."""
        dims = [-(k + 1) for k in range(len(self._batch_shape))]
        return draws.amax(dims) if dims else draws

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        nu, n, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        half_log_det = n * math.log(2) / 2 + factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        trace = cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        spread = (nu - n - 1) / 2 * value.slogdet().logabsdet
        return -nu * half_log_det - mvlgamma(nu / 2, n) + spread - trace / 2

    def entropy(self) -> Any:
        nu, n, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        half_log_det = n * math.log(2) / 2 + factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        digammas = ((nu / 2).unsqueeze(-1) - arange(n, **like(nu)) / 2).digamma().sum(-1)
        return (n + 1) * half_log_det + mvlgamma(nu / 2, n) - (nu - n - 1) / 2 * digammas + nu * n / 2

    @property
    def _natural_params(self) -> tuple:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        n = self._event_shape[-1]
        half = y + (n + 1) / 2
        return half * (-(-2 * x).slogdet().logabsdet + math.log(2) * n) + mvlgamma(half, n)
