"""Padding: borders that are constant, reflected, replicated or taken from the other end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.errors import explain
from minitorch.nn.functional.spatial import is_int, need_tensor
from minitorch.ops import pad as ops

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["pad"]

_KINDS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


def pad(input: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Tensor:
    """The input with a border: pad lists (before, after) for the last dimension, then for the one before it, and so on.

    mode: "constant" (value, 0 by default), "reflect" (mirrored, without the edge itself), "replicate" (the edge), or
    "circular" (the other end). A negative width cuts off. All but "constant" pad the last 1 to 3 dimensions only.

    >>> import minitorch as mt
    >>> mt.nn.functional.pad(mt.tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
    tensor([[3., 2., 1., 2., 3., 2.]])
    """
    need_tensor("pad", "input", 1, input)
    if not isinstance(pad, (tuple, list)) or not all(is_int(p) for p in pad):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    shape = input._array.shape
    rows = [("input", shape, ""), ("pad", tuple(pad), "(before, after) from the last dimension on")]
    if len(pad) % 2:
        raise RuntimeError(explain(f"pad: Padding length must be divisible by 2, but got {len(pad)} widths", rows))
    if len(pad) > 2 * len(shape):
        what = "Padding length should be less than or equal to two times the input dimension but got padding length"
        raise RuntimeError(explain(f"pad: {what} {len(pad)} and input of dimension {len(shape)}", rows))
    sides = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in range(len(pad) // 2)]
    widths = ((0, 0),) * (len(shape) - len(sides)) + tuple(reversed(sides))
    lengths = zip(shape, widths, strict=True)
    if any(n + (a + b if mode == "replicate" else min(a + b, a, b, 0)) < 0 for n, (a, b) in lengths):
        raise RuntimeError(
            explain("pad: narrow(): length must be non-negative; the negative widths cut off too much", rows)
        )
    if mode == "constant":
        return ops.pad_constant(input, widths=widths, value=_fill(input, value))
    if mode not in _KINDS:
        raise NotImplementedError(
            f"pad: Unrecognised padding mode {mode}; expected constant, reflect, replicate or circular"
        )
    if value is not None and value != 0:
        raise RuntimeError(f'pad: Padding mode "{mode}" doesn\'t take in value argument')
    return _pad_lines(input, len(sides), widths, mode, rows)


def _fill(input: Any, value: Any) -> Any:
    """The constant, in the input's dtype."""
    return 0 if value is None else input._array.dtype.type(value)


def _pad_lines(input: Any, n: int, widths: tuple, mode: str, rows: list) -> Tensor:
    shape = input._array.shape
    if n not in (1, 2, 3) or len(shape) not in (n + 1, n + 2):
        what = f"Padding size {2 * n} is not supported for {len(shape)}D input tensor"
        hint = "for modes other than constant: 2 widths for 2D or 3D inputs, 4 for 3D or 4D, 6 for 4D or 5D"
        raise NotImplementedError(explain(f"pad: {what}", rows, hint))
    if mode != "circular" and input._array.dtype.kind == "b":
        raise NotImplementedError(f"pad: \"{_BORDERS[mode]}_pad{n}d\" not implemented for 'Bool'")
    if any(w < 0 for side in widths for w in side):
        if mode == "replicate":
            widths = tuple(_keep_a_line(n, a, b) for n, (a, b) in zip(shape, widths, strict=True))
        input = ops.pad_constant(input, widths=tuple((min(a, 0), min(b, 0)) for a, b in widths), value=0)
        widths = tuple((max(a, 0), max(b, 0)) for a, b in widths)
        shape = input._array.shape
    dims = tuple(range(len(shape) - n, len(shape)))
    lines = []
    for d in dims:
        size, (before, after) = shape[d], widths[d]
        if mode == "reflect" and max(before, after) >= max(size, 1):
            what = "Padding size should be less than the corresponding input dimension, but got: padding"
            raise RuntimeError(
                explain(f"pad: {what} ({before}, {after}) at dimension {d} of input {list(shape)}", rows)
            )
        if mode == "circular" and max(before, after) > size:
            raise RuntimeError(explain("pad: Padding value causes wrapping around more than once.", rows))
        if size == 0 and before + after:
            raise RuntimeError(explain(f"pad: there is nothing to take a border from at dimension {d}", rows))
        lines.append(ops.border(mode, size, before, after))
    return ops.pad_lines(input, dims=dims, lines=tuple(lines), kind=f"{_KINDS[mode]}{n}D")


_BORDERS = {"reflect": "reflection", "replicate": "replication"}


def _keep_a_line(size: int, before: int, after: int) -> tuple[int, int]:
    """The widths with one line left to copy: what would be cut of the last one is cut of its copies."""
    if before + after + size > 0:
        if before < -(size - 1):
            return 1 - size, after + before + size - 1
        if after < -(size - 1):
            return before + after + size - 1, 1 - size
    return before, after
