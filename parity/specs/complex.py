"""Specs of minitorch/ops/complex.py: parts, angle and conjugate of complex numbers."""

from __future__ import annotations

from parity.spec import ANY_REAL, COMPLEX, Bad, In, broadcastable, call, shapes, spec, unary
from parity.tables import COMPLEX_EDGES, EDGES, EVERYTHING, refused

spec("real", unary(), dtypes=COMPLEX)
spec("imag", unary(), dtypes=COMPLEX, errors=refused("non-complex dtypes", "float32"))
# not for empty tensors, of which torch's gradient raises "Tensor must have a last dimension with stride 1"
FULL = shapes(zero=False).map(lambda s: call(In(s)))
spec("view_as_real", FULL, dtypes=COMPLEX, errors=refused("only supported for complex", "float32"))
spec("conj", unary(), dtypes=COMPLEX, method=True)
spec("Tensor.conj", unary(), dtypes=ANY_REAL)
spec("conj_physical", unary(), dtypes=EVERYTHING, method=True, inplace=True, out=True)
ANGLE = {"edges": (call(EDGES), call(COMPLEX_EDGES)), "ties": "the gradient is 0 at 0 and for real numbers"}
spec("angle", unary(avoid=(0.0,)), dtypes=COMPLEX, method=True, out=True, **ANGLE)
spec("Tensor.angle", unary(avoid=(0.0,)), dtypes=ANY_REAL, **ANGLE)

MIXED = call(In((2,), dtype="float32"), In((2,), dtype="float64"))
PAIR = broadcastable(2).map(lambda s: call(In(s[0]), In(s[1])))
spec("complex", PAIR, out=True, errors=(Bad(MIXED, "Expected object of scalar type Float"),))
POLAR = broadcastable(2).map(lambda s: call(In(s[0], low=0.2), In(s[1])))
spec("polar", POLAR, out=True, errors=(Bad(MIXED, "Expected object of scalar type Float"),))
for _name in ("resolve_conj", "resolve_neg"):
    spec(_name, unary(), dtypes=("float64", *COMPLEX), method=True)
