"""Shape operations on one tensor: views where torch gives views, copies elsewhere.

A view's forward returns an array on the same memory, never a copy; what can't be a view raises. What joins or takes
apart tensors is in joining.py, what concerns diagonals in diagonal.py, memory itself in memory.py.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import broadcast_to, strided, sum_to
from minitorch.autograd.wiring import is_dense, shares
from minitorch.backend import xp_of
from minitorch.errors import explain

expand = broadcast_to  # the engine needs this one itself; a size of -1 is resolved by the method


# -- reshape and view ------------------------------------------------------------------------------------------------


def explain_reshape(inputs: tuple, settings: dict, error: Exception) -> Exception:
    """torch's error for a shape that an array of inputs[0]'s size can't take."""
    x, shape = inputs[0], list(settings["shape"])
    for n in shape:
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            return TypeError(f"reshape(): argument 'shape' must be tuple of ints, not {type(n).__name__}")
    size = math.prod(x.shape)
    known = math.prod(n for n in shape if n != -1)
    if shape.count(-1) > 1:
        first = "only one dimension can be inferred"
    elif any(n < -1 for n in shape):
        first = f"invalid shape dimension {min(shape)}"
    elif -1 in shape and size == known == 0:
        first = (
            f"cannot reshape tensor of 0 elements into shape {shape} because the unspecified dimension size -1 can be "
            "any value and is ambiguous"
        )
    elif size == known or (-1 in shape and known and size % known == 0):
        return RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    else:
        first = f"shape '{shape}' is invalid for input of size {size}"
    return RuntimeError(explain(first, [("input", tuple(x.shape), f"{size} elements")], f"the new shape has {known}"))


def _reshaped(x: Any, shape: tuple) -> Any:
    if shape and min(shape) < -1:  # NumPy takes any negative number for -1
        raise ValueError(shape)
    return x.reshape(shape)


@op(
    view="maybe", node="ViewBackward0", inner=True, diagnose=explain_reshape,
    plain="x.reshape(shape) if not shape or min(shape) >= -1",
)  # fmt: skip
def reshape(x: Any, *, shape: tuple) -> Any:
    """The same elements in another shape; a view where the strides allow it."""
    return _reshaped(x, shape)


@reshape.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return reshape(g, shape=x_shape)


@op(view=True, diagnose=explain_reshape)
def view(x: Any, *, shape: tuple) -> Any:
    """The same memory in another shape; an error where the strides don't allow it."""
    out = _reshaped(x, shape)
    if not shares(out, x) and x.size:
        raise ValueError(shape)
    return out


@view.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return reshape(g, shape=x_shape)


# -- order of dimensions ----------------------------------------------------------------------------------------------


@op(view=True)
def permute(x: Any, *, dims: tuple) -> Any:
    """The dimensions in another order."""
    return x.transpose(dims)


@permute.vjp("x")
def _(g: Any, dims: tuple) -> Any:
    inverse = [0] * len(dims)
    for i, d in enumerate(dims):
        inverse[d] = i
    return permute(g, dims=tuple(inverse))


@op(view=True, inner=True)
def transpose(x: Any, *, dim0: int, dim1: int) -> Any:
    """Two dimensions change places."""
    return x.swapaxes(dim0, dim1) if x.ndim else x[...]


@transpose.vjp("x")
def _(g: Any, dim0: int, dim1: int) -> Any:
    return transpose(g, dim0=dim0, dim1=dim1)


@op(view=True, node="TBackward0")
def t(x: Any) -> Any:
    """The transpose of a matrix; vectors and numbers stay."""
    return x.transpose()


@t.vjp("x")
def _(g: Any) -> Any:
    return t(g)


# -- dimensions of length one -----------------------------------------------------------------------------------------


def _squeeze_name(settings: dict) -> str:
    dims = settings["dims"]
    return "SqueezeBackward0" if dims is None else "SqueezeBackward1" if isinstance(dims, int) else "SqueezeBackward2"


@op(view=True, node=_squeeze_name)
def squeeze(x: Any, *, dims: Any = None) -> Any:
    """Without the dimensions of length one (all of them, or those of `dims`, others staying)."""
    chosen = range(x.ndim) if dims is None else (dims,) if isinstance(dims, int) else dims
    return x[tuple([0 if n == 1 and i in chosen else slice(None) for i, n in enumerate(x.shape)]) + (...,)]


