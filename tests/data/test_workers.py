"""DataLoader with worker processes: random numbers as torch's (orders: parity/data.py), and whatever ends a process."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.utils.data import DataLoader, TensorDataset, get_worker_info, shared
from minitorch.utils.data import pool as pools
from tests.data import programs
from tests.data.tools import gone, same

SHM = Path("/dev/shm")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tests read /proc and send signals")


def ours_in_shm() -> set[str]:
    return {name for name in os.listdir(SHM) if not name.startswith(("torch_", "sem."))} if SHM.exists() else set()


@pytest.fixture(autouse=True)
def nothing_left():
    """No test leaves a process, a descriptor or a name in shared memory."""
    gc.collect()
    before, names = len(os.listdir("/proc/self/fd")), ours_in_shm()
    yield
    gc.collect()
    import multiprocessing

    assert not [p for p in multiprocessing.active_children() if isinstance(p, multiprocessing.process.BaseProcess)]
    assert len(os.listdir("/proc/self/fd")) <= before + 4  # what multiprocessing keeps for itself, opened once
    assert ours_in_shm() <= names


# ----------------------------------------------------------------------------------------------- as torch


@pytest.mark.parametrize("persistent", [False, True])
def test_random_numbers_in_workers(persistent):
    """minitorch's, Python's and NumPy's generators are seeded as in torch's workers."""

    def program(L):
        class Draws(programs.Draws):
            library = L

        loader = L.utils.data.DataLoader(
            Draws(), 2, num_workers=2, persistent_workers=persistent, generator=L.Generator().manual_seed(2)
        )
        return [list(loader), list(loader), L.rand(1)]

    same(program)


def test_streams_longer_than_claimed_warn():
    def program(L):
        class Claims(L.utils.data.IterableDataset):
            def __iter__(self):
                return iter([0, 1])

            def __len__(self):
                return 3

        loader = L.utils.data.DataLoader(Claims(), 1, num_workers=2)
        return [len(loader), list(loader)]

    same(program)


def test_worker_init_fn_and_collate_fn():
    batches = list(DataLoader(programs.Rows(4), 2, num_workers=2, worker_init_fn=programs.worker_id))
    assert [x.shape for x, _ in batches] == [(2, 10), (2, 11)]
    assert list(DataLoader(programs.Rows(4), 2, num_workers=1, collate_fn=len)) == [2, 2]
    assert get_worker_info() is None


def test_out_of_order():
    class Slow(programs.Rows):
        def __getitem__(self, i):
            if get_worker_info().id == 0:
                time.sleep(0.05)
            return i

    got = [b.item() for b in DataLoader(Slow(20), num_workers=2, in_order=False)]
    assert sorted(got) == list(range(20)) and got != sorted(got)
    assert [b.item() for b in DataLoader(Slow(6), num_workers=2)] == list(range(6))


def test_persistent_workers_live_on():
    class Pid(programs.Rows):
        def __getitem__(self, i):
            return os.getpid()

    loader = DataLoader(Pid(6), num_workers=2, persistent_workers=True)
    pids = {b.item() for b in loader}
    first = iter(loader)
    next(first)  # left in the middle: the rest of its batches must not show up in the next epoch
    assert len(list(loader)) == 6 and {b.item() for b in loader} == pids and len(pids) == 2
    assert {b.item() for b in DataLoader(Pid(6), num_workers=2)} & pids == set()


# ------------------------------------------------------------------------------------------ what comes through


class Odd:
    """A batch of a type of its own."""

    def __init__(self, x):
        self.x = x


KINDS = {
    "small": lambda: [mt.arange(5), np.arange(3), "text", 1.5, None],
    "large": lambda: {"x": mt.rand(300, 300), "y": np.ones((200, 200)), "z": "z" * 200_000},
    "dtypes": lambda: [mt.ones(40_000, dtype=d) for d in (mt.float16, mt.bfloat16, mt.int8, mt.bool, mt.complex64)],
    "transposed": lambda: mt.rand(200, 300, 2).permute(2, 0, 1),
    "strided": lambda: mt.rand(400, 400)[::2, :: -1 if False else 2],
    "empty": lambda: [mt.zeros(0, 3), mt.zeros(())],
    "empty beside large": lambda: [mt.zeros(0, 3), mt.ones(100_000), mt.zeros(())],
    "requires grad": lambda: mt.ones(100_000, requires_grad=True),
    "parameter": lambda: mt.nn.Parameter(mt.ones(3)),
    "own type": lambda: Odd(mt.ones(50_000)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_through(kind):
    def make(batch):
        mt.manual_seed(0)
        return KINDS[kind]()

    (got,) = DataLoader([0], num_workers=1, collate_fn=make)
    assert_equal(got, make(None))
    for tensor in got if isinstance(got, list) else got.values() if isinstance(got, dict) else [got]:
        if type(tensor) is mt.Tensor and not tensor.requires_grad:
            tensor.fill_(1)  # the batch belongs to the receiver


def assert_equal(got, expected):
    assert type(got) is type(expected)
    if isinstance(got, dict):
        assert_equal(list(got.values()), list(expected.values()))
    elif isinstance(got, list):
        assert len(got) == len(expected)
        for pair in zip(got, expected, strict=True):
            assert_equal(*pair)
    elif isinstance(got, Odd):
        assert_equal(got.x, expected.x)
    elif isinstance(got, mt.Tensor):
        assert (got.dtype, got.shape, got.requires_grad) == (expected.dtype, expected.shape, expected.requires_grad)
        assert np.array_equal(got.detach()._array, expected.detach()._array)
        if expected._array.size * expected._array.itemsize and kind_of_order(expected):
            assert got.stride() == expected.stride()
    elif isinstance(got, np.ndarray):
        assert got.dtype == expected.dtype and np.array_equal(got, expected) and got.flags.writeable
    else:
        assert got == expected


def kind_of_order(tensor):
    """True for a tensor without gaps: its strides are kept."""
    return tensor.numel() == 1 + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))


def test_batches_outlive_their_workers_and_many_may_be_kept():
    rows = programs.Rows(600, 20_000)  # 80 kB each: more than are mapped at a time
    batches = list(DataLoader(rows, num_workers=2))
    gc.collect()
    assert shared.alive_mappings() == shared.MAX_MAPPINGS
    assert all((x == i).all() for i, (x, _) in enumerate(batches)) and len(batches) == 600
    del batches
    gc.collect()
    assert shared.alive_mappings() == 0


def test_big_tasks_and_big_answers_do_not_wait_for_each_other():
    """Index lists and batches both larger than a pipe holds."""
    data = TensorDataset(mt.arange(2.0))
    sampler = [[i % 2 for i in range(40_000)]] * 8
    loader = DataLoader(
        data, batch_sampler=sampler, num_workers=1, prefetch_factor=8, collate_fn=lambda b: "x" * 60_000
    )
    assert [len(b) for b in loader] == [60_000] * 8


# ------------------------------------------------------------------------------------------------- failures


def test_exceptions_come_with_their_traceback():
    with pytest.raises(KeyError) as ours:
        list(DataLoader(programs.Trouble("raise"), 2, num_workers=2, collate_fn=len))
    with pytest.raises(KeyError) as theirs:
        try:
            programs.Trouble("raise")[5]
        except KeyError:
            torch._utils.ExceptionWrapper(where="in DataLoader worker process 0").reraise()
    ours, theirs = str(ours.value), str(theirs.value)
    start = "Caught KeyError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
    assert ours.startswith(start) and theirs.startswith(start)
    assert "__getitem__" in ours and ours.splitlines()[-1] == theirs.splitlines()[-1]


def test_a_loader_goes_on_after_an_exception():
    iterator = iter(DataLoader(programs.Trouble("raise"), 2, num_workers=2))
    seen = [next(iterator)[1].tolist(), next(iterator)[1].tolist()]
    with pytest.raises(KeyError):
        next(iterator)
    assert [*seen, *(y.tolist() for _, y in iterator)] == [[0, 1], [2, 3], [6, 7], [8, 9], [10, 11]]


class Two(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def test_exceptions_of_any_kind():
    def raising(error):
        def collate(batch):
            raise error

        return lambda: list(DataLoader([1, 2], num_workers=1, collate_fn=collate))

    class Local(Exception):
        pass

    for error, kind in ((ValueError("v"), ValueError), (Two(1, 2), RuntimeError), (Local(), RuntimeError)):
        with pytest.raises(kind, match=f"Caught {type(error).__name__} in DataLoader worker process 0"):
            raising(error)()
    with pytest.raises(Exception, match="Caught .* in DataLoader worker process 0"):  # a batch that can't be pickled
        list(DataLoader([1], num_workers=1, collate_fn=lambda batch: lambda: batch))
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor which requires_grad"):
        list(DataLoader([1], num_workers=1, collate_fn=lambda b: mt.ones(1, requires_grad=True) * 2))

    def init(worker):
        raise ValueError("in init")

    with pytest.raises(ValueError, match="in init"):
        list(DataLoader([1, 2, 3], num_workers=1, worker_init_fn=init))


@pytest.mark.parametrize("what, reason", [("kill", "killed by signal: SIGKILL"), ("exit", "exit code 3")])
@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_dies_is_reported(what, reason, persistent):
    loader = DataLoader(programs.Trouble(what), 2, num_workers=2, persistent_workers=persistent)
    iterator = iter(loader)
    pids = iterator._pool.pids
    with pytest.raises(RuntimeError, match=rf"DataLoader worker \(pid\(s\) {pids[0]}\) exited unexpectedly \({reason}"):
        list(iterator)
    assert gone(pids)
    with pytest.raises(RuntimeError, match="workers of this iterator have ended"):
        next(iterator)
    if persistent:  # a new epoch gets new workers
        assert next(iter(loader))[1].tolist() == [0, 1]


def test_a_slow_worker_times_out():
    loader = DataLoader(programs.Trouble("sleep"), 2, num_workers=2, timeout=0.3)
    iterator = iter(loader)
    pids = iterator._pool.pids
    assert next(iterator)[1].tolist() == [0, 1] and next(iterator)[1].tolist() == [2, 3]
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.3 seconds"):
        next(iterator)
    pools.GRACE, grace = 0.2, pools.GRACE  # the worker sleeps: it must be terminated
    try:
        del iterator
        gc.collect()
    finally:
        pools.GRACE = grace
    assert gone(pids)


def test_an_iterator_dropped_in_the_middle_ends_its_workers():
    iterator = iter(DataLoader(programs.Endless(), 4, num_workers=2))
    pids = iterator._pool.pids
    next(iterator)
    start = time.monotonic()
    del iterator
    assert gone(pids, 0.0) and time.monotonic() - start < 3


def test_a_generator_error_in_the_sampler_ends_the_workers():
    def indices():
        yield 1
        raise ValueError("no more")

    class Sampler:
        def __iter__(self):
            return indices()

    with pytest.raises(ValueError, match="no more"):
        iter(DataLoader(programs.Rows(), sampler=Sampler(), num_workers=1))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_start_methods(method):
    loader = DataLoader(
        programs.Rows(6, 20_000), 2, num_workers=1, multiprocessing_context=method, worker_init_fn=programs.worker_id
    )
    batches = list(loader)
    assert [y.tolist() for _, y in batches] == [[0, 1], [2, 3], [4, 5]] and batches[2][0].shape == (2, 10)


def test_what_cannot_be_pickled_cannot_be_spawned():
    loader = DataLoader([1], num_workers=1, multiprocessing_context="spawn", collate_fn=lambda b: b)
    with pytest.warns(UserWarning, match="Got pickle error when attempting to start a worker Process"):
        with pytest.raises((AttributeError, TypeError, shared.pickle.PicklingError)):
            iter(loader)
