"""The checks that a spec goes through: each runs one drawn call in both libraries and compares.

`Case` builds the same arrays for both. Every check raises `Mismatch` with what differs; the runner turns it into a
snippet that runs in both libraries.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import torch

import minitorch as mt
from parity.spec import COMPLEX, FLOATS, Bad, Call, In, Spec

FLOATING = (*FLOATS, *COMPLEX, "float16", "bfloat16")

# torch.testing's defaults: dtype -> (rtol, atol)
TOLERANCE = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip
# A float32 (or narrower) result that misses the table may still be right: it must then be no further from the float64
# result than this factor times torch's own distance (plus the table's atol).
FURTHER = 4.0


NARROW = ("float32", "float16", "bfloat16")


class Mismatch(AssertionError):
    """The two libraries disagree."""


def lookup(library: Any, path: str) -> Callable:
    """The callable at a dotted path: "nn.functional.relu", "Tensor.add_"."""
    return functools.reduce(getattr, path.split("."), library)


@dataclass
class Case:
    """One drawn call with its values: the arrays, and how they are laid out."""

    spec: Spec
    call: Call
    dtype: str
    seed: int
    layout: str = (
        "plain"  # plain | transposed | sliced: the strides of the inputs (minitorch alone also gets "reversed")
    )
    arrays: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        for k, spot in enumerate(inputs_of(self.call)):
            self.arrays[k] = spot if isinstance(spot, np.ndarray) else values(rng, spot, self.dtype)

    def build(self, library: Any, requires: set[int] | None = None, device: Any = None) -> tuple[tuple, dict, list]:
        """(args, kwargs, tensors) for one library; inputs numbered in `requires` require grad."""
        tensors: list = []

        def one(spot: Any) -> Any:
            k = len(tensors)
            t = place(library, self.arrays[k], self.layout, device)
            if requires and k in requires:
                t.requires_grad_(True)
            tensors.append(t)
            return t

        args = tuple(replace(a, one) for a in self.call.args)
        kwargs = {n: replace(v, one, library) for n, v in self.call.kwargs.items()}
        args = tuple(replace_dtype(a, library) for a in args)
        return args, kwargs, tensors

    def differentiable(self) -> list[int]:
        """Numbers of the inputs that may require grad."""
        spots = inputs_of(self.call)
        return [
            k for k, s in enumerate(spots)
            if (not isinstance(s, In) or s.grad)
            and (self.arrays[k].dtype.kind in "fc" or self.arrays[k].dtype.name == "bfloat16")
        ]  # fmt: skip


class DType:
    """A dtype argument in a Call, by name: DType("float64") becomes torch.float64 and minitorch.float64."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


def inputs_of(call: Call) -> list:
    """The tensor places of a call in order: `In`s and explicit arrays."""
    found: list = []

    def note(spot: Any) -> Any:
        found.append(spot)
        return spot

    for a in call.args:
        replace(a, note)
    for v in call.kwargs.values():
        replace(v, note)
    return found


def replace(value: Any, fn: Callable, library: Any = None) -> Any:
    """`value` with every In or array in it replaced by fn(it)."""
    if isinstance(value, (In, np.ndarray)):
        return fn(value)
    if type(value) in (tuple, list):
        return type(value)(replace(v, fn, library) for v in value)
    return replace_dtype(value, library) if library is not None else value


def replace_dtype(value: Any, library: Any) -> Any:
    if isinstance(value, DType):
        return getattr(library, value.name)
    if type(value) in (tuple, list):
        return type(value)(replace_dtype(v, library) for v in value)
    return value


