"""x W^T + b as one op: one product forward, one for each gradient, whatever the number of leading dimensions."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.errors import explain
from minitorch.ops.elementwise import conj
from minitorch.ops.matmul import dtype_error, plain_matrices, times


class Refused(TypeError):
    """Raised inside a forward that NumPy would have carried out and torch refuses; the diagnosis says why."""


def _rows(x: Any) -> Any:
    """(*, k) -> (n, k): all leading dimensions joined."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _explain(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    x, w, b = (*inputs, None)[:3]
    x_shape, w_shape = x._array.shape, w._array.shape
    rows = [("input", x_shape, "*, in"), ("weight", w_shape, "out, in")]
    if b is not None:
        rows.append(("bias", b._array.shape, "out"))
    if not x_shape or not w_shape:
        what = f"both arguments to linear need to be at least 1D, but they are {len(x_shape)}D and {len(w_shape)}D"
        return RuntimeError(explain(f"linear: {what}", rows))
    if len(w_shape) > 2:
        return RuntimeError(
            explain(f"linear: t() expects a tensor with <= 2 dimensions, but weight is {len(w_shape)}D", rows)
        )
    if x_shape[-1] != w_shape[-1]:
        n = math.prod(x_shape[:-1])
        what = f"mat1 and mat2 shapes cannot be multiplied ({n}x{x_shape[-1]} and {w_shape[-1]}x{w_shape[0]})"
        hint = (
            f"the weight expects {w_shape[-1]} input features, but the input has {x_shape[-1]}: "
            f"Linear({x_shape[-1]}, ...)"
        )
        return RuntimeError(explain(f"linear: {what}", rows, hint))
    if x._array.dtype != w._array.dtype:
        return dtype_error("linear", x, w)
    if x._array.dtype.char == "?":
        return NotImplementedError("linear: \"addmm_impl_cpu_\" not implemented for 'Bool'")
    if b is None:
        return None
    if len(w_shape) != 2:
        return RuntimeError(explain(f"linear: mat2 must be a matrix, got {len(w_shape)}-D tensor", rows))
    if b._array.dtype != x._array.dtype:
        return dtype_error("linear: self and mat2 must have the same dtype, bias", b, x)
    have, want = b._array.shape, (*x_shape[:-1], w_shape[0])
    what = f"The expanded size of the tensor ({want[-1]}) must match the existing size ({have[-1] if have else 1})"
    where = f"at non-singleton dimension {len(want) - 1}.  Target sizes: {list(want)}.  Tensor sizes: {list(have)}"
    return RuntimeError(explain(f"linear: {what} {where}", rows))


@op(broadcasts=True, node=lambda s: s["kind"] + "Backward0", diagnose=_explain)
def linear(x: Any, w: Any, b: Any = None, *, kind: str = "Addmm") -> Any:
    """x (*, in), w (out, in), b (out) -> (*, out); `kind` names the node as torch does."""
    char = x.dtype.char
    if x.dtype is not w.dtype and x.dtype != w.dtype or char == "?" or w.ndim != 2:
        raise Refused
    rows = _rows(x)
    if char in "eE":  # products of halves are summed in float32 and rounded once, after the bias
        y = rows.astype("float32") @ w.T.astype("float32")
    else:
        y = rows.dot(w.T) if plain_matrices(rows, w) else rows @ w.T
    y = y if x.ndim == 2 else y.reshape(x.shape[:-1] + w.shape[:1])
    if b is not None:
        if b.dtype != x.dtype:
            raise Refused
        y += b
    return y.astype(x.dtype) if char in "eE" else y


@linear.vjp("x")
def _(g: Any, w: Any, x_shape: tuple) -> Any:
    if plain_matrices(g, w):
        return g.dot(w)
    gx = times(_rows(g), conj(w))
    return gx if len(x_shape) == 2 else gx.reshape(x_shape)


@linear.vjp("w")
def _(g: Any, x: Any) -> Any:
    return g.T.dot(x) if plain_matrices(g, x) else times(_rows(g).T, conj(_rows(x)))


@linear.vjp("b")
def _(g: Any) -> Any:
    return g  # the engine sums it over the leading dimensions
