"""Running a call of a spec in a library: seeded, without warnings, in float64 to judge a narrower dtype by."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import minitorch as mt
from parity.case import Case, numpy_dtype
from parity.spec import Spec

NARROW = ("float32", "float16", "bfloat16")


def lookup(library: Any, path: str) -> Callable:
    """The callable at a dotted path: "nn.functional.relu", "Tensor.add_"."""
    return functools.reduce(getattr, path.split("."), library)


def paths(spec: Spec) -> tuple[str, str]:
    return spec.name, spec.torch or spec.name


def quietly(fn: Callable) -> Callable:
    """`fn` with warnings ignored: what is compared here is results."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fn(*args, **kwargs)

    return call


def invoke(spec: Spec, library: Any, path: str, args: tuple, kwargs: dict, seed: int) -> Any:
    if spec.random:
        library.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = lookup(library, path)(*args, **kwargs)
    return spec.compare(result, library) if spec.compare is not None else result


STRIDES = ("must be contiguous", "view size is not compatible")


def in_torch(case: Case, fn: Callable[[Case], Any]) -> Any:
    """fn(case), which computes with torch: some of its kernels refuse strides on which their values don't depend."""
    try:
        return fn(case)
    except RuntimeError as error:
        if case.layout == "plain" or not any(words in str(error) for words in STRIDES):
            raise
    plain = dataclasses.replace(case, layout="plain")
    plain.arrays = case.arrays  # which a new case draws anew
    return fn(plain)


def attempt(fn: Callable) -> tuple[Any, Exception | None]:
    try:
        return fn(), None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared with torch's
        return None, error


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


def random_like(library: Any, t: Any, rng: np.random.Generator, device: Any, narrow: str | None = None) -> Any:
    """Normal numbers of t's shape and dtype; `narrow`: rounded to that dtype first, as a narrow run has them."""
    a = rng.normal(size=tuple(t.shape))
    if t.is_complex():
        a = a + 1j * rng.normal(size=tuple(t.shape))
    name = repr(t.dtype).removeprefix("torch.")
    if narrow is not None and not t.is_complex():
        a = np.asarray(a).astype(numpy_dtype(narrow)).astype("float64")
    if name == "bfloat16":
        return library.from_numpy(np.asarray(a, dtype="float32")).to(library.bfloat16)
    g = library.from_numpy(np.asarray(a).astype(name))
    return g.to(device) if device is not None and library is mt else g
