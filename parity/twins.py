"""The other forms of a function: the method, the method that works in place, and `out=`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

import minitorch as mt
from parity.calling import NARROW, attempt, in_float64, in_torch, invoke, paths, random_like, widened
from parity.case import Case
from parity.compare import TOLERANCE, Mismatch, is_tensor, leaves, same
from parity.spec import FLOATING, Spec


def method_twin(case: Case, device: Any = None) -> None:
    """The method gives what the function gives."""
    spec = case.spec
    name = "Tensor." + spec.name.rsplit(".", 1)[-1]
    args, kwargs, _ = case.build(mt, device=device)
    if not args or not isinstance(args[0], mt.Tensor):
        return
    x = invoke(spec, mt, name, args, kwargs, case.seed)

    def of_torch(case: Case) -> Any:
        args, kwargs, _ = case.build(torch)
        return invoke(spec, torch, name, args, kwargs, case.seed)

    same(spec, "method", x, in_torch(case, of_torch), in_float64(case))


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
        narrow = str(case.arrays[0].dtype) if str(case.arrays[0].dtype) in NARROW else None
        ours = gradients_inplace(case, mt, name, able, narrow, device)
        theirs = gradients_inplace(case, torch, name, able, narrow)
        if len(ours) != len(theirs):
            raise Mismatch(f"{name}: {'no gradient' if theirs else 'a gradient'}, torch gives the other")
        exact = gradients_inplace(widened(case), torch, name, able, narrow) if case.dtype in NARROW else []
        exact = exact or [None] * len(theirs)
        for k, (a, b, e) in enumerate(zip(ours, theirs, exact, strict=True)):
            if a is not None and b is not None:
                # torch rounds to the in-place tensor's dtype on the way, whatever the other operand's
                same(replace_tolerance(spec, case.dtype), f"{name} gradient {k}", a, b, e)


def replace_tolerance(spec: Spec, dtype: str) -> Spec:
    """The spec with the tolerance of `dtype` for all floating dtypes."""
    loosest = spec.tolerance.get(dtype) or TOLERANCE.get(dtype)
    return dataclasses.replace(spec, tolerance=dict.fromkeys(FLOATING, loosest)) if loosest else spec


def gradients_inplace(
    case: Case, library: Any, path: str, able: list[int], narrow: str | None, device: Any = None
) -> list:
    """Gradients through the in-place call; narrow: see `random_like`."""
    args, kwargs, tensors = case.build(library, set(able), device)
    args = (args[0].clone(), *args[1:])
    out = invoke(case.spec, library, path, args, kwargs, case.seed)
    if not out.requires_grad:
        return []
    g = random_like(library, out, np.random.default_rng(case.seed + 1), device, narrow)
    result, error = attempt(lambda: library.autograd.grad(out, [tensors[k] for k in able], g, allow_unused=True))
    return [] if error is not None else list(result)


def out_twin(case: Case, device: Any = None) -> None:
    """`out=` gets the result and is returned."""
    spec = case.spec
    ours, theirs = paths(spec)

    def written(case: Case, library: Any, path: str) -> list:
        args, kwargs, _ = case.build(library, device=device if library is mt else None)
        plain = invoke(spec, library, path, args, kwargs, case.seed)
        room = [library.empty_like(t) for t in leaves(plain)]
        target = room[0] if is_tensor(plain) else tuple(room)
        got = invoke(spec, library, path, args, {**kwargs, "out": target}, case.seed)
        if leaves(got)[0] is not room[0]:
            raise Mismatch("out=: the result is not the tensor given")
        return room

    expected = in_torch(case, lambda case: written(case, torch, theirs))
    same(spec, "out=", written(case, mt, ours), expected, in_float64(case))
