"""Activations made of straight pieces, each with its derivative at the kinks; activation_smooth.py has the others.

Kinks are resolved as torch resolves them: the derivative of relu at 0 is 0, of leaky_relu the one from the left, of
hardtanh at its ends 0. Half-precision inputs are computed in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd.constants import SCALARS
from minitorch.autograd.op import op
from minitorch.backend import dtypes, kernels_of, xp_of
from minitorch.backend.kernels.small import SMALL, constant
from minitorch.ops.kinds import FLOAT, REAL, matching, only

# -- halves, and choosing elements of a gradient ---------------------------------------------------------------------


def wide(x: Any) -> Any:
    """x, in float32 if it is of half precision."""
    return x.astype("float32") if x.dtype.char in "eE" else x


@op(node="ThresholdBackwardBackward0", broadcasts=True, inner=True)
def zero_where(g: Any, x: Any, *, test: Callable[[Any], Any]) -> Any:
    """g, but 0 where test(x) is true, even where g is inf or nan: the gradient of everything with a flat part."""
    if g.__class__ in SCALARS and x.__class__ in SCALARS:
        return g.__class__(0) if test(x) else g
    if g.__class__ is np.ndarray and 0 < g.size < SMALL and g.shape == x.shape != ():
        out = g.copy()  # the shortest way where overhead counts
        out[test(x)] = 0
        return out
    kernels = kernels_of(g)
    return kernels.relu_grad(g, x) if test is not_positive else kernels.zero_at(g, test(x))


@zero_where.vjp("g")
def _(g: Any, x: Any, test: Callable) -> Any:
    return zero_where(g, x, test=test)


def positive(x: Any) -> Any:
    return x > constant(0, x)


def not_positive(x: Any) -> Any:
    """x <= 0; a nan is let through."""
    return x <= constant(0, x)


def no_more_than(bound: float) -> Callable:
    return lambda x: x <= bound


def within(low: float, high: float) -> Callable:
    return lambda x: (x >= low) & (x <= high)


def beyond(low: float, high: float) -> Callable:
    """At or beyond one of the ends."""
    return lambda x: (x <= low) | (x >= high)


# -- piecewise linear ------------------------------------------------------------------------------------------------


def _explain_relu(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    kind = inputs[0]._array.dtype.kind
    if kind == "b":
        return RuntimeError("relu: Boolean inputs not supported for relu")
    return NotImplementedError("relu: clamp is not supported for complex types") if kind == "c" else None


@op(diagnose=_explain_relu, plain=f"np.maximum(ZERO[x.dtype.char], x) if x.size < {SMALL} and x.dtype.char in ZERO")
def relu(x: Any) -> Any:
    """max(x, 0); nan stays nan."""
    if x.dtype.char in "?FD":
        raise TypeError("relu takes integers and floating-point numbers")
    return kernels_of(x).relu(x)


@relu.vjp("x")
def _(g: Any, out: Any) -> Any:
    return zero_where(g, out, test=not_positive)


@op(node="LeakyReluBackward0")
def leaky_relu(x: Any, *, negative_slope: float) -> Any:
    """x where x > 0, else negative_slope x."""
    only("leaky_relu", x, FLOAT)
    xp = xp_of(x)
    scaled = matching(x, x * negative_slope)
    return xp.maximum(x, scaled) if 0 <= negative_slope <= 1 else xp.where(x > 0, x, scaled)


@leaky_relu.vjp("x")
def _(g: Any, x: Any, negative_slope: float) -> Any:
    return g * step(x, below=negative_slope, above=1.0)


@op
def step(x: Any, *, below: float, above: float) -> Any:
    """`above` where x > 0, else `below` (also for nan), in x's dtype."""
    xp, low = xp_of(x), x.dtype.type(below)
    if 0 <= below <= above == 1:  # without a branch to mispredict
        return xp.maximum((x > 0).astype(x.dtype), low)
    return xp.where(x > 0, x.dtype.type(above), low)


@op(node="PreluKernelBackward0", broadcasts=True)
def prelu(x: Any, weight: Any) -> Any:
    """x where x > 0, else weight x; the weight is shaped so that it broadcasts."""
    only("prelu", x, FLOAT)
    return xp_of(x).where(x > 0, x, weight * x)


@prelu.vjp("x")
def _(g: Any, x: Any, weight: Any) -> Any:
    return zero_where(g, x, test=_not_above_zero) + zero_where(g * weight, x, test=positive)


