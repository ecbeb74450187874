"""All elementwise ops under one name, for the families built on them: `ops.elementwise.exp`, ..."""

from minitorch.ops.arithmetic import (
    abs,
    add,
    addcdiv,
    addcmul,
    conj,
    conj_physical,
    div,
    lerp,
    mul,
    neg,
    reciprocal,
    rsub,
    sgn,
    sign,
    sub,
    zeros_as,
)
from minitorch.ops.compare import isfinite, isnan, where
from minitorch.ops.division import floor_divide, floor_quotient, fmod, gcd, lcm, remainder, trunc_quotient
from minitorch.ops.extrema import clamp, clamp_max, clamp_min, fmax, fmin, maximum, minimum
from minitorch.ops.powers import (
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    logit,
    pow,
    rsqrt,
    sigmoid,
    sqrt,
    xlogy,
)
from minitorch.ops.rounding import (
    ceil,
    copysign,
    floor,
    frac,
    frexp,
    heaviside,
    ldexp,
    nan_to_num,
    nextafter,
    round,
    trunc,
)
from minitorch.ops.special import digamma, erf, erfc, erfinv, i0, i1, igamma, igammac, lgamma, mvlgamma, polygamma
from minitorch.ops.trigonometry import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
)

__all__ = [
    "abs", "acos", "acosh", "add", "addcdiv", "addcmul", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clamp",
    "clamp_max", "clamp_min", "conj", "conj_physical", "copysign", "cos", "cosh", "deg2rad", "digamma", "div", "erf",
    "erfc", "erfinv", "exp", "exp2", "expm1", "floor", "floor_divide", "floor_quotient", "fmax", "fmin", "fmod", "frac",
    "frexp", "gcd", "heaviside", "hypot", "i0", "i1", "igamma", "igammac", "isfinite", "isnan", "lcm", "ldexp", "lerp",
    "lgamma", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "logit", "maximum", "minimum", "mul",
    "mvlgamma", "nan_to_num", "neg", "nextafter", "polygamma", "pow", "rad2deg", "reciprocal", "remainder", "round",
    "rsqrt", "rsub", "sgn", "sigmoid", "sign", "sin", "sinc", "sinh", "sqrt", "sub", "tan", "tanh", "trunc",
    "trunc_quotient", "where", "xlogy", "zeros_as",
]  # fmt: skip
