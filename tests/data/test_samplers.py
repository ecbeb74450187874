"""What the parity specs of the samplers don't say: how far they read, what they need, their attributes."""

from __future__ import annotations

import itertools

from tests.data.tools import LIBRARIES, same


def test_batch_sampler_reads_no_further_than_it_gives():
    def program(L):
        numbers = itertools.count()
        batches = L.utils.data.BatchSampler(numbers, 3, True)
        return [next(iter(batches)), next(numbers)]

    same(program)


def test_more_draws_than_weights():
    same(lambda L: list(L.utils.data.WeightedRandomSampler([1.0, 2.0], 3, replacement=False)), gives=False)


def test_nothing_to_share():
    """torch divides by the length of the dataset only where it must fill up: there is nothing to fill up with."""
    same(lambda L: list(L.utils.data.DistributedSampler([], 1, 0)))


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
