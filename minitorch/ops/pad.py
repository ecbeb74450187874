"""Borders around a tensor: constant (a negative width cuts off), or made of the tensor's own lines."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.formats import in_format

Widths = tuple[tuple[int, int], ...]


@op(node="ConstantPadNdBackward0")
def pad_constant(x: Any, *, widths: Widths, value: Any = 0) -> Any:
    """x with (before, after) places of `value` along every dimension; negative widths cut places off."""
    xp = xp_of(x)
    kept = x[tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(x.shape, widths, strict=True))]
    grown = [(max(0, a), max(0, b)) for a, b in widths]
    shape = tuple(n + a + b for n, (a, b) in zip(kept.shape, grown, strict=True))
    if shape == kept.shape:
        return kept.copy()
    out = xp.zeros(shape, dtype=x.dtype) if not value else xp.full(shape, value, dtype=x.dtype)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(kept.shape, grown, strict=True))] = kept
    return in_format(out, x)


@pad_constant.vjp("x")
def _(g: Any, widths: Widths) -> Any:
    return pad_constant(g, widths=tuple((-a, -b) for a, b in widths))


@op(node=lambda s: s["kind"] + "Backward0")
def pad_lines(x: Any, *, dims: tuple, lines: tuple, kind: str) -> Any:
    """Along each of `dims`, the lines of x whose numbers `lines` lists: (before, after) the whole of x."""
    xp, out = xp_of(x), x
    for dim, (before, after) in zip(dims, lines, strict=True):
        parts = [xp.take(out, xp.asarray(side, dtype="int64"), axis=dim) for side in (before, after)]
        out = xp.concatenate([parts[0], out, parts[1]], axis=dim)
    return in_format(xp.ascontiguousarray(out), x)


@pad_lines.vjp("x")
def _(g: Any, dims: tuple, lines: tuple, kind: str) -> Any:
    return unpad_lines(g, dims=dims, lines=lines, kind=kind)


@op(node=lambda s: s["kind"] + "BackwardBackward0")
def unpad_lines(x: Any, *, dims: tuple, lines: tuple, kind: str) -> Any:
    """The adjoint of pad_lines: every line of the border added to the line that it was made of."""
    for dim, (before, after) in reversed(list(zip(dims, lines, strict=True))):
        lead = (slice(None),) * dim
        end = x.shape[dim] - len(after)
        out = x[(*lead, slice(len(before), end))].copy()
        for at, line in [*enumerate(before), *enumerate(after, end)]:
            out[(*lead, line)] += x[(*lead, at)]
        x = out
    return x


@unpad_lines.vjp("x")
def _(g: Any, dims: tuple, lines: tuple, kind: str) -> Any:
    return pad_lines(g, dims=dims, lines=lines, kind=kind)


def border(mode: str, size: int, before: int, after: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which of `size` lines stand before and after them: the `lines` of one dim for pad_lines."""
    if mode == "reflect":
        return tuple(range(before, 0, -1)), tuple(range(size - 2, size - 2 - after, -1))
    if mode == "replicate":
        return (0,) * before, (size - 1,) * after
    return tuple(range(size - before, size)), tuple(range(after))
