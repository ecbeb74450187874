"""Samplers, random_split and the order of a DataLoader against torch's: with one seed the same indices and batches.

A `DataSpec` names a class or function of utils.data, draws its arguments and says what to look at; `same` runs that
in both libraries from one seed and compares what comes, what is warned of, and the random numbers that follow.
Knows torch and minitorch; not pytest. Collation, datasets, failing and dying workers: tests/data.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import minitorch as mt
from minitorch.autograd.base import TensorBase
from parity.compare import Mismatch
from parity.optim_checks import equal, signature
from parity.optimizers import outcome
from parity.runner import Outcome
from parity.schedulers import drawn

LIBRARIES = (mt, torch)
Options = dict[str, Any]
Program = Callable[[Any], Any]  # of the library


@dataclass(frozen=True)
class DataSpec:
    """One class or function of utils.data.

    draws       strategy of its arguments; a generator is drawn as its seed, a dataset as its length
    look        (library, arguments) -> what is compared
    errors      arguments that both refuse in the same words
    undrawn     parameters that decide no order -> reason
    workers     strategy for processes, which take long to start: a few draws only
    """

    name: str
    draws: st.SearchStrategy[Options]
    look: Callable[[Any, Options], Any]
    errors: tuple[Options, ...] = ()
    undrawn: dict[str, str] = field(default_factory=dict)
    workers: st.SearchStrategy[Options] | None = None

    def of(self, library: Any) -> Any:
        return getattr(library.utils.data, self.name)


# -- comparing ---------------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """Tensors as (dtype, shape, values); containers by their type's name and content."""
    if isinstance(value, (TensorBase, torch.Tensor)):
        return str(value.dtype).removeprefix("torch."), tuple(value.shape), value.requires_grad, value.tolist()
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [plain(part) for part in value]
    return value


def seen(program: Program, library: Any) -> tuple:
    """What `program(library)` gives or raises, what it warns of, and the random numbers that follow."""
    library.manual_seed(1234)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = "gives", plain(program(library))
        except Exception as error:  # noqa: BLE001 - the type is compared
            result = "raises", type(error).__name__
    return result, sorted(w.category.__name__ for w in caught), library.rand(3).tolist()


def same(program: Program, gives: bool = True) -> Any:
    """Require the same in both libraries; `gives`: whether that is a value or an exception."""
    ours, theirs = (seen(program, library) for library in LIBRARIES)
    equal(ours, theirs, "result, warnings, random numbers")
    equal(ours[0][0] == "gives", gives, f"gives a result: {ours}")
    return ours[0][1]


def messages(program: Program) -> tuple[str, str]:
    """The texts of the exceptions (of the same type) that `program` raises in both."""
    found = []
    for library in LIBRARIES:
        try:
            program(library)
        except Exception as error:  # noqa: BLE001 - compared below
            found.append((type(error).__name__, str(error)))
        else:
            raise Mismatch(f"{library.__name__} raised nothing")
    equal(found[0][0], found[1][0], f"type of the exception: {found}")
    return found[0][1], found[1][1]


# -- checks ------------------------------------------------------------------------------------------------------------


def order(spec: DataSpec, options: Options) -> None:
    same(lambda library: spec.look(library, options))


def errors(spec: DataSpec) -> int:
    for bad in spec.errors:
        ours, theirs = messages(lambda library, bad=bad: spec.look(library, bad))
        equal(ours, theirs, f"{spec.name}({bad})")
    return len(spec.errors)


def words(spec: DataSpec) -> int:
    """Parameters of the constructor (or function) and of the public methods."""

    def of(fn: Any) -> list[tuple]:
        kinds = (mt.Generator, torch.Generator)
        return [(name, kind, "generator" if isinstance(d, kinds) else d) for name, kind, d in signature(fn)]

    ours, theirs = (spec.of(library) for library in LIBRARIES)
    equal(of(ours), of(theirs), f"signature of {spec.name}")
    methods = [
        n for n, v in vars(theirs).items() if inspect.isfunction(v) and n in ("__iter__", "__len__", "set_epoch")
    ]
    for name in methods if inspect.isclass(theirs) else ():
        equal(of(getattr(ours, name)), of(getattr(theirs, name)), f"signature of {spec.name}.{name}")
    return 1


