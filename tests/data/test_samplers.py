"""Samplers beside torch's: with one seed the same indices, and the same random numbers afterwards."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.tools import LIBRARIES, messages, same


def generator(L, seed):
    return None if seed is None else L.Generator().manual_seed(seed)


def twice(sampler):
    return [list(sampler), list(sampler), len(sampler)]


@given(
    n=st.integers(1, 90), replacement=st.booleans(), count=st.none() | st.integers(1, 200), seed=st.none() | st.just(5)
)
def test_random_sampler(n, replacement, count, seed):
    same(lambda L: twice(L.utils.data.RandomSampler(range(n), replacement, count, generator(L, seed))))


@given(n=st.integers(1, 60), data=st.data(), replacement=st.booleans(), seed=st.none() | st.just(5))
def test_weighted_and_subset_samplers(n, data, replacement, seed):
    count = data.draw(st.integers(1, n))
    weights = [0.25 + (i * 7 % 5) for i in range(n)]
    same(lambda L: twice(L.utils.data.WeightedRandomSampler(weights, count, replacement, generator(L, seed))))
    same(lambda L: twice(L.utils.data.SubsetRandomSampler(list(range(n))[::-1], generator(L, seed))))


@given(n=st.integers(0, 40), size=st.integers(1, 12), drop_last=st.booleans())
def test_batch_sampler(n, size, drop_last):
    same(lambda L: twice(L.utils.data.BatchSampler(L.utils.data.SequentialSampler(range(n)), size, drop_last)))


def test_batch_sampler_reads_no_further_than_it_gives():
    def program(L):
        numbers = itertools.count()
        batches = L.utils.data.BatchSampler(numbers, 3, True)
        return [next(iter(batches)), next(numbers)]

    same(program)


@given(n=st.integers(0, 30), replicas=st.integers(1, 6), shuffle=st.booleans(), drop_last=st.booleans())
def test_distributed_sampler(n, replicas, shuffle, drop_last):
    def program(L):
        result = []
        for rank in range(replicas):
            sampler = L.utils.data.DistributedSampler(range(n), replicas, rank, shuffle, 3, drop_last)
            result += twice(sampler)
            sampler.set_epoch(2)
            result += [list(sampler), sampler.num_samples, sampler.total_size, sampler.epoch]
        return result

    if n or drop_last:
        same(program)
    else:  # torch divides by the length of the dataset only where it must fill up: there is nothing to fill up with
        same(lambda L: list(L.utils.data.DistributedSampler([], 1, 0)))


BAD = {
    "replacement": lambda D: D.RandomSampler(range(3), replacement=1),
    "zero samples": lambda D: D.RandomSampler(range(3), num_samples=0),
    "float samples": lambda D: D.RandomSampler(range(3), num_samples=2.0),
    "empty": lambda D: D.RandomSampler([]),
    "weights 2d": lambda D: D.WeightedRandomSampler([[1.0, 2.0]], 1),
    "weights count": lambda D: D.WeightedRandomSampler([1.0], 0),
    "weights bool count": lambda D: D.WeightedRandomSampler([1.0], True),
    "weights replacement": lambda D: D.WeightedRandomSampler([1.0], 1, replacement=1),
    "too many": lambda D: list(D.WeightedRandomSampler([1.0, 2.0], 3, replacement=False)),
    "batch size": lambda D: D.BatchSampler(range(3), 0, False),
    "batch size bool": lambda D: D.BatchSampler(range(3), True, False),
    "batch size float": lambda D: D.BatchSampler(range(3), 2.0, False),
    "drop_last": lambda D: D.BatchSampler(range(3), 2, 1),
    "rank": lambda D: D.DistributedSampler(range(3), 2, 2),
    "negative rank": lambda D: D.DistributedSampler(range(3), 2, -1),
    "abstract": lambda D: iter(D.Sampler()),
}


@pytest.mark.parametrize("case", BAD)
def test_errors(case):
    ours, theirs = messages(lambda L: BAD[case](L.utils.data))
    if case not in ("too many", "abstract"):
        assert ours == theirs


def test_attributes():
    def program(L):
        D = L.utils.data
        random = D.RandomSampler([1, 2, 3])
        random.data_source.append(4)
        weighted = D.WeightedRandomSampler([1, 2], 3)
        return [len(random), random.num_samples, random.replacement, weighted.weights, weighted.num_samples]

    same(program)
    for L in LIBRARIES:
        assert issubclass(L.utils.data.RandomSampler, L.utils.data.Sampler) and L.utils.data.Sampler[int]
