"""Elementwise functions and their gradients that take several passes over memory when written with operators.

Those of many passes are done in blocks that stay in the cache from the first to the last (with three or four passes
the blocks cost more than they save). Gradients take the upstream gradient
first and return its product with the slope.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch.backend.kernels.small import SMALL, constant

Array = Any

ROOT_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)  # of the standard normal distribution, at 0
INNER, CUBIC = math.sqrt(2 / math.pi), 0.044715  # of gelu's approximation by tanh

FEW = 1 << 8  # below this many elements, calls of NumPy count more than elements

BITS = {2: "int16", 4: "int32", 8: "int64"}

# float32: erf(x) = x + x P(x^2) for |x| < 1, else sign(x) (1 - e^(-|x| Q(|x|))). Both minimax, constant term last;
# together within 2 units in the last place.
ERF_NEAR = (-5.6314195e-04, 4.9175508e-03, -2.6711311e-02, 1.1280180e-01, -3.7612325e-01, 1.2837912e-01)
ERF_FAR = (-2.1064364e-04, 3.1869501e-03, -2.2798474e-02, 1.0511616e-01, 6.3583147e-01, 1.1284800e00)


class PointwiseKernels:
    """Elementwise functions over the array module ``xp``."""

    xp: Any
    special: Any

    # How many elements are computed at a time; a GPU wants all of them.
    pointwise_elements: int | None = 1 << 14

    def _blocked(self, fn: Callable[..., Array], *arrays: Array) -> Array:
        """fn(*arrays), block by block where the arrays are long; all of one shape, the result too."""
        first = arrays[0]
        step = self.pointwise_elements
        if step is None or first.size <= 2 * step or not all(a.flags.c_contiguous for a in arrays):
            return fn(*arrays)
        flat = [a.reshape(-1) for a in arrays]
        out = self.xp.empty(first.shape, dtype=first.dtype)
        lines = out.reshape(-1)
        for i in range(0, first.size, step):
            lines[i : i + step] = fn(*(a[i : i + step] for a in flat))
        return out

    def exp(self, x: Array) -> Array:
        """e**x."""
        return self.xp.exp(x)

    def expm1(self, x: Array) -> Array:
        """e**x - 1."""
        return self.xp.expm1(x)

    def log(self, x: Array) -> Array:
        """The natural logarithm."""
        return self.xp.log(x)

    def log1p(self, x: Array) -> Array:
        """log(1 + x)."""
        return self.xp.log1p(x)

    def zero_at(self, g: Array, blocked: Array) -> Array:
        """g, but 0 where `blocked` is true, even where g is inf or nan.

        For large arrays the bit patterns are multiplied by 0 or 1: that has no branch to mispredict, unlike `where`.
        """
        if g.shape != blocked.shape or g.dtype.kind != "f" or not g.shape:
            return self.xp.where(blocked, g.dtype.type(0), g)
        if g.size < SMALL:
            out = g.copy()
            out[blocked] = 0
            return out
        return (g.view(BITS[g.dtype.itemsize]) * ~blocked).view(g.dtype)

    def relu(self, x: Array) -> Array:
        """max(x, 0); nan stays nan."""
        return self.xp.maximum(constant(0, x), x)  # in this order -0 stays -0

    def relu_grad(self, g: Array, y: Array) -> Array:
        """g, but 0 where y <= 0."""
        return self.zero_at(g, y <= constant(0, y))

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + e**-x); where e**-x overflows the result is 0, as it should be.

        SciPy's is one call, not four, but for each element slower by ten nanoseconds.
        """
        return self.special.expit(x) if x.size < FEW else self._sigmoid(x)

    def _sigmoid(self, x: Array) -> Array:
        xp = self.xp
        return xp.reciprocal(xp.exp(-x) + constant(1, x))

    def sigmoid_grad(self, g: Array, y: Array) -> Array:
        """g y (1 - y), y the sigmoid."""
        return g * ((constant(1, y) - y) * y)

    def tanh(self, x: Array) -> Array:
        """The hyperbolic tangent."""
        return self.xp.tanh(x)

    def tanh_grad(self, g: Array, y: Array) -> Array:
        """g (1 - y y), y the tanh."""
        return g * (constant(1, y) - y * y)

    def elu(self, x: Array, negative: float, rate: float, positive: float) -> Array:
        """positive x where x > 0, else negative (e**(rate x) - 1): one of the two summands is always 0."""
        xp = self.xp
        y = xp.minimum(0, x)
        y *= rate
        y = xp.expm1(y)  # of 0-d arrays NumPy makes scalars, which no `out` can be
        y *= negative
        y += xp.maximum(0, x) * positive  # in this order -0 stays -0
        return y

    def elu_grad(self, g: Array, x: Array, negative: float, rate: float, positive: float) -> Array:
        """g times the slope, which at 0 is the one from the left."""
        xp = self.xp
        slope = xp.exp(xp.minimum(x, 0) * rate)
        slope *= negative * rate
        return g * xp.where(x <= 0, slope, x.dtype.type(positive))

    def softplus(self, x: Array, beta: float, threshold: float) -> Array:
        """log(1 + e**(beta x)) / beta; x itself where beta x > threshold."""
        xp = self.xp
        z = x * beta
        return xp.where(z > threshold, x, xp.log1p(xp.exp(xp.minimum(z, threshold))) / beta)

    def softplus_grad(self, g: Array, x: Array, beta: float, threshold: float) -> Array:
        """g sigmoid(beta x); g where beta x > threshold."""
        z = x * beta
        return self.xp.where(z > threshold, g, g * self._sigmoid(z))

    def hardswish(self, x: Array) -> Array:
        """x clip(x + 3, 0, 6) / 6."""
        xp = self.xp
        y = xp.minimum(xp.maximum(x + 3, 0), 6)
        y *= x
        y /= 6
        return y

    def hardswish_grad(self, g: Array, x: Array) -> Array:
        """g times 0 up to -3, x / 3 + 1/2 between, 1 from 3 on."""
        inside = (x > -3) & (x < 3)
        return self.zero_at(g * (x / 3 + constant(0.5, x)), ~inside) + self.zero_at(g, x < 3)

    def silu(self, x: Array) -> Array:
        """x sigmoid(x)."""
        return self._blocked(lambda x: self._sigmoid(x) * x, x)

    def silu_grad(self, g: Array, x: Array) -> Array:
        """g (s + x s (1 - s)), with s = sigmoid(x)."""
        return self._blocked(self._silu_grad, g, x)

    def _silu_grad(self, g: Array, x: Array) -> Array:
        s = self._sigmoid(x)
        return g * (s * (1 + x * (1 - s)))

    def erf(self, x: Array) -> Array:
        """The error function of float32 or float64."""
        return self._blocked(self._erf, x)

    def _erf(self, x: Array) -> Array:
        if x.dtype.char != "f" or not self.own_erf:
            return self.special.erf(x)
        xp = self.xp
        t = xp.minimum(abs(x), 4)  # from there on it is 1 in float32
        near = _polynomial(ERF_NEAR, t * t)
        near *= x
        near += x
        far = _polynomial(ERF_FAR, t)
        far *= t
        far = xp.expm1(-far)
        return xp.where(t < 1, near, xp.copysign(far, x))

    own_erf = True  # SciPy's takes five times as long as the polynomials; a GPU's is fast

    def gelu(self, x: Array) -> tuple[Array, Array | None]:
        """x P(x), P the normal distribution function; and P, if backward should not compute it again."""
        share = self._blocked(lambda x: (self._erf(x * ROOT_HALF) + 1) * 0.5, x)
        return x * share, share

    def gelu_grad(self, g: Array, x: Array, share: Array | None) -> Array:
        """g (P + x p), p the density."""
        return self._blocked(lambda g, x, P: g * (P + x * self.xp.exp(x * x * -0.5) * DENSITY), g, x, share)

    def gelu_tanh(self, x: Array) -> tuple[Array, Array | None]:
        """The approximation by P(x) = (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
        share = self._blocked(lambda x: (self.xp.tanh((x + x * x * x * CUBIC) * INNER) + 1) * 0.5, x)
        return x * share, share

    def gelu_tanh_grad(self, g: Array, x: Array, share: Array | None) -> Array:
        """g (P + x p): 2 P - 1 is the tanh, whose slope is 4 P (1 - P)."""
        return self._blocked(
            lambda g, x, P: g * (P + x * 2 * (P * (1 - P)) * (INNER * (1 + 3 * CUBIC * x * x))), g, x, share
        )


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """Horner's scheme, in place."""
    y = x * coefficients[0]
    for c in coefficients[1:-1]:
        y += c
        y *= x
    y += coefficients[-1]
    return y