def values(rng: np.random.Generator, spot: In, main: str) -> np.ndarray:
    """An array for an `In`."""
    name = main if spot.dtype == "main" else spot.dtype
    if spot.make is not None:
        return np.asarray(spot.make(rng, spot.shape, name))
    if name == "bool":
        return rng.integers(0, 2, spot.shape).astype(bool)
    n = int(np.prod(spot.shape))
    if name in ("int8", "int16", "int32", "int64", "uint8"):
        low, high = int(np.floor(spot.low)), int(np.ceil(spot.high))
        low = max(low, 0) if name == "uint8" else low
        if spot.distinct:
            return (low + rng.permutation(n)).reshape(spot.shape).astype(name)
        return rng.integers(low, max(high, low + 1), spot.shape).astype(name)
    if spot.distinct:
        step = (spot.high - spot.low) / max(n, 1)
        x = spot.low + step * (rng.permutation(n) + 0.5 + rng.uniform(-0.2, 0.2, n))
        x = x.reshape(spot.shape)
    else:
        x = rng.uniform(spot.low, spot.high, spot.shape)
    for point in spot.avoid:
        x = np.where(np.abs(x - point) < 0.05, x + np.where(x < point, -0.05, 0.05), x)
    if name in COMPLEX:
        x = x + 1j * rng.uniform(spot.low, spot.high, spot.shape)
    return np.asarray(x).astype(numpy_dtype(name))


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of a name; bfloat16 is ml_dtypes'."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def place(library: Any, array: np.ndarray, layout: str, device: Any = None) -> Any:
    """A tensor of `library` holding `array`, contiguous or laid out with other strides."""
    if array.dtype.name == "bfloat16":
        return place(library, array.astype("float32"), layout, device).to(library.bfloat16)
    if layout == "transposed" and array.ndim >= 2:
        t = library.from_numpy(np.ascontiguousarray(array.T)).to(device or "cpu")
        return t.permute(*reversed(range(array.ndim)))
    if layout == "sliced" and array.ndim >= 1 and array.size:
        wide = np.zeros((*array.shape[:-1], array.shape[-1] * 2 + 1), dtype=array.dtype)
        wide[..., 1::2] = array
        return library.from_numpy(wide).to(device or "cpu")[..., 1::2]
    if layout == "reversed" and array.ndim >= 1 and library is mt and device is None:
        return mt.from_numpy(np.ascontiguousarray(array[..., ::-1])[..., ::-1])
    return library.from_numpy(array.copy()).to(device or "cpu")


# -- comparing -----------------------------------------------------------------------------------------------------


def leaves(result: Any) -> list:
    """Every tensor or scalar in a result, in order."""
    if isinstance(result, (tuple, list)) and not type(result).__name__.endswith("Size"):
        return [x for r in result for x in leaves(r)]
    if isinstance(result, dict):
        return [x for r in result.values() for x in leaves(r)]
    return [result]


def is_tensor(x: Any) -> bool:
    return isinstance(x, (torch.Tensor, mt.Tensor))


def host(x: Any) -> np.ndarray:
    x = x.detach()
    if str(x.dtype) == "torch.bfloat16":
        x = x.to(torch.float32 if isinstance(x, torch.Tensor) else mt.float32)
    x = x.resolve_conj().resolve_neg() if isinstance(x, torch.Tensor) else x
    return np.array(x.numpy(force=True))


def same(spec: Spec, what: str, ours: Any, theirs: Any, exact: Any = None) -> None:
    """Raise Mismatch unless two results agree in structure, shape, dtype and values."""
    a, b = leaves(ours), leaves(theirs)
    if len(a) != len(b):
        raise Mismatch(f"{what}: {len(a)} results, torch gives {len(b)}")
    e = leaves(exact) if exact is not None else [None] * len(a)
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        label = what if len(a) == 1 else f"{what}[{i}]"
        if is_tensor(x) != is_tensor(y):
            raise Mismatch(f"{label}: {type(x).__name__}, torch gives {type(y).__name__}")
        if is_tensor(x):
            same_tensor(spec, label, x, y, e[i])
        elif not (x == y or (x != x and y != y)) and repr(x) != repr(y):
            if not (isinstance(x, float) and isinstance(y, float) and np.isclose(x, y, rtol=1e-6)):
                raise Mismatch(f"{label}: {x!r}, torch gives {y!r}")


