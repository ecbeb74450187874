"""All parameters as one vector, and back: for methods of optimization that see a single vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.tensor import FUNCTIONS

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def _on_one_device(parameters: Iterable) -> list:
    listed = list(parameters)
    if any(p.device != listed[0].device for p in listed):
        raise TypeError("Found two parameters on different devices, this is currently not supported.")
    return listed


def parameters_to_vector(parameters: Iterable) -> Any:
    """The parameters, each flattened, one after the other; differentiable.

    >>> import minitorch as mt
    >>> mt.nn.utils.parameters_to_vector([mt.ones(2, 1), mt.zeros(1)])
    tensor([1., 1., 0.])
    """
    return FUNCTIONS["cat"]([p.view(-1) for p in _on_one_device(parameters)])


def vector_to_parameters(vec: Any, parameters: Iterable) -> None:
    """Let each parameter's data be its slice of the vector: the memory is shared with `vec`, as in torch."""
    if not isinstance(vec, TensorBase):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in _on_one_device(parameters):
        p.data = vec[start : start + p.numel()].view_as(p).data  # type: ignore[index]
        start += p.numel()