@prelu.vjp("weight")
def _(g: Any, x: Any) -> Any:
    return zero_where(g * x, x, test=positive)


def _not_above_zero(x: Any) -> Any:
    """As `not_positive`, but a nan counts as not positive too."""
    return ~(x > 0)


@op(node="RreluWithNoiseBackward0")
def rrelu_with_noise(x: Any, noise: Any) -> Any:
    """x times the slopes drawn for it: 1 where x > 0."""
    only("rrelu", x, FLOAT)
    return matching(x, wide(x) * wide(noise))


@rrelu_with_noise.vjp("x")
def _(g: Any, noise: Any) -> Any:
    return g * noise


@op
def threshold(x: Any, *, threshold: float, value: float) -> Any:
    """x where x > threshold, else value; nan stays nan."""
    only("threshold", x, REAL)
    return xp_of(x).where(x <= _in_dtype(x, threshold), _in_dtype(x, value), x)


def _in_dtype(x: Any, value: float) -> Any:
    """A setting as one of x's elements; for integers its fraction is cut off."""
    if x.dtype.kind in "fV":
        return x.dtype.type(value)
    limits = dtypes.iinfo(dtypes.from_numpy(x.dtype))
    if not limits.min <= value <= limits.max:
        raise RuntimeError(f"threshold: value {value} cannot be converted to type {limits.dtype} without overflow")
    return x.dtype.type(int(value))


@threshold.vjp("x")
def _(g: Any, x: Any, threshold: float) -> Any:
    return zero_where(g, x, test=no_more_than(threshold))


@op
def hardtanh(x: Any, *, min_val: float, max_val: float) -> Any:
    """x, limited to [min_val, max_val]."""
    xp = xp_of(x)
    low, high = x.dtype.type(min_val), x.dtype.type(max_val)
    return xp.minimum(high, xp.maximum(low, x))


@hardtanh.vjp("x")
def _(g: Any, x: Any, min_val: float, max_val: float) -> Any:
    return zero_where(g, x, test=beyond(min_val, max_val))


@op
def hardshrink(x: Any, *, lambd: float) -> Any:
    """x, but 0 where -lambd <= x <= lambd."""
    only("hardshrink", x, FLOAT)
    return xp_of(x).where(within(-lambd, lambd)(x), x.dtype.type(0), x)


@hardshrink.vjp("x")
def _(g: Any, x: Any, lambd: float) -> Any:
    return zero_where(g, x, test=within(-lambd, lambd))


@op
def softshrink(x: Any, *, lambd: float) -> Any:
    """x moved towards 0 by lambd, and 0 where it gets there."""
    only("softshrink", x, FLOAT)
    xp = xp_of(x)
    far = x - xp.minimum(xp.maximum(x, x.dtype.type(-lambd)), x.dtype.type(lambd))
    return xp.where(far == 0, xp.copysign(far, x), far)


@softshrink.vjp("x")
def _(g: Any, x: Any, lambd: float) -> Any:
    return zero_where(g, x, test=within(-lambd, lambd))


@op
def hardsigmoid(x: Any) -> Any:
    """clip(x + 3, 0, 6) / 6."""
    only("hardsigmoid", x, FLOAT)
    xp = xp_of(x)
    y = xp.minimum(xp.maximum(wide(x) + 3, 0), 6)
    y /= 6
    return matching(x, y)


@hardsigmoid.vjp("x")
def _(g: Any, x: Any) -> Any:
    return zero_where(g / 6, x, test=_not_inside_3)


def _not_inside_3(x: Any) -> Any:
    return ~((x > -3) & (x < 3))


@op
def hardswish(x: Any) -> Any:
    """x clip(x + 3, 0, 6) / 6."""
    only("hardswish", x, FLOAT)
    return matching(x, kernels_of(x).hardswish(wide(x)))


@hardswish.vjp("x")
def _(g: Any, x: Any) -> Any:
    """0 up to -3, x / 3 + 1/2 between, 1 from 3 on."""
    return kernels_of(x).hardswish_grad(wide(g), wide(x))


@hardswish.composed_as
def _(x: Any) -> Any:
    return zero_where(x * (x + 3) / 6, x, test=_not_inside_3) + zero_where(x, x, test=_below_3)


def _below_3(x: Any) -> Any:
    return x < 3
