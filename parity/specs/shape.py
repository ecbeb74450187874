"""Specs of the shape family: other shapes and orders, joining and splitting, diagonals, memory."""

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


# -- reshape -------------------------------------------------------------------------------------------------------------

WRONG_SIZE = Bad(call(X, (4, 2)), "is invalid for input of size 6")
RESHAPE_ERRORS = (
    WRONG_SIZE, Bad(call(X, (-1, -1)), "only one dimension can be inferred"), Bad(call(X, (-2, 3)), "invalid shape dimension"),
    Bad(call(X, (-1, 4)), "is invalid"), Bad(call(X, (2.0, 3)), "must be tuple of ints"),
    Bad(call(In((0, 2)), (-1, 0)), "ambiguous"),
)  # fmt: skip
spec("reshape", reshapes(), **BOTH, errors=RESHAPE_ERRORS)
spec("Tensor.reshape", reshapes("Tensor"), errors=(WRONG_SIZE,))
spec("Tensor.view", views(), dtypes=ALL, errors=(*RESHAPE_ERRORS[:4],))
spec("Tensor.reshape_as", shapes().map(lambda s: call(In(s), In(s[::-1], grad=False))), errors=(Bad(call(X, V), "is invalid"),))
spec("Tensor.view_as", st.just(call(In((6,)), In((2, 3), grad=False))), errors=(Bad(call(X, V), "is invalid"),))


@st.composite
def flattened(draw) -> Call:
    s = draw(shapes())
    a, b = sorted(draw(st.tuples(*[st.integers(0, max(len(s) - 1, 0))] * 2)))
    return draw(st.sampled_from((call(In(s)), call(In(s), a), call(In(s), a, b), call(In(s), start_dim=a, end_dim=b - max(len(s), 1)))))


spec("flatten", flattened(), **BOTH, errors=(Bad(call(X, 1, 0), "start_dim cannot come after"), BAD_DIM))
spec("ravel", one(), **BOTH)
spec("unflatten", st.sampled_from((
    call(In((2, 12)), 1, (3, 4)), call(In((12,)), 0, (-1, 3)), call(In((4, 6, 1)), -2, [2, -1]), call(In((3, 4)), dim=0, sizes=(3, 1)),
)), **BOTH, errors=(Bad(call(X, 1, (2, 2)), "don't multiply up"), Bad(call(X, 1, ()), "must be non-empty"),
                    Bad(call(X, 5, (3,)), "Dimension out of range"), Bad(call(X, 1, (-1, -1)), "")))  # fmt: skip

# -- order of dimensions -----------------------------------------------------------------------------------------------------


@st.composite
def permuted(draw) -> Call:
    s = draw(shapes())
    order = draw(st.permutations(range(len(s))))
    return call(In(s), tuple(d - len(s) if draw(st.booleans()) else d for d in order))


@st.composite
def two_dims(draw, least: int = 0, **names) -> Call:
    s = draw(shapes(min_dims=least))
    return call(In(s), draw(dims(len(s))), draw(dims(len(s))))


spec("permute", permuted(), **BOTH, errors=(
    Bad(call(X, (0,)), "number of dimensions"), Bad(call(X, (0, 0)), "duplicate dims"), Bad(call(X, (0, 2)), "Dimension out of range")))  # fmt: skip
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


MOVE_ERRORS = (Bad(call(X, (0, 1), (0,)), "same number"), Bad(call(X, (0, 0), (0, 1)), ""), Bad(call(X, 0, 3), "Dimension out of range"))
spec("movedim", moved(), **BOTH, errors=MOVE_ERRORS)
spec("moveaxis", moved(), **BOTH, errors=MOVE_ERRORS)


@st.composite
def squeezed(draw) -> Call:
    s = list(draw(shapes()))
    for d in range(len(s)):
        s[d] = draw(st.sampled_from((1, s[d])))
    x = In(tuple(s))
    return draw(st.one_of(st.just(call(x)), dims(len(s)).map(lambda d: call(x, d)), dim_tuples(len(s)).map(lambda d: call(x, d))))


