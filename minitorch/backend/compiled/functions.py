"""Functions of one float32, written so that a loop over them runs on all lanes of a vector unit.

e**x = 2**n e**r with n = round(x / ln 2), |r| <= ln(2) / 2, and e**r by its series. Adding 1.5 * 2**23 rounds to an
integer, which then stands in the last bits of the sum; added to the exponent's bits, it multiplies by 2**n.

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
