"""Random integers, permutations and choices against torch's: the same numbers, and the streams in step after them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from minitorch.backend import streams_integer
from minitorch.backend.random import Generator
from tests.random_tools import FLOATS, INTEGERS, SIZES, check, empty, np_dtype, to_numpy

# ------------------------------------------------------------------------------------------------- integers


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, torch.bool])
def test_random_over_the_whole_type(n, dtype):
    check(lambda g: g.random((n,), np_dtype(dtype)), lambda g: empty(n, dtype).random_(generator=g))


RANGES = [
    (0, 1),
    (0, 2),
    (-5, 100),
    (0, 2**28 - 1),
    (0, 2**28),
    (-3, 2**28 - 4),
    (0, 2**31),
    (7, 2**32),
    (0, 2**32 + 1),
]
RANGES += [(-(2**63), 2**63 - 1), (-(2**62), 2**62), (2**63 - 5, 2**63 - 1), (-(2**63), -(2**63) + 3), (0, 2**45 + 1)]


@pytest.mark.parametrize("low,high", RANGES)
def test_randint_int64(low, high):
    for n in (0, 1, 1000):
        check(lambda g: g.randint(low, high, (n,)), lambda g: torch.randint(low, high, (n,), generator=g))  # noqa: B023


TIGHT = [
    (0, 2),
    (0, 1),
    (1, 2),
    (0, 100),
    (-100, 100),
    (0, 127),
    (5, 2**11),
    (-7, 2**8),
    (0, 2**24),
    (3, 2**15),
    (0, 256),
]


@pytest.mark.filterwarnings("ignore:.*is out of bounds")
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, torch.bool, torch.uint16, torch.uint32, torch.uint64])
@pytest.mark.parametrize(
    "low,high",
    [
        *TIGHT,
        (0, 2**31 - 1),
        (2**24 - 1, 2**24 + 9),
        (2**11, 2**11 + 9),
        (-2049, 9),
        (-4999, 9),
        (-(2**25) - 1, 5),
        (0, 70000),
        (0, 2**53),
    ],
)
def test_randint_in_every_type_draws_or_refuses_as_torch_does(dtype, low, high):
    def theirs(g):
        return torch.empty(200, dtype=dtype).random_(low, high, generator=g)

    try:
        theirs(torch.Generator())
    except RuntimeError:
        with pytest.raises(RuntimeError, match="out of bounds|expects 'from'"):
            Generator().randint(low, high, (200,), np_dtype(dtype))
    else:
        check(lambda g: g.randint(low, high, (200,), np_dtype(dtype)), theirs)


@pytest.mark.filterwarnings("ignore:.*is out of bounds")
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, torch.bool, torch.uint16])
@pytest.mark.parametrize("low", [0, 1, -1, 5, -(2**63), 100, 300, 2**24 + 1, 2**62])
def test_random_from_a_number_upwards(dtype, low):
    def theirs(g):
        return torch.empty(200, dtype=dtype).random_(low, None, generator=g)

    try:
        theirs(torch.Generator())
    except (RuntimeError, NotImplementedError) as error:
        with pytest.raises(type(error)):
            Generator().randint(low, None, (200,), np_dtype(dtype))
    else:
        check(lambda g: g.randint(low, None, (200,), np_dtype(dtype)), theirs)


def test_randint_warns_where_a_float_type_has_gaps():
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^24\), 2\^24\]"):
        Generator().randint(0, 2**25, (3,), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Generator().randint(0, 2**24, (3,), np.float32)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 100, 256, 5000, 70000])
def test_randperm(n):
    check(lambda g: g.randperm(n), lambda g: torch.randperm(n, generator=g), seeds=(0, 7))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
def test_randperm_types(dtype):
    check(lambda g: g.randperm(100, np_dtype(dtype)), lambda g: torch.randperm(100, dtype=dtype, generator=g))


def test_long_permutations_are_shuffled_inside_out(monkeypatch):
    """torch does so from 214,748,364 elements on (checked once at that size); here the shuffle itself, made short."""
    monkeypatch.setattr(streams_integer, "LONG_PERMUTATION", 0)
    monkeypatch.setattr(streams_integer, "PERMUTATION_CHUNK", 64)
    for n in (0, 1, 2, 64, 65, 1000):
        words = Generator().manual_seed(4).randint(-(2**63), None, (n,)).view(np.uint64).tolist()
        order = list(range(n))
        for i, word in enumerate(words):
            z = word % (i + 1)
            order[i], order[z] = order[z], i
        assert Generator().manual_seed(4).randperm(n).tolist() == order
        assert sorted(order) == list(range(n))


# ------------------------------------------------------------------------------------------------- multinomial


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (7,), (1000,), (4, 9), (3, 1), (0, 5)])
def test_multinomial_with_replacement(dtype, shape):
    weights = torch.rand(shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    for samples in (1, 2, 50):
        check(
            lambda g: g.multinomial(to_numpy(weights), samples, True),  # noqa: B023
            lambda g: torch.multinomial(weights, samples, True, generator=g),  # noqa: B023
        )


@pytest.mark.parametrize("dtype", FLOATS)
def test_multinomial_cumulates_in_the_dtype_of_the_weights(dtype):
    """With this many categories and samples the rounding of the cumulated sums decides some of them."""
    weights = torch.rand(3000, generator=torch.Generator().manual_seed(1)).to(dtype)
    check(
        lambda g: g.multinomial(to_numpy(weights), 100_000, True),
        lambda g: torch.multinomial(weights, 100_000, True, generator=g),
        seeds=(0,),
    )


def test_multinomial_of_weights_whose_sum_overflows():
    weights = torch.tensor([3e38, 1e38, 3e38, 2e38])
    for samples in (1, 5):
        check(
            lambda g: g.multinomial(weights.numpy(), samples, True),  # noqa: B023
            lambda g: torch.multinomial(weights, samples, True, generator=g),  # noqa: B023
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1,), (7,), (300,), (4, 9), (3, 1), (0, 5)])
def test_multinomial_without_replacement(dtype, shape):
    weights = torch.rand(shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    for samples in {1, min(2, shape[-1]), shape[-1]}:
        check(
            lambda g: g.multinomial(to_numpy(weights), samples),  # noqa: B023
            lambda g: torch.multinomial(weights, samples, generator=g),  # noqa: B023
        )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_multinomial_without_replacement_in_reduced_precision(dtype):
    """Equal quotients are common there and torch does not define their order: compare single samples."""
    weights = torch.rand(6, 20, generator=torch.Generator().manual_seed(1)).to(dtype)
    check(
        lambda g: g.multinomial(to_numpy(weights), 1),
        lambda g: torch.multinomial(weights, 1, generator=g),
        seeds=range(20),
    )


def test_multinomial_never_draws_a_weight_of_zero():
    weights = np.array([[0, 1, 0, 2.0], [5, 0, 0, 0]])
    g = Generator().manual_seed(0)
    drawn = g.multinomial(weights, 500, True)
    assert set(drawn[0]) == {1, 3} and set(drawn[1]) == {0}
    assert {tuple(sorted(g.multinomial(weights[0], 2))) for _ in range(20)} == {(1, 3)}