@squeeze.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return reshape(g, shape=x_shape)


@op(view=True)
def unsqueeze(x: Any, *, dim: int) -> Any:
    """With a new dimension of length one at `dim`."""
    return x.reshape(x.shape[:dim] + (1,) + x.shape[dim:])  # x[None] has stride 0 there, torch a multiple of the next


@unsqueeze.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return reshape(g, shape=x_shape)


# -- windows ----------------------------------------------------------------------------------------------------------


@op(view=True)
def unfold(x: Any, *, dim: int, size: int, step: int) -> Any:
    """Windows of `size` elements along `dim`, one every `step`; the window becomes the last dimension."""
    if x.ndim == 0:
        return x.reshape(1)[:size]
    count = (x.shape[dim] - size) // step + 1
    along = x.strides[dim]
    strides = (*x.strides[:dim], along * step, *x.strides[dim + 1 :], along)
    return strided(x, (*x.shape[:dim], count, *x.shape[dim + 1 :], size), strides)


@unfold.vjp("x")
def _(g: Any, x_shape: tuple, dim: int, size: int, step: int) -> Any:
    return fold_windows(g, shape=x_shape, dim=dim, size=size, step=step)


@op(node="UnfoldBackwardBackward0")
def fold_windows(x: Any, *, shape: tuple, dim: int, size: int, step: int) -> Any:
    """Each window added where `unfold` took it from; adjoint of unfold."""
    if not shape:
        return x.sum(dtype=x.dtype).reshape(())
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    lead = (slice(None),) * dim
    for k in range(size):
        out[(*lead, slice(k, k + step * (x.shape[dim] - 1) + 1, step))] += x[..., k]
    return out


@fold_windows.vjp("x")
def _(g: Any, dim: int, size: int, step: int) -> Any:
    return unfold(g, dim=dim, size=size, step=step)


# -- copies in another order ------------------------------------------------------------------------------------------


@op
def flip(x: Any, *, dims: tuple) -> Any:
    """The order of the elements reversed along `dims`. A copy: torch has no negative strides."""
    backwards = x[tuple([slice(None, None, -1) if i in dims else slice(None) for i in range(x.ndim)]) + (...,)]
    return backwards.copy("K" if is_dense(x) else "C")


@flip.vjp("x")
def _(g: Any, dims: tuple) -> Any:
    return flip(g, dims=dims)


@op
def roll(x: Any, *, shifts: Any, dims: Any) -> Any:
    """Elements shifted along `dims`, those that fall off the end coming back at the start; dims None: flattened."""
    out = xp_of(x).roll(x, shifts, dims)
    return out if out.flags.c_contiguous else out.copy("C")


@roll.vjp("x")
def _(g: Any, shifts: Any, dims: Any) -> Any:
    return roll(g, shifts=tuple(-s for s in shifts) if isinstance(shifts, tuple) else -shifts, dims=dims)


@op
def repeat(x: Any, *, repeats: tuple) -> Any:
    """x laid side by side, repeats[i] times along dimension i; new dimensions come first."""
    return xp_of(x).tile(x, repeats)


@repeat.vjp("x")
def _(g: Any, x_shape: tuple, repeats: tuple) -> Any:
    lead = (1,) * (len(repeats) - len(x_shape))
    apart = [n for r, s in zip(repeats, lead + x_shape, strict=True) for n in (r, s)]
    kept = [n for s in lead + x_shape for n in (1, s)]
    return reshape(sum_to(reshape(g, shape=tuple(apart)), shape=tuple(kept)), shape=x_shape)


@op
def repeat_interleave(x: Any, *, repeats: int, dim: int) -> Any:
    """Each element `repeats` times in a row along `dim`."""
    return xp_of(x).repeat(x, repeats, axis=dim)


@repeat_interleave.vjp("x")
def _(g: Any, x_shape: tuple, repeats: int, dim: int) -> Any:
    apart = (*x_shape[: dim + 1], repeats, *x_shape[dim + 1 :])
    kept = (*x_shape[: dim + 1], 1, *x_shape[dim + 1 :])
    return reshape(sum_to(reshape(g, shape=apart), shape=kept), shape=x_shape)
