"""Differences, numerical derivatives and integrals along a dimension, composed of differentiable ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import elementwise, shape
from minitorch.ops import reduce as sums
from minitorch.ops.compare import logical_xor
from minitorch.ops.joining import cat
from minitorch.ops.scan import cumsum
from minitorch.tensor.binding import function
from minitorch.tensor.dims import one_dim, reduced_dims

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def _part(x: Any, dim: int, start: int | None, stop: int | None) -> Any:
    """A stretch of x along `dim`."""
    return x[(slice(None),) * dim + (slice(start, stop),)]


class CalculusMixin(TensorBase):
    __slots__ = ()

    def diff(self, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
        """The differences of neighbors along `dim`, taken n times; `prepend` and `append` are joined on before.

        >>> import minitorch as mt
        >>> mt.tensor([1, 4, 9, 16]).diff()
        tensor([3, 5, 7])
        """
        ndim = self._array.ndim
        if ndim == 0:
            raise RuntimeError("diff expects input to be at least one-dimensional")
        if n < 0:
            raise RuntimeError(f"diff: order must be non-negative but got {n}")
        dim = one_dim(dim, ndim, "diff", 2)
        parts = [t for t in (prepend, self, append) if t is not None]
        for t in parts:
            _check_joinable(self._array.shape, t._array.shape, dim)
        if n == 0:
            return self.clone()  # whatever is joined on, as in torch
        x: Any = parts[0] if len(parts) == 1 else cat(*parts, dim=dim)
        step = logical_xor if x._array.dtype.kind == "b" else elementwise.sub
        for _ in range(min(n, x._array.shape[dim] or 1)):
            x = step(_part(x, dim, 1, None), _part(x, dim, None, -1))
        return x


def _check_joinable(shape: tuple, other: tuple, dim: int) -> None:
    if len(shape) != len(other):
        raise RuntimeError(
            f"diff expects prepend or append to be the same dimension as input, but got {len(other)} and {len(shape)}"
        )
    for d, (n, m) in enumerate(zip(shape, other, strict=True)):
        if d != dim and n != m:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({d}) = {n}, but got tensor.size({d}) = {m}"
            )


# -- integrals -------------------------------------------------------------------------------------------------------


def _areas(y: Any, x: Any, dx: Any, dim: int, name: str) -> tuple[Any, int]:
    """Twice the areas under each step of y along `dim`; and the dim, counted from the front."""
    if y._array.ndim == 0:
        raise IndexError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")
    if y._array.dtype.kind == "b" or (x is not None and x._array.dtype.kind == "b"):
        raise RuntimeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    at = one_dim(dim, y._array.ndim, name)
    both = elementwise.add(_part(y, at, 1, None), _part(y, at, None, -1))
    if x is None:
        return elementwise.mul(both, 1 if dx is None else dx), at
    if dx is not None:
        raise TypeError(f"{name}(): give x or dx, not both")
    n = x._array.shape[0 if x._array.ndim == 1 else at - y._array.ndim] if x._array.ndim else 1
    if x._array.ndim and n != y._array.shape[at]:
        raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
    if x._array.ndim == 0:
        return elementwise.mul(both, 0), at
    if x._array.ndim == 1:
        x = shape.reshape(x, shape=(n, *(1,) * (y._array.ndim - at - 1)))
        along = 0
    else:
        along = at - y._array.ndim + x._array.ndim
    return elementwise.mul(both, elementwise.sub(_part(x, along, 1, None), _part(x, along, None, -1))), at


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The integral of y along `dim` by the trapezoidal rule, for samples at `x`, or `dx` apart (1 unless given).

    >>> import minitorch as mt
    >>> mt.trapezoid(mt.tensor([1.0, 2.0, 3.0]))
    tensor(4.)
    """
    areas, at = _areas(y, x, dx, dim, "trapezoid")
    if y._array.shape[at] == 0:  # no samples: zeros of y's own dtype, as in torch
        return sums.sum(y.detach(), dim=at).to(y.dtype)
    return sums.sum(areas, dim=at) / 2.0


