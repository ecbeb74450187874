"""`Size`: the tuple that shapes are."""

from __future__ import annotations

import math
from typing import Any


class Size(tuple):
    """A shape: a tuple of ints with `numel()`, printed as torch prints it.

    >>> Size([2, 3]).numel(), Size([2, 3])[:1]
    (6, torch.Size([2]))
    """

    __slots__ = ()

    def numel(self) -> int:
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        result = super().__getitem__(index)
        return Size(result) if isinstance(index, slice) else result

    def __add__(self, other: Any) -> Any:
        return Size(super().__add__(tuple(other)))

    def __mul__(self, n: Any) -> Any:
        return Size(super().__mul__(n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)