def checks(spec: DataSpec, examples: int, start: int) -> dict[str, Callable[[], int]]:
    """The checks of a spec by name; each gives its number of cases."""
    found = {"order": lambda: drawn(lambda draw: order(spec, draw(spec.draws)), examples, start)}
    if spec.workers is not None:
        few = min(examples, 8)
        found["workers"] = lambda: drawn(lambda draw: order(spec, draw(spec.workers)), few, start)
    return {**found, "errors": lambda: errors(spec), "words": lambda: words(spec)}


def select(
    pattern: str | None, dtypes: list[str] | None, examples: int, start: int, device: Any
) -> list[tuple[str, Callable[[], list[Outcome]]]]:
    """For `python -m parity`: ("utils.data.RandomSampler", a function that runs its checks), on the CPU alone."""
    if device is not None or (dtypes is not None and "float64" not in dtypes):
        return []
    named = [(f"utils.data.{name}", spec) for name, spec in SPECS.items()]
    return [
        (name, lambda n=name, s=spec: [outcome(n, check, run) for check, run in checks(s, examples, start).items()])
        for name, spec in named
        if pattern is None or re.search(pattern, name)
    ]


# -- what is looked at -------------------------------------------------------------------------------------------------


def generator(library: Any, seed: int | None) -> Any:
    return None if seed is None else library.Generator().manual_seed(seed)


def made(library: Any, options: Options) -> Options:
    """The arguments with generators in place of their seeds, and datasets in place of their lengths."""
    found = dict(options)
    if "generator" in found:
        found["generator"] = generator(library, found["generator"])
    for name in ("data_source", "dataset"):
        if isinstance(found.get(name), int):
            found[name] = range(found[name])
    return found


def sampled(name: str) -> Callable[[Any, Options], Any]:
    """Two epochs and the length of a sampler; a generator's numbers afterwards."""

    def look(library: Any, options: Options) -> Any:
        arguments = made(library, options)
        sampler = getattr(library.utils.data, name)(**arguments)
        found = [list(sampler), list(sampler), len(sampler)]
        if arguments.get("generator") is not None:
            found.append(library.rand(2, generator=arguments["generator"]))
        return found

    return look


def base(library: Any, options: Options) -> Any:
    """A sampler without an order of its own has none."""
    try:
        return list(library.utils.data.Sampler(**options))
    except NotImplementedError as error:
        return str(error)


def batched(library: Any, options: Options) -> Any:
    """Batches of another sampler's indices, of a list's, or of a generator's, which can be read once."""
    kind, n = options["sampler"]
    D = library.utils.data
    source = {"random": lambda: D.RandomSampler(range(n)), "sequential": lambda: D.SequentialSampler(range(n)),
              "list": lambda: list("abcdefgh"), "once": lambda: (k for k in range(9))}[kind]()  # fmt: skip
    sampler = D.BatchSampler(**{**options, "sampler": source})
    return [list(sampler), list(sampler), None if kind == "once" else len(sampler)]


def distributed(library: Any, options: Options) -> Any:
    sampler = library.utils.data.DistributedSampler(**made(library, options))
    found = [list(sampler), list(sampler), len(sampler)]
    sampler.set_epoch(2)
    return [*found, list(sampler), sampler.num_samples, sampler.total_size, sampler.epoch]


def split(library: Any, options: Options) -> Any:
    given = made(library, options)
    return [(part.indices, list(part), len(part)) for part in library.utils.data.random_split(**given)]


