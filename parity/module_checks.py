"""The checks that a layer goes through: each runs one drawn layer in both libraries and compares; see module_spec.py.

`LayerCase` constructs the layer under the same seed in both and places the same inputs.
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import minitorch as mt
import parity.modules
from parity.calling import NARROW, attempt, lookup, quietly, widened
from parity.case import Case
from parity.checks import derivatives, load_files, same_gradients, same_refusal
from parity.compare import Mismatch, host, is_tensor, leaves, same
from parity.module_spec import Layer, ModuleSpec, modules
from parity.spec import FLOATING, Bad


@dataclass
class Built:
    """A layer of one library with its inputs; `tensors` are all drawn ones, the constructor's first."""

    library: Any
    module: Any
    args: tuple
    kwargs: dict[str, Any]
    tensors: list
    seed: int

    def __call__(self, training: bool, spare: bool = False) -> Any:
        """The output, with the random numbers of the case's seed; `spare`: for copies of the inputs."""
        self.library.manual_seed(self.seed + 1)
        args = self.args
        if getattr(self.module, "inplace", False):  # a leaf that requires grad must not be changed in place
            args = tuple(a.clone() if is_tensor(a) and (spare or a.requires_grad) else a for a in args)
        return self.module.train(training)(*args, **self.kwargs)

    def state(self) -> dict[str, Any]:
        """The state_dict, copied."""
        return {name: value.clone() for name, value in self.module.state_dict().items() if is_tensor(value)}


class LayerCase:
    """One drawn layer with the values of its inputs."""

    def __init__(self, spec: ModuleSpec, call: Layer, dtype: str, seed: int, layout: str = "plain") -> None:
        self.spec, self.call, self.dtype, self.seed, self.layout = spec, call, dtype, seed, layout
        self.case = Case(spec, call.joined(), dtype, seed, layout)

    @quietly
    def build(
        self, library: Any, requires: set[int] | None = None, device: Any = None, wide: bool = False, shift: int = 0
    ) -> Built:
        """Construct the layer; `wide`: converted to float64 afterwards; `shift`: from another seed."""
        library.manual_seed(self.seed + shift)
        case = widened(self.case) if wide else self.case
        groups, _, tensors = case.build(library, requires, device)
        call = self.call
        init_kwargs = dict(zip(call.init.kwargs, groups[1], strict=True))
        names = call.inputs.kwargs if call.inputs is not None else ()
        if self.dtype in FLOATING and "dtype" in parameters(lookup(torch, self.spec.name)):
            init_kwargs.setdefault("dtype", getattr(library, self.dtype))
        module = lookup(library, self.spec.name)(*groups[0], **init_kwargs)
        if self.dtype in FLOATING:
            module.to(library.float64 if wide else getattr(library, self.dtype))
        if device is not None:
            module.to(device)
        return Built(library, module, groups[2], dict(zip(names, groups[3], strict=True)), tensors, self.seed)

    def output(self, built: Built, training: bool, spare: bool = False) -> Any:
        out = built(training, spare)
        return self.spec.compare(out) if self.spec.compare is not None else out

    @property
    def judged(self) -> bool:
        """True if a float64 run of torch can tell which of two results is nearer to the truth."""
        return self.dtype in NARROW and not self.spec.random


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


def signature(cls: type) -> list[tuple]:
    """Name, kind and default of every parameter of the constructor; a function by its name."""

    def default(p: inspect.Parameter) -> str:
        return p.default.__name__ if inspect.isroutine(p.default) else repr(p.default).replace("minitorch.", "torch.")

    return [(p.name, p.kind.name, default(p)) for p in parameters(cls).values()]


# -- construction ----------------------------------------------------------------------------------------------------


