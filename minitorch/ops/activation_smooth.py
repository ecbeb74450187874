"""Smooth activations: fused forward and vjp on arrays, each with the composed formula beside it.

A fused vjp costs a fifth of the composed one's passes over memory; the composed formula is what is differentiated for
second derivatives. Half-precision inputs are computed in float32 and rounded once.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.activation import not_positive, positive, wide, zero_where
from minitorch.ops.elementwise import erf, exp, expm1, log1p, sigmoid, tanh
from minitorch.ops.kinds import FLOAT, matching, only

# -- exponential linear units ----------------------------------------------------------------------------------------


def _elu(x: Any, negative: float, rate: float, positive: float) -> Any:
    """positive x where x > 0, else negative (e**(rate x) - 1)."""
    return matching(x, kernels_of(x).elu(wide(x), negative, rate, positive))


def _elu_grad(g: Any, x: Any, negative: float, rate: float, positive: float) -> Any:
    """g times the slope, which at 0 is the one from the left."""
    return kernels_of(x).elu_grad(wide(g), wide(x), negative, rate, positive)


def _elu_composed(x: Any, negative: float, rate: float, positive_slope: float) -> Any:
    above, below = zero_where(x, x, test=not_positive), zero_where(x, x, test=positive)
    return above * positive_slope + expm1(below * rate) * negative


@op
def elu(x: Any, *, alpha: float, scale: float = 1.0) -> Any:
    """scale x where x > 0, else scale alpha (e**x - 1)."""
    only("elu", x, FLOAT)
    return _elu(x, alpha * scale, 1.0, scale)


@elu.vjp("x")
def _(g: Any, x: Any, alpha: float, scale: float) -> Any:
    return _elu_grad(g, x, alpha * scale, 1.0, scale)


@elu.composed_as
def _(x: Any, alpha: float, scale: float) -> Any:
    return _elu_composed(x, alpha * scale, 1.0, scale)


@op
def celu(x: Any, *, alpha: float) -> Any:
    """x where x > 0, else alpha (e**(x / alpha) - 1)."""
    only("celu", x, FLOAT)
    return _elu(x, alpha, 1 / alpha, 1.0)


@celu.vjp("x")
def _(g: Any, x: Any, alpha: float) -> Any:
    return _elu_grad(g, x, alpha, 1 / alpha, 1.0)


@celu.composed_as
def _(x: Any, alpha: float) -> Any:
    return _elu_composed(x, alpha, 1 / alpha, 1.0)


# -- x times something between 0 and 1 -------------------------------------------------------------------------------


@op
def silu(x: Any) -> Any:
    """x sigmoid(x)."""
    only("silu", x, FLOAT)
    return matching(x, kernels_of(x).silu(wide(x)))


@silu.vjp("x")
def _(g: Any, x: Any) -> Any:
    """s + x s (1 - s), with s = sigmoid(x)."""
    return kernels_of(x).silu_grad(wide(g), wide(x))


@silu.composed_as
def _(x: Any) -> Any:
    return x * sigmoid(x)


@op
def mish(x: Any) -> Any:
    """x tanh(log(1 + e**x))."""
    only("mish", x, FLOAT)
    w = wide(x)
    return matching(x, w * _tanh_softplus(w)[0])


def _tanh_softplus(x: Any) -> tuple:
    """(tanh(log(1 + e)), e) with e = e**x: ((1 + e)**2 - 1) / ((1 + e)**2 + 1), which is 1 from x = 20 on."""
    xp = xp_of(x)
    e = kernels_of(x).exp(xp.minimum(x, 20))
    n = e * (e + 2)
    return n / (n + 2), e


@mish.vjp("x")
def _(g: Any, x: Any) -> Any:
    """t + x sigmoid(x) (1 - t**2), with t = tanh(softplus(x))."""
    g, x = wide(g), wide(x)
    t, e = _tanh_softplus(x)
    return g * (t + x * (e / (e + 1)) * (1 - t * t))


@mish.composed_as
def _(x: Any) -> Any:
    return x * tanh(-logsigmoid(-x))


_ROOT_HALF = math.sqrt(0.5)
_INNER, _CUBIC = math.sqrt(2 / math.pi), 0.044715


@op(aux=("share",))
def gelu(x: Any, *, approximate: str) -> tuple:
    """x times the normal distribution function at x; "tanh": its approximation."""
    only("gelu", x, FLOAT)
    kernels = kernels_of(x)
    y, share = (kernels.gelu if approximate == "none" else kernels.gelu_tanh)(wide(x))
    return matching(x, y), share


@gelu.vjp("x")
def _(g: Any, x: Any, share: Any, approximate: str) -> Any:
    kernels = kernels_of(x)
    return (kernels.gelu_grad if approximate == "none" else kernels.gelu_tanh_grad)(wide(g), wide(x), share)


@gelu.composed_as
def _(x: Any, approximate: str) -> Any:
    if approximate == "none":
        return x * 0.5 * (1 + erf(x * _ROOT_HALF))
    return x * 0.5 * (1 + tanh((x + x * x * x * _CUBIC) * _INNER))


# -- logarithms of 1 + e**x ------------------------------------------------------------------------------------------


@op
def softplus(x: Any, *, beta: float, threshold: float) -> Any:
    """log(1 + e**(beta x)) / beta; x itself where beta x > threshold."""
    only("softplus", x, FLOAT)
    return matching(x, kernels_of(x).softplus(wide(x), beta, threshold))


@softplus.vjp("x")
def _(g: Any, x: Any, beta: float, threshold: float) -> Any:
    """sigmoid(beta x); 1 where beta x > threshold."""
    return kernels_of(x).softplus_grad(wide(g), wide(x), beta, threshold)


@softplus.composed_as
def _(x: Any, beta: float, threshold: float) -> Any:
    def above(z: Any) -> Any:
        return z > threshold

    def not_above(z: Any) -> Any:
        return ~(z > threshold)

    z = x * beta
    curved = log1p(exp(zero_where(z, z, test=above))) / beta
    return zero_where(curved, z, test=above) + zero_where(x, z, test=not_above)


@op(node="LogSigmoidBackward0")
def logsigmoid(x: Any) -> Any:
    """log(1 / (1 + e**-x)), without overflow."""
    only("logsigmoid", x, FLOAT)
    xp, kernels, w = xp_of(x), kernels_of(x), wide(x)
    return matching(x, xp.minimum(w, 0) - kernels.log1p(kernels.exp(-abs(w))))


@logsigmoid.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * sigmoid(-x)
