"""Elementwise arithmetic: sums, differences, products, quotients, absolute values, and their fused combinations.

Derivatives name what torch saves (inputs rather than outputs), so that the same in-place changes are allowed after.
"""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from minitorch.autograd.base import TensorBase
from minitorch.autograd.constants import REAL
from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.kinds import INEXACT, only, same_dtype

NO_BOOL_SUBTRACTION = (
    "sub: Subtraction, the `-` operator, with {} is not supported.\n"
    "    hint  use the `^` operator or logical_xor() instead, or `~` or logical_not() to invert a mask"
)


def conj(x: Any) -> Any:
    """Complex conjugate; real values pass as they are. A vjp multiplies by conjugates (torch's convention)."""
    if x.__class__ is ndarray:
        return x if x.dtype.kind != "c" else x.conj()
    if x.__class__ in REAL:
        return x
    if isinstance(x, complex):
        return x.conjugate()
    array = getattr(x, "_array", x)
    return x if array.dtype.kind != "c" else conj_physical(x)


@op
def conj_physical(x: Any) -> Any:
    """The complex conjugate, as a copy."""
    return x.conj() if x.dtype.kind == "c" else x.copy()


@conj_physical.vjp("x")
def _(g: Any) -> Any:
    return conj_physical(g)


@op
def zeros_as(x: Any) -> Any:
    """Zeros of x's shape and dtype: the gradient of what is flat almost everywhere (floor, sign, ...)."""
    return xp_of(x).zeros_like(x)


@op(broadcasts=True, promote=True, plain="np.add(x, y)")
def add(x: Any, y: Any) -> Any:
    """x + y; on bools, or."""
    return x + y


@add.vjp("x")
def _(g: Any) -> Any:
    return g


@add.vjp("y")
def _(g: Any) -> Any:
    return g


