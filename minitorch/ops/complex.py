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


@op(view=True)
def view_as_complex(x: Any) -> Any:
    """Pairs in the last dimension, of length 2, as complex numbers: a view."""
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise RuntimeError(
            "view_as_complex: only supported for float and double tensors, but got a tensor of scalar type: "
            f"{scalar_name(x)}"
        )
    if x.ndim == 0:
        raise RuntimeError("view_as_complex: Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise RuntimeError(f"view_as_complex: Tensor must have a last dimension of size 2, but it has {x.shape[-1]}")
    item = x.dtype.itemsize
    if x.size and x.strides[-1] != item:
        raise RuntimeError("view_as_complex: Tensor must have a last dimension with stride 1")
    if x.size and any(n > 1 and s % (2 * item) for n, s in zip(x.shape[:-1], x.strides[:-1], strict=True)):
        raise RuntimeError("view_as_complex: Tensor must have a stride divisible by 2 for all but last dimension")
    return x.view("complex128" if item == 8 else "complex64")[..., 0]


@view_as_complex.vjp("x")
def _(g: Any) -> Any:
    return view_as_real(g)


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
