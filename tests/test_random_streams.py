"""The random streams against torch's: every distribution bit for bit, and the streams in step after it.

A test draws the same thing from both generators twice over (so that a second call starts in mid-stream), compares the
bits of the results, then the 5056 bytes of the two states.
"""

from __future__ import annotations

import random as python_random
from fractions import Fraction

import numpy as np
import pytest
import torch

from minitorch.backend.boxmuller import fma64, log32, sincos32
from minitorch.backend.random import Generator
from minitorch.backend.streams import visit_axes
from tests.random_tools import (
    AVX2,
    FLOATS,
    INTEGERS,
    SIZES,
    assert_in_step,
    assert_same,
    check,
    empty,
    needs_avx2,
    np_dtype,
    to_numpy,
)


def words_used(draw) -> int:
    g = torch.Generator().manual_seed(0)
    draw(g)
    return int(g.get_state().numpy()[16:20].view(np.int32)[0])


# On Intel processors torch hands bernoulli_(p) to MKL, which takes one word as the seed of a generator of its own.
own_bernoulli = pytest.mark.skipif(
    words_used(lambda g: torch.empty(8).bernoulli_(0.5, generator=g)) != 16,
    reason="torch draws bernoulli_ with MKL here",
)


# ------------------------------------------------------------------------------------------------- floating point


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bounds", [(0, 1), (-0.3, 0.3), (1.0, 3.7), (-5.0, -5.0), (1.0, 1.01)])
def test_uniform(n, dtype, bounds):
    check(
        lambda g: g.uniform((n,), np_dtype(dtype), *bounds),
        lambda g: empty(n, dtype).uniform_(*bounds, generator=g),
    )


@needs_avx2
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("scale", [(0, 1), (0, 0.02), (2.5, 0.3), (-1, 0), (3, 7)])
def test_normal(n, dtype, scale):
    check(
        lambda g: g.normal((n,), np_dtype(dtype), *scale),
        lambda g: empty(n, dtype).normal_(*scale, generator=g),
    )


@pytest.mark.parametrize("n", [1, 5, 16, 33, 1000])
@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_of_a_tensor_that_is_not_contiguous(n, dtype):
    check(
        lambda g: g.normal((n,), np_dtype(dtype), 1.5, 0.3, contiguous=False),
        lambda g: empty((n, 2), dtype)[:, 0].normal_(1.5, 0.3, generator=g),
    )


@pytest.mark.parametrize("shape", [(), (3,), (7,), (8,), (5, 4)])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_complex(shape, dtype):
    check(lambda g: g.uniform(shape, np_dtype(dtype)), lambda g: torch.rand(shape, dtype=dtype, generator=g))
    if AVX2:
        check(
            lambda g: g.normal(shape, np_dtype(dtype)),
            lambda g: torch.randn(shape, dtype=dtype, generator=g),
        )


@needs_avx2
def test_a_million_normals():
    check(lambda g: g.normal((1000, 1001)), lambda g: torch.randn(1000, 1001, generator=g), seeds=(3,), times=1)


@needs_avx2
def test_the_fused_step_of_the_reduction():
    """One of the three u24 (all near 3/4) whose angle is reduced differently if the last step rounds twice."""
    assert_same_sixteen(seed=133, skip=118_751)


@needs_avx2
def test_a_first_uniform_of_zero():
    """u1 = 0 gives a radius of -0 in both libraries; the sum with the mean makes it 0."""
    assert_same_sixteen(seed=146, skip=18_552)


def assert_same_sixteen(seed: int, skip: int) -> None:
    mine, other = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    assert_same(mine.uniform((skip,)), torch.rand(skip, generator=other))
    assert_same(mine.normal((16,)), torch.randn(16, generator=other))


