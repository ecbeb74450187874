"""Statistics over dimensions: variance, standard deviation, norms. Medians are with the sorted things."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.backend.kernels.small import SMALL
from minitorch.ops.along import matches
from minitorch.ops.elementwise import abs as absolute
from minitorch.ops.elementwise import conj, sgn, where
from minitorch.ops.reduce import add_up, count, keep, mean, sum

# -- variance --------------------------------------------------------------------------------------------------------


def _variance(x: Any, dim: Any, correction: float, keepdim: bool) -> Any:
    """Mean squared distance from the mean (two passes), with n - correction in place of n."""
    n = count(x.shape, dim)
    if x.dtype.char in "eE":
        return _variance(x.astype("float32"), dim, correction, keepdim).astype(x.dtype)
    d = x - add_up(x, dim, True) / n
    squares = (d.real * d.real + d.imag * d.imag) if x.dtype.kind == "c" else d * d
    return add_up(squares, dim, keepdim) / max(0, n - correction)


@op
def var(x: Any, *, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    return _variance(x, dim, correction, keepdim)


@var.vjp("x")
def _(g: Any, x: Any, x_shape: tuple, dim: Any, correction: float, keepdim: bool) -> Any:
    return _var_grad(keep(g, x_shape, dim, keepdim), x, x_shape, dim, correction)


def _var_grad(g: Any, x: Any, x_shape: tuple, dim: Any, correction: float) -> Any:
    """d var / dx = 2 (x - mean) / (n - correction); the mean's own derivative cancels."""
    freedom = count(x_shape, dim) - correction
    scale = 2 / freedom if freedom > 0 else float("inf")
    return (g * scale) * (x - mean(x, dim=dim, keepdim=True))


@op
def std(x: Any, *, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    if x.dtype.char in "eE":
        return (_variance(x.astype("float32"), dim, correction, keepdim) ** 0.5).astype(x.dtype)
    return _variance(x, dim, correction, keepdim) ** 0.5


@std.vjp("x")
def _(g: Any, x: Any, out: Any, x_shape: tuple, dim: Any, correction: float, keepdim: bool) -> Any:
    g = safe_div(g, 2 * out)
    return _var_grad(keep(g, x_shape, dim, keepdim), x, x_shape, dim, correction)


@op(broadcasts=True)
def safe_div(x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0: what a gradient is, by choice, where a square root or a norm has none."""
    xp = xp_of(x)
    return xp.where(y == 0, x.dtype.type(0), x / xp.where(y == 0, y.dtype.type(1), y))


@safe_div.vjp("x")
def _(g: Any, y: Any) -> Any:
    return safe_div(g, conj(y))


@safe_div.vjp("y")
def _(g: Any, y: Any, out: Any) -> Any:
    return -safe_div(g * conj(out), conj(y))


# -- norms -----------------------------------------------------------------------------------------------------------


def _no_largest(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    """diagnose: the inf norm of no elements."""
    shape, dim = inputs[0]._array.shape, settings.get("dim")
    if 0 not in shape:
        return None
    what = "an empty tensor" if dim is None else f"the dimension {dim} because this dimension is empty and"
    end = (
        " because the operation does not have an identity"
        if dim is None
        else " the operation does not have an identity"
    )
    return RuntimeError(f"linalg.vector_norm cannot compute the {settings['ord']} norm on {what}{end}")


@op(node="LinalgVectorNormBackward0", diagnose=_no_largest)
def vector_norm(x: Any, *, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """(sum |x|**ord) ** (1 / ord); ord inf: the largest |x|, -inf: the least, 0: how many are not zero."""
    if x.dtype.char in "eE":
        return vector_norm.op.forward(x.astype("float32"), ord=ord, dim=dim, keepdim=keepdim).astype(x.dtype)
    if ord == 2:
        if dim is None and x.size > SMALL and x.dtype.char in "fd" and x.flags.c_contiguous:
            row = x.reshape(-1)  # one pass, without a copy of the squares
            return xp_of(x).dot(row, row).reshape((1,) * x.ndim if keepdim else ()) ** 0.5
        squares = x * x if x.dtype.kind != "c" else x.real * x.real + x.imag * x.imag
        return add_up(squares, dim, keepdim) ** 0.5
    size = abs(x)
    if ord == 0:
        return (size != 0).sum(axis=dim, keepdims=keepdim).astype(size.dtype)
    if ord == 1:
        return add_up(size, dim, keepdim)
    if ord == float("inf"):
        return size.max(axis=dim, keepdims=keepdim)
    if ord == -float("inf"):
        return size.min(axis=dim, keepdims=keepdim)
    return add_up(size**ord, dim, keepdim) ** (1 / ord)


@vector_norm.vjp("x")
def norm_grad(g: Any, x: Any, out: Any, x_shape: tuple, ord: float, dim: Any, keepdim: bool) -> Any:
    """d norm / d|x| = (|x| / norm)**(ord - 1), and 0 at the origin; d|x| / dx = sgn(x)."""
    g, out = keep(g, x_shape, dim, keepdim), keep(out, x_shape, dim, keepdim)
    if ord == 2:
        return x * safe_div(g, out)
    if ord == 0:
        return None
    if ord == 1:
        return sgn(x) * g
    if abs(ord) == float("inf"):
        mask = matches(absolute(x), out)
        return sgn(x) * mask * (g / sum(mask, dim=dim, keepdim=True))
    if ord < 2:
        return (
            sgn(x) * power_off_zero(absolute(x), exponent=ord - 1) * safe_div(g, power_off_zero(out, exponent=ord - 1))
        )
    return x * absolute(x) ** (ord - 2) * safe_div(g, out ** (ord - 1))


@op
def power_off_zero(x: Any, *, exponent: float) -> Any:
    """x ** exponent, and 0 where x is 0 (also for negative exponents)."""
    xp = xp_of(x)
    return xp.where(x == 0, x.dtype.type(0), xp.where(x == 0, x.dtype.type(1), x) ** exponent)


@power_off_zero.vjp("x")
def _(g: Any, x: Any, exponent: float) -> Any:
    return g * (exponent * power_off_zero(x, exponent=exponent - 1))


_TINY = 1e-7  # torch's guard against dividing by zero


@op
def renorm(x: Any, *, p: float, dims: tuple, maxnorm: float) -> Any:
    """x with the slices that `dims` span scaled down to norm `maxnorm` where they are longer."""
    size = vector_norm.op.forward(x, ord=p, dim=dims, keepdim=True)
    return xp_of(x).where(size > maxnorm, x * (maxnorm / (size + _TINY)), x).astype(x.dtype, copy=False)


@renorm.vjp("x")
def _(g: Any, x: Any, x_shape: tuple, p: float, dims: tuple, maxnorm: float) -> Any:
    """out = x f(|x|): g f + (sum of Re g conj(x)) f' d|x|/dx, f = maxnorm / |x| where the slice was too long, or 1."""
    size = vector_norm(x, ord=p, dim=dims, keepdim=True)
    long, guarded = size > maxnorm, size + _TINY
    factor = where(long, maxnorm / guarded, 1.0)
    slope = where(long, -maxnorm / (guarded * guarded), 0.0)
    by_size = sum((g * conj(x)).real, dim=dims, keepdim=True) * slope
    return g * factor + norm_grad(by_size, x, size, x_shape, p, dims, True)
