"""The random generator of the CPU: torch's Mersenne Twister, its seeds, its states byte for byte.

torch's generator is MT19937 with 32-bit seeding (`init_genrand(seed mod 2^32)`); NumPy's bit generator of that name,
after `_legacy_seeding`, gives the same words. What is made of the words: streams.py, streams_integer.py,
streams_choice.py, streams_gamma.py. Every public method takes the generator's lock once, so threads never share a
number.

Must not know tensors or other devices: it draws NumPy arrays. (`Generator.device` is a label for those above.)
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.backend.streams_gamma import GammaStreams

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_SEED = 67280421310721  # what torch.Generator() starts with; the default generator starts with a random seed
WORDS = 624  # of the Mersenne Twister's state
# What torch copies out of memory in get_state: CPUGeneratorImplStateLegacy, then the cached float normal.
STATE_BYTES = 5056
_STATE = np.dtype(
    {
        "names": [
            "seed",
            "left",
            "seeded",
            "next",
            "words",
            "normal",
            "has_normal",
            "float_normal",
            "has_float_normal",
        ],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", WORDS), "<f8", "<i4", "<f4", "?"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040, 5048, 5052],
        "itemsize": STATE_BYTES,
    }
)


class Generator(GammaStreams):
    """A stream of random numbers equal to that of `torch.Generator` on the CPU.

    `uniform`, `normal`, `randint`, `bernoulli`, ... return NumPy arrays and move the stream on.

    >>> print(Generator().manual_seed(0).uniform((3,)))
    [0.4962566  0.7682218  0.08847743]
    """

    def __init__(self, device: Any = "cpu", *, seed: int | None = DEFAULT_SEED) -> None:
        """`seed=None`: a random seed, chosen when it is first needed."""
        self.device = device
        self._lock = threading.RLock()
        self._wanted_seed = seed
        self._seed = 0
        self._bits: np.random.MT19937 | None = None  # made on first use: seeding takes time
        self._fresh = True  # seeded, no word drawn yet: the one place torch writes differently
        self._next_normal: float | None = None
        self._next_float_normal: np.float32 | None = None  # no CPU stream uses it; it travels with the state

    # ------------------------------------------------------------------------------------------------------- seeds

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of `seed`, in [-2^63, 2^64); a negative one counts from 2^64 down. Returns the generator."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")  # noqa: TRY004
        seed = operator.index(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(
                "manual_seed: Overflow when unpacking long long: the seed must be in "
                "[-0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff]"
            )
        with self._lock:
            self._start(seed % 2**64)
        return self

    def seed(self) -> int:
        """Start a stream from a random seed, and return that seed."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed that started the stream."""
        with self._lock:
            self._source()
            return self._seed

    def _start(self, seed: int) -> None:
        if self._bits is None:
            self._bits = np.random.MT19937(0)
        self._bits._legacy_seeding(seed & 0xFFFFFFFF)
        self._seed = seed
        self._fresh = True
        self._next_normal = self._next_float_normal = None

    def _source(self) -> np.random.MT19937:
        if self._bits is None:
            wanted = self._wanted_seed
            self._start(int.from_bytes(os.urandom(8), "little") if wanted is None else wanted)
        return self._bits  # type: ignore[return-value]

    # ------------------------------------------------------------------------------------------------------- words

    def _words(self, n: int) -> NDArray[np.uint64]:
        source = self._source()
        if n:
            self._fresh = False
        return source.random_raw(n)

    def _mark(self) -> object:
        return self._source().state, self._fresh

    def _rewind(self, place: object) -> None:
        self._source().state, self._fresh = place  # type: ignore[misc]

    # ------------------------------------------------------------------------------------------------------- states

    def get_state(self) -> NDArray[np.uint8]:
        """The state as 5056 bytes, the same that `torch.Generator.get_state` gives."""
        record = np.zeros((), _STATE)
        with self._lock:
            state = self._source().state["state"]
            position = 0 if self._fresh else state["pos"]
            record["seed"], record["seeded"], record["words"] = self._seed, 1, state["key"]
            record["next"], record["left"] = position, 1 if self._fresh else WORDS + 1 - position
            if self._next_normal is not None:
                record["normal"], record["has_normal"] = self._next_normal, 1
            if self._next_float_normal is not None:
                record["float_normal"], record["has_float_normal"] = self._next_float_normal, True
        return np.frombuffer(record.tobytes(), np.uint8).copy()

    def set_state(self, state: NDArray[np.uint8]) -> Generator:
        """Continue from a state of ours or of torch's. Returns the generator."""
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
            came = f"an array of {state.dtype}" if isinstance(state, np.ndarray) else type(state).__name__
            raise TypeError(f"set_state: RNG state must be a ByteTensor (uint8), but got {came}")
        if state.size != STATE_BYTES:
            raise RuntimeError(
                f"set_state: expected a CPUGeneratorImplState of size {STATE_BYTES} "
                f"but found the input RNG state size to be {state.size}"
            )
        record = np.frombuffer(state.tobytes(), _STATE)[0]
        left, position, fresh = int(record["left"]), int(record["next"]), False
        if left == 1 and position == 0:  # just seeded: the next word needs a new block, as after the last of one
            position, fresh = WORDS, True
        if record["seeded"] != 1 or not 0 < position <= WORDS or left != WORDS + 1 - position:
            raise RuntimeError("set_state: Invalid mt19937 state")
        key = record["words"].astype(np.uint32)
        with self._lock:
            self._start(int(record["seed"]))
            self._source().state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
            self._fresh = fresh
            self._next_normal = float(record["normal"]) if record["has_normal"] else None
            self._next_float_normal = record["float_normal"] if record["has_float_normal"] else None
        return self

    def clone_state(self) -> Generator:
        """A new generator at the same place in the same stream."""
        twin = type(self)(self.device)
        Generator.set_state(twin, Generator.get_state(self))  # a subclass may show its states as something else
        return twin

    def __getstate__(self) -> dict[str, object]:
        return {"device": self.device, "state": Generator.get_state(self)}

    def __setstate__(self, saved: dict) -> None:
        self.__init__(saved["device"])  # type: ignore[misc]
        Generator.set_state(self, saved["state"])

    def __repr__(self) -> str:
        return f"<Generator on {self.device}>"


default_generator = Generator(seed=None)

if hasattr(os, "register_at_fork"):  # a child forked while another thread draws must not inherit a held lock
    os.register_at_fork(
        before=default_generator._lock.acquire,
        after_in_parent=default_generator._lock.release,
        after_in_child=default_generator._lock.release,
    )


def manual_seed(seed: int) -> Generator:
    """Seed the default generator; anything that `int` takes is taken, as by torch.

    >>> print(manual_seed(0).uniform((2,)))
    [0.4962566 0.7682218]
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start the default generator from a random seed, and return that seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that started the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> NDArray[np.uint8]:
    """The state of the default generator: 5056 bytes, torch's layout."""
    return Generator.get_state(default_generator)


def set_rng_state(new_state: NDArray[np.uint8]) -> None:
    """Put the default generator into a state of ours or of torch's."""
    Generator.set_state(default_generator, new_state)


@contextmanager
def fork_rng(enabled: bool = True) -> Iterator[None]:
    """Draw freely inside: the default generator is put back afterwards.

    >>> _ = manual_seed(0)
    >>> with fork_rng():
    ...     _ = default_generator.uniform((5,))
    >>> print(default_generator.uniform((2,)))
    [0.4962566 0.7682218]
    """
    state = get_rng_state() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            set_rng_state(state)