def same_tensor(spec: Spec, label: str, x: Any, y: Any, exact: Any) -> None:
    if tuple(x.shape) != tuple(y.shape):
        raise Mismatch(f"{label}: shape {tuple(x.shape)}, torch gives {tuple(y.shape)}")
    if repr(x.dtype) != repr(y.dtype):
        raise Mismatch(f"{label}: dtype {x.dtype}, torch gives {y.dtype}")
    a, b = host(x), host(y)
    name = repr(y.dtype).removeprefix("torch.")
    rtol, atol = spec.tolerance.get(name) or TOLERANCE.get(name, (0.0, 0.0))
    if np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
        return
    if exact is not None and is_tensor(exact):
        e = host(exact)
        if e.shape == b.shape and np.all(np.isfinite(b) == np.isfinite(a)):
            with np.errstate(all="ignore"):
                error_ours, error_theirs = np.abs(a - e), np.abs(b - e)
            finite = np.isfinite(error_ours) & np.isfinite(error_theirs)
            if finite.any() and error_ours[finite].max() <= FURTHER * error_theirs[finite].max() + atol:
                return
    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(complex) - b.astype(complex))
        worst = distance[np.isfinite(distance)].max(initial=0.0)
    raise Mismatch(f"{label}: values differ by up to {worst:.3g}\n  ours  {a!r}\n  torch {b!r}")


# -- calling ---------------------------------------------------------------------------------------------------------


def invoke(spec: Spec, library: Any, path: str, args: tuple, kwargs: dict, seed: int) -> Any:
    if spec.random:
        library.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = lookup(library, path)(*args, **kwargs)
    return spec.compare(result, library) if spec.compare is not None else result


def quietly(fn: Callable) -> Callable:
    """`fn` with warnings ignored: what is compared here is results."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fn(*args, **kwargs)

    return call


def paths(spec: Spec) -> tuple[str, str]:
    return spec.name, spec.torch or spec.name


def forward(case: Case, device: Any = None) -> None:
    """Values, dtype and shape; inputs unchanged unless the op is in place."""
    spec = case.spec
    ours, theirs = paths(spec)
    args, kwargs, tensors = case.build(mt, device=device)
    x = invoke(spec, mt, ours, args, kwargs, case.seed)
    targs, tkwargs, ttensors = case.build(torch)
    y = invoke(spec, torch, theirs, targs, tkwargs, case.seed)
    same(spec, "forward", x, y, in_float64(case))
    for k, (t, u) in enumerate(zip(tensors, ttensors, strict=True)):
        same_tensor(Spec("", spec.calls), f"input {k} after the call", t, u, None)


def in_float64(case: Case) -> Any:
    """torch's result on the same values in float64, to judge narrow dtypes by; None where there is none."""
    if case.dtype not in NARROW or case.spec.random:
        return None
    args, kwargs, _ = widened(case).build(torch)
    try:
        return invoke(case.spec, torch, paths(case.spec)[1], args, kwargs, case.seed)
    except (RuntimeError, TypeError):
        return None


def widened(case: Case) -> Case:
    """The same values in float64."""
    wide = Case(case.spec, case.call, case.dtype, case.seed, case.layout)
    wide.arrays = {k: a.astype("float64") if a.dtype.name in NARROW else a for k, a in case.arrays.items()}
    return wide


@quietly
def gradients(
    case: Case, library: Any, path: str, requires: set[int], upstream_seed: int, second: bool, device: Any = None
) -> list:
    """Gradients of the inputs under a random upstream gradient; with `second`, also those of a function of them."""
    args, kwargs, tensors = case.build(library, requires, device)
    out = leaves(invoke(case.spec, library, path, args, kwargs, case.seed))
    if case.spec.grad_of is not None:
        out = [out[i] for i in case.spec.grad_of]
    out = [o for o in out if is_tensor(o) and o.requires_grad]
    wanted = [tensors[k] for k in sorted(requires)]
    if not out:
        return [None] * len(wanted)
    rng = np.random.default_rng(upstream_seed)
    upstream = [random_like(library, o, rng, device) for o in out]
    if second:
        for g in upstream:
            g.requires_grad_(True)
    first = list(library.autograd.grad(out, wanted, upstream, create_graph=second, allow_unused=True))
    if not second:
        return first
    tracked = [g for g in first if g is not None and g.requires_grad]
    if not tracked:
        return first + [None] * (len(wanted) + len(upstream))
    again = [random_like(library, g, rng, device) for g in tracked]
    return first + list(library.autograd.grad(tracked, wanted + upstream, again, allow_unused=True))


