"""Specs of `minitorch.special`: the functions without a counterpart elsewhere, and the other names of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import minitorch.special  # noqa: F401 - its operations must be known before derivatives are watched
from parity.spec import Bad, Call, In, binary, broadcastable, call, dims, shapes, spec, unary
from parity.tables import EDGES, refused

FULL = ("float64", "float32", "int64")
POSITIVE = {"low": 0.3, "high": 5.0}
NO_COMPLEX = refused("not implemented for 'ComplexFloat'", "complex64")

# torch's gradients of i1 and i1e at nan are numbers, and that of log_ndtr far below 0, which is -x there, is nan
UNLIKE = {"i1": np.isnan(EDGES), "i1e": np.isnan(EDGES), "log_ndtr": EDGES < -1e200}
for _name in ("i0e", "i1", "i1e", "erfcx", "ndtr", "log_ndtr"):
    _edges = EDGES[~UNLIKE.get(_name, np.zeros(EDGES.shape, bool))]
    spec(f"special.{_name}", unary(avoid=(0.0,)), dtypes=FULL, out=True, edges=(call(_edges),), errors=NO_COMPLEX)
spec("special.entr", unary(**POSITIVE), dtypes=FULL, out=True, errors=NO_COMPLEX,
     edges=(call(np.array([0.5, 1.0, np.inf, np.nan])),))  # fmt: skip
spec("special.ndtri", unary(low=0.05, high=0.95), dtypes=("float64", "float32"), out=True, errors=NO_COMPLEX,
     edges=(call(np.array([0.5, 0.01, 0.99])),))  # fmt: skip
spec("special.xlog1py", binary(None, POSITIVE, (2, 0.5)), dtypes=FULL, out=True,
     errors=(Bad(call("x", In((2,))), "must be Tensor"),))  # fmt: skip
spec("special.zeta", binary({"low": 1.5, "high": 4.0, "grad": False}, POSITIVE, (2, 0.5)), order=1, out=True)

for _name in ("bessel_j0", "bessel_j1", "modified_bessel_i0", "modified_bessel_i1", "airy_ai", "spherical_bessel_j0"):
    spec(f"special.{_name}", unary(), dtypes=FULL, order=0, out=True, errors=(
        Bad(call(In((2,))), "not implemented for 'Half'", dtype="float16"),))  # fmt: skip
for _name in ("bessel_y0", "bessel_y1", "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0",
              "scaled_modified_bessel_k1"):  # fmt: skip
    spec(f"special.{_name}", unary(**POSITIVE), dtypes=("float64", "float32"), order=0, out=True, errors=(
        Bad(call(In((2,))), "not implemented for 'Half'", dtype="float16"),))  # fmt: skip


@st.composite
def degrees(draw: Any) -> Call:
    """x and degrees: a number, or whole numbers in a tensor that broadcasts."""
    if draw(st.booleans()):
        return call(In(draw(shapes()), low=-0.95, high=0.95), draw(st.integers(0, 9)))
    x, n = draw(broadcastable(2))
    return call(In(x, low=-0.95, high=0.95), In(n, make=lambda rng, s, d: rng.integers(-1, 9, s).astype(d)))


for _kind in ("chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
              "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
              "legendre_polynomial_p", "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u",
              "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w"):  # fmt: skip
    spec(f"special.{_kind}", degrees(), order=0, out=True, errors=(
        Bad(call("x", 2), "must be Tensor"), Bad(call(In((2,)), 2), "not implemented for 'Half'", dtype="float16"),
    ))  # fmt: skip

# -- other names -----------------------------------------------------------------------------------------------------

for _name in ("expit", "erf", "erfc", "exp2", "expm1", "i0", "sinc"):
    spec(f"special.{_name}", unary(), dtypes=("float64", "int64"), out=True)
for _name in ("log1p", "digamma", "psi", "gammaln"):
    spec(f"special.{_name}", unary(**POSITIVE), dtypes=("float64", "int64"), out=True)
spec("special.erfinv", unary(low=-0.9, high=0.9), out=True)
spec("special.logit", unary(low=0.1, high=0.9), out=True)
spec("special.round", unary(), order=1, out=True)
spec("special.xlogy", binary(None, POSITIVE, (2, 0.5)), out=True)
spec("special.multigammaln", shapes().map(lambda s: call(In(s, low=1.3, high=5), 2)), out=True)
spec("special.polygamma", shapes().map(lambda s: call(1, In(s, **POSITIVE))), out=True)
for _name in ("gammainc", "gammaincc"):
    spec(f"special.{_name}", binary(POSITIVE | {"grad": False}, POSITIVE, ()), order=1, out=True)
ALONG = shapes(1, 3, zero=False).flatmap(lambda s: dims(len(s)).map(lambda d: call(In(s), d)))
for _name in ("softmax", "log_softmax", "logsumexp"):
    spec(f"special.{_name}", ALONG, out=_name == "logsumexp")
