"""Specs of minitorch/ops/complex.py: parts, angle and conjugate of complex numbers."""

from __future__ import annotations

from parity.spec import COMPLEX, In, call, shapes, spec, unary
from parity.tables import COMPLEX_EDGES, EDGES, EVERYTHING, refused

spec("real", unary(), dtypes=EVERYTHING)
spec("imag", unary(), dtypes=COMPLEX, errors=refused("non-complex dtypes", "float32"))
# not for empty tensors, of which torch's gradient raises "Tensor must have a last dimension with stride 1"
FULL = shapes(zero=False).map(lambda s: call(In(s)))
spec("view_as_real", FULL, dtypes=COMPLEX, errors=refused("only supported for complex", "float32"))
spec("conj", unary(), dtypes=EVERYTHING, method=True)
spec("conj_physical", unary(), dtypes=EVERYTHING, method=True, inplace=True, out=True)
spec("angle", unary(avoid=(0.0,)), dtypes=EVERYTHING, method=True, out=True, edges=(call(EDGES), call(COMPLEX_EDGES)),
     ties="the gradient is 0 at 0 and for real numbers")  # fmt: skip
