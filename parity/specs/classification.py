"""Specs of the losses over classes: cross entropy, likelihoods, margins between classes, several labels, sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, shapes, spec
from parity.specs.loss import REDUCTIONS, bad_reductions, settings
from parity.tables import HALVES, ROUNDED_OFTEN


def labels(shape: tuple, classes: int, ignored: int | None = None, dtype: str = "int64") -> In:
    """Class numbers, one in four of them `ignored`."""

    def make(rng: np.random.Generator, shape: tuple, main: str) -> np.ndarray:
        drawn = rng.integers(0, max(classes, 1), shape)
        if ignored is not None:
            drawn = np.where(rng.integers(0, 4, shape) == 0, ignored, drawn)
            # a mean over nothing is nan: its second derivative is nan in torch and 0 here
            drawn.reshape(-1)[:1] = 0
        return drawn.astype(dtype)

    return In(shape, dtype=dtype, make=make)


@st.composite
def classified(draw: Any, probabilities: bool = False) -> Call:
    """Inputs (C), (N, C) or (N, C, d1, ...) with class numbers, or with class probabilities."""
    shape = draw(shapes(min_dims=1, max_dims=4))
    at = 1 if len(shape) > 1 else 0
    shape = tuple(n or 3 if d == at else n for d, n in enumerate(shape))  # without classes no target is valid
    classes, rest = shape[at], shape[:at] + shape[at + 1 :]
    chosen = settings(draw)
    if draw(st.booleans()):
        chosen["weight"] = In((classes,), low=0.5, high=2.0, grad=False)
    if probabilities:
        if draw(st.booleans()):
            chosen["label_smoothing"] = draw(st.sampled_from([0.1, 1.0]))
        if draw(st.integers(0, 3)) == 0:
            # a mean over nothing: its second derivative is nan here, and torch has none; the first: see EMPTY
            shape = tuple(n or 1 for n in shape)
            return call(In(shape, low=-4, high=4), In(shape, low=0.0, high=1.0), **chosen)
    if (
        0 in rest and chosen.get("reduction", "mean") == "mean"
    ):  # a mean over nothing: its second derivative is nan in torch and 0 here
        shape = tuple(n or 1 for n in shape)
        classes, rest = shape[at], shape[:at] + shape[at + 1 :]
    ignored = None
    if draw(st.booleans()):
        ignored = draw(st.sampled_from([-100, -3] if classes == 1 else [-100, classes - 1, -3]))
        chosen |= {} if ignored == -100 else {"ignore_index": ignored}
    plain = ignored is None and len(shape) < 3  # torch takes bytes as targets there only; we do everywhere
    kind = draw(st.sampled_from(["int64", "uint8"])) if plain else "int64"
    return call(In(shape, low=-4, high=4), labels(rest, classes, ignored, kind), **chosen)


X, Y = In((4, 5)), labels((4,), 5)
ERRORS = (
    *bad_reductions(X, Y),
    Bad(call(X, np.array([0, 1, 5, 2])), "Target 5 is out of bounds."),
    Bad(call(X, np.array([0, -1, 4, 2])), "Target -1 is out of bounds."),
    Bad(call(X, labels((3,), 5)), "Expected input batch_size (4) to match target batch_size (3)."),
    Bad(call(In((5,)), labels((4,), 5)), "For 1D input, 1D target must have size 1, but got target size: 4"),
    Bad(call(In((2, 5, 3, 4)), labels((2, 4, 3), 5)), "size mismatch"),
    Bad(call(In((2, 5, 3, 4)), labels((2, 3), 5)), "targets of dimension: 2"),
    Bad(call(In((2, 5, 3)), labels((2, 4), 5)), "Expected target size [2, 3], got [2, 4]"),
    Bad(call(X, labels((4,), 5, dtype="int32")), "to be Long or Byte, but got Int"),
    Bad(call(X, Y, weight=In((4,))), "defined either for all 5 classes or no classes"),
    Bad(call(X, Y, weight=In((5,), dtype="float32")), "expected scalar type Double but found Float"),
    Bad(call(X, Y), "not implemented for 'Long'", dtype="int64"),
    Bad(call([1.0], Y), "must be Tensor, not list"),
    Bad(call(X, [1]), "must be Tensor, not list"),
)
ROWS = np.array([[0.0, 1.0, 2.0], [1e300, 0.0, -1e300], [-np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0], [0.0, np.inf, 1.0]])
EMPTY = np.zeros((0, 3))
EDGES = (
    call(ROWS, np.array([0, 0, 1, 1, 0]), reduction="none"),
    call(ROWS, np.array([0, 0, 0, -100, -100]), reduction="none"),
    call(ROWS[:2], np.array([-100, -100])),
    call(ROWS[:2], np.array([-100, -100]), reduction="sum"),
    call(ROWS[:0], np.zeros(0, "int64")),
    call(ROWS[:2], np.array([0, 1]), In((3,), make=lambda rng, shape, dtype: np.array([0.0, 1.0, 2.0]), grad=False)),
)
FIELDS = {"dtypes": (*FLOATS, *HALVES), **ROUNDED_OFTEN}
spec(
    "nn.functional.nll_loss",
    classified(),
    errors=(*ERRORS, Bad(call(In(()), labels((), 1)), "Expected 1 or more dimensions")),
    edges=EDGES,
    **FIELDS,
)
spec(
    "nn.functional.cross_entropy",
    classified(probabilities=True),
    edges=(
        *EDGES,
        call(EMPTY, EMPTY),
        call(EMPTY, EMPTY, reduction="sum"),
        call(ROWS[:2], np.array([-100, -100]), label_smoothing=0.1),
        call(ROWS[:2], np.array([0, -100]), label_smoothing=0.1),
    ),
    errors=(
        *ERRORS,
        Bad(call(X, Y, label_smoothing=1.5), "label_smoothing must be between 0.0 and 1.0. Got: 1.5"),
        Bad(call(X, In((4, 5)), ignore_index=2), "ignore_index is not supported for floating point target"),
        Bad(call(X, labels((4, 5), 5)), "Expected floating point type for target with class probabilities, got Long"),
        Bad(call(X, In((4, 5)), weight=In((4,))), "defined either for all 5 classes or no classes"),
    ),
)

# -- margins between classes -----------------------------------------------------------------------------------------


@st.composite
def margins(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1, max_dims=2, zero=False))
    chosen = settings(draw, p=st.sampled_from([1, 2]), margin=st.sampled_from([1.0, 0.5]))
    if draw(st.booleans()):
        chosen["weight"] = In(shape[-1:], low=0.5, high=2.0, grad=False)
    rest = shape[:-1] if len(shape) > 1 else draw(st.sampled_from([(), (1,)]))
    return call(In(shape), labels(rest, shape[-1]), **chosen)


spec(
    "nn.functional.multi_margin_loss",
    margins(),
    order=1,
    ties="0 at the margin itself",
    edges=(call(np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]), np.array([1, 2]), reduction="none"),),
    errors=(
        *bad_reductions(X, Y),
        Bad(call(X, np.array([0, 5, 1, 2])), "target out of range"),
        Bad(call(X, Y, p=3), "only p == 1 and p == 2"),
        Bad(call(X, labels((3,), 5)), "target tensor should be 1-D with size equal"),
        Bad(call(In((2, 3, 4)), Y), "Expected non-empty vector or matrix"),
        Bad(call(X, Y, weight=In((4,))), "inconsistent weight size"),
        Bad(call(X, Y, weight=In((5, 5))), "weight must be one-dimensional"),
        Bad(call(X, In((4,))), "expected scalar type Long but found Double"),
        Bad(call(X, Y), "not implemented for 'Long'", dtype="int64"),
    ),
)


@st.composite
def multilabel(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1, max_dims=2, zero=False))
    return call(In(shape), labels(shape, shape[-1], -1), **settings(draw))


spec(
    "nn.functional.multilabel_margin_loss",
    multilabel(),
    order=1,
    ties="0 at the margin itself",
    edges=(
        call(np.array([0.1, 0.2, 0.4, 0.8]), np.array([3, 0, -1, 1])),
        call(np.array([[0.0, 1.0]]), np.array([[-1, 0]]), reduction="none"),
    ),
    errors=(
        *bad_reductions(X, labels((4, 5), 5)),
        Bad(call(X, labels((4, 4), 4)), "inconsistent target size"),
        Bad(call(X, np.full((4, 5), 9)), "is out of range"),
        Bad(call(X, np.full((4, 5), -3)), "is out of range"),
        Bad(call(X, In((4, 5))), "expected scalar type Long but found Double"),
        Bad(call(In((2, 3, 4)), Y), "Expected non-empty vector or matrix"),
    ),
)


@st.composite
def multilabel_soft(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1))
    shape = (*shape[:-1], shape[-1] or 3)
    chosen = settings(draw)
    if draw(st.booleans()):
        chosen["weight"] = In(shape[-1:], low=0.5, high=2.0)
    return call(In(shape, low=-4, high=4), In(shape, low=0.0, high=1.0), **chosen)


spec(
    "nn.functional.multilabel_soft_margin_loss",
    multilabel_soft(),
    errors=(
        *bad_reductions(X, X, words="is not valid"),
        Bad(call(X, In((3, 5))), "must match the size of tensor b"),
        Bad(call(In(()), In(())), "tensor has no dimensions"),
    ),
)

# -- sequences -------------------------------------------------------------------------------------------------------


def log_probabilities(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
    x = rng.normal(size=shape)
    return (x - np.log(np.exp(x).sum(-1, keepdims=True))).astype(dtype)


def spelled(blank: int, classes: int) -> Any:
    """Labels other than the blank."""

    def make(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
        drawn = rng.integers(0, classes - 1, shape)
        return drawn + (drawn >= blank)

    return make


@st.composite
def sequences(draw: Any) -> Call:
    """ctc_loss: padded or concatenated targets, some too long for their input, some empty, repeated labels."""
    steps, samples, classes, longest = draw(st.permutations([6, 3, 4, 2])) if draw(st.booleans()) else (7, 2, 4, 3)
    classes = max(classes, 2)
    blank = draw(st.integers(0, classes - 1))
    inputs = [draw(st.integers(0, steps)) for _ in range(samples)]
    targets = [draw(st.integers(0, longest)) for _ in range(samples)]
    if any(n and not t for n, t in zip(targets, inputs, strict=True)) and draw(st.booleans()):
        inputs = [steps] * samples
    # torch's gradient is nan where no alignment is possible, unless infinities are zeroed
    how = {"reduction": st.sampled_from(REDUCTIONS), "zero_infinity": st.booleans()}
    shape = (samples, longest) if draw(st.booleans()) else (sum(targets),)
    lengths = (tuple(inputs), tuple(targets)) if draw(st.booleans()) else (np.array(inputs), np.array(targets))
    log_probs = In((steps, samples, classes), make=log_probabilities)
    spots = In(shape, dtype="int64", make=spelled(blank, classes))
    return call(log_probs, spots, *lengths, blank, **draw(st.fixed_dictionaries({}, optional=how)))


P, T = In((6, 3, 5), make=log_probabilities), In((3, 4), dtype="int64", make=spelled(0, 5))
LENGTHS = (np.array([6, 5, 4]), np.array([4, 2, 0]))
ALONE = (In((6, 5), make=log_probabilities), In((4,), dtype="int64", make=spelled(0, 5)))
spec(
    "nn.functional.ctc_loss",
    sequences(),
    order=1,
    edges=(
        call(*ALONE, np.array(6), np.array(4), reduction="none"),
        call(*ALONE, (6,), (4,)),
        call(P, T, *LENGTHS, reduction="none"),
    ),
    errors=(
        *(Bad(call(P, T, *LENGTHS, reduction="average"), "is not a valid value for reduction"),),
        Bad(call(P, T, (7, 5, 4), (4, 2, 0)), "Expected input_lengths to have value at most 6, but got value 7"),
        Bad(call(P, T, (6, 5, -1), (4, 2, 0)), "Expected input_lengths to have value at least 0, but got value -1"),
        Bad(call(P, T, (6, 5, 4), (4, 2, -1)), "Expected target_lengths to have value at least 0, but got value -1"),
        Bad(call(P, T, (6, 5, 4), (5, 2, 0)), "Expected tensor to have size at least 5 at dimension 1, but got size 4"),
        Bad(
            call(P, In((12,), dtype="int64", make=spelled(0, 5)), *LENGTHS),
            "Expected tensor to have size 6 at dimension 0, but got size 12",
        ),
        Bad(call(P, T, *LENGTHS, 5), "blank must be in label range"),
        Bad(call(P, T, (6, 5), (4, 2, 0)), "input_lengths must be of size batch_size"),
        Bad(call(P, T, (6, 5, 4), (4, 2)), "target_lengths must be of size batch_size"),
        Bad(call(P, T, np.array([6.0, 5.0, 4.0]), np.array([4, 2, 0])), "input_lengths must be integral"),
        Bad(
            call(P, In((1, 3, 4), dtype="int64", make=spelled(0, 5)), *LENGTHS),
            "Expected 1 to 2 dimensions, but got 3-dimensional tensor",
        ),
        Bad(call(In((6, 0, 5)), In((0, 2), dtype="int64"), (), ()), "log_probs tensor must not be empty"),
        Bad(call(In((6, 3, 5)), T, *LENGTHS), "not implemented", dtype="float16"),
    ),
)


@st.composite
def linear_classified(draw: Any) -> Call:
    """(N, in) or (in) against a matrix of weights, or (N, in) against one with more dimensions."""
    chosen: dict[str, Any] = {"reduction": draw(st.sampled_from(REDUCTIONS))}
    more = draw(st.sampled_from([(), (), (2,), (2, 3)]))
    batch = (4,) if more else draw(st.sampled_from([(4,), (), (1,)]))
    if draw(st.booleans()):
        chosen["weight"] = In((5,), low=0.5, high=2.0, grad=False)
    if draw(st.booleans()):
        chosen["linear_bias"] = In((5, *more))
    if draw(st.booleans()):
        chosen["label_smoothing"] = 0.1
    if draw(st.booleans()):
        target = In((*batch, 5, *more), low=0.0, high=1.0)
    else:
        target = labels((*batch, *more), 5, -100)
        chosen |= draw(st.sampled_from([{}, {"ignore_index": -100}]))
    return call(In((*batch, 3)), In((5, *more, 3)), target, **chosen)


A, W = In((4, 3)), In((5, 3))
spec(
    "nn.functional.linear_cross_entropy",
    linear_classified(),
    errors=(
        Bad(call(In((2, 4, 3)), W, labels((2, 4), 5)), "expected input with dimensionality 1 or 2, got 3"),
        Bad(call(A, In((3,)), Y), "linear_weight with dimensionality at least 2, got 1"),
        Bad(call(In((4, 2)), W, Y), "expected equal input and linear_weight last dimensions"),
        Bad(call(A, W, Y, linear_bias=In((4,))), "expected linear_bias shape"),
        Bad(call(In((3,)), In((5, 2, 3)), labels((2,), 5)), "requires batched input"),
        Bad(call(A, W, In((4, 5)), ignore_index=1), "cannot be specified when target contains probabilities"),
        Bad(call(A, W, Y, reduction="average"), "not a valid value for reduction"),
    ),
)
