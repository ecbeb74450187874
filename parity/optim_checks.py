"""How an optimizer is compared with torch's: both run on the same problem (optim_problem.py).

values       fifty steps in float64: every parameter after every step to 1e-9, and the state at the end
unrounded    the same where an optimizer rounds to fewer bits on its way and both libraries leave that out
narrow       in float32, float16 and bfloat16: no further from the float64 run than torch, by a factor
complex      complex parameters, or refused by both
state        state_dict: keys and their order, dtypes, shapes, values
exchange     after half of the steps torch's state goes on here, ours goes on there, as in an unbroken run
copies       a pickled and a deep copy go on as the original does
words        repr, signature, defaults
errors       bad settings are refused with the same words
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import minitorch as mt
from parity.compare import Mismatch
from parity.optim_problem import PARAMETERS, Problem

STEPS = 50
FURTHER = 4.0  # a narrow run may be so many times further from the float64 run than torch's
UNIT = {"float32": 2**-23, "float16": 2**-10, "bfloat16": 2**-7}
STEADY = (1e-10, 1e-10)
Options = dict[str, Any]
Tolerance = tuple[float, float]  # relative to the largest element, absolute


def tight(options: Options) -> Tolerance:
    """What runs in float64 are held to."""
    return 1e-9, 1e-11


@dataclass(frozen=True)
class OptimSpec:
    """One optimizer and the values of its settings that are tried.

    options     setting -> values besides the default; each is tried alone, and Hypothesis combines them
    base        settings of every run (a learning rate at which the problem stays bounded)
    also        further settings under which each option is tried once more
    second      settings of the second parameter group; empty: one group
    valid       which combinations torch accepts
    errors      settings that both refuse
    tolerance   of the options: for float64, with a reason if not the default
    unrounded   a block in which neither library rounds on the way, where the tolerance is for that rounding
    """

    name: str
    options: dict[str, tuple] = field(default_factory=dict)
    base: Options = field(default_factory=dict)
    second: Options = field(default_factory=lambda: {"lr": 0.02})
    valid: Callable[[Options], bool] = lambda options: True
    errors: tuple[Options, ...] = ()
    parameters: dict = field(default_factory=lambda: PARAMETERS)
    narrow: tuple[str, ...] = ("float32", "float16", "bfloat16")
    complex: bool = True
    steps: int = STEPS
    closure: bool = False
    also: tuple[Options, ...] = ()
    tolerance: Callable[[Options], Tolerance] = tight
    why: str = ""
    unrounded: Callable[[], contextlib.AbstractContextManager] | None = None

    def singles(self) -> Iterator[Options]:
        """The base settings, then each value of each option alone; all that once more with each of `also`."""
        for more in ({}, *self.also):
            yield {**self.base, **more}
            for name, found in self.options.items():
                for value in found:
                    if name not in more and self.valid({**self.base, **more, name: value}):
                        yield {**self.base, **more, name: value}

    def combinations(self) -> st.SearchStrategy[Options]:
        """Several options at once."""
        choices = {name: st.sampled_from(found) for name, found in self.options.items()}
        drawn = st.fixed_dictionaries({}, optional=choices).map(lambda options: {**self.base, **options})
        return drawn.filter(self.valid)


class Run:
    """One optimizer of one library on its problem."""

    def __init__(self, library: Any, spec: OptimSpec, options: Options, dtype: str, seed: int = 0) -> None:
        self.spec = spec
        parameters = spec.parameters
        if options.get("fused"):  # torch's fused kernels read and write the wrong elements where strides differ
            parameters = {name: (shape, "plain") for name, (shape, _) in parameters.items()}
        self.problem = Problem(
            library, dtype, seed, parameters, _ours_on[0] if library is mt else None, 0.1 if spec.closure else 1.0
        )
        self.library = library
        make = getattr(library.optim, spec.name)
        self.optimizer = make(self.problem.groups(spec.second), **with_tensors(options, library))

    def steps(self, n: int) -> list[list[np.ndarray]]:
        """The parameters after each of n steps."""
        found = []
        for k in range(n):
            if self.spec.closure or k % 2:
                self.optimizer.step(self.problem.compute)
            else:
                self.problem.compute()
                self.optimizer.step()
            found.append(self.problem.values())
        return found


_ours_on: list[Any] = [None]


@contextlib.contextmanager
def ours_on(device: Any) -> Iterator[None]:
    """Within the block minitorch computes on another device (torch stays on the CPU)."""
    before, _ours_on[0] = _ours_on[0], device
    try:
        yield
    finally:
        _ours_on[0] = before


class Number:
    """A setting given as a tensor: a float64 scalar of the library at hand."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"torch.tensor({self.value}, dtype=torch.float64)"