spec("squeeze", squeezed(), **TWIN, errors=(BAD_DIM, Bad(call(X, (0, 0)), "appears multiple times")))
spec("unsqueeze", shapes().flatmap(lambda s: dims(len(s) + 1).map(lambda d: call(In(s), d))), **TWIN, errors=(Bad(call(X, 3), "Dimension out of range"),))

# -- repetition --------------------------------------------------------------------------------------------------------------


@st.composite
def expansions(draw, keep: bool = True) -> Call:
    full = draw(shapes())
    have = tuple(1 if draw(st.booleans()) else n for n in full[draw(st.integers(0, len(full))) :])
    lead = len(full) - len(have)
    size = tuple(-1 if keep and i >= lead and have[i - lead] == n and draw(st.booleans()) else n for i, n in enumerate(full))
    return call(In(have), size)


EXPAND_ERRORS = (
    Bad(call(X, (4, 3)), "must match the existing size"), Bad(call(X, (3,)), "number of sizes provided"),
    Bad(call(X, (-1, 2, 3)), "leading, non-existing dimension"), Bad(call(X, (2, -2)), "negative dimension"),
)  # fmt: skip
spec("Tensor.expand", expansions(), dtypes=ALL, errors=EXPAND_ERRORS)
spec("broadcast_to", expansions(), **BOTH, errors=EXPAND_ERRORS)
spec("Tensor.expand_as", expansions(False).map(lambda c: call(c.args[0], In(c.args[1], grad=False))), errors=(Bad(call(X, V), ""),))
spec("Tensor.sum_to_size", expansions(False).map(lambda c: call(In(c.args[1]), c.args[0].shape)), dtypes=("float64", "int64"),
     errors=(Bad(call(X, (4,)), "is not expandable to size"),))  # fmt: skip


@st.composite
def repeats(draw, fewer: bool = False) -> Call:
    s = draw(shapes(max_dims=2))
    n = draw(st.integers(0 if fewer else len(s), 3))
    return call(In(s), tuple(draw(st.integers(0, 3)) for _ in range(n)))


spec("Tensor.repeat", repeats(), dtypes=ALL, errors=(Bad(call(X, (2,)), "can not be smaller"), Bad(call(X, (1, -1)), "negative dimension")))
spec("tile", repeats(True), **BOTH)


@st.composite
def interleaved(draw) -> Call:
    s = draw(shapes())
    x, dim = In(s), draw(st.none() | dims(len(s))) if s else None
    n = int(np.prod(s)) if dim is None else (s or (1,))[dim]
    if draw(st.booleans()):
        k = draw(st.integers(0, 3))
        return call(x, k, dim) if draw(st.booleans()) else call(x, k, dim=dim, output_size=k * n)
    return call(x, In(draw(st.sampled_from(((n,), (1,)))), dtype="int64", low=0, high=4), dim)


spec("repeat_interleave", interleaved(), **BOTH, errors=(
    Bad(call(X, -1), "must be non-negative"), Bad(call(X, In((4,), dtype="int64", low=0, high=3), 1), "same size as input"),
    Bad(call(X, In((3,), low=0.0), 1), "Long or Int"), Bad(call(X, 2, 0, output_size=3), "output_size")))  # fmt: skip
spec("Tensor.unfold", st.sampled_from((
    call(In((5,)), 0, 2, 1), call(In((5, 3)), 0, 2, 2), call(In((3, 5)), -1, 3, 1), call(In((4,)), 0, 4, 1), call(In((4,)), 0, 0, 1), call(S, 0, 1, 1),
    call(In((2, 4, 3)), 1, 2, 3), call(S, 0, 0, 1),
)), dtypes=ALL, errors=(Bad(call(V, 0, 5, 1), "maximum size"), Bad(call(V, 0, 2, 0), "must be > 0"), Bad(call(V, 0, -1, 1), "must be >= 0")))  # fmt: skip

