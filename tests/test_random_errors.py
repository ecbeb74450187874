"""What the random streams refuse: torch's exception types and key words, and nothing drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minitorch.backend.random import Generator
from tests.random_tools import assert_in_step

F32, I64, HALF = np.float32, np.int64, np.float16
ERRORS = [
    (
        lambda g: g.uniform((3,), F32, 2, 1),
        lambda: torch.empty(3).uniform_(2, 1),
        r"return a \[from, to\) range, but found from=2 > to=1",
    ),
    (lambda g: g.uniform((3,), F32, 0, 1e39), lambda: torch.empty(3).uniform_(0, 1e39), "to is out of bounds for"),
    (
        lambda g: g.uniform((3,), F32, math.nan, 1),
        lambda: torch.empty(3).uniform_(math.nan, 1),
        "from is out of bounds for",
    ),
    (
        lambda g: g.uniform((3,), HALF, 0, 1e6),
        lambda: torch.empty(3).half().uniform_(0, 1e6),
        "to is out of bounds for",
    ),
    (
        lambda g: g.uniform((3,), F32, -3e38, 3e38),
        lambda: torch.empty(3).uniform_(-3e38, 3e38),
        "to-from to exceed the limit",
    ),
    (lambda g: g.uniform((3,), I64), lambda: torch.rand(3, dtype=torch.int64), "not implemented for"),
    (
        lambda g: g.normal((3,), F32, 0, -1),
        lambda: torch.empty(3).normal_(0, -1),
        "normal expects std >= 0.0, but found std -1",
    ),
    (lambda g: g.normal((3,), np.int32), lambda: torch.empty(3, dtype=torch.int32).normal_(), "not implemented for"),
    (
        lambda g: g.normal_arrays(np.zeros(3), -np.ones(3)),
        lambda: torch.normal(torch.zeros(3), -torch.ones(3)),
        "all elements of std >= 0.0",
    ),
    (
        lambda g: g.normal_arrays(np.zeros(3), np.ones(2)),
        lambda: torch.normal(torch.zeros(3), torch.ones(2)),
        "must match",
    ),
    (
        lambda g: g.normal_arrays(np.zeros(3), np.ones(3, np.complex64)),
        lambda: torch.normal(torch.zeros(3), torch.ones(3, dtype=torch.complex64)),
        "standard deviation to be non-complex",
    ),
    (
        lambda g: g.log_normal((3,), F32, 0, 0),
        lambda: torch.empty(3).log_normal_(0, 0),
        "log_normal_ expects std > 0.0, but found std=0",
    ),
    (
        lambda g: g.exponential((3,), F32, 0),
        lambda: torch.empty(3).exponential_(0),
        "exponential_ expects lambda > 0.0, but found lambda=0",
    ),
    (
        lambda g: g.exponential((3,), I64),
        lambda: torch.empty(3).long().exponential_(),
        "dtype must be a floating point",
    ),
    (
        lambda g: g.cauchy((3,), F32, 0, 0),
        lambda: torch.empty(3).cauchy_(0, 0),
        "cauchy_ expects sigma > 0.0, but found sigma=0",
    ),
    (lambda g: g.cauchy((3,), I64), lambda: torch.empty(3).long().cauchy_(), "dtype must be a floating point"),
    (lambda g: g.geometric((3,), F32, 1), lambda: torch.empty(3).geometric_(1), r"p to be in \(0, 1\), but got p=1"),
    (lambda g: g.geometric((3,), np.bool_, 0.5), lambda: torch.empty(3).bool().geometric_(0.5), "not implemented for"),
    (lambda g: g.bernoulli(1.5, (3,)), lambda: torch.empty(3).bernoulli_(1.5), r"p to be in \[0, 1\], but got p=1.5"),
    (
        lambda g: g.bernoulli(np.array([0.5, 1.5])),
        lambda: torch.bernoulli(torch.tensor([0.5, 1.5])),
        "p_in >= 0 && p_in <= 1",
    ),
    (lambda g: g.bernoulli(np.array([1, 0])), lambda: torch.bernoulli(torch.tensor([1, 0])), "not implemented for"),
    (
        lambda g: g.bernoulli(np.full((2, 3), 0.5), (3,)),
        lambda: torch.empty(3).bernoulli_(torch.full((2, 3), 0.5)),
        "expand",
    ),
    (
        lambda g: g.bernoulli(0.5, (3,), np.complex64),
        lambda: torch.empty(3).cfloat().bernoulli_(0.5),
        "not implemented for",
    ),
    (
        lambda g: g.randint(5, 5, (3,)),
        lambda: torch.randint(5, 5, (3,)),
        "'from' to be less than 'to', but got from=5 >= to=5",
    ),
    (
        lambda g: g.randint(0, 300, (0,), np.uint8),
        lambda: torch.empty(0).byte().random_(0, 300),
        "to - 1 is out of bounds for",
    ),
    (
        lambda g: g.randint(-1, 3, (3,), np.uint8),
        lambda: torch.empty(3).byte().random_(-1, 3),
        "from is out of bounds for",
    ),
    (lambda g: g.randint(0, 2**63, (3,)), lambda: torch.randint(0, 2**63, (3,)), "Overflow when unpacking long long"),
    (
        lambda g: g.randint(0, 3, (3,), np.complex64),
        lambda: torch.randint(0, 3, (3,), dtype=torch.complex64),
        "handles only integral",
    ),
    (lambda g: g.random((3,), np.uint16), lambda: torch.empty(3, dtype=torch.uint16).random_(), "not implemented for"),
    (lambda g: g.randperm(-1), lambda: torch.randperm(-1), "negative dimension"),
    (
        lambda g: g.randperm(257, np.uint8),
        lambda: torch.randperm(257, dtype=torch.uint8),
        "cannot be converted to type .* without overflow",
    ),
    (lambda g: g.randperm(2050, HALF), lambda: torch.randperm(2050, dtype=torch.half), "n cannot be greater than"),
    (
        lambda g: g.randperm(2**24 + 2, F32),
        lambda: torch.randperm(2**24 + 2, dtype=torch.float32),
        "n cannot be greater than",
    ),
    (lambda g: g.randperm(3, np.bool_), lambda: torch.randperm(3, dtype=torch.bool), "not implemented for"),
    (
        lambda g: g.poisson(np.array([-1.0])),
        lambda: torch.poisson(torch.tensor([-1.0])),
        "expected rate to be non-negative",
    ),
    (lambda g: g.poisson(np.array([1])), lambda: torch.poisson(torch.tensor([1])), "not implemented for"),
    (
        lambda g: g.multinomial(np.ones((2, 2, 2)), 1),
        lambda: torch.multinomial(torch.ones(2, 2, 2), 1),
        "prob_dist must be 1 or 2 dim",
    ),
    (
        lambda g: g.multinomial(np.ones(3, I64), 1),
        lambda: torch.multinomial(torch.ones(3).long(), 1),
        "only supports floating-point dtypes",
    ),
    (
        lambda g: g.multinomial(np.ones(3), 0),
        lambda: torch.multinomial(torch.ones(3), 0),
        "cannot sample n_sample <= 0 samples",
    ),
    (
        lambda g: g.multinomial(np.ones(3), 4),
        lambda: torch.multinomial(torch.ones(3), 4),
        r"n_sample > prob_dist.size\(-1\) samples without",
    ),
    (
        lambda g: g.multinomial(np.ones(2**24 + 1), 1),
        lambda: torch.multinomial(torch.ones(2**24 + 1), 1),
        r"categories cannot exceed 2\^24",
    ),
    (
        lambda g: g.multinomial(np.array([1.0, -1]), 1),
        lambda: torch.multinomial(torch.tensor([1.0, -1]), 1),
        "`inf`, `nan` or element < 0",
    ),
    (
        lambda g: g.multinomial(np.array([1.0, math.nan]), 3, True),
        lambda: torch.multinomial(torch.tensor([1.0, math.nan]), 3, True),
        "probability entry < 0",
    ),
    (
        lambda g: g.multinomial(np.array([1.0, math.inf]), 3, True),
        lambda: torch.multinomial(torch.tensor([1.0, math.inf]), 3, True),
        "entry = infinity or NaN",
    ),
    (
        lambda g: g.multinomial(np.array([1.0, -1]), 1, True),
        lambda: torch.multinomial(torch.tensor([1.0, -1]), 1, True),
        "`inf`, `nan` or element < 0",
    ),
    (
        lambda g: g.multinomial(np.array([1.0, math.inf]), 1),
        lambda: torch.multinomial(torch.tensor([1.0, math.inf]), 1),
        "`inf`, `nan`",
    ),
    (
        lambda g: g.multinomial(np.eye(2)[:1] * 0, 1, True),
        lambda: torch.multinomial(torch.zeros(1, 2), 1, True),
        "sum of probabilities <= 0",
    ),
    (
        lambda g: g.multinomial(np.zeros(2), 4, True),
        lambda: torch.multinomial(torch.zeros(2), 4, True),
        "sum of probabilities <= 0",
    ),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors_have_torchs_type_and_words(case):
    ours, theirs, words = ERRORS[case]
    with pytest.raises(Exception, match=words if "p_in" not in words else "p_in") as torchs:
        theirs()
    g = Generator()
    with pytest.raises(torchs.type, match=words):
        ours(g)
    assert_in_step(g, torch.Generator())  # nothing was drawn
