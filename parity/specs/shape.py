"""Specs of minitorch/tensor/shape.py: other shapes, other orders of dimensions and elements."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dim_tuples, dims, shapes, spec

ALL = ("float64", "int64", "bool", "complex64", "bfloat16")
BOTH = {"dtypes": ALL, "method": True}
X, V, S = In((2, 3)), In((4,)), In(())
BAD_DIM = Bad(call(X, 2), "Dimension out of range")


def one(strategy=None, **tensor) -> st.SearchStrategy[Call]:
    """f(x)."""
    return (shapes() if strategy is None else strategy).map(lambda s: call(In(s, **tensor)))


@st.composite
def factors(draw, size: int) -> tuple[int, ...]:
    """A shape of `size` elements, perhaps with ones and one -1."""
    options = {0: ((0,), (2, 0)), 1: ((), (1,), (1, 1)), 6: ((2, 3), (3, 2), (6,)), 12: ((3, 4), (2, 6), (2, 2, 3))}
    shape = list(draw(st.sampled_from(options.get(size, ((size,), (1, size), (size, 1))))))
    if shape and size and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return tuple(shape)


@st.composite
def reshapes(draw, name: str = "reshape") -> Call:
    s = draw(shapes())
    shape = draw(factors(int(np.prod(s))))
    return call(In(s), *shape) if name == "Tensor" and shape and draw(st.booleans()) else call(In(s), shape)


@st.composite
def views(draw) -> Call:
    """Shapes that need no copy whatever the strides: a dimension split, a dimension of length one put in."""
    s = draw(st.sampled_from(((), (6,), (12,), (2, 6), (3, 1, 4), (2, 0))))
    if s == (6,) or s == (12,):
        return call(In(s), *draw(factors(s[0])))
    at = draw(st.integers(0, len(s)))
    return call(In(s), (*s[:at], 1, *s[at:]))


# -- reshape ----------------------------------------------------------------------------------------------------------

WRONG_SIZE = Bad(call(X, (4, 2)), "is invalid for input of size 6")
RESHAPE_ERRORS = (
    WRONG_SIZE,
    Bad(call(X, (-1, -1)), "only one dimension can be inferred"),
    Bad(call(X, (-2, 3)), "invalid shape dimension"),
    Bad(call(X, (-1, 4)), "is invalid"),
    Bad(call(X, (2.0, 3)), "must be tuple of ints"),
    Bad(call(In((0, 2)), (-1, 0)), "ambiguous"),
)
spec("reshape", reshapes(), **BOTH, errors=RESHAPE_ERRORS)
spec("Tensor.reshape", reshapes("Tensor"), errors=(WRONG_SIZE,))
spec("Tensor.view", views(), dtypes=ALL, errors=(*RESHAPE_ERRORS[:4],))
spec(
    "Tensor.reshape_as",
    shapes().map(lambda s: call(In(s), In(s[::-1], grad=False))),
    errors=(Bad(call(X, V), "is invalid"),),
)
spec("Tensor.view_as", st.just(call(In((6,)), In((2, 3), grad=False))), errors=(Bad(call(X, V), "is invalid"),))


@st.composite
def flattened(draw) -> Call:
    s = draw(shapes())
    a, b = sorted(draw(st.tuples(*[st.integers(0, max(len(s) - 1, 0))] * 2)))
    return draw(
        st.sampled_from(
            (call(In(s)), call(In(s), a), call(In(s), a, b), call(In(s), start_dim=a, end_dim=b - max(len(s), 1)))
        )
    )


spec("flatten", flattened(), **BOTH, errors=(Bad(call(X, 1, 0), "start_dim cannot come after"), BAD_DIM))
spec("ravel", one(), **BOTH)
spec(
    "unflatten",
    st.sampled_from(
        (
            call(In((2, 12)), 1, (3, 4)),
            call(In((12,)), 0, (-1, 3)),
            call(In((4, 6, 1)), -2, [2, -1]),
            call(In((3, 4)), dim=0, sizes=(3, 1)),
        )
    ),
    **BOTH,
    errors=(
        Bad(call(X, 1, (2, 2)), "don't multiply up"),
        Bad(call(X, 1, ()), "must be non-empty"),
        Bad(call(X, 5, (3,)), "Dimension out of range"),
        Bad(call(X, 1, (-1, -1)), ""),
    ),
)

# -- order of dimensions ----------------------------------------------------------------------------------------------


@st.composite
def permuted(draw) -> Call:
    s = draw(shapes())
    order = draw(st.permutations(range(len(s))))
    return call(In(s), tuple(d - len(s) if draw(st.booleans()) else d for d in order))


@st.composite
def two_dims(draw, least: int = 0, **names) -> Call:
    s = draw(shapes(min_dims=least))
    return call(In(s), draw(dims(len(s))), draw(dims(len(s))))


spec(
    "permute",
    permuted(),
    **BOTH,
    errors=(
        Bad(call(X, (0,)), "number of dimensions"),
        Bad(call(X, (0, 0)), "duplicate dims"),
        Bad(call(X, (0, 2)), "Dimension out of range"),
    ),
)
TWIN = {**BOTH, "inplace": True}
spec("transpose", two_dims(), **TWIN, errors=(Bad(call(X, 0, 2), "Dimension out of range"),))
spec("swapaxes", two_dims(), **TWIN)
spec("swapdims", two_dims(), **TWIN)
spec("t", one(shapes(max_dims=2)), **TWIN, errors=(Bad(call(In((2, 3, 4))), "expects a tensor with <= 2 dimensions"),))
spec("adjoint", one(shapes(min_dims=2)), **BOTH, errors=(Bad(call(V), "only supported on matrices"),))


@st.composite
def moved(draw) -> Call:
    s = draw(shapes(min_dims=1))
    if draw(st.booleans()):
        return call(In(s), draw(dims(len(s))), draw(dims(len(s))))
    k = draw(st.integers(1, len(s)))
    return call(In(s), tuple(draw(st.permutations(range(len(s))))[:k]), tuple(draw(st.permutations(range(len(s))))[:k]))


MOVE_ERRORS = (
    Bad(call(X, (0, 1), (0,)), "same number"),
    Bad(call(X, (0, 0), (0, 1)), ""),
    Bad(call(X, 0, 3), "Dimension out of range"),
)
spec("movedim", moved(), **BOTH, errors=MOVE_ERRORS)
spec("moveaxis", moved(), **BOTH, errors=MOVE_ERRORS)


@st.composite
def squeezed(draw) -> Call:
    s = list(draw(shapes()))
    for d in range(len(s)):
        s[d] = draw(st.sampled_from((1, s[d])))
    x = In(tuple(s))
    return draw(
        st.one_of(
            st.just(call(x)), dims(len(s)).map(lambda d: call(x, d)), dim_tuples(len(s)).map(lambda d: call(x, d))
        )
    )


spec("squeeze", squeezed(), **TWIN, errors=(BAD_DIM, Bad(call(X, (0, 0)), "appears multiple times")))
spec(
    "unsqueeze",
    shapes().flatmap(lambda s: dims(len(s) + 1).map(lambda d: call(In(s), d))),
    **TWIN,
    errors=(Bad(call(X, 3), "Dimension out of range"),),
)

# -- copies in another order ------------------------------------------------------------------------------------------

spec(
    "flip",
    shapes().flatmap(lambda s: (dim_tuples(len(s), 0) if s else st.just(())).map(lambda d: call(In(s), d))),
    **BOTH,
    errors=(Bad(call(X, (0, 0)), "appears multiple times"), Bad(call(X, (2,)), "Dimension out of range")),
)
spec("fliplr", one(shapes(min_dims=2)), **BOTH, errors=(Bad(call(V), ">= 2-d"),))
spec("flipud", one(shapes(min_dims=1)), **BOTH, errors=(Bad(call(S), ">= 1-d"),))


@st.composite
def rolled(draw) -> Call:
    s = draw(shapes(min_dims=1))
    if draw(st.booleans()):
        return call(In(s), draw(st.integers(-7, 7)))
    d = draw(dim_tuples(len(s)))
    return call(In(s), tuple(draw(st.integers(-7, 7)) for _ in d), d) if len(d) > 1 else call(In(s), 2, dims=d[0])


spec(
    "roll",
    rolled(),
    **BOTH,
    errors=(
        Bad(call(X, (1, 2), (0,)), "must align"),
        Bad(call(X, (), ()), "required"),
        Bad(call(X, 1, 2), "Dimension out of range"),
    ),
)
spec(
    "rot90",
    shapes(min_dims=2).flatmap(lambda s: st.integers(-5, 5).map(lambda k: call(In(s), k, (0, -1)))),
    **BOTH,
    errors=(
        Bad(call(X, 1, (0,)), "rotation dims == 2"),
        Bad(call(V, 1, (0, 1)), "total dims >= 2"),
        Bad(call(X, 1, (0, 0)), "to be different"),
    ),
)