class Stream:
    """The parts of an IterableDataset: without workers all `lengths` one after the other, else one for each worker."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self.lengths = lengths

    def __repr__(self) -> str:
        return f"Stream({self.lengths})"

    def make(self, library: Any) -> Any:
        class Parts(library.utils.data.IterableDataset):
            def __iter__(parts) -> Any:  # noqa: N805 - self is the Stream
                info = library.utils.data.get_worker_info()
                chosen = range(len(self.lengths)) if info is None else [info.id]
                return iter([100 * k + i for k in chosen for i in range(self.lengths[k])])

        return Parts()


def loaded(library: Any, options: Options) -> Any:
    """Two epochs, one left early, another whole one; lengths; the random numbers that a worker's samples would see."""
    D, arguments = library.utils.data, made(library, options)
    dataset = arguments["dataset"]
    if isinstance(dataset, Stream):
        arguments["dataset"] = dataset.make(library)
    else:
        n = len(dataset)
        arguments["dataset"] = D.TensorDataset(library.arange(2.0 * n).reshape(n, 2), library.arange(n))
        for name, choice in (("sampler", SAMPLERS), ("batch_sampler", BATCHES)):
            if name in arguments:
                arguments[name] = choice[arguments[name]](D, n)
    loader = D.DataLoader(**arguments)
    found = [list(loader), list(loader)]
    begun = iter(loader)
    found += [next(begun, None), library.rand(1)]
    del begun
    if not isinstance(dataset, Stream):
        found.append(len(loader))
    return [*found, list(loader), library.rand(1)]


SAMPLERS: dict[str, Callable[[Any, int], Any]] = {
    "replacement": lambda D, n: D.RandomSampler(range(n), True, 3 * n),
    "subset": lambda D, n: D.SubsetRandomSampler([n - 1, 0]),
    "weighted": lambda D, n: D.WeightedRandomSampler([1.0 + k % 3 for k in range(n)], 5),
    "share": lambda D, n: D.DistributedSampler(range(n), 2, 1), "list": lambda D, n: [n - 1, 0, 0],
}  # fmt: skip
BATCHES: dict[str, Callable[[Any, int], Any]] = {
    "random": lambda D, n: D.BatchSampler(D.RandomSampler(range(n)), 3, False),
    "lists": lambda D, n: [[0], [n - 1, 0]], "ranges": lambda D, n: [range(min(2, n)), np.arange(n)],
}  # fmt: skip

# -- specs -------------------------------------------------------------------------------------------------------------

SEED = st.none() | st.integers(0, 5)
BOOL = st.booleans()


@st.composite
def weighted(draw: Any) -> Options:
    """As many draws without replacement as there are weights at most; some weights are zero with replacement."""
    n, replacement = draw(st.integers(1, 60)), draw(BOOL)
    weights = [0.25 + (k * 7 % 5) - (0.25 if replacement and k and k * 7 % 5 == 0 else 0) for k in range(n)]
    count = draw(st.integers(1, 90 if replacement else n))
    return {"weights": weights, "num_samples": count, "replacement": replacement, "generator": draw(SEED)}


@st.composite
def shares(draw: Any) -> Options:
    """Any rank; with nothing to divide torch fails unless it drops the last."""
    replicas, drop = draw(st.integers(1, 6)), draw(BOOL)
    return {
        "dataset": draw(st.integers(0 if drop else 1, 30)), "num_replicas": replicas,
        "rank": draw(st.integers(0, replicas - 1)), "shuffle": draw(BOOL), "seed": draw(st.integers(0, 3)),
        "drop_last": drop,
    }  # fmt: skip