def random_like(library: Any, t: Any, rng: np.random.Generator, device: Any) -> Any:
    a = rng.normal(size=tuple(t.shape))
    if t.is_complex():
        a = a + 1j * rng.normal(size=tuple(t.shape))
    name = repr(t.dtype).removeprefix("torch.")
    if name == "bfloat16":
        return library.from_numpy(np.asarray(a, dtype="float32")).to(library.bfloat16)
    g = library.from_numpy(np.asarray(a).astype(name))
    return g.to(device) if device is not None and library is mt else g


def compare_gradients(
    case: Case, requires: set[int], second: bool, device: Any = None, ours: str = "", theirs: str = ""
) -> None:
    name, torch_name = paths(case.spec)
    x = gradients(case, mt, ours or name, requires, case.seed + 1, second, device)
    y = gradients(case, torch, theirs or torch_name, requires, case.seed + 1, second)
    exact: Any = [None] * len(y)
    if case.dtype in NARROW:
        exact = gradients(widened(case), torch, theirs or torch_name, requires, case.seed + 1, second)
    kind = "second derivative" if second else "gradient"
    for k, (a, b, e) in enumerate(zip(x, y, exact, strict=True)):
        which = f"{kind} {k} (inputs that require grad: {sorted(requires)})"
        if (a is None) != (b is None):
            # an undefined gradient and one of zeros mean the same
            zero = host(b if a is None else a)
            if np.any(zero != 0):
                raise Mismatch(f"{which}: {'None' if a is None else 'a tensor'}, torch gives the other")
        elif a is not None:
            same(case.spec, which, a, b, e)


def gradient(case: Case, device: Any = None) -> None:
    """Gradients under a random upstream gradient, for each input alone and all together."""
    able = case.differentiable()
    for requires in subsets(able):
        compare_gradients(case, requires, False, device)


def subsets(able: list[int]) -> Iterator[set[int]]:
    if able:
        yield set(able)
    if len(able) > 1:
        for k in able:
            yield {k}


def second_order(case: Case, device: Any = None) -> None:
    """Derivatives of the gradients, with respect to inputs and upstream gradient."""
    able = case.differentiable()
    if able:
        compare_gradients(case, set(able), True, device)


def method_twin(case: Case, device: Any = None) -> None:
    """The method gives what the function gives."""
    spec = case.spec
    name = "Tensor." + spec.name.rsplit(".", 1)[-1]
    args, kwargs, _ = case.build(mt, device=device)
    if not args or not isinstance(args[0], mt.Tensor):
        return
    x = invoke(spec, mt, name, args, kwargs, case.seed)
    targs, tkwargs, _ = case.build(torch)
    same(spec, "method", x, invoke(spec, torch, name, targs, tkwargs, case.seed), in_float64(case))


def attempt(fn: Callable) -> tuple[Any, Exception | None]:
    try:
        return fn(), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared with torch's
        return None, error


def inplace_twin(case: Case, device: Any = None) -> None:
    """`name_` changes the tensor as torch's does: values, version, gradient; or raises the same type of error."""
    spec = case.spec
    name = "Tensor." + spec.name.rsplit(".", 1)[-1] + "_"
    args, kwargs, tensors = case.build(mt, device=device)
    if not args or not isinstance(args[0], mt.Tensor):
        return
    targs, tkwargs, ttensors = case.build(torch)
    x, error = attempt(lambda: invoke(spec, mt, name, args, kwargs, case.seed))
    y, terror = attempt(lambda: invoke(spec, torch, name, targs, tkwargs, case.seed))
    if type(error) is not type(terror):
        raise Mismatch(f"{name}: {type(error).__name__} ({error}), torch: {type(terror).__name__} ({terror})")
    if error is not None:
        return
    same(spec, name, x, y)
    if x is not args[0]:
        raise Mismatch(f"{name}: does not return its tensor")
    if tensors[0]._version != ttensors[0]._version:
        raise Mismatch(f"{name}: version {tensors[0]._version}, torch's {ttensors[0]._version}")
    able = case.differentiable()
    if able and spec.order:
        ours, theirs = gradients_inplace(case, mt, name, able, device), gradients_inplace(case, torch, name, able)
        if len(ours) != len(theirs):
            raise Mismatch(f"{name}: {'no gradient' if theirs else 'a gradient'}, torch gives the other")
        for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if a is not None and b is not None:
                # torch rounds to the in-place tensor's dtype on the way, whatever the other operand's
                same(replace_tolerance(spec, case.dtype), f"{name} gradient {k}", a, b)


