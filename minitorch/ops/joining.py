"""Joining tensors (cat, stack) and taking them apart (split, unbind). The parts of a tensor are views of it."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.errors import explain
from minitorch.ops.formats import channels_last, channels_to_end
from minitorch.ops.shape import reshape


def _explain_cat(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    dim, first = settings["dim"], inputs[0]
    for i, t in enumerate(inputs):
        if len(t.shape) != len(first.shape):
            return RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first.shape)} and {len(t.shape)}"
            )
        for d, (n, m) in enumerate(zip(first.shape, t.shape, strict=True)):
            if n != m and d != dim:
                rows = [(f"tensors[{k}]", tuple(inputs[k].shape), "") for k in (0, i)]
                return RuntimeError(
                    explain(
                        f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size {m} "
                        "for "
                        f"tensor number {i} in the list.",
                        rows,
                    )
                )
    return None


@op(diagnose=_explain_cat, plain="np.concatenate(tensors) if dtype is None and dim == 0 and tensors[0].ndim == 1")
def cat(*tensors: Any, dim: int, dtype: Any = None) -> Any:
    """The tensors one after the other along `dim`; `dtype` where theirs differ."""
    if dtype is None:
        out = xp_of(tensors[0]).concatenate(tensors, dim)
    else:
        out = xp_of(tensors[0]).concatenate(tensors, axis=dim, dtype=dtype, casting="unsafe")
    if out.ndim > 3 and all(channels_last(t) for t in tensors):
        return out if channels_last(out) else channels_to_end(out)
    return out if out.flags.c_contiguous else out.copy("C")  # NumPy follows the order of the inputs, torch does not


@cat.vjp("tensors")
def _(g: Any, tensors_shapes: tuple, dim: int, needs: tuple) -> Any:
    grads, start = [], 0
    for shape, needed in zip(tensors_shapes, needs, strict=True):
        stop = start + shape[dim]
        grads.append(g[(slice(None),) * dim + (slice(start, stop),)] if needed else None)
        start = stop
    return tuple(grads)


def _explain_stack(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    for i, t in enumerate(inputs):
        if t.shape != inputs[0].shape:
            return RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(inputs[0].shape)} at entry 0 and "
                f"{list(t.shape)} at entry {i}"
            )
    return None


@op(diagnose=_explain_stack)
def stack(*tensors: Any, dim: int, dtype: Any = None) -> Any:
    """The tensors side by side along a new dimension."""
    xp = xp_of(tensors[0])
    if dtype is None:
        out = xp.stack(tensors, axis=dim)
    else:
        out = xp.stack(tensors, axis=dim, dtype=dtype, casting="unsafe")
    return out if out.flags.c_contiguous else out.copy("C")


@stack.vjp("tensors")
def _(g: Any, dim: int, needs: tuple) -> Any:
    lead = (slice(None),) * dim
    shape = tuple(n for d, n in enumerate(g.shape) if d != dim)
    return tuple(reshape(g[(*lead, slice(k, k + 1))], shape=shape) if n else None for k, n in enumerate(needs))


# -- taking apart -----------------------------------------------------------------------------------------------------


def _split_name(settings: dict) -> str:
    return "SplitBackward0" if settings["equal"] else "SplitWithSizesBackward0"


@op(view=True, outputs=None, node=_split_name)
def split(x: Any, *, sizes: tuple, dim: int, equal: bool = False) -> Any:
    """Consecutive parts of x along `dim` (equal: torch's name for the node of parts of one size)."""
    return _parts(x, sizes, dim)


def _parts(x: Any, sizes: tuple, dim: int) -> list:
    lead, start, parts = (slice(None),) * dim, 0, []
    for n in sizes:
        parts.append(x[(*lead, slice(start, start + n))])
        start += n
    return parts


@split.vjp("x")
def _(g: tuple, x_shape: tuple, sizes: tuple, dim: int) -> Any:
    return unsplit(*g, shape=x_shape, sizes=sizes, dim=dim)


@op(node="CatBackward0")
def unsplit(*parts: Any, shape: tuple, sizes: tuple, dim: int) -> Any:
    """The parts of a split put together again, zeros where one is None; adjoint of split."""
    given = next(p for p in parts if p is not None)
    if all(p is not None for p in parts) and sum(sizes) == shape[dim]:
        return xp_of(given).concatenate(parts, axis=dim)
    out = xp_of(given).zeros(shape, dtype=given.dtype)
    for room, part in zip(_parts(out, sizes, dim), parts, strict=True):
        if part is not None:
            room[...] = part
    return out


@unsplit.vjp("parts")
def _(g: Any, sizes: tuple, dim: int, needs: tuple) -> Any:
    return tuple(p if n else None for p, n in zip(split(g, sizes=sizes, dim=dim), needs, strict=True))


@op(view=True, outputs=None)
def unbind(x: Any, *, dim: int) -> Any:
    """The slices of x along `dim`, without that dimension."""
    lead = (slice(None),) * dim
    return [x[(*lead, k, ...)] for k in range(x.shape[dim])]


@unbind.vjp("x")
def _(g: tuple, x_shape: tuple, dim: int) -> Any:
    return unbound(*g, dim=dim)


@op(node="StackBackward0")
def unbound(*parts: Any, dim: int) -> Any:
    """The slices of an unbind stacked again, zeros where one is None; adjoint of unbind."""
    given = next(p for p in parts if p is not None)
    xp = xp_of(given)
    if all(p is not None for p in parts):
        return xp.stack(parts, axis=dim)
    shape = (*given.shape[:dim], len(parts), *given.shape[dim:])
    out = xp.zeros(shape, dtype=given.dtype)
    lead = (slice(None),) * dim
    for k, part in enumerate(parts):
        if part is not None:
            out[(*lead, k)] = part
    return out


@unbound.vjp("parts")
def _(g: Any, dim: int, needs: tuple) -> Any:
    return tuple(p if n else None for p, n in zip(unbind(g, dim=dim), needs, strict=True))
