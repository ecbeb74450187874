"""The LKJ distribution of correlation matrices, as Cholesky factors."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.beta import Beta
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.utils import arange, broadcast_all, like, standard_normal
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.size import Size

__all__ = ["LKJCholesky"]

cat, diag_embed, mvlgamma = FUNCTIONS["cat"], FUNCTIONS["diag_embed"], FUNCTIONS["mvlgamma"]


class LKJCholesky(Distribution):
    """Factors L of correlation matrices M = L L^T (dim x dim) with density proportional to det(M)**(concentration - 1).

    Drawn by the onion method of Lewandowski, Kurowicka and Joe (2009): row i of L is a direction on the sphere times
    the square root of a beta-distributed number, and the diagonal makes its length one.

    >>> import minitorch as mt
    >>> mt.distributions.LKJCholesky(2, 1.0).log_prob(mt.eye(2))
    tensor(-0.6931)
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        offset = arange(dim - 1, **like(self.concentration))
        offset = cat([offset.new_zeros((1,)), offset])
        marginal = self.concentration + 0.5 * (dim - 2)
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.size(), (dim, dim), validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = self._get_checked_instance(LKJCholesky, _instance)
        batch_shape = Size(batch_shape)
        new.dim, new.concentration = self.dim, self.concentration.expand(batch_shape)
        new._beta = self._beta.expand(batch_shape + (self.dim,))
        return self._finish_expanded(new, batch_shape)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = standard_normal(self._extended_shape(sample_shape), y).tril(-1)
            direction = normal / normal.norm(dim=-1, keepdim=True)
            direction[..., 0, :].fill_(0.0)  # the first row, zeros divided by zero
            w = y.sqrt() * direction
            rest = (1 - (w**2).sum(-1)).clamp(min=dtypes.finfo(w.dtype).tiny).sqrt()
            return w + diag_embed(rest)

    def log_prob(self, value: Any) -> Any:
        # M = L L^T has the Jacobian prod L_ii**(dim - i), and det(M) = prod L_ii**2
        self._check(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        below = self.dim - 1
        alpha = self.concentration + 0.5 * below
        constant = 0.5 * below * math.log(math.pi) + mvlgamma(alpha - 0.5, below) - alpha.lgamma() * below
        return (order * diagonal.log()).sum(-1) - constant
