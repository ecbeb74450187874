"""Discrete Fourier transforms: complex to complex, real to complex, complex to real, each times a factor.

X[k] = scale * sum over m of x[m] e**(-2 pi i k m / n), with + in the exponent for the inverse. The factor is the
caller's: no transform here divides by n. The matrix is symmetric, so the adjoint is the transform the other way.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.complex import real
from minitorch.ops.pad import pad_constant


def scaled(x: Any, scale: float) -> Any:
    return x if scale == 1 else x * x.real.dtype.type(scale)


@op(node="FftC2CBackward0")
def fft_c2c(x: Any, *, dims: tuple[int, ...], scale: float, inverse: bool) -> Any:
    """The transform of complex x along `dims`."""
    transform = xp_of(x).fft
    if inverse:
        return scaled(transform.ifftn(x, axes=dims, norm="forward"), scale)
    return scaled(transform.fftn(x, axes=dims), scale)


@fft_c2c.vjp("x")
def _(g: Any, dims: tuple[int, ...], scale: float, inverse: bool) -> Any:
    return fft_c2c(g, dims=dims, scale=scale, inverse=not inverse)


@op(node="FftR2CBackward0")
def fft_r2c(x: Any, *, dim: int, scale: float) -> Any:
    """The first n // 2 + 1 places of the transform of real x; the others are their conjugates."""
    return scaled(xp_of(x).fft.rfft(x, axis=dim), scale)


@fft_r2c.vjp("x")
def _(g: Any, x_shape: tuple, dim: int, scale: float) -> Any:
    n = x_shape[dim]
    widths = tuple((0, n - m if d == dim else 0) for d, m in enumerate(g.shape))
    return real(fft_c2c(pad_constant(g, widths=widths), dims=(dim,), scale=scale, inverse=True))


@op(node="FftC2RBackward0")
def fft_c2r(x: Any, *, dim: int, n: int, scale: float) -> Any:
    """n real numbers from the first n // 2 + 1 places of their spectrum, by the inverse transform."""
    return scaled(xp_of(x).fft.irfft(x, n, axis=dim, norm="forward"), scale)


@fft_c2r.vjp("x")
def _(g: Any, dim: int, n: int, scale: float) -> Any:
    return doubled(fft_r2c(g, dim=dim, scale=scale), dim=dim, n=n)


@op(node="MulBackward0")
def doubled(x: Any, *, dim: int, n: int) -> Any:
    """Places 1, 2, ... that stand for their conjugates too, times 2: all but the first and, for even n, the last."""
    out = x.copy()
    out[(slice(None),) * dim + (slice(1, (n + 1) // 2),)] *= 2
    return out


@doubled.vjp("x")
def _(g: Any, dim: int, n: int) -> Any:
    return doubled(g, dim=dim, n=n)
