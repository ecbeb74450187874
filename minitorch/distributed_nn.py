"""torch.distributed.nn: collectives with a gradient; with one process each gives back what it is given.

Here they need no group: a loss that gathers the features of all processes is the loss of this one.
"""

from __future__ import annotations

from typing import Any

from minitorch import distributed
from minitorch.distributed import ReduceOp
from minitorch.tensor import Tensor

__all__ = ["all_gather", "all_reduce", "broadcast", "gather", "reduce", "scatter"]


def _alone(name: str, tensor: Any, root: int = 0) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name}: expected a tensor, got {type(tensor).__name__}")
    if not distributed.is_initialized():
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    if root != 0:
        raise ValueError(f"{name}: there is one process, rank 0, got {root}")


def all_gather(tensor: Tensor, group: Any = None) -> tuple[Tensor]:
    """(tensor,): that of the only process."""
    _alone("all_gather", tensor)
    return (tensor.clone(),)


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: Any = None) -> Tensor:
    """The tensor."""
    _alone("all_reduce", tensor)
    return tensor.clone()


def broadcast(tensor: Tensor, src: int, group: Any = None) -> Tensor:
    """The tensor of process 0."""
    _alone("broadcast", tensor, src)
    return tensor.clone()


def reduce(tensor: Tensor, dst: int, op: Any = ReduceOp.SUM, group: Any = None) -> Tensor:
    """The tensor, at process 0."""
    _alone("reduce", tensor, dst)
    return tensor.clone()


def gather(tensor: Tensor, dst: int = 0, group: Any = None) -> tuple[Tensor]:
    """(tensor,), at process 0."""
    _alone("gather", tensor, dst)
    return (tensor.clone(),)


def scatter(tensors: Any, src: int = 0, group: Any = None) -> Tensor:
    """The only one of `tensors`."""
    if len(tensors) != 1:
        raise ValueError(f"scatter: expected a list of one tensor, for one process, got {len(tensors)}")
    _alone("scatter", tensors[0], src)
    return tensors[0].clone()
