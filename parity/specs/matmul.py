"""Specs of minitorch/ops/matmul.py and of einsum: products of matrices and vectors, distances."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import COMPLEX, FLOATS, INTEGERS, Bad, Call, In, call, shapes, spec
from parity.specs.reduce import HALVES, INF

NUMBERS = (*FLOATS, *INTEGERS, *COMPLEX)
BOTH = {"method": True, "out": True}
A, B, V, W = In((2, 3)), In((3, 4)), In((3,)), In((2,))
A3, B3 = In((5, 2, 3)), In((5, 3, 4))
DOUBLE = Bad(call(A, In((3, 4), dtype="float32")), "dtype")
INNER = "shapes cannot be multiplied"
# torch multiplies halves in another order of rounding
_ROUNDING = {
    "tolerance": {"float16": (4e-3, 4e-3), "bfloat16": (3e-2, 3e-2)},
    "why": "halves: the order of roundings differs",
}


def sizes(*choices):
    return st.sampled_from(choices or (1, 2, 3, 4, 5))


@st.composite
def products(draw) -> Call:
    """x @ y for all numbers of dimensions, with batches that broadcast."""
    n, k, m = draw(sizes(2, 1, 3, 0)), draw(sizes(4, 1, 3, 0)), draw(sizes(5, 1, 2, 0))
    batch = draw(shapes(0, 2, zero=False))
    left = draw(st.sampled_from(((k,), (n, k), (*batch, n, k), (*[1] * len(batch), n, k), (*batch[1:], n, k))))
    right = draw(st.sampled_from(((k,), (k, m), (*batch, k, m), (*[1] * len(batch), k, m), (*batch[1:], k, m))))
    return call(In(left), In(right))


_MATMUL_ERRORS = (
    Bad(call(A, A), INNER),
    Bad(call(A, W), "size mismatch"),
    Bad(call(V, W), "inconsistent tensor size"),
    Bad(call(A3, A), INNER),
    Bad(call(In(()), A), "at least 1D"),
    Bad(call(A, In(())), "at least 1D"),
    DOUBLE,
    Bad(call(A, 3), "must be Tensor"),
    Bad(call(A, In((3, 4))), "not implemented", dtype="bool"),
    Bad(call(A3, In((4, 3, 2))), "must match the size of tensor b"),
)
spec("matmul", products(), dtypes=(*NUMBERS, *HALVES), **BOTH, errors=_MATMUL_ERRORS, **_ROUNDING)
spec("Tensor.__matmul__", products(), errors=(Bad(call(A, A), INNER),))
spec("Tensor.__rmatmul__", st.just(call(B, A)), errors=(Bad(call(A, A), INNER),))


@st.composite
def of_shapes(draw, *pattern: str, extra: dict | None = None) -> Call:
    """Tensors whose dims are named by letters: "nk", "km"."""
    length = {
        c: draw(sizes(*pool)) for c, pool in zip("nkmb", ((2, 1, 0), (3, 1, 0), (4, 1, 0), (5, 1, 0)), strict=True)
    }
    tensors = [In(tuple(length[c] for c in word)) for word in pattern]
    return call(*tensors, **{name: draw(st.sampled_from(values)) for name, values in (extra or {}).items()})


spec(
    "mm",
    of_shapes("nk", "km"),
    dtypes=(*NUMBERS, *HALVES),
    **BOTH,
    errors=(Bad(call(A, A), INNER), Bad(call(A, V), "must be a matrix"), DOUBLE),
    **_ROUNDING,
)
spec(
    "bmm",
    of_shapes("bnk", "bkm"),
    dtypes=NUMBERS,
    **BOTH,
    errors=(Bad(call(A3, B), "must be a 3D"), Bad(call(A3, A3), "Expected size for first two")),
)
spec(
    "mv",
    of_shapes("nk", "k"),
    dtypes=NUMBERS,
    **BOTH,
    errors=(Bad(call(A, W), "size mismatch"), Bad(call(A, A), "vector + matrix @ vector")),
)
spec(
    "dot",
    of_shapes("k", "k"),
    dtypes=NUMBERS,
    **BOTH,
    errors=(
        Bad(call(V, W), "inconsistent tensor size"),
        Bad(call(V, A), "1D tensors expected"),
        Bad(call(V, In((3,), dtype="float32")), "same dtype"),
    ),
)
spec("vdot", of_shapes("k", "k"), dtypes=NUMBERS, **BOTH, errors=(Bad(call(V, W), "inconsistent tensor size"),))
spec(
    "outer",
    of_shapes("n", "m"),
    dtypes=(*NUMBERS, "bool"),
    **BOTH,
    errors=(Bad(call(A, V), "Expected 1-D argument self"), Bad(call(V, A), "vec2")),
)
spec("ger", of_shapes("n", "m"), **BOTH, errors=(Bad(call(A, V), "Expected 1-D argument self"),))
spec(
    "inner",
    st.one_of(
        of_shapes("nk", "mk"), of_shapes("k", "mk"), of_shapes("k", "k"), of_shapes("", "mk"), of_shapes("bnk", "mk")
    ),
    dtypes=NUMBERS,
    **BOTH,
    errors=(Bad(call(V, W), "last dimension must match"), Bad(call(V, In((3,), dtype="float32")), "same dtype")),
)

# -- products added to something -------------------------------------------------------------------------------------


@st.composite
def added(draw, shapes_of_input: tuple[str, ...], *pattern: str) -> Call:
    word = draw(st.sampled_from(shapes_of_input))
    whole = {"beta": (1, 2, 0), "alpha": (1, 3, 0)}
    c = draw(of_shapes(word, *pattern, extra=draw(st.sampled_from(({}, whole)))))
    empty = any(0 in a.shape for a in c.args[:3])  # there torch's addmv forgets to broadcast
    if draw(st.integers(0, 3)) == 0 and word and not empty:  # input broadcasts
        first = c.args[0]
        return call(In((1,) * len(first.shape)), *c.args[1:], **c.kwargs)
    return c


_ADDED = {"dtypes": (*FLOATS, *INTEGERS, *COMPLEX), "method": True, "out": True}
_NO_INPUT = np.full((2, 4), np.nan)
spec(
    "addmm",
    added(("nm", "m", ""), "nk", "km"),
    **_ADDED,
    edges=(call(_NO_INPUT, np.ones((2, 3)), np.ones((3, 4)), beta=0),),
    errors=(
        Bad(call(A, A, B), "expanded size"),
        Bad(call(In((2, 4)), A, A), INNER),
        Bad(call(In((2, 4)), A, V), "must be a matrix"),
        Bad(call(In((2, 2, 4)), A, B), "addmm"),
        Bad(call(In((2, 4), dtype="float32"), A, B), "same dtype"),
    ),
)
spec(
    "addmv",
    added(("n",), "nk", "k"),
    **_ADDED,
    errors=(Bad(call(V, A, V), "expanded size"), Bad(call(W, A, W), "size mismatch")),
)
spec(
    "addr",
    added(("nm", "m", ""), "n", "m"),
    **_ADDED,
    errors=(
        Bad(call(B, W, V), "expanded size"),
        Bad(call(A, W, V, beta=1.5), "must not be a floating point", dtype="int64"),
    ),
)
spec(
    "baddbmm",
    added(("bnm", "nm", "m", ""), "bnk", "bkm"),
    **_ADDED,
    errors=(
        Bad(call(In((3, 4)), A3, B3), "expanded size"),
        Bad(call(In((5, 2, 4)), A3, A3), "Expected size for first two"),
    ),
)
spec(
    "addbmm",
    added(("nm", "m", ""), "bnk", "bkm"),
    **_ADDED,
    errors=(
        Bad(call(In((3, 4)), A3, B3), "expanded size"),
        Bad(call(In((2, 4)), A3, A3), "Expected size for first two"),
    ),
)
for _name, _words in {
    "addmm_": ("nm", "nk", "km"),
    "addmv_": ("n", "nk", "k"),
    "addr_": ("nm", "n", "m"),
    "baddbmm_": ("bnm", "bnk", "bkm"),
    "addbmm_": ("nm", "bnk", "bkm"),
}.items():
    _extra = {"beta": (1, 2, 0), "alpha": (1, 3)}
    spec(
        f"Tensor.{_name}",
        of_shapes(*_words, extra=_extra).map(lambda c: call(In(c.args[0].shape, grad=False), *c.args[1:], **c.kwargs)),
        dtypes=("float64", "float32", "int64"),
        order=1,
    )

# -- einsum, tensordot -----------------------------------------------------------------------------------------------

_EQUATIONS = (
    ("ij,jk", "ij", "jk"),
    ("ij,jk->ki", "ij", "jk"),
    ("ij,jk->ik", "ij", "jk"),
    ("ij->ji", "ij"),
    ("ij->", "ij"),
    ("ij->j", "ij"),
    ("ii", "ii"),
    ("ii->i", "ii"),
    ("iij->j", "iij"),
    ("i,j->ij", "i", "j"),
    ("i,i->", "i", "i"),
    ("i,i->i", "i", "i"),
    ("bij,bjk->bik", "bij", "bjk"),
    ("bhqd,bhkd->bhqk", "bhqd", "bhkd"),
    ("bhqk,bhkd->bqhd", "bhqk", "bhkd"),
    ("ij,jk,kl->il", "ij", "jk", "kl"),
    ("ij,ij,ij->", "ij", "ij", "ij"),
    ("ij,kj,lj->ikl", "ij", "kj", "lj"),
    ("...ij,...jk", "bij", "bjk"),
    ("...ij,...jk->...ki", "abij", "bjk"),
    ("b...,b...->...", "bij", "bij"),
    ("i...->...", "ijk"),
    ("...i->i...", "abi"),
    ("ijk,ilj,k->l", "ijk", "ilj", "k"),
    (" i j , j k -> i k ", "ij", "jk"),
    (",ij", "", "ij"),
    ("...->", "ij"),
    ("aB,Bc->ac", "aB", "Bc"),
    ("ab,Bc", "ab", "Bc"),
    ("bi,ij,bj->b", "bi", "ij", "bj"),
    ("i,ij,j", "i", "ij", "j"),
    ("xii,yi->xy", "xii", "yi"),
    ("ij,k->jk", "ij", "k"),
    ("i,j,k->kji", "i", "j", "k"),
)


@st.composite
def equations(draw) -> Call:
    equation, *words = draw(st.sampled_from(_EQUATIONS))
    lengths: dict[str, int] = {}
    pool = draw(st.permutations((2, 3, 4, 5, 6, 1, 0))) if draw(st.booleans()) else (2, 3, 4, 5, 6, 7, 3, 2)
    for word in words:
        for c in word:
            lengths.setdefault(c, pool[len(lengths) % len(pool)])
    single = draw(st.integers(0, 5)) == 0 and len(words) == 2 and not set("".join(words)) & set("iiyx")
    shaped = [tuple(lengths[c] for c in word) for word in words]
    if single and shaped[1]:
        shaped[1] = (1, *shaped[1][1:])
    return call(equation, *(In(s) for s in shaped))


_BAD_EQUATIONS = {
    "ij,jk": "fewer operands",
    "ijk": "does not match the number of dimensions",
    "ij->ii": "more than once",
    "ij->ik": "does not appear",
    "i1": "invalid subscript",
    "..ij": "not part of any ellipsis",
    "ii": "sizes don't match",
    "ij->i->j": "subscript",
    "ijk...": "dimensions",
}
spec(
    "einsum",
    equations(),
    dtypes=(*FLOATS, "int64", *COMPLEX),
    edges=(
        call(np.eye(3), [0, 1], np.ones((3, 4)), [1, 2]),
        call(np.eye(3), [0, 1], np.ones((3, 4)), [1, 2], [2, 0]),
        call("ij,jk->ik", [np.eye(3), np.ones((3, 4))]),
        call(np.ones((2, 3)), [0, ...], [...]),
        call("ij,j->", np.ones((2, 3)), np.ones(1)),
    ),
    errors=(
        *(Bad(call(e, A), words) for e, words in _BAD_EQUATIONS.items()),
        Bad(call("ij", A, B), "more operands"),
        Bad(call("ij,kj", A, B), "does not broadcast"),
        Bad(call("ij,j", A, In((3,), dtype="float32")), "dtype"),
        Bad(call("ij,jk->ik", A, B), "not implemented", dtype="bool"),
    ),
)


@st.composite
def dots(draw) -> Call:
    n = draw(st.integers(0, 2))
    lengths = draw(st.permutations((2, 3, 4, 5)))
    inner = lengths[:n]
    if draw(st.booleans()):
        return call(In((*lengths[2:3], *inner)), In((*inner, *lengths[3:])), n)
    a = draw(st.permutations((*inner, lengths[2])))
    b = draw(st.permutations((*inner, lengths[3])))
    dims = ([a.index(i) for i in inner], [b.index(i) - draw(st.sampled_from((0, len(b)))) for i in inner])
    return call(In(tuple(a)), In(tuple(b)), dims=dims)


spec(
    "tensordot",
    dots(),
    dtypes=NUMBERS,
    out=True,
    edges=(call(np.ones((2, 3)), np.ones((1, 4)), ([1], [0])), call(np.ones((2, 1)), np.ones((3, 4)), 1)),
    errors=(
        Bad(call(A, B, 2), "need to match"),
        Bad(call(A, B, -1), "dims >= 0"),
        Bad(call(A, B, 5), "dims <"),
        Bad(call(A, B, ([0, 1], [0])), "same length"),
        Bad(call(A, In((3, 4), dtype="float32"), 1), "same dtype"),
    ),
)

# -- cross products and distances ------------------------------------------------------------------------------------


@st.composite
def crossed(draw) -> Call:
    """cross(x, y), cross(x, y, dim), with lengths of one that broadcast."""
    rest = draw(shapes(0, 2, zero=False))
    at = draw(st.integers(0, len(rest)))
    s = (*rest[:at], 3, *rest[at:])
    other = tuple(1 if draw(st.integers(0, 4)) == 0 and i != at else n for i, n in enumerate(s))
    dim = at - draw(st.sampled_from((0, len(s))))
    if draw(st.booleans()):
        return call(In(s), In(other), dim)
    return call(In(s), In(s), dim=dim) if draw(st.booleans()) else call(In(s), In(s))


_CROSS_ERRORS = (
    Bad(call(A, V), "same number of dimensions"),
    Bad(call(A, A, 0), "must have length 3"),
    Bad(call(A, A, 2), "Dimension out of range"),
)
spec(
    "cross",
    crossed(),
    dtypes=NUMBERS,
    **BOTH,
    errors=(
        *_CROSS_ERRORS,
        Bad(call(W, W), "no dimension of size 3"),
        Bad(call(V, In((3,), dtype="float32")), "dtype"),
    ),
)


@st.composite
def distances(draw) -> Call:
    n, m, k = draw(sizes(2, 1, 0)), draw(sizes(3, 1, 0)), draw(sizes(4, 1))
    batch = draw(shapes(0, 1, zero=False))
    p = draw(st.sampled_from((2.0, 1.0, 3.0, 0.0, INF, 1.5)))
    other = (*batch, m, k) if draw(st.booleans()) else (m, k)
    return call(In((*batch, n, k), distinct=True, low=-3, high=0), In(other, distinct=True, low=0.1, high=3), p)


def many(n: int, m: int, **mode) -> Call:
    return call(In((n, 4)), In((m, 4)), **mode)


_MM = {"compute_mode": "use_mm_for_euclid_dist"}
spec(
    "cdist",
    st.one_of(
        distances(),
        st.sampled_from((many(30, 5), many(3, 5, **_MM), many(26, 2, compute_mode="donot_use_mm_for_euclid_dist"))),
    ),
    edges=(
        call(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.0, 1.0]])),
        call(np.zeros((2, 0)), np.zeros((3, 0)), INF),
    ),
    errors=(
        Bad(call(A, B), "same number of columns"),
        Bad(call(V, V), "at least 2D"),
        Bad(call(A, A, -1), "non-negative"),
        Bad(call(A, A), "floating-point", dtype="int64"),
        Bad(call(A, In((2, 3), dtype="float32")), "dtype"),
        Bad(call(A, A, compute_mode="x"), "compute_mode"),
    ),
    order=1,
    ties="no gradient where two points coincide; torch has no second derivative",
)
