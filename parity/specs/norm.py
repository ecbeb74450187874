"""Specs of the normalizations. A normalized result ignores x's mean and scale, so upstream gradients are random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, spec

SHAPES = ((4, 6), (3, 4, 5), (2, 4, 5, 3), (2, 4, 2, 3, 5))


def stat(n: int, low: float = -1.0, high: float = 1.0) -> In:
    return In((n,), low=low, high=high, grad=False)


@st.composite
def batch_calls(draw: Any) -> Call:
    """In training without running statistics (they change: tests/test_nn_norm.py), in evaluation with them."""
    s = draw(st.sampled_from(SHAPES))
    w, b = (In((s[1],)), In((s[1],))) if draw(st.booleans()) else (None, None)  # torch's second derivative needs both
    eps = draw(st.sampled_from((1e-5, 0.1)))
    if draw(st.booleans()):
        return call(In(s), None, None, w, b, True, 0.1, eps)
    return call(In(s), stat(s[1]), stat(s[1], 0.5, 2.0), w, b, eps=eps)


@st.composite
def instance_calls(draw: Any) -> Call:
    s = draw(st.sampled_from(SHAPES[1:]))
    w, b = (In((s[1],)), In((s[1],))) if draw(st.booleans()) else (None, None)  # torch's second derivative needs both
    if draw(st.booleans()):
        return call(In(s), None, None, w, b, True, 0.1, 1e-3)
    return call(In(s), stat(s[1]), stat(s[1], 0.5, 2.0), w, b, False)


@st.composite
def layer_calls(draw: Any, bias: bool = True) -> Call:
    s = draw(st.sampled_from((*SHAPES, (0, 3), (5,))))
    k = draw(st.integers(1, min(2, len(s))))
    inner = s[len(s) - k :] if 0 not in s else s[1:]
    w, b = (In(inner), In(inner)) if draw(st.booleans()) else (None, None)
    return call(In(s), inner, w, b, 1e-3) if bias else call(In(s), inner, w, draw(st.sampled_from((None, 0.01))))


@st.composite
def group_calls(draw: Any) -> Call:
    s = draw(st.sampled_from(SHAPES))
    groups = draw(st.sampled_from([g for g in range(1, s[1] + 1) if s[1] % g == 0 and (g < s[1] or len(s) > 2)]))
    w, b = (In((s[1],)), In((s[1],))) if draw(st.booleans()) else (None, None)  # torch's second derivative needs both
    return call(In(s), groups, w, b, 1e-3)


@st.composite
def response_calls(draw: Any) -> Call:
    s = draw(st.sampled_from(SHAPES[1:]))
    return call(
        In(s), draw(st.integers(1, 4)), draw(st.sampled_from((1e-4, 0.5))), 0.75, draw(st.sampled_from((1.0, 2.0)))
    )


@st.composite
def normalize_calls(draw: Any) -> Call:
    s = draw(st.sampled_from(((4,), *SHAPES)))
    return call(In(s), draw(st.sampled_from((1.0, 2.0, 3.0))), draw(st.integers(-len(s), len(s) - 1)))


X = In((4, 6, 3))
spec(
    "nn.functional.batch_norm",
    batch_calls(),
    errors=(
        Bad(call(X, None, None), "running_mean must be defined"),
        Bad(call(In((1, 6, 1)), None, None, training=True), "more than 1 value per channel"),
        Bad(call(X, In((3,)), In((3,))), "should contain 6 elements not 3"),
        Bad(call(X, In((6,)), In((6,)), In((5,))), "weight should contain"),
        Bad(
            call(In((6,)), None, None, training=True),
            "at least 2 dimensions",
            type=RuntimeError,
            label="torch: IndexError",
        ),
        Bad(call(X, In((6,), "float32"), In((6,))), "mixed dtype"),
        Bad(call(X, None, None, training=True), "Long", dtype="int64"),
    ),
)
spec(
    "nn.functional.instance_norm",
    instance_calls(),
    errors=(
        Bad(call(In((4, 6))), "more than 1 spatial element"),
        Bad(call(X, use_input_stats=False), "to be defined"),
        Bad(call(In((4, 6, 1))), "more than 1 spatial element"),
        Bad(call(X, None, None, In((5,))), "should contain"),
    ),
)
spec(
    "nn.functional.layer_norm",
    layer_calls(),
    errors=(
        Bad(call(X, (4,)), "Given normalized_shape=[4]"),
        Bad(call(X, (3,), In((4,))), "Expected weight to be of same shape"),
        Bad(call(X, ()), "at least 1-dimensional"),
        Bad(call(X, 3), "tuple of ints"),
        Bad(call(X, (3,), In((3,), "float32")), "mixed dtype"),
    ),
)
spec(
    "nn.functional.rms_norm",
    layer_calls(False),
    errors=(
        Bad(call(X, (4,)), "Given normalized_shape=[4]"),
        Bad(call(X, (3,), In((4,))), "Expected weight to be of same shape"),
    ),
)
spec(
    "nn.functional.group_norm",
    group_calls(),
    errors=(
        Bad(call(X, 4), "divisible by num_groups"),
        Bad(call(X, -2), "greater than 0"),
        Bad(call(X, 2, In((5,))), "Expected weight"),
        Bad(call(In((3,)), 2), "at least 2 dimensions"),
        Bad(call(In((1, 2)), 2), "more than 1 value per channel"),
    ),
)
spec(
    "nn.functional.local_response_norm",
    response_calls(),
    errors=(Bad(call(In((6, 3)), 2), "3D or higher"), Bad(call(X, 0), "greater than zero")),
)
spec("nn.functional.normalize", normalize_calls(), errors=(Bad(call(X, dim=5), "Dimension out of range"),))