@quietly
def construct(case: LayerCase, device: Any = None) -> None:
    """Signature, repr, parameters and buffers bit by bit, keys and order of the state_dict, plain attributes."""
    name = case.spec.name
    alike("signature", signature(lookup(mt, name)), signature(lookup(torch, name)))
    ours, theirs = case.build(mt, device=device).module, case.build(torch).module
    alike("repr", repr(ours), repr(theirs))
    alike("training", ours.training, theirs.training)
    for what in ("named_parameters", "named_buffers"):
        a, b = dict(getattr(ours, what)()), dict(getattr(theirs, what)())
        alike(what, list(a), list(b))
        alike(f"requires_grad of {what}", [p.requires_grad for p in a.values()], [p.requires_grad for p in b.values()])
        for key in a:
            same_bits(key, a[key], b[key])
    alike("keys of the state_dict", list(ours.state_dict()), list(theirs.state_dict()))
    for key, value in vars(theirs).items():
        if not key.startswith("_") and plain(value):
            alike(f"attribute {key}", getattr(ours, key, "missing"), value)


def alike(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs:
        raise Mismatch(f"{what}: {ours!r}\n  torch {theirs!r}")


def plain(value: Any) -> bool:
    """A number, a string, None, or a sequence of these."""
    if type(value) in (tuple, list):
        return all(map(plain, value))
    return value is None or type(value) in (bool, int, float, str)


def same_bits(name: str, ours: Any, theirs: Any) -> None:
    """Raise Mismatch unless two initial values are equal; float32 normals may differ by the last bit of a cosine."""
    lazy = [type(t).__name__ for t in (ours, theirs) if type(t).__name__.startswith("Uninitialized")]
    if lazy:
        return alike(name, type(ours).__name__, type(theirs).__name__)
    alike(f"shape of {name}", tuple(ours.shape), tuple(theirs.shape))
    alike(f"dtype of {name}", repr(ours.dtype), repr(theirs.dtype))
    a, b = host(ours), host(theirs)
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return
    if a.dtype != np.float32 or np.any(np.abs(a - b) > np.spacing(np.abs(b))):
        raise Mismatch(f"initial {name}: {a!r}\n  torch {b!r}")


# -- running ---------------------------------------------------------------------------------------------------------


@quietly
def forward(case: LayerCase, device: Any = None) -> None:
    """Output in training and in evaluation; after each the buffers, at the end the inputs."""
    if case.call.inputs is None:  # a container that has no forward says so
        errors = [attempt(lambda lib=lib: case.build(lib).module())[1] for lib in (mt, torch)]
        return alike("error of a call", type(errors[0]).__name__, type(errors[1]).__name__)
    exact = story(case, case.build(torch, wide=True)) if case.judged else {}
    ours, theirs = story(case, case.build(mt, device=device)), story(case, case.build(torch))
    for what, result in theirs.items():
        if isinstance(result, dict):
            alike(f"keys of {what}", list(ours[what]), list(result))
        same(case.spec, what, ours[what], result, exact.get(what))


def story(case: LayerCase, built: Built) -> dict[str, Any]:
    """What is seen of a layer that trains for two steps and is then evaluated."""
    seen: dict[str, Any] = {"output": case.output(built, True), "state after a step": built.state()}
    if dict(built.module.named_buffers()):
        seen["output of the second step"] = case.output(built, True)
        seen["state after two steps"] = built.state()
    seen["output in evaluation"] = case.output(built, False)
    seen["state after evaluation"] = built.state()
    seen["name of the class"] = type(built.module).__name__
    seen["inputs after the calls"] = built.tensors
    return seen


def gradient(case: LayerCase, device: Any = None) -> None:
    """Gradients of inputs and parameters under a random upstream gradient, in training and in evaluation."""
    compare_gradients(case, False, device)


def second_order(case: LayerCase, device: Any = None) -> None:
    """Derivatives of the gradients, with respect to inputs, parameters and upstream gradient."""
    compare_gradients(case, True, device)


def compare_gradients(case: LayerCase, second: bool, device: Any) -> None:
    if case.call.inputs is None:
        return
    # now and then the parameters alone
    requires = set() if case.seed % 4 == 0 and not second else set(case.case.differentiable())
    for training in (True, False):
        x = gradients(case, case.build(mt, requires, device), requires, training, second, device)
        y = gradients(case, case.build(torch, requires), requires, training, second)
        exact = [None] * len(y)
        if case.judged:
            exact = gradients(case, case.build(torch, requires, wide=True), requires, training, second)
        kind = f"{'second derivative' if second else 'gradient'}, {'training' if training else 'evaluation'}:"
        alike("number of gradients", len(x), len(y))
        same_gradients(case.spec, [f"{kind} {k}" for k in range(len(y))], x, y, exact)


@quietly
def gradients(
    case: LayerCase, built: Built, requires: set[int], training: bool, second: bool, device: Any = None
) -> list:
    """Gradients of the inputs numbered in `requires`, then of all parameters (a lazy layer has them after its call)."""
    out = [o for o in leaves(case.output(built, training)) if is_tensor(o) and o.requires_grad]
    wanted = [built.tensors[k] for k in sorted(requires)]
    wanted += [p for p in built.module.parameters() if p.requires_grad]
    return derivatives(built.library, out, wanted, case.seed + 2, second, device) if wanted else []


# -- state and copies ------------------------------------------------------------------------------------------------


@quietly
def state(case: LayerCase, device: Any = None) -> None:
    """A layer loads the state of the other library's, and then has it and gives the same output."""
    for source, target in ((torch, mt), (mt, torch)):
        from_, to = (case.build(lib, None, device if lib is mt else None, shift=k) for k, lib in
                     enumerate((source, target)))  # fmt: skip
        if case.call.inputs is not None:
            from_(True, spare=True)  # moves running statistics, gives lazy parameters their shapes
        carried = {key: target.from_numpy(host(value)) for key, value in from_.state().items()}
        alike("loading", str(to.module.load_state_dict(carried)), "<All keys matched successfully>")
        ours, theirs = (to, from_) if target is mt else (from_, to)
        same(case.spec, "state after loading", ours.state(), theirs.state())
        if case.call.inputs is not None:
            same(case.spec, "output after loading", case.output(ours, False, True), case.output(theirs, False, True))


@quietly
def copies(case: LayerCase, device: Any = None) -> None:
    """A deep copy and a pickled copy give the same output and share no memory with the layer."""
    built = case.build(mt, set(case.case.differentiable()), device)
    if case.call.inputs is not None:
        built(True, spare=True)
    module = built.module
    for what, twin in (("deep copy", copy.deepcopy(module)), ("pickled copy", pickle.loads(pickle.dumps(module)))):
        alike(f"class of the {what}", type(twin), type(module))
        alike(f"repr of the {what}", repr(twin), repr(module))
        for a, b in zip(twin.parameters(), module.parameters(), strict=True):
            if type(a) is not type(b) or (device is None and np.shares_memory(a._array, b._array)):
                raise Mismatch(f"{what}: a parameter is shared or of another class")
        if case.call.inputs is not None:
            out = case.output(built, False, spare=True)
            again = Built(mt, twin, built.args, built.kwargs, built.tensors, built.seed)
            for x, y in zip(leaves(case.output(again, False, spare=True)), leaves(out), strict=True):
                if is_tensor(x) and not np.array_equal(host(x), host(y), equal_nan=True):
                    raise Mismatch(f"{what}: another output")


# -- which checks ----------------------------------------------------------------------------------------------------


def refuses(spec: ModuleSpec, bad: Bad, device: Any = None) -> None:
    """A bad layer raises torch's exception type, at construction or at the call, with our words."""

    def run(library: Any, where: Any) -> Any:
        built = LayerCase(spec, bad.call, bad.dtype, 0).build(library, device=where)
        return built(True) if bad.call.inputs is not None else None

    same_refusal(bad, attempt(quietly(lambda: run(mt, device)))[1], attempt(quietly(lambda: run(torch, None)))[1])


def checks_for(spec: ModuleSpec, dtype: str) -> dict[str, Callable]:
    """The checks on drawn layers that apply to a spec at a dtype, by name."""
    found: dict[str, Callable] = {"construct": construct, "forward": forward}
    if dtype in FLOATING and spec.order >= 1:
        found["gradient"] = gradient
        if spec.order >= 2 and dtype in ("float64", "complex128"):
            found["second_order"] = second_order
    if dtype == spec.dtypes[0]:
        found["state"] = state
        found["copies"] = copies
    return found


def load_modules() -> dict[str, ModuleSpec]:
    """Import every file of parity/modules; returns the registry."""
    load_files(parity.modules)
    return modules
