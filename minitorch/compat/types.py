"""torch.types: names for annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from minitorch.backend import device
from minitorch.backend.dtypes import dtype
from minitorch.tensor import Size, Tensor

Number: TypeAlias = int | float | bool
Device: TypeAlias = device | str | int | None
_dtype, _device, _int, _float, _bool, _size = dtype, device, int, float, bool, Size | list[int] | tuple[int, ...]
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]

__all__ = ["Device", "Number", "Tensor"]
