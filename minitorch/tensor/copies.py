"""Deep copies and pickles of tensors: what is kept (values, strides, shared memory, attributes), and what can't be."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from minitorch.autograd.views import is_dense
from minitorch.backend import device, to_device, to_host


def fill_slots(t: Any, array: Any, requires_grad: bool) -> None:
    """Set the slots of a fresh leaf."""
    t._array = array
    t._counter = [0]
    t._requires_grad = requires_grad
    t._edge = t._grad = t._base = t._hooks = None


def deep_copy(t: Any, memo: dict) -> Any:
    """A leaf with copies of values, gradient and attributes; tensors that shared memory share it again."""
    if t._edge is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage."
        )
    if id(t) in memo:
        return memo[id(t)]
    new = object.__new__(type(t))
    fill_slots(new, _copied(t._array, memo), t._requires_grad)
    memo[id(t)] = new
    if t._grad is not None:
        new._grad = copy.deepcopy(t._grad, memo)
    new.__dict__.update(copy.deepcopy(t.__dict__, memo))
    return new


def _copied(array: Any, memo: dict) -> Any:
    """The array with its strides in a copy of its whole memory, which is copied once for all that lies in it."""
    if not isinstance(array, np.ndarray):
        return array.copy()
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if not is_dense(root) or not root.size:
        return array.copy(order="K")
    key = ("memory", id(root))
    if key not in memo:
        new = root.copy(order="K")
        memo[key] = np.lib.stride_tricks.as_strided(new, (new.size,), (new.itemsize,)).view(np.uint8)
    offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    return np.ndarray(array.shape, array.dtype, memo[key], offset, array.strides)


def reduce_tensor(t: Any) -> tuple:
    """How to pickle a tensor: its host array, device, requires_grad and attributes (the history is not kept)."""
    attributes = dict(t.__dict__)
    return rebuild, (type(t), to_host(t._array), str(t.device), t.requires_grad, attributes)


def rebuild(cls: type, array: np.ndarray, where: str, requires_grad: bool, attributes: dict) -> Any:
    """The tensor that reduce_tensor took apart."""
    t: Any = object.__new__(cls)
    fill_slots(t, to_device(array, device(where)), requires_grad)
    t.__dict__.update(attributes)
    return t