def with_tensors(options: Options, library: Any) -> Options:
    """The options with every Number made a tensor."""

    def one(value: Any) -> Any:
        if isinstance(value, Number):
            return library.tensor(value.value, dtype=library.float64)
        return tuple(map(one, value)) if isinstance(value, tuple) else value

    return {name: one(value) for name, value in options.items()}


def both(spec: OptimSpec, options: Options, dtype: str, seed: int) -> tuple[Run, Run]:
    """(torch's run, ours) from the same start."""
    return Run(torch, spec, options, dtype, seed), Run(mt, spec, options, dtype, seed)


# -- checks ------------------------------------------------------------------------------------------------------------


def values(spec: OptimSpec, options: Options, seed: int = 0, dtype: str = "float64") -> None:
    """Every parameter after every step, and the state at the end."""
    theirs, ours = both(spec, options, dtype, start(spec, options, seed, dtype))
    versions = [p._version for p in ours.problem.params]
    pairs = zip(theirs.steps(spec.steps), ours.steps(spec.steps), strict=True)
    tolerance = spec.tolerance(options)
    for k, (expected, found) in enumerate(pairs):
        for name, e, f in zip(theirs.problem.names, expected, found, strict=True):
            same(f, e, tolerance, f"{spec.name}({options}): {name} after {k + 1} steps")
    same_state(ours.optimizer.state_dict(), theirs.optimizer.state_dict(), tolerance)
    for name, p, before in zip(ours.problem.names, ours.problem.params, versions, strict=True):
        if not p._version > before and name != "unused":
            raise Mismatch(f"{spec.name}: the version counter of {name} went from {before} to {p._version}")


def unrounded(spec: OptimSpec, options: Options) -> None:
    """What rounding hides: the same values to the default tolerance, with nothing rounded on the way."""
    if spec.unrounded is not None:
        with spec.unrounded():
            values(dataclasses.replace(spec, tolerance=tight), options)


def narrow(spec: OptimSpec, options: Options, seed: int = 0, dtype: str = "float32") -> None:
    """The largest distance from torch's float64 run: ours against torch's."""
    distances = []
    # one run of LBFGS proves little: its line search branches, and each branch taken differently counts
    for start in range(8) if spec.closure else (seed,):
        exact = Run(torch, spec, options, "float64", start).steps(spec.steps)
        distances.append([distance(run.steps(spec.steps), exact) for run in both(spec, options, dtype, start)])
    theirs, ours = np.median(distances, axis=0)
    if not ours <= max(FURTHER * max(theirs, UNIT[dtype]), spec.tolerance(options)[1]):
        raise Mismatch(f"{spec.name}({options}) in {dtype}: {ours:.3g} from the float64 run, torch {theirs:.3g}")


def distance(run: list[list[np.ndarray]], exact: list[list[np.ndarray]]) -> float:
    """The largest difference of any element after any step."""
    return max(float(np.abs(a - b).max()) for x, y in zip(run, exact, strict=True) for a, b in zip(x, y, strict=True))


def complex_(spec: OptimSpec, options: Options, seed: int = 0) -> None:
    """Complex parameters, or the same refusal."""
    if spec.complex:
        return values(spec, options, seed, "complex128")
    errors = []
    for library in (torch, mt):
        try:
            Run(library, spec, options, "complex128", seed).steps(1)
        except Exception as error:  # noqa: BLE001 - compared below
            errors.append((type(error), str(error)))
    if len(errors) != 2 or errors[0] != errors[1]:
        raise Mismatch(f"{spec.name} on complex parameters: {errors}")
    return None


