"""What a parity spec says: one `Spec` per public callable, about ten fields.

A spec gives a Hypothesis strategy of calls. Hypothesis chooses *structure* (shapes, dims, options, which inputs
broadcast); values come from NumPy's generator, seeded, at moderate scale. Both libraries are called with the same
values, so that forward, gradient, second derivative, errors and aliasing can be compared (checks.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "uint8")
ANY_REAL = (*FLOATS, *INTEGERS, "bool")
COMPLEX = ("complex128", "complex64")
FLOATING = (*FLOATS, *COMPLEX, "float16", "bfloat16")


@dataclass(frozen=True)
class In:
    """A tensor argument: shape and how its values are drawn.

    dtype   "main": the dtype under test; or a fixed one ("int64" indices, "bool" masks)
    low, high   range of the values (floats: uniform; integers: low <= n < high); keep off poles and kinks with `avoid`
    distinct    no two equal values (for sort, max, median: off ties)
    avoid   values to stay at least 0.05 away from (kinks: 0 for relu, poles)
    make    function (rng, shape, dtype) -> array, when the range is not enough (positive definite matrices, ...)
    grad    may require grad (only counts for floating dtypes)
    """

    shape: tuple[int, ...]
    dtype: str = "main"
    low: float = -2.0
    high: float = 2.0
    distinct: bool = False
    avoid: tuple[float, ...] = ()
    make: Callable[[Any, tuple, str], Any] | None = None
    grad: bool = True


@dataclass(frozen=True)
class Call:
    """One call: positional and keyword arguments, with `In` wherever a tensor goes (also inside tuples and lists)."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


@dataclass(frozen=True)
class Bad:
    """A call that both libraries must refuse with the same exception type; our message must contain `words`."""

    call: Any  # a Call, or a Layer (parity/module_spec.py)
    words: str
    dtype: str = "float64"
    label: str = ""
    type: type | None = None  # only where ours may differ from torch's, with the reason in `label`


@dataclass(frozen=True)
class Spec:
    """How a public callable is checked against torch.

    name      public path below the package: "sum", "nn.functional.relu", "Tensor.view", "linalg.inv"
    calls     strategy of Calls
    dtypes    main dtypes to run with; the derivative checks run on the floating and complex ones
    order     how often it can be differentiated: 0 (integer or boolean result, or no gradient), 1, 2
    errors    calls that must be refused
    edges     explicit calls with arrays of edge values (0, -0, inf, nan, ties), forward and first gradient compared
    method    also a method of Tensor with the same arguments after self
    inplace   also `name_` as method (compared with torch's: values, version, gradient)
    out       also takes out=
    ties      the rule at ties and kinks, in words
    tolerance (rtol, atol) for the given dtype, only with a reason in `why`
    torch     torch's path when it differs from `name`
    compare   what of the result is compared when the result itself isn't unique (signs of eigenvectors):
              a function applied to the result in both libraries (it gets the result and the library)
    grad_of   which outputs take part in gradient checks: None for all floating ones, or indices
    random    the call draws random numbers: both generators are seeded the same before
    """

    name: str
    calls: st.SearchStrategy[Call]
    dtypes: tuple[str, ...] = FLOATS
    order: int = 2
    errors: tuple[Bad, ...] = ()
    edges: tuple[Call, ...] = ()
    method: bool = False
    inplace: bool = False
    out: bool = False
    ties: str = ""
    tolerance: dict[str, tuple[float, float]] = field(default_factory=dict)
    why: str = ""
    torch: str = ""
    compare: Callable[[Any, Any], Any] | None = None
    grad_of: tuple[int, ...] | None = None
    random: bool = False


registry: dict[str, Spec] = {}


def spec(name: str, calls: st.SearchStrategy[Call], **fields: Any) -> Spec:
    """Register the spec of a public callable."""
    if name in registry:
        raise ValueError(f"two specs for {name}")
    if fields.get("tolerance") and not fields.get("why"):
        raise ValueError(f"spec {name}: a tolerance needs a reason")
    registry[name] = made = Spec(name, calls, **fields)
    return made


# -- strategies of structure -------------------------------------------------------------------------------------

SIZES = (2, 3, 4, 5)


@st.composite
def shapes(draw: Any, min_dims: int = 0, max_dims: int = 3, zero: bool = True) -> tuple[int, ...]:
    """Shapes whose sizes differ from each other; now and then a 1, or a 0 where `zero`."""
    n = draw(st.integers(min_dims, max_dims))
    sizes = list(draw(st.permutations(SIZES)))[:n]
    for i in range(n):
        special = draw(st.integers(0, 11))
        if special == 0:
            sizes[i] = 1
        elif special == 1 and zero:
            sizes[i] = 0
    return tuple(sizes)


@st.composite
def broadcastable(draw: Any, n: int = 2, max_dims: int = 3, zero: bool = True) -> tuple[tuple[int, ...], ...]:
    """`n` shapes that broadcast against each other: leading dims missing, or 1, in each independently."""
    full = draw(shapes(0, max_dims, zero))
    result = []
    for _ in range(n):
        drop = draw(st.integers(0, len(full)))
        kept = full[drop:] if draw(st.booleans()) else full
        result.append(tuple(1 if draw(st.integers(0, 3)) == 0 else s for s in kept))
    return tuple(result)


def dims(ndim: int) -> st.SearchStrategy[int]:
    """A valid dim, from the front or the back; 0-d tensors take 0 and -1."""
    return st.integers(-max(ndim, 1), max(ndim, 1) - 1)


@st.composite
def dim_tuples(draw: Any, ndim: int, min_size: int = 1) -> tuple[int, ...]:
    """Several different dims, each from the front or the back."""
    chosen = draw(st.permutations(range(max(ndim, 1))))
    k = draw(st.integers(min(min_size, len(chosen)), len(chosen)))
    return tuple(d - max(ndim, 1) if draw(st.booleans()) else d for d in chosen[:k])


def unary(low: float = -2.0, high: float = 2.0, **tensor: Any) -> st.SearchStrategy[Call]:
    """Calls f(x) with x of any shape."""
    return shapes().map(lambda s: call(In(s, low=low, high=high, **tensor)))


def binary(
    first: dict | None = None, second: dict | None = None, scalars: tuple = (2, -1.5)
) -> st.SearchStrategy[Call]:
    """Calls f(x, y) with broadcasting shapes, or y a Python number."""
    pair = broadcastable(2).map(lambda s: call(In(s[0], **(first or {})), In(s[1], **(second or {}))))
    if not scalars:
        return pair
    number = st.tuples(shapes(), st.sampled_from(scalars)).map(lambda t: call(In(t[0], **(first or {})), t[1]))
    return st.one_of(pair, pair, number)
