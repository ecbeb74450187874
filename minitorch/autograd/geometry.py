"""Where a view's elements lie in its base, and the ops that take them out, put them back and spread their gradient.

views.py needs them when a view was changed in place: part of the base's gradient then belongs to the view. Every kind
of view (slices, diagonals, expansions, windows) is described in one way, by strides and an offset.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import backend_of, xp_of


class Geometry:
    """Where a view's elements lie among its base's: strides and offset in elements, of both.

    Where one is complex and the other real (x.real, view_as_complex), they count real numbers, two to a complex one.
    """

    __slots__ = ("base_shape", "base_strides", "shape", "strides", "offset", "low", "span", "complex")

    def __init__(self, view: Any, base: Any) -> None:
        mixed = (view.dtype.kind == "c") != (base.dtype.kind == "c")
        # None, or whether the base and whether the view is complex
        self.complex = (base.dtype.kind == "c", view.dtype.kind == "c") if mixed else None
        size = min(base.dtype.itemsize, view.dtype.itemsize)
        pointer = backend_of(base).pointer
        self.base_shape, self.shape = base.shape, view.shape
        self.base_strides = tuple(s // size for s in base.strides)
        self.strides = tuple(s // size for s in view.strides)
        self.offset = (pointer(view) - pointer(base)) // size if view.size and base.size else 0
        reach = [((n - 1) * s) for n, s in zip(self.base_shape, self.base_strides, strict=True) if n]
        self.low = sum(r for r in reach if r < 0)
        self.span = sum(abs(r) for r in reach) + base.dtype.itemsize // size

    def buffer(self, x: Any, zero: bool) -> tuple[Any, Any]:
        """New memory laid out as the base: (a view of the base's shape, a view of the view's shape)."""
        xp = xp_of(x)
        if self.complex is not None:
            flat = xp.zeros(self.span, dtype=x.real.dtype)
            return self._among_reals(flat, 0), self._among_reals(flat, 1)
        flat = xp.zeros(self.span, dtype=x.dtype) if zero else xp.empty(self.span, dtype=x.dtype)
        item = x.dtype.itemsize
        strided = xp.lib.stride_tricks.as_strided
        whole = strided(flat[-self.low :], self.base_shape, tuple(s * item for s in self.base_strides))
        part = strided(flat[self.offset - self.low :], self.shape, tuple(s * item for s in self.strides))
        return whole, part

    def _among_reals(self, flat: Any, which: int) -> Any:
        """The base (0) or the view (1) in a line of real numbers."""
        shape, strides = (self.base_shape, self.base_strides) if which == 0 else (self.shape, self.strides)
        start, item = (0 if which == 0 else self.offset) - self.low, flat.dtype.itemsize
        steps = tuple(s * item for s in strides)
        strided = xp_of(flat).lib.stride_tricks.as_strided
        if not self.complex[which]:  # type: ignore[index]
            return strided(flat[start:], shape, steps)
        pairs = strided(flat[start:], (*shape, 2), (*steps, item))
        return pairs.view("complex128" if item == 8 else "complex64")[..., 0]

    def overlaps(self) -> bool:
        """True if two elements of the view are one element of the base."""
        steps = sorted((abs(s), n) for s, n in zip(self.strides, self.shape, strict=True) if n > 1)
        reach = 0
        for step, n in steps:
            if step <= reach:
                return True
            reach += step * (n - 1)
        return False


@op(view=True, node="AsStridedBackward0")
def strided_view(x: Any, *, geometry: Any) -> Any:
    """The view of base `x` that `geometry` describes."""
    if geometry.complex is not None:
        if geometry.low:
            raise RuntimeError("as_strided: a complex view of a base with negative strides")
        line = xp_of(x).lib.stride_tricks.as_strided(x.real, (geometry.span,), (x.real.dtype.itemsize,))
        return geometry._among_reals(line, 1)
    item = x.dtype.itemsize
    xp = xp_of(x)
    flat = xp.lib.stride_tricks.as_strided(x, (geometry.span,), (item,)) if geometry.low == 0 else None
    if flat is None:  # a base with negative strides: start from its lowest element
        corner = x[tuple(slice(-1, None) if s < 0 else slice(0, 1) for s in geometry.base_strides)]
        flat = xp.lib.stride_tricks.as_strided(corner, (geometry.span,), (item,))
    start = flat[geometry.offset - geometry.low :]
    return xp.lib.stride_tricks.as_strided(start, geometry.shape, tuple(s * item for s in geometry.strides))


@strided_view.vjp("x")
def _(g: Any, geometry: Any) -> Any:
    return strided_spread(g, geometry=geometry)


@op
def strided_take(x: Any, *, geometry: Any) -> Any:
    """A copy of the part of `x` (of the base's shape, any layout) that the view covers."""
    whole, part = geometry.buffer(x, zero=False)
    whole[...] = x
    return part.copy()


@strided_take.vjp("x")
def _(g: Any, geometry: Any) -> Any:
    return strided_spread(g, geometry=geometry)


@op
def strided_spread(x: Any, *, geometry: Any) -> Any:
    """Zeros of the base's shape with `x` added at the view's elements; adjoint of strided_take."""
    whole, part = geometry.buffer(x, zero=True)
    if geometry.overlaps():
        xp = xp_of(x)
        index, covered = geometry.buffer(xp.empty((), dtype="int64"), zero=False)
        index[...] = xp.arange(index.size).reshape(index.shape)
        flat = xp.zeros(index.size, dtype=x.dtype)
        xp.add.at(flat, covered.reshape(-1), x.reshape(-1))
        return flat.reshape(index.shape)
    part[...] = x
    return whole.copy()


@strided_spread.vjp("x")
def _(g: Any, geometry: Any) -> Any:
    return strided_take(g, geometry=geometry)


@op
def strided_replace(x: Any, y: Any, *, geometry: Any) -> Any:
    """x with the elements that the view covers replaced by y's (by zero if y is None)."""
    whole, part = geometry.buffer(x, zero=False)
    whole[...] = x
    part[...] = 0 if y is None else y
    return whole.copy()


@strided_replace.vjp("x")
def _(g: Any, geometry: Any) -> Any:
    return strided_replace(g, None, geometry=geometry)


@strided_replace.vjp("y")
def _(g: Any, geometry: Any) -> Any:
    return strided_take(g, geometry=geometry)
