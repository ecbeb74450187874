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

    def __new__(cls, sizes: Any = ()) -> Size:
        if sizes.__class__ is tuple:
            for n in sizes:
                if n.__class__ is not int:
                    break
            else:
                return tuple.__new__(cls, sizes)
        found = tuple(sizes)
        for k, n in enumerate(found):
            if not hasattr(n, "__index__"):
                raise TypeError(f"torch.Size() takes an iterable of 'int' (item {k} is '{type(n).__name__}')")
        return tuple.__new__(cls, [n.__index__() for n in found])

    def numel(self) -> int:
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        result = super().__getitem__(index)
        return Size(result) if isinstance(index, slice) else result

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(super().__add__(other))

    def __radd__(self, other: Any) -> Any:
        return Size(tuple(other) + tuple(self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, n: Any) -> Any:
        return Size(super().__mul__(n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)
