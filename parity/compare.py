"""Comparing two results: structure, shape, dtype and values, by one table of tolerances.

What raises is `Mismatch`, with what differs.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch

import minitorch as mt

# torch.testing's defaults: dtype -> (rtol, atol)
TOLERANCE = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip
# A float32 (or narrower) result that misses the table may still be right: it must then be no further from the float64
# result than this factor times torch's own distance (plus the table's atol).
FURTHER = 4.0


class Tolerant(Protocol):
    """What a comparison reads of a spec: its own (rtol, atol) for some dtypes."""

    @property
    def tolerance(self) -> dict[str, tuple[float, float]]: ...


class Mismatch(AssertionError):
    """The two libraries disagree."""


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


def same(spec: Tolerant, what: str, ours: Any, theirs: Any, exact: Any = None) -> None:
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


def same_tensor(spec: Tolerant, label: str, x: Any, y: Any, exact: Any) -> None:
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