def state(spec: OptimSpec, options: Options, seed: int = 0) -> None:
    """state_dict before the first step, after it, in float32, and its independence of the default dtype."""
    for default in ("float32", "float64"):
        for library in (torch, mt):
            library.set_default_dtype(getattr(library, default))
        try:
            theirs, ours = both(spec, options, "float32", seed)
            same_state(ours.optimizer.state_dict(), theirs.optimizer.state_dict(), (1e-5, 1e-6))
            theirs.steps(1), ours.steps(1)
            # the values of LBFGS's state are compared in float64: a step is several iterations, and rounding grows
            loose = (np.inf, np.inf) if spec.closure else (1e-4, 1e-4)
            same_state(ours.optimizer.state_dict(), theirs.optimizer.state_dict(), loose)
        finally:
            for library in (torch, mt):
                library.set_default_dtype(library.float32)


def exchange(spec: OptimSpec, options: Options, seed: int = 0) -> None:
    """Half of the steps in one library, then new optimizers of both go on from its parameters and state.

    They must arrive where the first one does when it goes on itself.
    """
    half = spec.steps // 2
    for source in (torch, mt):
        first = Run(source, spec, options, "float64", start(spec, options, seed))
        first.steps(half)
        # copied first: a state_dict holds the live tensors
        saved, begin, time = copy.deepcopy(first.optimizer.state_dict()), first.problem.values(), first.problem.time
        unbroken = first.steps(half)[-1]
        ends = []
        for target in (torch, mt):
            # the state brings the settings, but which layouts are used depends on `fused`
            made = {**spec.base, "fused": True} if options.get("fused") else spec.base
            second = Run(target, spec, made, "float64", start(spec, options, seed))
            second.problem.adopt(begin, time)
            second.optimizer.load_state_dict(translated(saved, source, target))
            ends.append(second.steps(half)[-1])
        for name, u, e, f in zip(first.problem.names, unbroken, *ends, strict=True):
            same(f, e, spec.tolerance(options), f"{spec.name}({options}) from {source.__name__}: {name} at the end")
            # torch loses digits of ASGD's state when the learning rate is a tensor: 3e-9 here
            same(f, u, tuple(100 * t for t in spec.tolerance(options)), f"{name}, resumed and unbroken")


def copies(spec: OptimSpec, options: Options, seed: int = 0) -> None:
    """A deep copy and an unpickled optimizer, with their own copies of the parameters, go on as the original."""
    run = Run(mt, spec, options, "float64", seed)
    run.steps(4)
    for duplicate in (copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))):
        twin = Run(mt, spec, options, "float64", seed)
        twin.problem.time = run.problem.time
        twin.problem.params, twin.optimizer = duplicate((run.problem.params, run.optimizer))
        original = copy.deepcopy(run.problem.values())
        expected = Run(mt, spec, options, "float64", seed)
        expected.steps(4)
        for e, f in zip(expected.steps(6)[-1], twin.steps(6)[-1], strict=True):
            same(f, e, (1e-12, 1e-14), f"{spec.name}({options}): a copy goes on")
        for e, f in zip(original, run.problem.values(), strict=True):
            same(f, e, (0, 0), f"{spec.name}({options}): the original after its copy went on")


def words(spec: OptimSpec, options: Options, seed: int = 0) -> None:
    """repr, signatures, defaults, groups."""
    theirs, ours = both(spec, options, "float64", seed)
    equal(repr(ours.optimizer), repr(theirs.optimizer), "repr")
    equal(list(ours.optimizer.defaults), list(theirs.optimizer.defaults), "keys of defaults")
    for a, b in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups, strict=True):
        equal(list(a), list(b), "keys of a parameter group")
    for method in ("__init__", "step"):
        found, expected = (signature(getattr(getattr(L.optim, spec.name), method)) for L in (mt, torch))
        equal(found, expected, f"signature of {method}")


def errors(spec: OptimSpec) -> None:
    """Bad settings: the same exception with the same words."""
    for bad in spec.errors:
        found = []
        for library in (torch, mt):
            try:
                Run(library, spec, {**spec.base, **bad}, "float64").steps(1)
                found.append(None)
            except Exception as error:  # noqa: BLE001 - compared below
                found.append((type(error), str(error).split(": [")[0]))  # not the lists of devices
        if found[0] is None or found[0] != found[1]:
            raise Mismatch(f"{spec.name}({bad}): torch {found[0]}, minitorch {found[1]}")


