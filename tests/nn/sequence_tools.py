"""The same program in both libraries: run it, and compare everything it returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

LIBRARIES = (torch, mt)


def leaves(value: Any) -> list:
    """All tensors of a nested result as arrays, everything else as it is."""
    if isinstance(value, (torch.Tensor, mt.Tensor)):
        return [value.detach().numpy()]
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def agree(program: Callable[[Any], Any], rtol: float = 1e-9, atol: float = 1e-12) -> list:
    """Run `program(library)` in both, with the same seed before, and compare all that it returns; gives ours."""
    found = []
    for L in LIBRARIES:
        L.manual_seed(7)
        with warnings.catch_warnings():
            if L is torch:
                warnings.simplefilter("ignore")
            found.append(leaves(program(L)))
    theirs, ours = found
    assert len(theirs) == len(ours)
    for k, (a, b) in enumerate(zip(theirs, ours, strict=True)):
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype and a.shape == b.shape, (k, a.dtype, b.dtype, a.shape, b.shape)
            np.testing.assert_allclose(b, a, rtol=rtol, atol=atol, err_msg=f"result {k}")
        else:
            assert a == b, (k, a, b)
    return ours


def refuse(program: Callable[[Any], Any], words: str) -> None:
    """Both raise the same type of exception; both messages contain `words`."""
    types = []
    for L in LIBRARIES:
        with pytest.raises(Exception, match=words) as caught:  # noqa: PT011 - the types are compared
            program(L)
        types.append(caught.type)
    assert types[0] is types[1], types


def numbers(L: Any, *shape: int, seed: int = 0, dtype: str = "float64", grad: bool = False) -> Any:
    """The same normal numbers for both libraries."""
    t = L.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(dtype))
    return t.requires_grad_() if grad else t


def weighted(L: Any, outputs: list) -> Any:
    """A scalar with a different random gradient for each element of the outputs."""
    total: Any = 0
    for k, t in enumerate(outputs):
        total = total + (t * numbers(L, *t.shape, seed=100 + k, dtype=str(t.dtype).split(".")[-1])).sum()
    return total
