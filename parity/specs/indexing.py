"""Specs of the indexing family: `x[index]`, positions, masks, gather and scatter.

What a spec can't say (assignment with gradients, views and histories) is in tests/test_indexing.py and tests/views.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dims, shapes, spec

ALL = ("float64", "int64", "bool", "complex64", "bfloat16")
NUMERIC = ("float64", "float32", "int64", "complex64")
BOTH = {"dtypes": ALL, "method": True}
X, V, S = In((2, 3)), In((4,)), In(())
BOOL, LONG = np.array([True, False, True]), np.array([0, 1])


def places(shape: tuple, n: int, low: int = 0) -> In:
    """Random indices below n, with repeats."""
    return In(shape, dtype="int64", low=low, high=n)


def different(shape: tuple, n: int) -> In:
    """Indices below n, none twice along the first dimension (for ops whose result is undefined where places repeat)."""

    def make(rng, shape, dtype):
        columns = [rng.permutation(n)[: shape[0]] for _ in range(int(np.prod(shape[1:])))]
        return np.array(columns, dtype="int64").reshape(-1, shape[0]).T.reshape(shape)

    return In(shape, dtype="int64", make=make)


# -- x[index] ---------------------------------------------------------------------------------------------------------


@st.composite
def slices(draw, n: int) -> slice:
    bound = st.none() | st.integers(-n - 1, n + 1)
    return slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def basic_items(draw, s: tuple) -> tuple:
    """ints, slices, None and one Ellipsis for the leading dimensions of a shape without zeros."""
    items: list = []
    for n in s[: draw(st.integers(0, len(s)))]:
        items.append(draw(st.one_of(st.integers(-n, n - 1), slices(n))))
        if draw(st.integers(0, 2)) == 0:
            items.append(None)
    if draw(st.integers(0, 3)) == 0:
        items.append(Ellipsis)
    return tuple(items)


def new_items(s: tuple) -> st.SearchStrategy[tuple]:
    """A new dimension at the front, at the end, or after an int."""
    return st.sampled_from(((None,), (Ellipsis, None), (0, None)))


@st.composite
def advanced_items(draw, s: tuple) -> tuple:
    """At least one index array, list or mask among ints, slices and None."""
    shape = draw(st.sampled_from(((2,), (1,), (3, 2), (0,))))
    items: list = []
    at, had = 0, False
    while at < len(s):
        n = s[at]
        kind = draw(st.sampled_from(("array", "array", "slice", "int", "list", "none", "stop")))
        if kind == "array":
            items.append(places(shape if draw(st.booleans()) else shape[-1:], n, -n))
            had = True
        elif kind == "list" and shape != (0,):
            items.append([draw(st.integers(-n, n - 1)) for _ in range(shape[-1])])
            had = True
        elif kind == "slice":
            items.append(draw(slices(n)))
        elif kind == "int":
            items.append(draw(st.integers(-n, n - 1)))
        elif kind == "none":
            items.append(None)
            continue
        elif kind == "stop":
            break
        at += 1
    return tuple(items) if had else (*items, True)


@st.composite
def mask_items(draw, s: tuple) -> tuple:
    """One mask over some of the dimensions, after slices or ints."""
    first = draw(st.integers(0, len(s) - 1))
    last = draw(st.integers(first + 1, len(s)))
    lead = [draw(st.one_of(slices(n), st.integers(-n, n - 1))) for n in s[:first]]
    return (*lead, In(s[first:last], dtype="bool"))


@st.composite
def getitems(draw) -> Call:
    s = draw(shapes(min_dims=1, zero=False))
    kind = draw(st.sampled_from((basic_items, new_items, advanced_items, mask_items)))
    index = draw(kind(s))
    if len(index) == 1 and draw(st.booleans()):
        index = index[0]
    return call(In(s), index)


GETITEM_ERRORS = (
    Bad(call(X, 5), "index 5 is out of bounds for dimension 0 with size 2"),
    Bad(call(X, (0, -4)), "index -4 is out of bounds for dimension 1 with size 3"),
    Bad(call(X, (0, 0, 0)), "too many indices for tensor of dimension 2"),
    Bad(call(X, slice(None, None, -1)), "step must be greater than zero"),
    Bad(call(X, slice(None, None, 0)), "slice step cannot be zero"),
    Bad(call(S, 0), "invalid index of a 0-dim tensor"),
    Bad(call(S, slice(None)), "0-dim tensor"),
    Bad(call(X, 1.0), "only integers, slices"),
    Bad(call(X, np.array([0.0])), "must be long, int, byte or bool"),
    Bad(call(X, np.array([2])), "index 2 is out of bounds for dimension 0 with size 2"),
    Bad(call(X, np.array([-3])), "index -3 is out of bounds"),
    Bad(call(X, BOOL), "The shape of the mask [3] at index 0 does not match"),
    Bad(call(X, (np.array([0, 1]), np.array([0, 1, 2]))), "could not be broadcast"),
    Bad(call(X, {}), "only integers, slices"),
)
spec(
    "Tensor.__getitem__",
    getitems(),
    dtypes=ALL,
    errors=GETITEM_ERRORS,
    edges=(
        call(np.ones((2, 3)), ()),
        call(np.ones((2, 3)), ...),
        call(np.ones((2, 3)), None),
        call(np.array(2.0), True),
        call(np.ones(()), np.array(True)),
        call(np.ones((2, 3)), False),
        call(np.ones((2, 3)), np.array(1)),
        call(np.arange(6.0).reshape(2, 3), [[0, 1], [1, 2]]),
        call(np.ones((2, 3)), []),
        call(np.arange(24.0).reshape(2, 3, 4), (0, slice(None), np.array([0, 2]))),
        call(np.arange(24.0).reshape(2, 3, 4), (np.array([0, 1]), slice(None), np.array([0, 2]))),
        call(np.arange(6.0).reshape(2, 3), (np.array([1, 0], dtype="uint8"))),
        call(np.arange(6.0).reshape(2, 3), (0, np.array(True))),
        call(np.ones((0, 3)), slice(1)),
        call(np.arange(24.0).reshape(2, 3, 4), (slice(None), BOOL, np.array([0, 2]))),
        call(np.arange(3.0), np.int64(2)),
        call(np.arange(3.0), slice(np.int64(1), None)),
    ),
)


@st.composite
def setitems(draw) -> Call:
    c = draw(getitems())
    x, index = c.args
    numpy_index = _as_numpy(index)
    want = np.empty(x.shape)[numpy_index].shape
    value = draw(st.sampled_from((2, 1.5, True, "tensor", "tensor", "broadcast")))
    if not isinstance(value, str):
        return call(In(x.shape, grad=False), index, value)
    masked = "bool" in str(index)
    if value == "broadcast" or masked:
        want = tuple(1 for _ in want)
    return call(In(x.shape, grad=False), index, In(want, grad=False))


def _as_numpy(index):
    if isinstance(index, tuple):
        return tuple(_as_numpy(i) for i in index)
    return np.zeros(index.shape, dtype=index.dtype) if isinstance(index, In) else index


def unrepeated(c: Call) -> bool:
    """Assignment where places repeat keeps an undefined one of the values, unless they are one number."""
    arrays = [i for i in (c.args[1] if isinstance(c.args[1], tuple) else (c.args[1],)) if isinstance(i, (In, list))]
    mixed = any(isinstance(i, int) for i in c.args[1]) if isinstance(c.args[1], tuple) else False
    plain = not isinstance(c.args[2], In) or all(n == 1 for n in c.args[2].shape)
    return (plain or not any(isinstance(i, list) or i.dtype == "int64" for i in arrays)) and not (
        mixed and arrays and not plain
    )


spec(
    "Tensor.__setitem__",
    setitems().filter(unrepeated),
    dtypes=ALL,
    order=0,
    errors=(
        Bad(call(X, 5, 1.0), "index 5 is out of bounds"),
        Bad(call(X, slice(None, None, -1), 1.0), "step must be greater than zero"),
        Bad(call(X, 0, "a"), "can't assign a str"),
        Bad(call(X, 0, [1.0, 2.0, 3.0]), "can't assign a list"),
        Bad(call(X, 0, None), "can't assign a NoneType"),
        Bad(call(X, 0, V), "must match the existing size"),
        Bad(call(X, 0, X), "number of sizes provided"),
        Bad(call(X, 0, 1j), "without overflow"),
        Bad(call(X, 0, 300), "without overflow", dtype="uint8"),
        Bad(call(X, 0, -300), "without overflow", dtype="uint8"),
        Bad(call(X, np.array([2]), 1.0), "out of bounds"),
        Bad(call(X, LONG, V), "cannot be broadcast to indexing result"),
        Bad(call(X, LONG, In((3,), dtype="float32")), "source and destination dtypes match"),
        Bad(call(X, (0, 0, 0), 1.0), "too many indices"),
        Bad(call(X, LONG, 1j), "without overflow"),
        Bad(call(X, np.array([[True, False, True]] * 2), In((3,))), "cannot be broadcast"),
    ),
)
spec(
    "Tensor.__contains__",
    shapes().map(lambda s: call(In(s), 1)),
    dtypes=("float64", "int64", "bool"),
    order=0,
    errors=(Bad(call(X, "a"), "only supports Tensor or scalar"),),
)
spec(
    "Tensor.__iter__",
    shapes(min_dims=1).map(lambda s: call(In(s))),
    dtypes=ALL,
    compare=lambda rows, library: list(rows),
    errors=(Bad(call(S), "iteration over a 0-d tensor"),),
)


@st.composite
def selects(draw) -> Call:
    s = draw(shapes(min_dims=1, zero=False))
    d = draw(dims(len(s)))
    return call(In(s), d, draw(st.integers(-s[d], s[d] - 1)))


@st.composite
def narrows(draw) -> Call:
    s = draw(shapes(min_dims=1))
    d = draw(dims(len(s)))
    start = draw(st.integers(0, s[d]))
    return call(In(s), d, start - s[d] if draw(st.booleans()) and s[d] else start, draw(st.integers(0, s[d] - start)))


@st.composite
def slice_scatters(draw) -> Call:
    s = draw(shapes(min_dims=1, zero=False))
    d = draw(st.integers(0, len(s) - 1))
    part = draw(slices(s[d]))
    want = (*s[:d], len(range(s[d])[part]), *s[d + 1 :])
    return call(In(s), In(want), d, part.start, part.stop, part.step or 1)


def scattered(c: Call) -> Call:
    x, d, k = c.args
    d %= len(x.shape)
    return call(x, In((*x.shape[:d], *x.shape[d + 1 :])), d, k)


SRC_SIZE = "expected src to have a size equal to the slice of self"
spec(
    "select",
    selects(),
    **BOTH,
    errors=(
        Bad(call(X, 0, 2), "out of range"),
        Bad(call(X, 2, 0), "Dimension out of range"),
        Bad(call(S, 0, 0), "0-dim tensor"),
    ),
)
spec(
    "narrow",
    narrows(),
    **BOTH,
    errors=(
        Bad(call(X, 0, 1, 2), "exceeds dimension size"),
        Bad(call(X, 0, 3, 0), "start out of range"),
        Bad(call(X, 0, 0, -1), "non-negative"),
        Bad(call(S, 0, 0, 1), "0-dim tensor"),
    ),
)
# torch's derivative of narrow_copy is wrong for a negative start
spec(
    "narrow_copy",
    narrows().filter(lambda c: c.args[2] >= 0),
    **BOTH,
    errors=(Bad(call(X, 0, 1, 2), "exceeds dimension size"),),
)
COPIED = {**BOTH, "dtypes": ("float64", "int64", "bool", "bfloat16")}  # torch has no complex derivative for these two
spec(
    "select_scatter",
    selects().map(scattered),
    **COPIED,
    errors=(Bad(call(X, V, 0, 0), SRC_SIZE), Bad(call(X, In((3,)), 0, 2), "out of range")),
)
spec(
    "slice_scatter",
    slice_scatters(),
    **COPIED,
    errors=(Bad(call(X, V, 0, 0, 1), SRC_SIZE), Bad(call(X, X, 0, None, None, 0), "step must be positive")),
)

# -- positions --------------------------------------------------------------------------------------------------------

PUTS = (
    call(In((4, 3)), (different((2,), 4),), In((2, 3))),
    call(In((4, 3)), (different((2,), 4), places((1,), 3)), In((2,))),
    call(In((4, 3)), [np.array([True, False, True, False])], In((2, 3))),
    call(In((4, 3)), (different((2,), 4),), In(())),
    call(In((4, 3)), (different((2,), 4),), In((1, 3))),
    call(In((5,)), (different((2, 2), 2),), In((1,))),
)
ADDS = (
    call(In((4, 3)), (places((5,), 4, -4),), In((5, 3)), True),
    call(In((4, 3)), (places((6,), 4), places((6,), 3)), In((6,)), accumulate=True),
    call(In((4, 3)), (places((2, 2), 4),), In((3,)), accumulate=True),
    call(In((4,)), (np.array([True, False, True, True]),), In((3,)), True),
)
spec(
    "index_put",
    st.sampled_from(PUTS + ADDS),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    errors=(
        Bad(call(X, LONG, X), "must be tuple of Tensors"),
        Bad(call(X, (0,), X), "expected Tensor as element 0"),
        Bad(call(X, (np.array([2]),), S), "out of bounds"),
        Bad(call(X, (LONG,), V), "cannot be broadcast"),
        Bad(call(X, (LONG,), In((3,), dtype="float32")), "dtypes match"),
        Bad(call(V, (LONG, LONG), S), "too many indices"),
    ),
)
spec(
    "take",
    shapes(zero=False).flatmap(
        lambda s: shapes(max_dims=2).map(lambda i: call(In(s), places(i, int(np.prod(s)), -int(np.prod(s)))))
    ),
    out=True,
    **BOTH,
    errors=(
        Bad(call(X, np.array([6])), "out of range"),
        Bad(call(X, np.array([-7])), "out of range"),
        Bad(call(X, np.array([0.0])), "Expected a long tensor"),
        Bad(call(In((0,)), LONG), "empty tensor"),
    ),
)
spec(
    "put",
    st.sampled_from(
        (
            call(In((3, 4)), different((5,), 12), In((5,))),
            call(In((3, 4)), different((4, 1), 12), In((2, 2))),
            call(In((3, 4)), places((9,), 12, -12), In((9,)), True),
        )
    ),
    dtypes=NUMERIC,
    method=True,
    inplace=True,
    errors=(
        Bad(call(X, LONG, V), "same number of elements"),
        Bad(call(X, np.array([9]), In((1,))), "out of range"),
        Bad(call(X, LONG, In((2,), dtype="float32")), "same dtype"),
    ),
)
for name in ("nonzero", "argwhere"):
    spec(
        name,
        shapes().map(lambda s: call(In(s, low=-1, high=2))),
        dtypes=("int64", "bool", "float64"),
        order=0,
        method=True,
    )
spec(
    "Tensor.nonzero",
    shapes().map(lambda s: call(In(s, low=-1, high=2), as_tuple=True)),
    dtypes=("int64", "float64"),
    order=0,
)
spec(
    "unravel_index",
    st.sampled_from((call(places((4,), 12), (3, 4)), call(places((2, 2), 24), [2, 3, 4]), call(places((), 5), 5))),
    dtypes=("float64",),
    order=0,
    errors=(Bad(call(X, (2, 3)), "integer dtype"), Bad(call(LONG, (-2, 3)), "negative values")),
)