# -- copies in another order ---------------------------------------------------------------------------------------------------

spec("flip", shapes().flatmap(lambda s: (dim_tuples(len(s), 0) if s else st.just(())).map(lambda d: call(In(s), d))), **BOTH,
     errors=(Bad(call(X, (0, 0)), "appears multiple times"), Bad(call(X, (2,)), "Dimension out of range")))  # fmt: skip
spec("fliplr", one(shapes(min_dims=2)), **BOTH, errors=(Bad(call(V), ">= 2-d"),))
spec("flipud", one(shapes(min_dims=1)), **BOTH, errors=(Bad(call(S), ">= 1-d"),))


@st.composite
def rolled(draw) -> Call:
    s = draw(shapes(min_dims=1))
    if draw(st.booleans()):
        return call(In(s), draw(st.integers(-7, 7)))
    d = draw(dim_tuples(len(s)))
    return call(In(s), tuple(draw(st.integers(-7, 7)) for _ in d), d) if len(d) > 1 else call(In(s), 2, dims=d[0])


spec("roll", rolled(), **BOTH, errors=(Bad(call(X, (1, 2), (0,)), "must align"), Bad(call(X, (), ()), "required"), Bad(call(X, 1, 2), "Dimension out of range")))
spec("rot90", shapes(min_dims=2).flatmap(lambda s: st.integers(-5, 5).map(lambda k: call(In(s), k, (0, -1)))), **BOTH, errors=(
    Bad(call(X, 1, (0,)), "rotation dims == 2"), Bad(call(V, 1, (0, 1)), "total dims >= 2"), Bad(call(X, 1, (0, 0)), "to be different")))  # fmt: skip

# -- diagonals -----------------------------------------------------------------------------------------------------------------


@st.composite
def diagonals(draw, least: int = 2) -> Call:
    s = draw(shapes(min_dims=2))
    a, b = draw(st.permutations(range(len(s))))[:2]
    return call(In(s), draw(st.integers(-3, 3)), a, b - len(s))


@st.composite
def diagonal_scatters(draw) -> Call:
    c = draw(diagonals())
    x, offset, a, b = c.args
    want = np.diagonal(np.empty(x.shape), offset, a, b).shape
    return call(x, In(want), offset, a, b)


SAME_DIMS = Bad(call(X, 0, 0, 0), "cannot be identical")
SRC_SIZE = "expected src to have a size equal to the slice of self"
spec("diagonal", st.one_of(diagonals(), one(shapes(min_dims=2))), **BOTH, errors=(SAME_DIMS, Bad(call(V), "Dimension out of range")))
spec("diagonal_scatter", diagonal_scatters(), **BOTH, errors=(Bad(call(X, V), SRC_SIZE),))
spec("diag", shapes(min_dims=1, max_dims=2).flatmap(lambda s: st.integers(-3, 3).map(lambda k: call(In(s), k))), out=True, **BOTH,
     errors=(Bad(call(S), "1D or 2D"), Bad(call(In((2, 2, 2))), "1D or 2D")))  # fmt: skip
spec("diag_embed", shapes(min_dims=1).flatmap(lambda s: st.integers(-2, 2).map(lambda k: call(In(s), k, 0, -1))), **BOTH, errors=(SAME_DIMS,))
spec("diagflat", shapes(max_dims=2).flatmap(lambda s: st.integers(-2, 2).map(lambda k: call(In(s), k))), **BOTH)
TRIANGLE = {**BOTH, "out": True, "inplace": True}
triangles = shapes(min_dims=2).flatmap(lambda s: st.integers(-3, 3).map(lambda k: call(In(s), k)))
spec("tril", triangles, **TRIANGLE, errors=(Bad(call(V), "at least 2 dimensions"),))
spec("triu", triangles, **TRIANGLE, errors=(Bad(call(V), "at least 2 dimensions"),))
spec("trace", one(shapes(min_dims=2, max_dims=2)), dtypes=("float64", "float32", "int64", "uint8", "complex128"), method=True, errors=(Bad(call(V), "expected a matrix"),))