@st.composite
def loaders(draw: Any, workers: int = 0) -> Options:
    """Every way to say the order, with batches or without them; for streams there is only their own."""
    options: Options = {"num_workers": workers, "generator": draw(SEED)}
    if workers:
        options |= draw(st.sampled_from(({}, {"persistent_workers": True}, {"prefetch_factor": 3})))
    batches = draw(st.none() | st.integers(1, 8))
    dropping = {"drop_last": draw(BOOL)} if batches is not None else {}
    how = draw(st.sampled_from(("shuffle", "shuffle", "sampler", "batch_sampler", "stream")))
    if how == "stream":
        lengths = draw(st.sampled_from(((5, 5), (1, 9), (9, 0), (0, 0), (3, 4))))
        return {**options, "dataset": Stream(lengths), "batch_size": batches, **dropping}
    options["dataset"] = draw(st.integers(1, 30))
    if how == "batch_sampler":
        return {**options, "batch_sampler": draw(st.sampled_from(sorted(BATCHES)))}
    chosen = {"shuffle": draw(BOOL)} if how == "shuffle" else {"sampler": draw(st.sampled_from(sorted(SAMPLERS)))}
    return {**options, "batch_size": batches, **dropping, **chosen}


LENGTHS = ((3, 7), (10,), (0, 10), (0.3, 0.7), (0.5, 0.25, 0.25), (0.15, 0.15, 0.7), (1 / 3,) * 3, (0.99, 0.01), (1,))
ELSEWHERE = "decides no order: tests/data"
SPECS = {
    spec.name: spec
    for spec in (
        DataSpec("Sampler", st.just({}), base),
        DataSpec(
            "SequentialSampler",
            st.fixed_dictionaries({"data_source": st.integers(0, 40)}),
            sampled("SequentialSampler"),
        ),
        DataSpec(
            "RandomSampler",
            st.fixed_dictionaries(
                {"data_source": st.integers(1, 90)},
                optional={"replacement": BOOL, "num_samples": st.none() | st.integers(1, 200), "generator": SEED},
            ),
            sampled("RandomSampler"),
            ({"data_source": 3, "replacement": 1}, {"data_source": 3, "num_samples": 0}, {"data_source": 0},
             {"data_source": 3, "num_samples": 2.0}, {"data_source": 3, "num_samples": -1}),
        ),
        DataSpec(
            "SubsetRandomSampler",
            st.fixed_dictionaries({"indices": st.lists(st.integers(0, 99), max_size=60)}, optional={"generator": SEED}),
            sampled("SubsetRandomSampler"),
        ),
        DataSpec(
            "WeightedRandomSampler", weighted(), sampled("WeightedRandomSampler"),
            ({"weights": [[1.0, 2.0]], "num_samples": 1}, {"weights": [1.0], "num_samples": 0},
             {"weights": [1.0], "num_samples": True}, {"weights": [1.0], "num_samples": 1, "replacement": 1}),
        ),
        DataSpec(
            "BatchSampler",
            st.fixed_dictionaries({
                "sampler": st.tuples(st.sampled_from(("random", "sequential", "list", "once")), st.integers(1, 40)),
                "batch_size": st.integers(1, 12), "drop_last": BOOL,
            }),
            batched,
            tuple({"sampler": ("list", 1), "batch_size": 2, "drop_last": False, **bad} for bad in (
                {"batch_size": 0}, {"batch_size": True}, {"batch_size": 2.0}, {"drop_last": 1},
            )),
        ),
        DataSpec(
            "DistributedSampler", shares(), distributed,
            ({"dataset": 3, "num_replicas": 2, "rank": 2}, {"dataset": 3, "num_replicas": 2, "rank": -1}),
        ),
        DataSpec(
            "random_split",
            st.fixed_dictionaries(
                {"dataset": st.just(10), "lengths": st.sampled_from(LENGTHS)},
                optional={"generator": st.integers(0, 5)},
            ),
            split,
            tuple({"dataset": 10, "lengths": bad} for bad in ((3, 3), (-0.5, 1.5))),
        ),
        DataSpec(
            "DataLoader", loaders(), loaded,
            undrawn=dict.fromkeys(("collate_fn", "pin_memory", "timeout", "worker_init_fn", "multiprocessing_context",
                                   "pin_memory_device", "in_order"), ELSEWHERE),
            workers=loaders(2),
        ),
    )
}  # fmt: skip