def combined(spec: OptimSpec, options: Options, seed: int) -> None:
    """One draw of several options, from a start drawn as well."""
    values(spec, options, seed)
    exchange(spec, options, seed)


def start(spec: OptimSpec, options: Options, first: int = 0, dtype: str = "float64") -> int:
    """The problem's seed: `first`, or for a spec with closures the next one from which torch's run is steady."""
    if not spec.closure:
        return first
    key = repr((spec, options, first, dtype))
    if key not in _starts:
        found = next((k for k in range(first, first + 50) if steady(spec, options, k, dtype)), None)
        if found is None:
            raise ValueError(f"{spec.name}({options}): torch's own run is steady from none of fifty starts")
        _starts[key] = found
    return _starts[key]


_starts: dict[str, int] = {}


def steady(spec: OptimSpec, options: Options, seed: int, dtype: str) -> bool:
    """Whether torch's run, begun one rounding off, stays beside itself: else no other library's can."""
    runs = [Run(torch, spec, options, dtype, seed) for _ in range(2)]
    runs[1].problem.adopt([x * (1 + 2**-52) for x in runs[1].problem.values()], 0)
    try:
        for _ in range(spec.steps):
            for x, y in zip(*(run.steps(1)[0] for run in runs), strict=True):
                same(y, x, STEADY, "parameter")
        same_state(translated(runs[1].optimizer.state_dict(), torch, mt), runs[0].optimizer.state_dict(), STEADY)
    except Mismatch:
        return False
    return True


# -- comparing ---------------------------------------------------------------------------------------------------------


def same(found: Any, expected: Any, tolerance: Tolerance, what: str) -> None:
    """Equal within the tolerance, whose first number is relative to the largest element."""
    found, expected = np.asarray(found), np.asarray(expected)
    equal(found.shape, expected.shape, f"{what}: shape")
    allowed = tolerance[0] * np.abs(expected).max(initial=0.0) + tolerance[1]
    gap = np.abs(found - expected).max(initial=0.0)
    if not gap <= allowed:
        raise Mismatch(f"{what}: differs by {gap:.3g}\n  minitorch {found!r}\n  torch     {expected!r}")


def equal(found: Any, expected: Any, what: str) -> None:
    if found != expected:
        raise Mismatch(f"{what}:\n  minitorch {found}\n  torch     {expected}")


def same_state(found: Any, expected: Any, tolerance: Tolerance, where: str = "state_dict") -> None:
    """Equal in structure (keys and their order, types, dtypes, shapes) and in values."""
    if isinstance(expected, torch.Tensor):
        equal(isinstance(found, mt.Tensor), True, f"{where} is a tensor")
        equal(str(found.dtype).split(".")[-1], str(expected.dtype).split(".")[-1], f"{where}: dtype")
        equal(tuple(found.shape), tuple(expected.shape), f"{where}: shape")
        same(found.detach().cpu().numpy(), expected.detach().numpy(), tolerance, where)
    elif isinstance(expected, dict):
        equal(list(found), list(expected), f"{where}: keys")
        for key in expected:
            same_state(found[key], expected[key], tolerance, f"{where}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        equal((type(found), len(found)), (type(expected), len(expected)), f"{where}: type and length")
        for k, (f, e) in enumerate(zip(found, expected, strict=True)):
            same_state(f, e, tolerance, f"{where}[{k}]")
    elif isinstance(expected, float):
        equal(type(found), float, f"{where}: type")
        same(found, expected, tolerance, where)
    else:
        equal(found, expected, where)


def translated(value: Any, source: Any, target: Any) -> Any:
    """A state_dict of one library with the other's tensors."""
    if isinstance(value, source.Tensor):
        return target.from_numpy(value.detach().cpu().numpy().copy())
    if isinstance(value, dict):
        return {k: translated(v, source, target) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(translated(v, source, target) for v in value)
    return value


def signature(fn: Callable) -> list[tuple]:
    """(name, kind, default) of the parameters."""
    return [(p.name, p.kind, p.default) for p in inspect.signature(fn).parameters.values()]