# -- memory ----------------------------------------------------------------------------------------------------------------------

spec("clone", one(), **BOTH)
spec("Tensor.contiguous", one(), dtypes=ALL)
spec("fill", shapes().flatmap(lambda s: st.sampled_from((2, -1.5, In(()))).map(lambda v: call(In(s), v))), dtypes=("float64", "float32", "complex128"), inplace=True,
     errors=(Bad(call(X, V), "0-dimension"),))  # fmt: skip
spec("fill_", shapes().flatmap(lambda s: st.sampled_from((2, 1.5, True)).map(lambda v: call(In(s, grad=False), v))), dtypes=ALL, order=0,
     errors=(Bad(call(X, V), "0-dimension"), Bad(call(X, 1j), "without overflow"), Bad(call(X, 300), "without overflow", dtype="uint8")))  # fmt: skip
for name in ("zero_", "Tensor.zero_"):
    spec(name, one(grad=False), dtypes=ALL, order=0)
spec("Tensor.copy_", st.sampled_from((
    call(In((2, 3), grad=False), In((2, 3))), call(In((2, 3), grad=False), In((3,))), call(In((2, 3), grad=False), In((2, 1), dtype="float32")), call(In((2,), grad=False), 3),
    call(In((), grad=False), In((), dtype="int64")),
)), dtypes=ALL, order=1, errors=(Bad(call(X, V), "must match the size"), Bad(call(X, In((1, 2, 3))), "doesn't match the broadcast shape")))  # fmt: skip

# -- taking apart ------------------------------------------------------------------------------------------------------------------


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
spec("split", st.one_of(along(1, 6), sections()), **{**APART, "errors": (*APART["errors"], NEGATIVE, Bad(call(X, 0), "can only be 0"), Bad(call(X, [1, 2]), "sum exactly"))})
spec("split_with_sizes", sections(), **BOTH, errors=(Bad(call(X, [1, 2]), "sum exactly"), Bad(call(X, [3, -1]), "non-negative")))
spec("chunk", along(1, 6), **{**APART, "errors": (*APART["errors"], Bad(call(X, 0), "greater than 0"))})
spec("tensor_split", st.one_of(along(1, 6), cuts()), **BOTH, errors=(Bad(call(X, 0), "larger than 0"), Bad(call(S, 1), "at least a 1-dimensional")))
spec("unsafe_split", along(1, 6), **BOTH)
spec("unsafe_split_with_sizes", sections(), **BOTH)
spec("unsafe_chunk", along(1, 6), **BOTH)
spec("unbind", two_dims(1).map(lambda c: call(*c.args[:2])), **BOTH, errors=(Bad(call(S), "no dimensions"), BAD_DIM))
spec("hsplit", st.sampled_from((call(In((2, 4)), 2), call(In((6,)), 3), call(In((2, 5, 3)), (1, 3)))), **BOTH, errors=(Bad(call(In((2, 3)), 2), "not divisible"), Bad(call(S, 1), "at least 1")))
spec("vsplit", st.sampled_from((call(In((4, 3)), 2), call(In((5, 2, 3)), (1, 3)))), **BOTH, errors=(Bad(call(In((3, 2)), 2), "not divisible"), Bad(call(V, 1), "at least 2")))
spec("dsplit", st.sampled_from((call(In((2, 3, 4)), 2), call(In((2, 3, 5)), (1, 3)))), **BOTH, errors=(Bad(call(In((2, 3, 3)), 2), "not divisible"), Bad(call(X, 1), "at least 3")))

# -- joining -----------------------------------------------------------------------------------------------------------------------


