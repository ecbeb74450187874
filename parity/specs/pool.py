"""Specs of the pooling functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, In, call, registry, spec

NAN, INF = float("nan"), float("inf")
SIZES = {1: (9,), 2: (6, 7), 3: (4, 5, 6)}
BATCHES = st.sampled_from(((2,), (2,), (), (0,)))


@st.composite
def max_calls(draw: Any, n: int) -> Call:
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(n))
    stride = draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 3)] * n), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    # a dilated kernel must fit: the first of three sizes is the smallest
    wide = (2, 1, 1)[:n] if n > 1 else 2
    fits = 2 * (kernel[0] - 1) + 1 <= SIZES[n][0] + 2 * padding[0]
    dilation = draw(st.sampled_from((1, (1,) * n, wide) if fits else (1, (1,) * n)))
    x = In((*draw(BATCHES), 3, *SIZES[n]), distinct=True)
    return call(x, kernel, stride, padding, dilation, draw(st.booleans()), draw(st.booleans()))


@st.composite
def avg_calls(draw: Any, n: int) -> Call:
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(n))
    stride = draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 3)] * n), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    args = [In((*draw(BATCHES), 3, *SIZES[n])), kernel, stride, padding, draw(st.booleans()), draw(st.booleans())]
    return call(*args, draw(st.sampled_from((None, 5)))) if n > 1 else call(*args)


@st.composite
def adaptive_calls(draw: Any, n: int, indices: bool = False) -> Call:
    sizes = tuple(draw(st.integers(1, 4)) for _ in range(n))
    if n > 1 and draw(st.integers(0, 2)) == 0:
        sizes = (None, *sizes[1:])
    size = draw(st.sampled_from((sizes, 3)))
    x = In((*draw(BATCHES), 2, *SIZES[n]), distinct=indices)
    return call(x, size, draw(st.booleans())) if indices else call(x, size)


def window_errors(n: int) -> tuple[Bad, ...]:
    x = In((2, 4, *SIZES[n]))
    flat = In(SIZES[n][:n])
    return (
        Bad(call(x, 2, padding=2), "at most half"),
        Bad(call(x, 12), "Output size is too small"),
        Bad(call(x, 2, stride=0), "stride"),
        Bad(call(x, (2,) * (n + 1)), "kernel_size must"),
        Bad(call(flat, 2), "input", type=RuntimeError, label="torch: IndexError from some"),
        Bad(call(x, 2, padding=-1), "non-negative"),
    )


TIES = np.array([[[1.0, 2.0, 2.0, 1.0], [2.0, 2.0, 1.0, 1.0]]])
SPECIAL = np.array([[[NAN, 1.0, INF, 2.0], [0.0, NAN, NAN, -INF], [-INF, -INF, 1.0, INF], [-INF, -INF, -0.0, 0.0]]])
for _n in (1, 2, 3):
    edges = (
        (call(TIES, 2), call(SPECIAL, 2, 1))
        if _n == 2
        else (call(TIES, 2), call(SPECIAL[0, :2], 2, 1))
        if _n == 1
        else ()
    )
    spec(
        f"nn.functional.max_pool{_n}d",
        max_calls(_n),
        dtypes=FLOATS,
        errors=(
            *window_errors(_n),
            Bad(call(In((2, 4, *SIZES[_n])), 2, dilation=0), "dilation"),
        ),
        edges=edges,
        ties="the first of equal values in row-major order takes the gradient; nan wins, the last one",
    )
    spec(f"nn.functional.avg_pool{_n}d", avg_calls(_n), errors=window_errors(_n))
    spec(
        f"nn.functional.adaptive_avg_pool{_n}d",
        adaptive_calls(_n),
        errors=(
            Bad(call(In((3,)), 2), "Expected"),
            Bad(call(In((2, 4, *SIZES[_n])), (2,) * (_n + 2)), "output_size"),
        ),
    )
    spec(
        f"nn.functional.adaptive_max_pool{_n}d", adaptive_calls(_n, True), errors=(Bad(call(In((3,)), 2), "Expected"),)
    )


# -- power means -------------------------------------------------------------------------------------------------------


SIGNED = np.array([-3.0, 1.0, 2.0, 0.5])


@st.composite
def lp_calls(draw: Any, n: int) -> Call:
    kernel = draw(st.integers(1, 3)) if n == 1 else tuple(draw(st.integers(1, 3)) for _ in range(n))
    p = draw(st.sampled_from((1.5, 2.0, 3, INF, -INF)))
    x = In((*draw(st.sampled_from(((2,), ()))), 3, *SIZES[n]), low=0.2, distinct=True)
    return call(x, p, kernel, draw(st.sampled_from((None, 2))), draw(st.booleans()))


for _n in (1, 2, 3):
    spec(
        f"nn.functional.lp_pool{_n}d",
        lp_calls(_n),
        edges=tuple(
            call(np.array([[[-3.0, 1.0, 2.0, 0.5]]]).reshape(1, *(1,) * _n, 4), p, 1) for p in (2.0, INF, -INF)
        ),
        errors=(Bad(call(1, 2.0, 2), "Tensor", type=TypeError, label="torch: AttributeError"),),
    )


# -- unpooling and fractional pooling ----------------------------------------------------------------------------------


@st.composite
def unpool_calls(draw: Any, n: int) -> Call:
    """Indices as max_pool gives them, one in each step of 2 (or 3); windows that are wider than the steps, borders."""
    stride, border = draw(st.integers(2, 3)), draw(st.integers(0, 1))
    kernel = stride + 2 * border
    small = (2, 3, 2)[:n]
    batch = draw(st.sampled_from(((2,), ())))
    full = tuple(stride * s for s in small)

    def places(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
        total = np.zeros(shape, "int64")
        for d, size in enumerate(full):
            line = np.arange(small[d]).reshape(-1, *(1,) * (n - d - 1)) * stride + rng.integers(0, stride, shape)
            total = total * size + line
        return total

    x, index = In((*batch, 3, *small)), In((*batch, 3, *small), "int64", make=places)
    sizes = [f + 1 for f in full] if n == 1 else full  # more places would change the numbers of the rest
    extra = {"output_size": draw(st.sampled_from((tuple(sizes), [*batch, 3, *sizes] if batch else list(sizes))))}
    return call(x, index, kernel, *((stride, border) if border else ()), **(extra if draw(st.booleans()) else {}))


@st.composite
def fractional_calls(draw: Any, n: int) -> Call:
    batch = draw(st.sampled_from(((2,), ())))
    samples = In(((*batch, 3, n) if batch else (1, 3, n)), low=0.0, high=1.0, grad=False)
    size = {"output_size": (2, 3, 4)[:n]} if draw(st.booleans()) else {"output_ratio": (0.5, 0.6, 0.4)[:n]}
    x = In((*batch, 3, *SIZES[n]), distinct=True)
    return call(x, 2, **size, return_indices=draw(st.booleans()), _random_samples=samples)


# torch's backward refuses upstream gradients and inputs that are not contiguous: see tests/test_nn_pool.py
for _n in (1, 2, 3):
    spec(
        f"nn.functional.max_unpool{_n}d",
        unpool_calls(_n),
        order=0,
        errors=(
            Bad(call(In((2, *(3,) * _n)), In((2, *(2,) * _n), "int64"), 2), "shape of indices"),
            Bad(call(In((2, *(3,) * _n)), In((2, *(3,) * _n), "int32"), 2), "int64"),
        ),
    )
for _n in (2, 3):
    spec(
        f"nn.functional.fractional_max_pool{_n}d",
        fractional_calls(_n),
        errors=(
            Bad(call(In((2, 3, *SIZES[_n])), 2), "requires specifying"),
            Bad(call(In((2, 3, *SIZES[_n])), 9, 2), "too large"),
            Bad(
                call(In((2, 3, *SIZES[_n])), 2, output_ratio=(1.5, 0.5, 0.5)[:_n]),
                "between 0 and 1",
                type=ValueError,
                label="torch: RuntimeError",
            ),
        ),
    )

for _name in [name for name in registry if name.startswith("nn.functional.") and "max_pool" in name]:
    spec(f"{_name}_with_indices", registry[_name].calls, order=registry[_name].order)
