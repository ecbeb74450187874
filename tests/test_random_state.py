"""The generator against torch's: seeds, states byte for byte, copies, threads and forks."""

from __future__ import annotations

import copy
import os
import pickle
import threading

import numpy as np
import pytest
import torch

from minitorch.backend import random
from minitorch.backend.random import Generator
from tests.random_tools import assert_in_step, assert_same

SEEDS = (0, 1, 7, 2**31 + 5, 2**32 - 1, 2**40 + 3, 2**64 - 1, -1, -(2**63))


@pytest.mark.parametrize("seed", SEEDS)
def test_seed_gives_torchs_state_and_words(seed):
    mine, other = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    assert mine.initial_seed() == other.initial_seed()
    assert_in_step(mine, other)
    assert_same(
        mine.randint(-(2**63), None, (700,)),
        torch.empty(700, dtype=torch.int64).random_(-(2**63), None, generator=other),
    )
    assert_in_step(mine, other)


def test_default_seed_and_lazy_seeding():
    assert Generator().initial_seed() == torch.Generator().initial_seed() == 67280421310721
    assert_in_step(Generator(), torch.Generator())
    unseeded = Generator(seed=None)
    assert unseeded._bits is None
    assert unseeded.initial_seed() == unseeded.initial_seed()
    assert Generator(seed=None).initial_seed() != Generator(seed=None).initial_seed()


def test_manual_seed_returns_the_generator_and_forgets_the_cached_normal():
    g = Generator().manual_seed(1)
    g.normal((1,))
    assert g.manual_seed(1) is g
    assert_in_step(g, torch.Generator().manual_seed(1))
    assert g.seed() == g.initial_seed()


@pytest.mark.parametrize("bad", [2**64, -(2**63) - 1])
def test_seed_out_of_range(bad):
    for generator in (Generator(), torch.Generator()):
        with pytest.raises(ValueError, match="Overflow when unpacking long long"):
            generator.manual_seed(bad)


@pytest.mark.parametrize("bad", [1.5, True, "1", None])
def test_seed_of_another_type(bad):
    for generator in (Generator(), torch.Generator()):
        with pytest.raises(RuntimeError, match="manual_seed expected a long, but got"):
            generator.manual_seed(bad)


@pytest.mark.parametrize("drawn", [0, 1, 100, 623, 624, 625, 1248, 5000])
@pytest.mark.parametrize("normals", [0, 1, 2])
def test_states_interchange_in_mid_stream(drawn, normals):
    mine, other = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    mine.uniform((drawn,))
    mine.normal((normals,))
    torch.rand(drawn, generator=other)
    torch.randn(normals, generator=other)
    assert_in_step(mine, other)
    assert mine.get_state().shape == (5056,)
    # theirs into ours, and ours into theirs; both then go on with equal numbers
    taken = Generator().set_state(other.get_state().numpy())
    given = torch.Generator()
    given.set_state(torch.from_numpy(mine.get_state()))
    for ours, theirs in ((taken, other), (mine, given)):
        assert ours.initial_seed() == theirs.initial_seed() == 5
        assert_same(ours.normal((3,), np.float64), torch.randn(3, dtype=torch.float64, generator=theirs))
        assert_same(ours.uniform((700,)), torch.rand(700, generator=theirs))
        assert_in_step(ours, theirs)


def test_the_cached_float_normal_travels_with_the_state():
    state = torch.Generator().manual_seed(3).get_state().numpy().copy()
    state[5048:5052].view(np.float32)[0] = 1.25
    state[5052] = 1
    other = torch.Generator()
    other.set_state(torch.from_numpy(state))
    assert Generator().set_state(state).get_state().tobytes() == other.get_state().numpy().tobytes() == state.tobytes()


def test_bad_states():
    g = Generator()
    with pytest.raises(
        RuntimeError, match="CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5"
    ):
        g.set_state(np.zeros(5, np.uint8))
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state(np.zeros(5056, np.uint8))
    for bad in (np.zeros(5056), [1, 2]):
        with pytest.raises(TypeError, match="RNG state must be a ByteTensor"):
            g.set_state(bad)
    assert_in_step(g, torch.Generator())  # a refused state changes nothing


@pytest.mark.parametrize(
    "how", [copy.deepcopy, copy.copy, Generator.clone_state, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_go_on_alike_and_apart(how):
    g = Generator("cpu").manual_seed(9)
    g.normal((5,))
    twin = how(g)
    assert twin.get_state().tobytes() == g.get_state().tobytes() and twin.device == "cpu"
    first = g.normal((4,))
    assert (twin.normal((4,)) == first).all()
    g.uniform((1,))
    assert twin.get_state().tobytes() != g.get_state().tobytes()


def test_module_functions_are_the_default_generators():
    before = random.get_rng_state()
    try:
        assert random.manual_seed(3.7) is random.default_generator  # torch.manual_seed takes what int() takes
        assert random.initial_seed() == torch.random.default_generator.manual_seed(3).initial_seed() == 3
        state = random.get_rng_state()
        first = random.default_generator.uniform((4,))
        random.set_rng_state(state)
        with random.fork_rng():
            assert (random.default_generator.uniform((4,)) == first).all()
        with random.fork_rng(enabled=False):
            assert (random.default_generator.uniform((4,)) == first).all()
        assert (random.default_generator.uniform((4,)) != first).all()
        assert random.seed() == random.initial_seed()
    finally:
        random.set_rng_state(before)


# ------------------------------------------------------------------------------------------------- threads and forks


def test_threads_share_no_number():
    g, parts = Generator().manual_seed(6), []
    workers = [threading.Thread(target=lambda: parts.extend(g.random((500,)) for _ in range(50))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    together = np.sort(np.concatenate(parts))
    assert (together == np.sort(Generator().manual_seed(6).random((100_000,)))).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_can_draw_while_another_thread_was_drawing():
    stop = threading.Event()

    def draw():
        while not stop.is_set():
            random.default_generator.uniform((10_000,))

    state = random.get_rng_state()
    worker = threading.Thread(target=draw)
    worker.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                try:
                    random.default_generator.uniform((3,))
                finally:
                    os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        worker.join()
        random.set_rng_state(state)