def _explain_sub(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    if isinstance(error, TypeError) and "boolean subtract" in str(error):
        return RuntimeError(NO_BOOL_SUBTRACTION.format("two bool tensors"))
    return None


@op(broadcasts=True, promote=True, diagnose=_explain_sub, plain="np.subtract(x, y)")
def sub(x: Any, y: Any) -> Any:
    """x - y."""
    return x - y


@sub.vjp("x")
def _(g: Any) -> Any:
    return g


@sub.vjp("y")
def _(g: Any) -> Any:
    return -g


@op(broadcasts=True, promote=True, diagnose=_explain_sub, node="RsubBackward1")
def rsub(x: Any, y: Any) -> Any:
    """y - x: the reflected subtraction, as in `1 - x`."""
    return y - x


@rsub.vjp("x")
def _(g: Any) -> Any:
    return -g


@rsub.vjp("y")
def _(g: Any) -> Any:
    return g


@op(broadcasts=True, promote=True, plain="np.multiply(x, y)")
def mul(x: Any, y: Any) -> Any:
    """x * y; on bools, and."""
    return x * y


@mul.vjp("x")
def _(g: Any, y: Any) -> Any:
    return g * conj(y)


@mul.vjp("y")
def _(g: Any, x: Any) -> Any:
    return g * conj(x)


@op(broadcasts=True, promote="float", plain="np.true_divide(x, y)")
def div(x: Any, y: Any) -> Any:
    """x / y, the true quotient: integers become the default float."""
    return x / y


@div.vjp("x")
def _(g: Any, y: Any) -> Any:
    return g / conj(y)


@div.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    return -g * conj((x / y) / y)


def _explain_neg(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    if isinstance(error, TypeError):
        return RuntimeError(
            "neg: Negation, the `-` operator, on a bool tensor is not supported.\n"
            "    hint  use the `~` operator or logical_not() to invert a mask"
        )
    return None


@op(diagnose=_explain_neg, plain="np.negative(x)")
def neg(x: Any) -> Any:
    """-x."""
    return -x


@neg.vjp("x")
def _(g: Any) -> Any:
    return -g


@op(promote="float")
def reciprocal(x: Any) -> Any:
    """1 / x."""
    return 1 / x


@reciprocal.vjp("x")
def _(g: Any, out: Any) -> Any:
    return -g * conj(out * out)


@op
def abs(x: Any) -> Any:
    """|x|; real for complex x. The derivative at 0 is 0."""
    only("abs", x, "fViuc")
    return xp_of(x).abs(x)


@abs.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g * sgn(x)


@op
def sign(x: Any) -> Any:
    """-1, 0 or 1; 0 for nan (NumPy gives nan). The derivative is 0 everywhere, also at the jump."""
    only("sign", x, "fViub")
    return _sign(x)


def _sign(x: Any) -> Any:
    if x.dtype.kind == "b":
        return x.copy()
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)


@sign.vjp("x")
def _(g: Any) -> Any:
    return zeros_as(g)


@op(inner=True)
def sgn(x: Any) -> Any:
    """x / |x|, and 0 at 0: the direction of a complex number, the sign of a real one."""
    if x.dtype.kind != "c":
        return _sign(x)
    xp = xp_of(x)
    size = xp.abs(x)
    return xp.where(size == 0, 0, x / xp.where(size == 0, 1, size)).astype(x.dtype)


@sgn.vjp("x")
def _(g: Any, x: Any, out: Any) -> Any:
    if getattr(x, "_array", x).dtype.kind != "c":
        return zeros_as(g)
    # d(z/|z|) has no part along z: the part of g along out, Re(g conj(out)) out, is taken away; 0 at 0
    size = abs(x)
    along = (g * conj(out) + conj(g) * out) / 2 * out
    flat = size == 0
    return (g - along) / (size + flat) * (1 - flat * 1)


@op(broadcasts=True, promote=True)
def addcmul(x: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """x + value * tensor1 * tensor2."""
    only("addcmul", x, "fViuc")
    if x.dtype.kind in "iu" and value != 1:
        value = xp_of(x).asarray(int(value.real)).astype(x.dtype)  # wraps around, as the products do
    product = tensor1 * tensor2 if value.__class__ is int and value == 1 else value * tensor1 * tensor2
    return (x + product).astype(x.dtype, copy=False)


@addcmul.vjp("x")
def _(g: Any) -> Any:
    return g


@addcmul.vjp("tensor1")
def _(g: Any, tensor2: Any, value: Any) -> Any:
    return g * conj(tensor2 * value)


@addcmul.vjp("tensor2")
def _(g: Any, tensor1: Any, value: Any) -> Any:
    return g * conj(tensor1 * value)


@op(broadcasts=True, promote=True)
def addcdiv(x: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """x + value * tensor1 / tensor2."""
    quotient = tensor1 / tensor2 if value.__class__ is int and value == 1 else value * tensor1 / tensor2
    return (x + quotient).astype(x.dtype, copy=False)


@addcdiv.vjp("x")
def _(g: Any) -> Any:
    return g


@addcdiv.vjp("tensor1")
def _(g: Any, tensor2: Any, value: Any) -> Any:
    return g * conj(value / tensor2)


@addcdiv.vjp("tensor2")
def _(g: Any, tensor1: Any, tensor2: Any, value: Any) -> Any:
    return -g * conj(value * tensor1 / (tensor2 * tensor2))


@op(broadcasts=True, node=lambda s, x: f"LerpBackward{int(isinstance(x[2], TensorBase))}")
def lerp(x: Any, end: Any, weight: Any) -> Any:
    """x + weight * (end - x), computed from the nearer end so that weight = 1 gives `end` exactly."""
    same_dtype("lerp", ("input", "end"), (x, end))
    only("lerp", x, INEXACT)
    step = end - x
    if not hasattr(weight, "dtype"):
        near = weight.real * weight.real + weight.imag * weight.imag < 0.25
        return (x + weight * step if near else end - step * (1 - weight)).astype(x.dtype, copy=False)
    if weight.ndim:
        same_dtype("lerp", ("input", "weight"), (x, weight))
    weight = weight.astype(x.dtype, copy=False)
    xp = xp_of(x)
    return xp.where(xp.abs(weight) < 0.5, x + weight * step, end - step * (1 - weight))


@lerp.vjp("x")
def _(g: Any, weight: Any) -> Any:
    return g * conj(1 - weight)


@lerp.vjp("end")
def _(g: Any, weight: Any) -> Any:
    return g * conj(weight)


@lerp.vjp("weight")
def _(g: Any, x: Any, end: Any) -> Any:
    return g * conj(end - x)
