"""Functions of one float32, written so that a loop over them runs on all lanes of a vector unit.

e**x = 2**n e**r with n = round(x / ln 2), |r| <= ln(2) / 2, and e**r by its series. Adding 1.5 * 2**23 rounds to an
integer, which then stands in the last bits of the sum; added to the exponent's bits, it multiplies by 2**n.

Reference: NumPy's functions, and `_erf` in kernels/pointwise.py; tests/test_kernels_pointwise.py measures the errors
against float64. Sources: reduction of the argument as Cody and Waite, "Software Manual for the Elementary Functions",
1980; rounding by a large number as in Tang, "Table-driven implementation of the exponential function", 1989; log1p as
Kahan's (Goldberg, "What every computer scientist should know about floating-point arithmetic", 1991, theorem 4).

Numba compiles a loop again when the loop's own file has changed, not when a function that it calls has: after a change
here, delete the compiled code of this directory (__pycache__/*.nbi, *.nbc).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from minitorch.backend.compiled.jit import exact, inlined
from minitorch.backend.kernels import pointwise as plain

f32 = np.float32


def _reinterpret(source: Any, target: Any) -> Any:
    """The function that takes the bits of one type for another."""

    @intrinsic
    def bits(typing_context: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(target))

        return target(source), generate

    return bits


int_bits, float_bits = _reinterpret(types.float32, types.int32), _reinterpret(types.int32, types.float32)

LOG2E, ROUND = f32(1.4426950408889634), f32(12582912.0)
LN2_HIGH, LN2_LOW = f32(0.693145751953125), f32(1.4286068203094172e-06)  # n times the high part is exact
LOW, HIGH = f32(-87.33), f32(88.72)  # outside, e**x is no normal float32
INFINITY = f32(np.inf)
ONE, TWO, FOUR, HALF = map(f32, (1, 2, 4, 0.5))
ROOT_HALF, DENSITY, INNER, CUBIC = map(f32, (plain.ROOT_HALF, plain.DENSITY, plain.INNER, plain.CUBIC))
E2, E3, E4, E5, E6, E7 = (f32(1 / k) for k in (2, 6, 24, 120, 720, 5040))
N0, N1, N2, N3, N4, N5 = map(f32, plain.ERF_NEAR)
F0, F1, F2, F3, F4, F5 = map(f32, plain.ERF_FAR)
TANH_NEAR = f32(0.625)
T0, T1, T2, T3, T4 = map(f32, (-3.3333281e-01, 1.3331442e-01, -5.3739712e-02, 2.0639075e-02, -5.7049743e-03))  # minimax


@exact
def exp(x):
    """e**x within 2 units in the last place; 0 where it is not a normal number, inf, nan."""
    z = LOW if x < LOW else x
    z = HIGH if z > HIGH else z
    t = z * LOG2E + ROUND
    n = t - ROUND
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    p = ((((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2) * r + ONE) * r + ONE
    half = int_bits(t) << np.int32(23)
    y = float_bits(np.int32(int_bits(p) + np.int32(half)))
    y = f32(0) if x < LOW else y
    return INFINITY if x > HIGH else y


@exact
def logistic(x):
    """1 / (1 + e**-x)."""
    return ONE / (ONE + exp(-x))


@exact
def tangent(x):
    """x + x^3 P(x^2) near 0, else 1 - 2 / (1 + e**2x) with x's sign."""
    t = abs(x)
    s = x * x
    p = ((((T4 * s + T3) * s + T2) * s + T1) * s + T0) * s
    near = x + x * p if s > f32(0) else x  # -0.0 stays
    far = ONE - TWO / (ONE + exp(t + t))
    far = -far if x < f32(0) else far
    return near if t < TANH_NEAR else far


@inlined
def erf(x):
    """The error function: see ERF_NEAR."""
    t = abs(x)
    t = FOUR if t > FOUR else t
    s = t * t
    near = x + x * (((((N0 * s + N1) * s + N2) * s + N3) * s + N4) * s + N5)
    far = ONE - exp(-t * (((((F0 * t + F1) * t + F2) * t + F3) * t + F4) * t + F5))
    far = -far if x < f32(0) else far
    return near if t < ONE else far


# -- for their own sake: over the whole range, with denormal numbers ---------------------------------------------------

LOWEST, HIGHEST = f32(-104.0), f32(89.0)  # beyond, e**x is 0 or inf
BIAS = np.int32(127)
TINY, UP = f32(1.1754944e-38), f32(8388608.0)  # the least normal number; 2**23
# log(1 + f) = f - f^2 / 2 + f^3 P(f) for sqrt(1/2) - 1 <= f < sqrt(2) - 1: logf of Cephes (Moshier 1992)
L0, L1, L2, L3, L4, L5, L6, L7, L8 = map(
    f32, (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
          2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
)  # fmt: skip
LOG2_HIGH, LOG2_LOW = f32(0.693359375), f32(-2.12194440e-4)
ROOT_HALF_BITS = np.int32(0x3F3504F3)


@exact
def power_of_two(n):
    return float_bits(np.int32((n + BIAS) << np.int32(23)))


@exact
def reduced(x):
    """(n, r, e**r - 1) with x = n ln 2 + r."""
    z = LOWEST if x < LOWEST else x
    z = HIGHEST if z > HIGHEST else z
    t = z * LOG2E + ROUND
    n = t - ROUND
    r = (z - n * LN2_HIGH) - n * LN2_LOW
    q = ((((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2) * r + ONE) * r
    return int_bits(t) - int_bits(ROUND), q


@exact
def whole_exp(x):
    """e**x within 2 units in the last place: 2**n is multiplied in two halves, which may give a denormal number."""
    n, q = reduced(x)
    half = n >> np.int32(1)
    return ((ONE + q) * power_of_two(half)) * power_of_two(np.int32(n - half))


@exact
def expm1(x):
    """e**x - 1 within 3 units in the last place: 2**n (e**r - 1) + (2**n - 1), 2**n again in two halves a b."""
    n, q = reduced(x)
    half = n >> np.int32(1)
    a, b = power_of_two(half), power_of_two(np.int32(n - half))
    y = (a * q + (a - power_of_two(np.int32(half - n)))) * b
    return x if x == f32(0) else y  # -0.0 stays


@exact
def log(x):
    """The natural logarithm within 2 units in the last place."""
    small = x < TINY
    z = x * UP if small else x
    bits = int_bits(z) - ROOT_HALF_BITS
    e = bits >> np.int32(23)
    f = float_bits(np.int32(int_bits(z) - np.int32(e << np.int32(23)))) - ONE
    n = f32(e) - f32(23) if small else f32(e)
    s = f * f
    p = (((((((L0 * f + L1) * f + L2) * f + L3) * f + L4) * f + L5) * f + L6) * f + L7) * f + L8
    y = f * s * p + n * LOG2_LOW - HALF * s
    y = (f + y) + n * LOG2_HIGH
    y = x if x == INFINITY or x != x else y
    y = -INFINITY if x == f32(0) else y
    return f32(np.nan) if x < f32(0) else y


@exact
def log1p(x):
    """log(1 + x) within 3 units in the last place: log(u) x / (u - 1) with u = 1 + x as it was rounded (Kahan)."""
    u = ONE + x
    d = u - ONE
    y = log(u) * (x / d)
    y = x if d == f32(0) else y
    return u if x == INFINITY else y
