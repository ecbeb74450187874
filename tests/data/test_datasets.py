"""Datasets beside torch's: samples, lengths, splits, errors, warnings."""

from __future__ import annotations

import inspect

import pytest
import torch

import minitorch as mt
from tests.data.tools import messages, same

NAMES = [n for n in mt.utils.data.__all__ if not n.startswith("_")]


def parameters(fn):
    return [(p.name, p.kind, repr(p.default)) for p in inspect.signature(fn).parameters.values()]


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name):
    ours, theirs = getattr(mt.utils.data, name), getattr(torch.utils.data, name)
    if name == "random_split":  # the default is each library's own default generator
        ours, theirs = ([p[:2] for p in parameters(f)] for f in (ours, theirs))
        assert ours == theirs
        assert inspect.signature(mt.utils.data.random_split).parameters["generator"].default is mt.default_generator
        return
    assert parameters(ours) == parameters(theirs)
    if not inspect.isclass(ours):
        return
    for method, fn in vars(theirs).items():
        if inspect.isfunction(fn) and (method in ("__getitem__", "__getitems__") or not method.startswith("_")):
            assert [p[:2] for p in parameters(getattr(ours, method))] == [p[:2] for p in parameters(fn)], method


def test_all_of_torch_but_data_pipes():
    pipes = {n for n in torch.utils.data.__all__ if "ipe" in n} | {
        "DataChunk", "_DatasetKind", "argument_validation", "non_deterministic", "runtime_validation",
        "runtime_validation_disabled",
    }  # fmt: skip
    assert set(torch.utils.data.__all__) - pipes == set(NAMES)


def test_generic():
    for library in (mt, torch):
        Dataset = library.utils.data.Dataset

        class Ints(Dataset[int]):
            def __getitem__(self, index):
                return index

        assert Ints()[3] == 3 and issubclass(library.utils.data.IterableDataset[int].__origin__, Dataset)
        assert not hasattr(Dataset, "__len__") and not hasattr(Dataset, "__getitems__")
    same(lambda L: L.utils.data.Dataset()[0], gives=False)
    same(lambda L: len(L.utils.data.Dataset()), gives=False)


def tensors(L):
    return L.utils.data.TensorDataset(L.arange(12.0).reshape(6, 2), L.arange(6))


def test_tensor_dataset():
    same(lambda L: [tensors(L)[i] for i in (0, -1, 5)] + [len(tensors(L)), tensors(L)[1:3], tensors(L)[[0, 2]]])
    same(lambda L: tensors(L)[6], gives=False)
    same(lambda L: L.utils.data.TensorDataset(L.zeros(3), L.zeros(4)), gives=False)


class Squares(list):
    """A dataset that counts how it is asked."""

    def __init__(self, n):
        super().__init__(i * i for i in range(n))
        self.calls = []

    def __getitems__(self, indices):
        self.calls.append(list(indices))
        return [self[i] for i in indices]


def test_stack_dataset():
    def program(L):
        Stack, fast, slow = L.utils.data.StackDataset, Squares(5), list("abcde")
        pair, named = Stack(fast, slow), Stack(n=fast, c=slow)
        result = [pair[2], named[3], pair.__getitems__([0, 4]), named.__getitems__([3, 3]), len(pair), fast.calls]
        loader = L.utils.data.DataLoader(named, batch_size=2)
        return [*result, list(loader)]

    same(program)
    for bad in (lambda S: S(), lambda S: S([1], x=[2]), lambda S: S([1], [1, 2]), lambda S: S(a=[1], b=[1, 2])):
        same(lambda L, bad=bad: bad(L.utils.data.StackDataset), gives=False)

    class Short(list):
        def __getitems__(self, indices):
            return []

    same(lambda L: L.utils.data.StackDataset(Short([1, 2]))[[0]] and None, gives=False)
    ours, theirs = messages(lambda L: L.utils.data.StackDataset(Short([1, 2])).__getitems__([0, 1]))
    assert ours == theirs


def test_concat_dataset():
    def program(L):
        joined = L.utils.data.ConcatDataset([[1, 2], [], [3], "ab"])
        return [joined[i] for i in range(-5, 5)] + [len(joined), joined.cumulative_sizes, joined.cummulative_sizes]

    same(program)
    same(lambda L: [(tensors(L) + tensors(L))[i] for i in (0, 6, 11)])
    for index in (5, -6):
        same(lambda L, index=index: L.utils.data.ConcatDataset([[1, 2], [3, 4, 5]])[index], gives=False)
    same(lambda L: L.utils.data.ConcatDataset([]), gives=False)
    same(lambda L: L.utils.data.ConcatDataset([L.utils.data.IterableDataset()]), gives=False)


def stream(L, n):
    class Stream(L.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __len__(self):
            return n

    return Stream()


def test_chain_dataset():
    same(lambda L: [list(stream(L, 2) + stream(L, 3)), len(stream(L, 2) + stream(L, 3))])
    same(lambda L: list(L.utils.data.ChainDataset([stream(L, 2), [1]])), gives=False)
    same(lambda L: len(L.utils.data.ChainDataset([stream(L, 2), [1]])), gives=False)
    same(lambda L: list(L.utils.data.IterableDataset()), gives=False)


def test_subset():
    def program(L):
        fast = Squares(9)
        part = L.utils.data.Subset(fast, [8, 3, 3])
        inner = L.utils.data.Subset(part, [2, 0])
        return [
            part[1],
            len(part),
            inner.__getitems__([0, 1]),
            fast.calls,
            L.utils.data.Subset(tensors(L), [1, 4])[[0, 1]],
        ]

    same(program)

    def careless(L):
        class Half(L.utils.data.Subset):
            def __getitem__(self, idx):
                return super().__getitem__(idx) / 2

        return Half([1], [0])

    ours, _ = messages(careless)
    assert "__getitems__" in ours and "Half" in ours


def test_random_split_errors():
    for lengths in ([0.3, 0.3], []):
        same(lambda L, lengths=lengths: L.utils.data.random_split(range(10), lengths), gives=False)
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        mt.utils.data.random_split(range(3), [0.9, 0.1])
