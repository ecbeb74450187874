"""The functions of `minitorch.special` that are no methods of Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import special as ops
from minitorch.ops import special_more as more
from minitorch.ops import special_plain as plain
from minitorch.tensor.binding import function
from minitorch.tensor.operators import operand
from minitorch.tensor.out import write_out


def _unary(name: str, op: Callable, doc: str) -> Callable:
    def call(input: Any) -> Any:
        return op(input)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return function(call, out=True)


def _binary(name: str, op: Callable, doc: str, second: str = "other") -> Callable:
    """f(input, other): tensors that broadcast, one of them possibly a number."""

    def compute(x: Any, y: Any, out: Any) -> Any:
        operand(name, "input", x, 1)
        operand(name, second, y, 2)
        if not (isinstance(x, TensorBase) or isinstance(y, TensorBase)):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
        result = op(x, y)
        return result if out is None else write_out(name, out, result, (x, y))

    if second == "n":

        def call(input: Any, n: Any, *, out: Any = None) -> Any:
            return compute(input, n, out)

    else:

        def call(input: Any, other: Any, *, out: Any = None) -> Any:  # type: ignore[misc]
            return compute(input, other, out)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


_DOCS = {
    "bessel_j0": "The Bessel function of the first kind, order 0.",
    "bessel_j1": "The Bessel function of the first kind, order 1.",
    "bessel_y0": "The Bessel function of the second kind, order 0.",
    "bessel_y1": "The Bessel function of the second kind, order 1.",
    "modified_bessel_i0": "The modified Bessel function of the first kind, order 0.",
    "modified_bessel_i1": "The modified Bessel function of the first kind, order 1.",
    "modified_bessel_k0": "The modified Bessel function of the second kind, order 0.",
    "modified_bessel_k1": "The modified Bessel function of the second kind, order 1.",
    "scaled_modified_bessel_k0": "e**x times modified_bessel_k0.",
    "scaled_modified_bessel_k1": "e**x times modified_bessel_k1.",
    "airy_ai": "The Airy function Ai.",
    "spherical_bessel_j0": "sin(x) / x.",
    "chebyshev_polynomial_t": "The Chebyshev polynomial T_n: T_n(cos t) = cos(n t).",
    "chebyshev_polynomial_u": "The Chebyshev polynomial U_n: U_n(cos t) = sin((n+1) t) / sin(t).",
    "chebyshev_polynomial_v": "The Chebyshev polynomial V_n: V_n(cos t) = cos((n+1/2) t) / cos(t/2).",
    "chebyshev_polynomial_w": "The Chebyshev polynomial W_n: W_n(cos t) = sin((n+1/2) t) / sin(t/2).",
    "hermite_polynomial_h": "The physicists' Hermite polynomial H_n.",
    "hermite_polynomial_he": "The probabilists' Hermite polynomial He_n.",
    "laguerre_polynomial_l": "The Laguerre polynomial L_n.",
    "legendre_polynomial_p": "The Legendre polynomial P_n.",
}

FUNCTIONS: dict[str, Callable] = {
    "i0e": _unary("i0e", more.i0e, "e**-|x| i0(x)."),
    "i1": _unary("i1", ops.i1, "The modified Bessel function of the first kind, order 1."),
    "i1e": _unary("i1e", more.i1e, "e**-|x| i1(x)."),
    "entr": _unary("entr", more.entr, "-x log x; 0 at 0, -inf for negative x."),
    "erfcx": _unary("erfcx", more.erfcx, "e**(x**2) erfc(x)."),
    "ndtr": _unary("ndtr", more.ndtr, "The distribution function of the standard normal distribution."),
    "ndtri": _unary("ndtri", more.ndtri, "The inverse of `ndtr`."),
    "log_ndtr": _unary("log_ndtr", more.log_ndtr, "log(ndtr(x)), exact far to the left."),
    "xlog1py": _binary("xlog1py", more.xlog1py, "x log(1 + y), and 0 where x is 0."),
    "zeta": _binary("zeta", more.zeta, "Hurwitz' zeta function: the sum over k >= 0 of (k + other)**-input."),
    **{name: _unary(name, op, _DOCS[name]) for name, op in plain.OPS.items()},
    **{
        name: _binary(
            name,
            op,
            _DOCS.get(name, f"`{name.removeprefix('shifted_')}` at 2 x - 1.") + " The degree n may be a tensor.",
            "n",
        )
        for name, op in plain.POLYNOMIALS.items()
    },
}
