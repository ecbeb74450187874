"""Invertible functions of random variables, with the logarithm of their Jacobian determinant: all kinds.

transform.py says what a transform is, transforms_joined.py has those of several parts.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.transform import (
    ComposeTransform,
    IndependentTransform,
    Transform,
    _Increasing,
    _Plain,
    _with_event_dim,
    identity_transform,
)
from minitorch.distributions.transforms_joined import (
    CatTransform,
    CorrCholeskyTransform,
    CumulativeDistributionTransform,
    ReshapeTransform,
    StackTransform,
)
from minitorch.distributions.utils import broadcast_all, lazy_property, sum_rightmost
from minitorch.nn.functional import logsigmoid, pad, softplus
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.creation import full_like

__all__ = [
    "AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform", "CorrCholeskyTransform",
    "CumulativeDistributionTransform", "ExpTransform", "IndependentTransform", "LowerCholeskyTransform",
    "PositiveDefiniteTransform", "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
    "SoftplusTransform", "StackTransform", "StickBreakingTransform", "TanhTransform", "Transform", "identity_transform",
]  # fmt: skip

broadcast_shapes = FUNCTIONS["broadcast_shapes"]


class ExpTransform(_Increasing):
    """y = e**x."""

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.exp()

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x


class SigmoidTransform(_Increasing):
    """y = 1 / (1 + e**-x), kept off 0 and 1."""

    codomain = constraints.unit_interval

    def _call(self, x: Any) -> Any:
        return _inside(x.sigmoid())

    def _inverse(self, y: Any) -> Any:
        y = _inside(y)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x) - softplus(x)


def _inside(p: Any) -> Any:
    limits = dtypes.finfo(p.dtype)
    return p.clamp(min=limits.tiny, max=1.0 - limits.eps)


class SoftplusTransform(_Increasing):
    """y = log(1 + e**x)."""

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return softplus(x)

    def _inverse(self, y: Any) -> Any:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x)


class TanhTransform(_Increasing):
    """y = tanh(x). Near -1 and 1 the inverse loses x: with cache_size=1 it is remembered."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Any) -> Any:
        return x.tanh()

    def _inverse(self, y: Any) -> Any:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        # log(1 - tanh(x)**2) = 2 log 2 - 2 x - 2 log(1 + e**(-2x)), which doesn't cancel
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AbsTransform(_Plain):
    """y = |x|; the inverse takes the x that isn't negative."""

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return x.abs()

    def _inverse(self, y: Any) -> Any:
        return y


class PowerTransform(Transform):
    """y = x**exponent, for x > 0."""

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        (self.exponent,) = broadcast_all(exponent)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else PowerTransform(self.exponent, cache_size)

    @lazy_property
    def sign(self) -> Any:
        return self.exponent.sign()

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, PowerTransform) and bool((self.exponent == other.exponent).all())

    def _call(self, x: Any) -> Any:
        return x.pow(self.exponent)

    def _inverse(self, y: Any) -> Any:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Any) -> Any:
        return broadcast_shapes(shape, self.exponent.shape)

    inverse_shape = forward_shape


class AffineTransform(Transform):
    """y = loc + scale x; event_dim says how many of the last dims make up one event."""

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.loc = loc
        self.scale = scale
        self._event_dim = event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return _with_event_dim(constraints.real, self._event_dim)

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return _with_event_dim(constraints.real, self._event_dim)

    def with_cache(self, cache_size: int = 1) -> Any:
        if self._cache_size == cache_size:
            return self
        return AffineTransform(self.loc, self.scale, self._event_dim, cache_size)

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        same = (self.loc == other.loc, self.scale == other.scale)
        return all(s if isinstance(s, bool) else bool(s.all()) for s in same)

    @property
    def sign(self) -> Any:
        if isinstance(self.scale, (int, float)):
            return (self.scale > 0) - (self.scale < 0)
        return self.scale.sign()

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        if isinstance(self.scale, (int, float)):
            log = full_like(x, math.log(abs(self.scale)))
        else:
            log = self.scale.abs().log()
        return sum_rightmost(log, self._event_dim).expand(x.shape[: x.dim() - self._event_dim])

    def forward_shape(self, shape: Any) -> Any:
        return broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    inverse_shape = forward_shape


class _OfVectors(_Plain):
    """A transform of vectors."""

    domain = constraints.real_vector

    def _resized(self, shape: Any, by: int) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        return shape[:-1] + (shape[-1] + by,)

    def forward_shape(self, shape: Any) -> Any:
        return self._resized(shape, 0)

    def inverse_shape(self, shape: Any) -> Any:
        return self._resized(shape, 0)


class SoftmaxTransform(_OfVectors):
    """e**x, divided by its sum; not bijective, as a constant can be added to x. The inverse is log."""

    codomain = constraints.simplex

    def _call(self, x: Any) -> Any:
        weights = (x - x.max(-1, True)[0]).exp()
        return weights / weights.sum(-1, True)

    def _inverse(self, y: Any) -> Any:
        return y.log()


class StickBreakingTransform(_OfVectors):
    """n real numbers to n + 1 shares of a stick: each breaks off sigmoid(x - offset) of what is left.

    The offsets make x = 0 give equal shares.
    """

    codomain = constraints.simplex
    bijective = True

    def _call(self, x: Any) -> Any:
        broken = _inside((x - self._left(x, 0).log()).sigmoid())
        left = (1 - broken).cumprod(-1)
        return pad(broken, (0, 1), value=1) * pad(left, (1, 0), value=1)

    def _inverse(self, y: Any) -> Any:
        left = (1 - y[..., :-1].cumsum(-1)).clamp(min=dtypes.finfo(y.dtype).tiny)
        return y[..., :-1].log() - left.log() + self._left(y, 1).log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        x = x - self._left(x, 0).log()
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def _left(self, x: Any, less: int) -> Any:
        """n, n-1, ..., 1: into how many shares the rest will be broken."""
        n = x.shape[-1] - less
        return n + 1 - x.new_ones(n).cumsum(-1)

    def forward_shape(self, shape: Any) -> Any:
        return self._resized(shape, 1)

    def inverse_shape(self, shape: Any) -> Any:
        return self._resized(shape, -1)


class LowerCholeskyTransform(_Plain):
    """The lower triangle, with e**x on the diagonal."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(_Plain):
    """L L^T with L from LowerCholeskyTransform."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite  # type: ignore[assignment]

    def _call(self, x: Any) -> Any:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(FUNCTIONS["cholesky"](y))
