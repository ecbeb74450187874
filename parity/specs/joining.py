"""Specs of minitorch/tensor/joining.py: cat and stack, split and unbind."""

from __future__ import annotations

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dims, shapes, spec
from parity.specs.shape import ALL, BAD_DIM, BOTH, S, V, X, one, two_dims

# -- taking apart -----------------------------------------------------------------------------------------------------


@st.composite
def along(draw, low: int, high: int) -> Call:
    s = draw(shapes(min_dims=1))
    return call(In(s), draw(st.integers(low, high)), draw(dims(len(s))))


@st.composite
def sections(draw, listed=list) -> Call:
    s = draw(shapes(min_dims=1))
    d = draw(dims(len(s)))
    first = draw(st.integers(0, s[d]))
    return call(In(s), listed((first, s[d] - first)), d)


@st.composite
def cuts(draw) -> Call:
    s = draw(shapes(min_dims=1))
    return call(In(s), draw(st.lists(st.integers(-4, 6), max_size=3)), draw(dims(len(s))))


APART = {**BOTH, "errors": (Bad(call(S, 1), "at least a 1-dimensional"), Bad(call(X, 1, 2), "Dimension out of range"))}
NEGATIVE = Bad(call(X, -1), "non-negative")
spec(
    "split",
    st.one_of(along(1, 6), sections()),
    **{
        **APART,
        "errors": (*APART["errors"], NEGATIVE, Bad(call(X, 0), "can only be 0"), Bad(call(X, [1, 2]), "sum exactly")),
    },
)
spec(
    "split_with_sizes",
    sections(),
    **BOTH,
    errors=(Bad(call(X, [1, 2]), "sum exactly"), Bad(call(X, [3, -1]), "non-negative")),
)
spec("chunk", along(1, 6), **{**APART, "errors": (*APART["errors"], Bad(call(X, 0), "greater than 0"))})
spec(
    "tensor_split",
    st.one_of(along(1, 6), cuts()),
    **BOTH,
    errors=(Bad(call(X, 0), "larger than 0"), Bad(call(S, 1), "at least a 1-dimensional")),
)
spec("unsafe_split", along(1, 6), **BOTH)
spec("unsafe_split_with_sizes", sections(), **BOTH)
spec("unsafe_chunk", along(1, 6), **BOTH)
spec("unbind", two_dims(1).map(lambda c: call(*c.args[:2])), **BOTH, errors=(Bad(call(S), "no dimensions"), BAD_DIM))
spec(
    "hsplit",
    st.sampled_from((call(In((2, 4)), 2), call(In((6,)), 3), call(In((2, 5, 3)), (1, 3)))),
    **BOTH,
    errors=(Bad(call(In((2, 3)), 2), "not divisible"), Bad(call(S, 1), "at least 1")),
)
spec(
    "vsplit",
    st.sampled_from((call(In((4, 3)), 2), call(In((5, 2, 3)), (1, 3)))),
    **BOTH,
    errors=(Bad(call(In((3, 2)), 2), "not divisible"), Bad(call(V, 1), "at least 2")),
)
spec(
    "dsplit",
    st.sampled_from((call(In((2, 3, 4)), 2), call(In((2, 3, 5)), (1, 3)))),
    **BOTH,
    errors=(Bad(call(In((2, 3, 3)), 2), "not divisible"), Bad(call(X, 1), "at least 3")),
)

# -- joining ----------------------------------------------------------------------------------------------------------


@st.composite
def catted(draw) -> Call:
    s = draw(shapes(min_dims=1))
    d = draw(dims(len(s)))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 3))
        parts.append(
            In(
                (*s[:d], n, *s[d:][1:]) if d >= 0 else (*s[: len(s) + d], n, *s[len(s) + d + 1 :]),
                dtype=draw(st.sampled_from(("main", "main", "float32"))),
            )
        )
    return call(parts, d) if draw(st.booleans()) else call(tuple(parts), dim=d)


@st.composite
def stacked(draw) -> Call:
    s = draw(shapes(max_dims=2))
    return call([In(s)] * draw(st.integers(1, 3)), draw(dims(len(s) + 1)))


def alike(least: int, most: int = 3) -> st.SearchStrategy[Call]:
    """f([x, y]) with x and y of one shape."""
    return shapes(least, most).flatmap(lambda s: st.integers(1, 3).map(lambda n: call([In(s)] * n)))


CAT_ERRORS = (
    Bad(call([]), "non-empty list"),
    Bad(call([X, V]), "same number of dimensions"),
    Bad(call([X, In((2, 4))]), "Sizes of tensors must match"),
    Bad(call([S, S]), "zero-dimensional tensor"),
    Bad(call([X, 2]), "expected Tensor as element 1"),
    Bad(call([X], 2), "Dimension out of range"),
    Bad(call(X), "must be tuple of Tensors"),
)
JOIN = {"dtypes": ALL, "out": True}
for name in ("cat", "concat", "concatenate"):
    spec(name, st.one_of(catted(), st.just(call([X, In((0,)), In((1, 3))]))), **JOIN, errors=CAT_ERRORS)
spec(
    "stack",
    stacked(),
    **JOIN,
    errors=(Bad(call([]), "non-empty"), Bad(call([X, V]), "equal size"), Bad(call([X], 3), "Dimension out of range")),
)
for name in ("hstack", "vstack", "row_stack", "dstack", "column_stack"):
    spec(name, alike(0), **JOIN, errors=(Bad(call([]), "non-empty"), Bad(call([X, In((3, 4))]), "Sizes of tensors")))
for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    spec(name, st.one_of(one(), st.just(call((S, V))), st.just(call(S, X))), dtypes=ALL)