@st.composite
def catted(draw) -> Call:
    s = draw(shapes(min_dims=1))
    d = draw(dims(len(s)))
    parts = []
    for k in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 3))
        parts.append(In((*s[:d], n, *s[d:][1:]) if d >= 0 else (*s[: len(s) + d], n, *s[len(s) + d + 1 :]), dtype=draw(st.sampled_from(("main", "main", "float32")))))
    return call(parts, d) if draw(st.booleans()) else call(tuple(parts), dim=d)


@st.composite
def stacked(draw) -> Call:
    s = draw(shapes(max_dims=2))
    return call([In(s)] * draw(st.integers(1, 3)), draw(dims(len(s) + 1)))


def alike(least: int, most: int = 3) -> st.SearchStrategy[Call]:
    """f([x, y]) with x and y of one shape."""
    return shapes(least, most).flatmap(lambda s: st.integers(1, 3).map(lambda n: call([In(s)] * n)))


CAT_ERRORS = (
    Bad(call([]), "non-empty list"), Bad(call([X, V]), "same number of dimensions"), Bad(call([X, In((2, 4))]), "Sizes of tensors must match"),
    Bad(call([S, S]), "zero-dimensional tensor"), Bad(call([X, 2]), "expected Tensor as element 1"), Bad(call([X], 2), "Dimension out of range"), Bad(call(X), "must be tuple of Tensors"),
)  # fmt: skip
JOIN = {"dtypes": ALL, "out": True}
for name in ("cat", "concat", "concatenate"):
    spec(name, st.one_of(catted(), st.just(call([X, In((0,)), In((1, 3))]))), **JOIN, errors=CAT_ERRORS)
spec("stack", stacked(), **JOIN, errors=(Bad(call([]), "non-empty"), Bad(call([X, V]), "equal size"), Bad(call([X], 3), "Dimension out of range")))
for name in ("hstack", "vstack", "row_stack", "dstack", "column_stack"):
    spec(name, alike(0), **JOIN, errors=(Bad(call([]), "non-empty"), Bad(call([X, In((3, 4))]), "Sizes of tensors")))
for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    spec(name, st.one_of(one(), st.just(call((S, V))), st.just(call(S, X))), dtypes=ALL)
spec("broadcast_tensors", st.sampled_from((call(X, In((3,))), call(In((2, 1)), In((1, 3)), S), call(X))), dtypes=ALL, errors=(Bad(call(X, V), "must match"),))
spec("broadcast_shapes", st.sampled_from((call((2, 1), (3,)), call((4,), 1), call((), (2,)), call((2, 3)))), order=0, dtypes=("float64",),
     errors=(Bad(call((2,), (3,)), "cannot be broadcast"), Bad(call((-1,), (3,)), "negative length")))  # fmt: skip
spec("meshgrid", st.sampled_from((call(In((2,)), In((3,)), indexing="ij"), call(In((2,)), In((3,)), In((4,)), indexing="xy"), call(In((2,)), indexing="xy"), call(In((2,)), S), call([In((2,)), In((3,))]))),
     dtypes=ALL, errors=(Bad(call(X), "0D or 1D"), Bad(call(V, V, indexing="no"), "must be one of"), Bad(call(V, In((2,), dtype="int64")), "same dtype")))  # fmt: skip
spec("cartesian_prod", st.sampled_from((call(V), call(V, In((2,))), call(In((2,)), In((3,)), In((1,))))), dtypes=ALL, errors=(Bad(call(X, V), "1D vector"),))
spec("combinations", st.sampled_from((call(V), call(V, 3), call(V, r=2, with_replacement=True), call(In((1,))), call(V, 0), call(V, 1))), dtypes=ALL,
     errors=(Bad(call(X), "1D vector"), Bad(call(V, -1), "non-negative")))  # fmt: skip
spec("block_diag", st.sampled_from((call(X, In((3, 1))), call(V, S, X), call(X), call(In((0, 2)), X), call(X, In((2, 2), dtype="float32")))), dtypes=ALL,
     errors=(Bad(call(X, In((2, 2, 2))), "2 or fewer"),))  # fmt: skip