def replace_tolerance(spec: Spec, dtype: str) -> Spec:
    """The spec with the tolerance of `dtype` for all floating dtypes."""
    loosest = spec.tolerance.get(dtype) or TOLERANCE.get(dtype)
    return dataclasses.replace(spec, tolerance=dict.fromkeys(FLOATING, loosest)) if loosest else spec


def gradients_inplace(case: Case, library: Any, path: str, able: list[int], device: Any = None) -> list:
    args, kwargs, tensors = case.build(library, set(able), device)
    args = (args[0].clone(), *args[1:])
    out = invoke(case.spec, library, path, args, kwargs, case.seed)
    if not out.requires_grad:
        return []
    g = random_like(library, out, np.random.default_rng(case.seed + 1), device)
    result, error = attempt(lambda: library.autograd.grad(out, [tensors[k] for k in able], g, allow_unused=True))
    return [] if error is not None else list(result)


def out_twin(case: Case, device: Any = None) -> None:
    """`out=` gets the result and is returned."""
    spec = case.spec
    ours, theirs = paths(spec)
    results = []
    for library, path in ((mt, ours), (torch, theirs)):
        args, kwargs, _ = case.build(library, device=device if library is mt else None)
        plain = invoke(spec, library, path, args, kwargs, case.seed)
        room = [library.empty_like(t) for t in leaves(plain)]
        target = room[0] if is_tensor(plain) else tuple(room)
        got = invoke(spec, library, path, args, {**kwargs, "out": target}, case.seed)
        if leaves(got)[0] is not room[0]:
            raise Mismatch("out=: the result is not the tensor given")
        results.append(room)
    same(spec, "out=", results[0], results[1], in_float64(case))


def refuses(spec: Spec, bad: Bad, device: Any = None) -> None:
    """A bad call raises torch's exception type, with our words."""
    case = Case(spec, bad.call, bad.dtype, 0)
    ours, theirs = paths(spec)
    args, kwargs, _ = case.build(mt, device=device)
    _, error = attempt(lambda: invoke(spec, mt, ours, args, kwargs, 0))
    targs, tkwargs, _ = case.build(torch)
    _, terror = attempt(lambda: invoke(spec, torch, theirs, targs, tkwargs, 0))
    if error is None:
        raise Mismatch(f"bad call {bad.label or bad.call}: accepted; torch: {type(terror).__name__}: {terror}")
    wanted = bad.type or type(terror)
    if terror is None and bad.type is None:
        raise Mismatch(f"bad call {bad.label or bad.call}: torch accepts it")
    if not isinstance(error, wanted if wanted is not torch.linalg.LinAlgError else RuntimeError):
        raise Mismatch(f"bad call: {type(error).__name__} ({error}), torch: {type(terror).__name__} ({terror})")
    if bad.words not in str(error):
        raise Mismatch(f"bad call: the message lacks {bad.words!r}: {error}")


def checks_for(spec: Spec, dtype: str) -> dict[str, Callable]:
    """The checks on drawn calls that apply to a spec at a dtype, by name."""
    found: dict[str, Callable] = {"forward": forward}
    if dtype in FLOATING and spec.order >= 1:
        found["gradient"] = gradient
        if spec.order >= 2 and dtype in ("float64", "complex128"):
            found["second_order"] = second_order
    if spec.method and not spec.name.startswith("Tensor."):
        found["method"] = method_twin
    if spec.inplace:
        found["inplace"] = inplace_twin
    if spec.out:
        found["out"] = out_twin
    return found


def load_specs() -> dict[str, Spec]:
    """Import every file of parity/specs; returns the registry."""
    import pkgutil

    import parity.specs
    from parity.spec import registry

    for module in pkgutil.iter_modules(parity.specs.__path__):
        importlib.import_module(f"parity.specs.{module.name}")
    return registry
