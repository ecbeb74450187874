"""Box-Muller in blocks of sixteen, rounded exactly as torch rounds it; and the fused multiply-add it needs.

    r = sqrt(-2 log(1 - u1)),  t = 2 pi u2  ->  r cos t, r sin t            u1, u2 uniform on [0, 1)

In double precision torch calls the C library (libm.py). In single precision torch on x86-64 runs the
polynomials of the Cephes library in AVX2 registers, where the compiler fuses `a * b + c` into one rounding; NumPy's own
functions differ from them by up to 5 ulp. So those polynomials are evaluated here, step by step. (Where torch runs
without AVX2, on ARM for instance, its own numbers differ from these in the last places.)

Knows arrays and rounding; must not know where the uniform numbers come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch.backend import libm

if TYPE_CHECKING:
    from numpy.typing import NDArray

F32 = np.float32
BLOCKS_AT_ONCE = 2048  # times 16 numbers: the temporaries stay in the cache (measured: twice as fast as all at once)

# Cephes logf, sinf, cosf: minimax polynomials on [sqrt(1/2), sqrt(2)] - 1 and [0, pi/4], highest power first.
LOG_POLYNOMIAL = [
    F32(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
]
SIN_POLYNOMIAL = [F32(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
COS_POLYNOMIAL = [F32(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
SQRT_HALF = F32(0.707106781186547524)
LOG2_HIGH, LOG2_LOW = F32(0.693359375), F32(-2.12194440e-4)  # log 2 in two parts; the first has nine bits
FOUR_OVER_PI = F32(1.27323954473516)
PI_4_PARTS = F32(-0.78515625), F32(-2.4187564849853515625e-4), F32(-3.77489497744594108e-8)  # -pi/4 in three parts
TWO_PI = 2.0 * np.pi


def fma32(a: NDArray, b: NDArray | np.floating, c: NDArray | np.floating) -> NDArray:
    """`a * b + c` of float32 values with one rounding: the product of two float32 is exact in float64."""
    wide = np.multiply(a, b, dtype=np.float64)
    wide += c
    return wide.astype(F32)


def fma64(a: NDArray, b: float, c: float) -> NDArray:
    """`a * b + c` of float64 values with one rounding, from Dekker's exact product and Knuth's exact sum."""
    if c == 0.0 or b == 1.0 or not abs(b) < 2.0**970:  # past 2^970 the splitting below would overflow
        return a * b + c
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(np.float64(b))
    product = a * b
    product_error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    back = total - product
    sum_error = (product - (total - back)) + (c - back)
    return total + (sum_error + product_error)


def _halves(x: NDArray | np.float64) -> tuple[NDArray | np.float64, NDArray | np.float64]:
    """Split 53 bits into 26 + 26 (Veltkamp), so that products of halves are exact."""
    shifted = x * 134217729.0  # 2^27 + 1
    high = shifted - (shifted - x)
    return high, x - high


def normals_from_blocks(uniforms: NDArray, mean: float, std: float) -> NDArray:
    """Turn whole blocks of sixteen uniforms (float32 or float64) into normals: u1 is the first eight, u2 the last."""
    blocks = uniforms.reshape(-1, 2, 8)  # block, u1 or u2, lane
    out = np.empty_like(blocks)
    pair, scale = (_pair32, _scale32) if uniforms.dtype == F32 else (_pair64, fma64)
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        part = slice(start, start + BLOCKS_AT_ONCE)
        with_cos, with_sin = pair(1 - blocks[part, 0], blocks[part, 1])
        out[part, 0] = scale(with_cos, std, mean)
        out[part, 1] = scale(with_sin, std, mean)
    return out.reshape(-1)


def _scale32(x: NDArray, std: float, mean: float) -> NDArray:
    if mean == 0.0:  # the product rounds once anyway; adding 0 makes -0 a 0
        return (x if std == 1.0 else x * F32(std)) + F32(0)
    return fma32(x, F32(std), F32(mean))


def _pair64(v1: NDArray, u2: NDArray) -> tuple[NDArray, NDArray]:
    radius = np.sqrt(-2 * libm.log(v1))
    theta = TWO_PI * u2
    return radius * libm.cos(theta), radius * libm.sin(theta)


def _pair32(v1: NDArray, u2: NDArray) -> tuple[NDArray, NDArray]:
    radius = np.sqrt(F32(-2) * log32(v1))
    sine, cosine = sincos32(F32(TWO_PI) * u2)
    cosine *= radius
    sine *= radius
    return cosine, sine


def _horner(coefficients: list[np.floating], x: NDArray) -> NDArray:
    """The polynomial at float32 `x`, every step `y * x + c` fused."""
    x = x.astype(np.float64)
    wide = x * np.float64(coefficients[0])
    wide += coefficients[1]
    for c in coefficients[2:]:
        wide = wide.astype(F32).astype(np.float64)  # the one rounding of the fused step
        wide *= x
        wide += c
    return wide.astype(F32)


def log32(x: NDArray) -> NDArray:
    """Natural logarithm of normal float32 numbers as Cephes' logf: x = 2^e m with m in [sqrt(1/2), sqrt(2))."""
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(F32)
    m = ((bits & 0x007FFFFF) | 0x3F000000).view(F32)  # in [1/2, 1)
    small = m < SQRT_HALF
    exponent -= small
    m = (m - F32(1)) + m * small  # 2m - 1 below sqrt(1/2), else m - 1
    square = m * m
    y = _horner(LOG_POLYNOMIAL, m) * m
    y = fma32(y, square, exponent * LOG2_LOW)
    y -= square * F32(0.5)
    return (m + y) + exponent * LOG2_HIGH


def sincos32(x: NDArray) -> tuple[NDArray, NDArray]:
    """Sine and cosine of float32 numbers in [0, 2 pi] as Cephes' sinf and cosf: reduce to [-pi/4, pi/4] by octants."""
    octant = ((x * FOUR_OVER_PI).astype(np.int32) + 1) & ~1  # even: 0, 2, 4, 6, 8
    count = octant.astype(F32)
    x = x + count * PI_4_PARTS[0]  # this product and the next are exact: few bits each
    x += count * PI_4_PARTS[1]
    x = fma32(count, PI_4_PARTS[2], x)
    square = x * x
    cosine = _horner(COS_POLYNOMIAL, square) * square
    cosine = fma32(cosine, square, square * F32(-0.5)) + F32(1)
    sine = fma32(_horner(SIN_POLYNOMIAL, square) * square, x, x)
    straight = (octant & 2) == 0  # in the other octants sine and cosine change places
    sine, cosine = np.where(straight, sine, cosine), np.where(straight, cosine, sine)
    sign_of_sine = (octant & 4) << 29  # bit 2 moved to the sign bit
    sign_of_cosine = ((octant + 2) & 4) << 29
    return (sine.view(np.int32) ^ sign_of_sine).view(F32), (cosine.view(np.int32) ^ sign_of_cosine).view(F32)