@needs_avx2
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [5, 40])
def test_normal_with_arrays(dtype, n):
    values = np.random.default_rng(0)
    mean, std = (
        torch.from_numpy(values.normal(size=(3, 1, n))).to(dtype),
        torch.from_numpy(values.random((2, 1))).to(dtype),
    )
    wide = torch.from_numpy(values.random((2, 1)))
    for m, s in ((mean, std), (mean, 0.3), (1.25, std), (mean, wide), (mean[0, 0, 0], wide), (mean, wide[0, 0])):
        ours = [to_numpy(v) if isinstance(v, torch.Tensor) else v for v in (m, s)]
        check(lambda g: g.normal_arrays(*ours), lambda g: torch.normal(m, s, generator=g))  # noqa: B023


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_exponential_cauchy_lognormal(n, dtype):
    mine = np_dtype(dtype)
    for rate in (1.0, 0.7, 1e6):
        check(
            lambda g: g.exponential((n,), mine, rate),  # noqa: B023
            lambda g: empty(n, dtype).exponential_(rate, generator=g),  # noqa: B023
        )
    check(lambda g: g.cauchy((n,), mine), lambda g: empty(n, dtype).cauchy_(generator=g))
    check(
        lambda g: g.cauchy((n,), mine, 2.0, 0.3),
        lambda g: empty(n, dtype).cauchy_(2.0, 0.3, generator=g),
    )
    check(lambda g: g.log_normal((n,), mine), lambda g: empty(n, dtype).log_normal_(generator=g))
    check(
        lambda g: g.log_normal((n,), mine, 0.5, 0.25),
        lambda g: empty(n, dtype).log_normal_(0.5, 0.25, generator=g),
    )


# ------------------------------------------------------------------------------------------------- yes or no, counts


@own_bernoulli
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, torch.bool])
@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_bernoulli_with_a_number(n, dtype, p):
    check(lambda g: g.bernoulli(p, (n,), np_dtype(dtype)), lambda g: empty(n, dtype).bernoulli_(p, generator=g))
    check(lambda g: g.keep(p, (n,)), lambda g: empty(n, torch.float32).bernoulli_(p, generator=g).bool())


@own_bernoulli
def test_keep_is_what_dropout_keeps():
    x = torch.ones(33, 7)
    torch.manual_seed(11)
    kept = torch.nn.functional.dropout(x, 0.3) != 0
    assert_same(Generator().manual_seed(11).keep(1 - 0.3, (33, 7)), kept)


@pytest.mark.parametrize("p_dtype", FLOATS)
def test_bernoulli_with_an_array(p_dtype):
    p = torch.rand(4, 1, 9, generator=torch.Generator().manual_seed(0)).to(p_dtype)
    mine = to_numpy(p)
    check(lambda g: g.bernoulli(mine), lambda g: torch.bernoulli(p, generator=g))
    check(lambda g: g.bernoulli(mine[0, 0, :1].reshape(())), lambda g: torch.bernoulli(p[0, 0, 0], generator=g))
    for dtype in (torch.float32, torch.int64, torch.bool):
        check(
            lambda g: g.bernoulli(mine, (4, 5, 9), np_dtype(dtype)),  # noqa: B023
            lambda g: empty((4, 5, 9), dtype).bernoulli_(p, generator=g),  # noqa: B023
        )


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS])
@pytest.mark.parametrize("p", [0.9, 0.25, 0.01])
def test_geometric(dtype, p):
    check(lambda g: g.geometric((500,), np_dtype(dtype), p), lambda g: empty(500, dtype).geometric_(p, generator=g))


@pytest.mark.parametrize("dtype", FLOATS)
def test_poisson(dtype):
    rates = torch.tensor([0, 0.1, 1, 5, 9.9, 10, 30, 100, 0, 200.5]).repeat(30).reshape(30, 10).to(dtype)
    check(lambda g: g.poisson(to_numpy(rates)), lambda g: torch.poisson(rates, generator=g))
    check(lambda g: g.poisson(to_numpy(rates[:0])), lambda g: torch.poisson(rates[:0], generator=g))


# ------------------------------------------------------------------------------------------------- streams in step

