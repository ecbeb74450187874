"""A drawn call with its values: the same arrays for both libraries, in the same layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

import minitorch as mt
from parity.spec import COMPLEX, Call, In


@dataclass
class Case:
    """One drawn call with its values: the arrays, and how they are laid out."""

    spec: Any  # a Spec, or a ModuleSpec
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
        args = tuple(replace_made(a, library) for a in args)
        return args, kwargs, tensors

    def differentiable(self) -> list[int]:
        """Numbers of the inputs that may require grad."""
        spots = inputs_of(self.call)
        return [
            k for k, s in enumerate(spots)
            if (not isinstance(s, In) or s.grad)
            and (self.arrays[k].dtype.kind in "fc" or self.arrays[k].dtype.name == "bfloat16")
        ]  # fmt: skip


class Of:
    """An argument that each library makes for itself: Of(lambda lib: lib.nn.Linear(2, 3))."""

    def __init__(self, make: Callable[[Any], Any], text: str = "") -> None:
        self.make = make
        self.text = text

    def __repr__(self) -> str:
        return self.text or "<made by each library>"


class DType(Of):
    """A dtype argument in a Call, by name: DType("float64") becomes torch.float64 and minitorch.float64."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda library: getattr(library, name), f"torch.{name}")
        self.name = name


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
    return replace_made(value, library) if library is not None else value


def replace_made(value: Any, library: Any) -> Any:
    """`value` with every Of in it made by the library."""
    if isinstance(value, Of):
        return value.make(library)
    if type(value) in (tuple, list):
        return type(value)(replace_made(v, library) for v in value)
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
        t = library.from_numpy(array.T.copy("C")).to(device or "cpu")
        return t.permute(*reversed(range(array.ndim)))
    if layout == "sliced" and array.ndim >= 1 and array.size:
        wide = np.zeros((*array.shape[:-1], array.shape[-1] * 2 + 1), dtype=array.dtype)
        wide[..., 1::2] = array
        return library.from_numpy(wide).to(device or "cpu")[..., 1::2]
    if layout == "reversed" and array.ndim >= 1 and library is mt and device is None:
        return mt.from_numpy(array[..., ::-1].copy("C")[..., ::-1])
    return library.from_numpy(array.copy()).to(device or "cpu")
