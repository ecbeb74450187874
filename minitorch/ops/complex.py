"""Complex numbers: their parts, angle, and the passage to and from pairs of real numbers."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.arithmetic import abs, zeros_as
from minitorch.ops.compare import where
from minitorch.ops.kinds import matching, scalar_name


@op(node="ConjBackward0")
def conj(x: Any) -> Any:
    """The complex conjugate."""
    return x.conj()


@conj.vjp("x")
def _(g: Any) -> Any:
    return conj(g)


@op(view=True, node="SelectBackward0")
def real(x: Any) -> Any:
    """The real part, a view."""
    return x.real


@real.vjp("x")
def _(g: Any) -> Any:
    return g  # the engine makes it complex


@op(view=True, node="SelectBackward0")
def imag(x: Any) -> Any:
    """The imaginary part, a view."""
    if x.dtype.kind != "c":
        raise RuntimeError(f"imag: not implemented for tensors with non-complex dtypes, such as {scalar_name(x)}")
    return x.imag


@imag.vjp("x")
def _(g: Any) -> Any:
    return g * 1j


@op(view=True)
def view_as_real(x: Any) -> Any:
    """The real and imaginary parts side by side in a new last dimension of length 2: a view."""
    if x.dtype.kind != "c":
        raise RuntimeError(f"view_as_real: only supported for complex tensors, not {scalar_name(x)}")
    part = x.real
    return xp_of(x).lib.stride_tricks.as_strided(part, (*x.shape, 2), (*x.strides, part.dtype.itemsize))


@view_as_real.vjp("x")
def _(g: Any) -> Any:
    return g[..., 0] + g[..., 1] * 1j


@op(promote="float")
def angle(x: Any) -> Any:
    """The angle of x in the complex plane; for real x, 0 or pi. The derivative at 0, and for real x, is 0."""
    xp = xp_of(x)
    if x.dtype.kind == "c":
        return xp.angle(x)
    return matching(x, xp.where(xp.isnan(x), x, xp.where(x < 0, math.pi, 0)))


@angle.vjp("x")
def _(g: Any, x: Any) -> Any:
    if getattr(x, "_array", x).dtype.kind != "c":
        return zeros_as(g)
    size = abs(x)
    return where(x == 0, 0, g * x / (size * size) * 1j)


@op(broadcasts=True, node="ComplexBackward0")
def complex(real: Any, imag: Any) -> Any:
    """real + i imag, from two real arrays of one dtype."""
    xp = xp_of(real)
    shape = xp.broadcast_arrays(real, imag)[0].shape
    out = xp.empty(shape, dtype="complex128" if real.dtype == "float64" else "complex64")
    out.real[...] = real
    out.imag[...] = imag
    return out


@complex.vjp("real")
def _(g: Any) -> Any:
    return g.real


@complex.vjp("imag")
def _(g: Any) -> Any:
    return g.imag
