"""DataLoader in one process beside torch's: arguments, errors, warnings, odd datasets. Orders: parity/data.py."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minitorch as mt
from tests.data.tools import LIBRARIES, messages, same

ROOT = Path(__file__).resolve().parents[2]


def pairs(L, n=10):
    return L.utils.data.TensorDataset(L.arange(2.0 * n).reshape(n, 2), L.arange(n))


def epochs(loader, count=2):
    return [list(loader) for _ in range(count)]


def test_an_empty_dataset():
    for shuffle in (False, True):
        same(lambda L, s=shuffle: epochs(L.utils.data.DataLoader(pairs(L, 0), 3, s)), gives=not shuffle)


def test_an_epoch_left_early_has_drawn_what_torchs_has():
    def program(L):
        loader = L.utils.data.DataLoader(pairs(L), 2, shuffle=True)
        first = iter(loader)
        second = iter(loader)
        unused = iter(loader)
        return [next(first), next(second), next(first), L.rand(1), len(unused)]

    same(program)


def test_subsets_and_split():
    def program(L):
        D = L.utils.data
        left, right = D.random_split(pairs(L), [0.7, 0.3])
        again = D.Subset(left, [3, 0, 6, 6])
        joined = D.ConcatDataset([right, again])
        return [epochs(D.DataLoader(part, 3, shuffle=True)) for part in (left, right, again, joined)]

    same(program)


class Rows:
    """A dataset that is no Dataset."""

    def __len__(self):
        return 7

    def __getitem__(self, i):
        return {"x": np.full((2,), i, np.float32), "name": f"row {i}", "i": i}


def test_any_object_with_items_will_do():
    same(lambda L: epochs(L.utils.data.DataLoader(Rows(), 3, True)))
    same(lambda L: epochs(L.utils.data.DataLoader([1.5, 2.5, 3.5], 2)))
    same(lambda L: epochs(L.utils.data.DataLoader(Rows(), batch_size=None)))
    same(lambda L: list(L.utils.data.DataLoader(Rows(), 3, collate_fn=len)))
    same(lambda L: list(L.utils.data.DataLoader(Rows(), sampler="ab", batch_size=1)), gives=False)
    same(lambda L: list(L.utils.data.DataLoader({"a": 1, "b": 2}, sampler=["b", "a"])))
    same(lambda L: list(L.utils.data.DataLoader(pairs(L), batch_sampler=[(0, 1), [2]])))
    same(lambda L: list(L.utils.data.DataLoader(pairs(L), batch_sampler=[L.tensor([0, 1]), [np.int64(2)], range(2)])))
    same(
        lambda L: list(
            L.utils.data.DataLoader(pairs(L), sampler=L.utils.data.BatchSampler(range(10), 4, False), batch_size=None)
        )
    )


def test_quick_path_of_tensor_datasets_is_the_slow_one():
    """Negative indices, wrong ones, tensors that require grad, subclasses with a different __getitem__."""
    for indices, fine in (([-1, 0], True), ([True, False], False), ([None], True), ([0, 99], False), ([0, -99], False),
                          ([0.5], False), ([], False)):  # fmt: skip
        same(lambda L, i=indices: list(L.utils.data.DataLoader(pairs(L), batch_sampler=[i])), gives=fine)
    same(lambda L: list(L.utils.data.DataLoader(L.utils.data.Subset(pairs(L), [1]), batch_sampler=[[1]])), gives=False)

    def grads(L):
        x = L.arange(4.0).requires_grad_()
        for (batch,) in L.utils.data.DataLoader(L.utils.data.TensorDataset(x), 2):
            (batch * batch).sum().backward()
        return x.grad

    same(grads)

    def scaled(L):
        class Scaled(L.utils.data.TensorDataset):
            def __getitem__(self, i):
                return super().__getitem__(i)[0] * 10

        return list(L.utils.data.DataLoader(Scaled(L.arange(4.0)), 2))

    same(scaled)

    def fresh(L):
        data = L.utils.data.TensorDataset(L.zeros(4))
        for (batch,) in L.utils.data.DataLoader(data, 4):
            batch += 1
        return data.tensors

    same(fresh)


def test_getitems_is_asked_once_a_batch():
    def program(L):
        class Fast(Rows):
            calls = []

            def __getitems__(self, indices):
                self.calls.append(indices)
                return [i + 0.5 for i in indices]

        return [list(L.utils.data.DataLoader(Fast(), 3)), Fast.calls]

    same(program)


def counting(L, n, claimed=None):
    class Counting(L.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

    class Sized(Counting):
        def __len__(self):
            return claimed

        def __repr__(self):
            return "Sized"

    return Counting() if claimed is None else Sized()


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [None, 1, 3, 4])
def test_streams(batch_size, drop_last):
    def program(L):
        drop = drop_last and batch_size is not None
        loader = L.utils.data.DataLoader(counting(L, 8), batch_size, drop_last=drop)
        short = L.utils.data.DataLoader(counting(L, 8, 5), batch_size, drop_last=drop)
        return [epochs(loader), epochs(short), len(short), epochs(short)]

    same(program)
    same(lambda L: len(L.utils.data.DataLoader(counting(L, 8))), gives=False)


def test_a_stream_longer_than_it_claimed():
    loader = mt.utils.data.DataLoader(counting(mt, 3, 2))
    assert len(list(loader)) == 3
    assert len(loader) == 2
    with pytest.warns(UserWarning, match=r"Length of IterableDataset Sized was reported to be 2 ?\(when accessing"):
        list(loader)


BAD = {
    "workers": {"num_workers": -1},
    "timeout": {"timeout": -1},
    "prefetch": {"prefetch_factor": 2},
    "negative prefetch": {"num_workers": 1, "prefetch_factor": -1},
    "persistent": {"persistent_workers": True},
    "shuffle and sampler": {"shuffle": True, "sampler": [1]},
    "batch_sampler and batch_size": {"batch_sampler": [[1]], "batch_size": 2},
    "batch_sampler and shuffle": {"batch_sampler": [[1]], "shuffle": True},
    "batch_sampler and sampler": {"batch_sampler": [[1]], "sampler": [1]},
    "batch_sampler and drop_last": {"batch_sampler": [[1]], "drop_last": True},
    "no batches and drop_last": {"batch_size": None, "drop_last": True},
    "batch_size 0": {"batch_size": 0},
    "batch_size float": {"batch_size": 2.0},
    "drop_last int": {"drop_last": 2},
    "context without workers": {"multiprocessing_context": "fork"},
    "unknown context": {"multiprocessing_context": "spoon", "num_workers": 1},
    "context type": {"multiprocessing_context": 3, "num_workers": 1},
    "unknown argument": {"workers": 1},
}
SAME_WORDS = set(BAD) - {"prefetch", "unknown argument"}
BAD_STREAM = {
    "shuffle": {"shuffle": True},
    "sampler": {"sampler": [1]},
    "batch_sampler": {"batch_sampler": [[1]]},
    "shuffle and sampler": {"shuffle": True, "sampler": [1]},
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    ours, theirs = messages(lambda L: L.utils.data.DataLoader(pairs(L), **BAD[case]))
    if case in SAME_WORDS:
        assert ours == theirs
    assert case != "prefetch" or "prefetch_factor option could only be specified in multiprocessing" in ours


@pytest.mark.parametrize("case", BAD_STREAM)
def test_bad_arguments_of_streams(case):
    ours, theirs = messages(lambda L: L.utils.data.DataLoader(counting(L, 3), **BAD_STREAM[case]))
    assert ours == theirs


def test_more_bad_uses():
    same(lambda L: iter(L.utils.data.DataLoader(pairs(L), timeout=1)), gives=False)
    same(lambda L: pickle.dumps(iter(L.utils.data.DataLoader(pairs(L)))), gives=False)
    with pytest.raises(
        AssertionError, match="prefetch_factor must be greater than 0"
    ):  # torch's too, then its __del__ fails
        iter(mt.utils.data.DataLoader(pairs(mt), num_workers=1, prefetch_factor=0))


def test_attributes():
    names = (
        "batch_size", "drop_last", "num_workers", "pin_memory", "timeout", "worker_init_fn", "prefetch_factor",
        "persistent_workers", "pin_memory_device", "in_order", "multiprocessing_context", "generator",
    )  # fmt: skip

    def program(L):
        D = L.utils.data
        loaders = [
            D.DataLoader(pairs(L), 4, drop_last=True),
            D.DataLoader(pairs(L), batch_size=None),
            D.DataLoader(pairs(L), batch_sampler=[[1]]),
            D.DataLoader(pairs(L), num_workers=1, persistent_workers=True, in_order=False, timeout=3),
        ]
        kinds = [[type(x.sampler).__name__, type(x.batch_sampler).__name__, x.collate_fn.__name__] for x in loaders]
        return [[getattr(x, name) for name in names] for x in loaders], kinds, [len(x) for x in loaders]

    same(program)
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"):

        def program(L, name=name):
            setattr(L.utils.data.DataLoader([1]), name, 1)

        ours, theirs = messages(program)
        assert ours == theirs
    for L in LIBRARIES:
        loader = L.utils.data.DataLoader([1, 2, 3])
        loader.collate_fn = loader.timeout = 0  # these may be set
        assert L.utils.data.DataLoader[int].__origin__ is L.utils.data.DataLoader


def test_pinning_in_vain_warns():
    same(lambda L: list(L.utils.data.DataLoader(pairs(L), 5, pin_memory=True)))
    same(lambda L: list(L.utils.data.DataLoader(pairs(L), 5, pin_memory=True, pin_memory_device="cuda")))
    same(lambda L: list(L.utils.data.DataLoader(pairs(L), 5, pin_memory_device="cuda")))


def test_pinning_where_there_is_a_gpu(monkeypatch):
    from minitorch.utils.data import iterators

    class Custom:
        pinned = False

        def pin_memory(self):
            self.pinned = True
            return self

    monkeypatch.setattr(iterators, "why_unavailable", lambda: None)
    loader = mt.utils.data.DataLoader(
        [Custom(), Custom()], collate_fn=lambda b: {"c": (b[0], mt.ones(1)), "s": "s", "l": [1]}
    )
    loader.pin_memory = True
    for batch in loader:
        assert batch["c"][0].pinned and batch["s"] == "s" and batch["l"] == [1] and isinstance(batch["c"], tuple)


def test_too_many_workers_warn():
    same(lambda L: len(L.utils.data.DataLoader([1], num_workers=10_000)))


def test_sixty_four_epochs_stay_in_step():
    same(lambda L: [[b[1].tolist() for b in L.utils.data.DataLoader(pairs(L, 7), 2, True)] for _ in range(64)])


def test_importing_does_not_import_multiprocessing():
    program = (
        "import sys, minitorch as mt; list(mt.utils.data.DataLoader([1, 2], shuffle=True));"
        "print('multiprocessing' in sys.modules, 'minitorch.utils.data.parallel' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


def test_get_worker_info_outside_a_worker():
    same(lambda L: L.utils.data.get_worker_info())