PROGRAM = {
    "uniform": lambda n: (lambda g: g.uniform((n,)), lambda g: torch.rand(n, generator=g)),
    "uniform64": lambda n: (
        lambda g: g.uniform((n,), np.float64),
        lambda g: torch.rand(n, generator=g, dtype=torch.float64),
    ),
    "normal": lambda n: (lambda g: g.normal((n,)), lambda g: torch.randn(n, generator=g)),
    "normal64": lambda n: (
        lambda g: g.normal((n,), np.float64),
        lambda g: torch.randn(n, generator=g, dtype=torch.float64),
    ),
    "normal16": lambda n: (
        lambda g: g.normal((n,), np.float16),
        lambda g: torch.randn(n, generator=g, dtype=torch.float16),
    ),
    "strided": lambda n: (
        lambda g: g.normal((n,), contiguous=False),
        lambda g: torch.empty(n, 2)[:, 1].normal_(generator=g),
    ),
    "lognormal": lambda n: (lambda g: g.log_normal((n,)), lambda g: torch.empty(n).log_normal_(generator=g)),
    "randint": lambda n: (lambda g: g.randint(0, 10, (n,)), lambda g: torch.randint(0, 10, (n,), generator=g)),
    "seedlike": lambda n: (lambda g: g.random(()), lambda g: torch.empty((), dtype=torch.int64).random_(generator=g)),
    "exponential": lambda n: (lambda g: g.exponential((n,)), lambda g: torch.empty(n).exponential_(generator=g)),
    "randperm": lambda n: (lambda g: g.randperm(n), lambda g: torch.randperm(n, generator=g)),
    "poisson": lambda n: (
        lambda g: g.poisson(np.full(n, 12.5, np.float32)),
        lambda g: torch.poisson(torch.full((n,), 12.5), generator=g),
    ),
    "multinomial": lambda n: (
        lambda g: g.multinomial(np.arange(1, n + 2, dtype=np.float64), 1 + n // 2),
        lambda g: torch.multinomial(torch.arange(1, n + 2, dtype=torch.float64), 1 + n // 2, generator=g),
    ),
    "bernoulli": lambda n: (
        lambda g: g.bernoulli(np.full(n, 0.4, np.float32)),
        lambda g: torch.bernoulli(torch.full((n,), 0.4), generator=g),
    ),
}


@needs_avx2
@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_calls_keeps_in_step(seed):
    choose = python_random.Random(seed)
    mine, other = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for _ in range(60):
        name = choose.choice(sorted(PROGRAM))
        ours, theirs = PROGRAM[name](choose.choice([0, 1, 2, 3, 5, 15, 16, 17, 31, 47, 100, 640]))
        assert_same(ours(mine), theirs(other))
        assert_in_step(mine, other)


@needs_avx2
@pytest.mark.parametrize("threads", [1, 2])
def test_torchs_threads_do_not_matter(threads):
    n, before = 100_003, torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for name in (
            "uniform",
            "uniform64",
            "normal",
            "normal64",
            "strided",
            "randint",
            "exponential",
            "randperm",
            "bernoulli",
        ):
            check(*PROGRAM[name](n), seeds=(2,))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (4, 1, 5), (0, 3)])
def test_shapes(shape):
    check(lambda g: g.uniform(shape), lambda g: torch.rand(shape, generator=g))
    check(lambda g: g.normal(shape), lambda g: torch.randn(shape, generator=g))
    check(lambda g: g.randint(3, 9, shape), lambda g: torch.randint(3, 9, shape, generator=g))
    check(lambda g: g.exponential(shape), lambda g: torch.empty(shape).exponential_(generator=g))


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1), (2, 1, 0)])
def test_strided_tensors_are_filled_in_the_order_of_memory(axes):
    theirs = torch.empty(3, 4, 5).permute(axes)
    theirs.uniform_(generator=torch.Generator().manual_seed(2))
    ours = np.empty((3, 4, 5), np.float32).transpose(axes)
    view = ours.transpose(visit_axes(ours.strides))
    view[...] = Generator().manual_seed(2).uniform(view.shape)
    assert_same(ours, theirs)


# ------------------------------------------------------------------------------------------------- arithmetic


def test_fma64_rounds_once():
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=2000), 0.1, -0.3
    exact = [float(Fraction(x) * Fraction(b) + Fraction(c)) for x in a.tolist()]
    assert fma64(a, b, c).tolist() == exact
    assert (a * b + c).tolist() != exact  # two roundings differ: the test can fail
    assert fma64(a, 2.0**1000, 1.0).tolist() == (a * 2.0**1000).tolist()


def test_single_precision_polynomials_are_near_the_functions():
    x = np.linspace(2.0**-24, 1, 10001, dtype=np.float32)
    np.testing.assert_array_max_ulp(log32(x), np.log(x.astype(np.float64)).astype(np.float32), 4)
    angle = (x * np.float32(2 * np.pi)).astype(np.float32)
    sine, cosine = sincos32(angle)
    np.testing.assert_allclose(sine, np.sin(angle.astype(np.float64)), atol=2e-7)
    np.testing.assert_allclose(cosine, np.cos(angle.astype(np.float64)), atol=2e-7)
