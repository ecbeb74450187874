"""Specs of minitorch/tensor/memory.py: copies, fills, views by strides. The rest of it is in tests/test_indexing.py."""

from __future__ import annotations

from hypothesis import strategies as st

from parity.spec import Bad, In, call, shapes, spec
from parity.specs.shape import ALL, BOTH, V, X, one

# -- memory -----------------------------------------------------------------------------------------------------------

spec("clone", one(), **BOTH)
spec("Tensor.contiguous", one(), dtypes=ALL)
spec(
    "fill",
    shapes().flatmap(lambda s: st.sampled_from((2, -1.5, In(()))).map(lambda v: call(In(s), v))),
    dtypes=("float64", "float32", "complex128"),
    inplace=True,
    errors=(Bad(call(X, V), "0-dimension"),),
)
spec(
    "fill_",
    shapes().flatmap(lambda s: st.sampled_from((2, 1.5, True)).map(lambda v: call(In(s, grad=False), v))),
    dtypes=ALL,
    order=0,
    errors=(
        Bad(call(X, V), "0-dimension"),
        Bad(call(X, 1j), "without overflow"),
        Bad(call(X, 300), "without overflow", dtype="uint8"),
    ),
)
for name in ("zero_", "Tensor.zero_"):
    spec(name, one(grad=False), dtypes=ALL, order=0)
spec(
    "Tensor.copy_",
    st.sampled_from(
        (
            call(In((2, 3), grad=False), In((2, 3))),
            call(In((2, 3), grad=False), In((3,))),
            call(In((2, 3), grad=False), In((2, 1), dtype="float32")),
            call(In((2,), grad=False), 3),
            call(In((), grad=False), In((), dtype="int64")),
        )
    ),
    dtypes=ALL,
    order=1,
    errors=(Bad(call(X, V), "must match the size"), Bad(call(X, In((1, 2, 3))), "doesn't match the broadcast shape")),
)

# a last dimension of length one keeps every layout's storage like torch's
TALL = In((12, 1))
STRIDED = (
    call(TALL, (2, 3), (1, 2)),
    call(TALL, (3, 2), (1, 1)),
    call(TALL, (2, 2), (3, 1), 1),
    call(TALL, (), ()),
    call(TALL, (0, 2), (1, 1)),
    call(TALL, (2, 2), (0, 1), 2),
    call(In(()), (1, 1), (3, 1)),
)
spec(
    "as_strided",
    st.sampled_from(STRIDED),
    dtypes=("float64", "int64"),
    method=True,
    inplace=True,
    errors=(
        Bad(call(V, (5,), (1,)), "out of bounds for storage"),
        Bad(call(V, (2,), (1, 1)), "mismatch in length"),
        Bad(call(V, (2,), (-1,)), "Negative strides"),
        Bad(call(V, (2,), (1,), -1), "storage offset"),
    ),
)
# torch's derivative is wrong for self, and for src where self is not contiguous: see tests/test_indexing.py
spec(
    "as_strided_scatter",
    st.sampled_from((call(In((), grad=False), In((1,)), (1,), (1,)), call(In((), grad=False), In(()), (), ()))),
    dtypes=("float64", "int64"),
    method=True,
    errors=(Bad(call(V, V, (2,), (1,)), "size equal to the slice of self"),),
)
