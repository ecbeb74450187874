"""Tensors to and from other libraries' memory, as torch.utils.dlpack."""

from __future__ import annotations

from typing import Any

from minitorch.tensor.convert import from_dlpack

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Any) -> Any:
    """A capsule over the tensor's memory, to be taken once, by any library's `from_dlpack`."""
    return tensor.__dlpack__()