def trapz(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """An older name of `trapezoid`.

    >>> import minitorch as mt
    >>> mt.trapz(mt.tensor([1.0, 2.0, 3.0]))
    tensor(4.)
    """
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The running integral of y along `dim` by the trapezoidal rule; one element shorter than y.

    >>> import minitorch as mt
    >>> mt.cumulative_trapezoid(mt.tensor([1.0, 2.0, 3.0]))
    tensor([1.5000, 4.0000])
    """
    areas, at = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return cumsum(areas, dim=at) / 2.0


# -- numerical derivatives -------------------------------------------------------------------------------------------


def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The derivative of samples along each of `dim` by central differences, one-sided at the ends.

    `spacing` is the distance between samples: a number, one for each dim, or a vector of coordinates for each dim.

    >>> import minitorch as mt
    >>> mt.gradient(mt.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if input._array.dtype == "uint8":
        raise RuntimeError("torch.gradient does not support uint8 input.")
    ndim = input._array.ndim
    dims = reduced_dims(dim, ndim, "gradient")
    dims = tuple(range(ndim)) if dims is None else (dims,) if isinstance(dims, int) else dims
    spacing = 1 if spacing is None else spacing
    several = isinstance(spacing, (tuple, list))
    if several and len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the "
            f"same length, but got a spacing argument of length {len(spacing)} and a dim argument of length {len(dims)}"
        )
    steps = list(spacing) if several else [spacing] * len(dims)
    for d in dims:
        if input._array.shape[d] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    x = elementwise.mul(input, 1.0) if input._array.dtype.kind in "iu" else input
    return tuple(
        (_uneven if isinstance(step, TensorBase) and step._array.ndim else _even)(x, d, step, edge_order)
        for d, step in zip(dims, steps, strict=True)
    )


def _even(x: Any, d: int, step: Any, edge_order: int) -> Any:
    def at(i: int) -> Any:
        return _part(x, d, i, i + 1 or None)

    inner = (_part(x, d, 2, None) - _part(x, d, None, -2)) / (2 * step)
    if edge_order == 1:
        first, last = (at(1) - at(0)) / step, (at(-1) - at(-2)) / step
    else:
        first = (at(0) * -1.5 + at(1) * 2 - at(2) * 0.5) / step
        last = (at(-1) * 1.5 - at(-2) * 2 + at(-3) * 0.5) / step
    return cat(first, inner, last, dim=d)


def _uneven(x: Any, d: int, coordinates: Any, edge_order: int) -> Any:
    """Second-order differences on a grid with steps h (before) and k (after): the parabola's derivative."""
    if coordinates._array.shape != (x._array.shape[d],):
        raise RuntimeError("torch.gradient expected the coordinates of a dimension to be a vector of its length")

    def at(i: int) -> Any:
        return _part(x, d, i, i + 1 or None)

    steps = coordinates[1:] - coordinates[:-1]
    wide = (-1, *(1,) * (x._array.ndim - d - 1))
    h, k = (s.reshape((s._array.size, *wide[1:])) for s in (steps[:-1], steps[1:]))
    inner = (
        _part(x, d, None, -2) * (-k / (h * (h + k)))
        + _part(x, d, 1, -1) * ((k - h) / (h * k))
        + _part(x, d, 2, None) * (h / (k * (h + k)))
    )
    if edge_order == 1:
        first, last = (at(1) - at(0)) / steps[0], (at(-1) - at(-2)) / steps[-1]
    else:
        a, b = steps[0], steps[1]
        first = at(0) * (-(2 * a + b) / (a * (a + b))) + at(1) * ((a + b) / (a * b)) + at(2) * (-a / (b * (a + b)))
        a, b = steps[-2], steps[-1]
        last = at(-3) * (b / (a * (a + b))) + at(-2) * (-(a + b) / (a * b)) + at(-1) * ((2 * b + a) / (b * (a + b)))
    return cat(first, inner, last, dim=d)


FUNCTIONS: dict[str, Callable] = {
    "diff": function(CalculusMixin.diff, out=True),
    "trapezoid": trapezoid,
    "trapz": trapz,
    "cumulative_trapezoid": cumulative_trapezoid,
    "gradient": gradient,
}
