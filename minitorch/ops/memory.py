"""Where elements lie: copies, fills, and views by strides.

`fill` and `copy` are what assignment and the in-place methods are made of; in place they write straight into memory.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.primitives import sum_to
from minitorch.autograd.views import writes
from minitorch.autograd.wiring import is_dense
from minitorch.backend import backend_of, xp_of
from minitorch.errors import explain

# -- copies -----------------------------------------------------------------------------------------------------------


def copied(x: Any, order: str = "K") -> Any:
    """A copy that may be written to, also of a NumPy scalar (which a vjp may meet in place of a 0-d array).

    order "K" keeps the order of the dimensions in memory, unless there are gaps or overlaps: then "C", as in torch.
    """
    if order == "K" and not x.flags.c_contiguous and not is_dense(x):
        order = "C"
    return xp_of(x).array(x, order=order)


@op
def clone(x: Any, *, order: str = "K") -> Any:
    """A copy; order "K" keeps the order of the dimensions in memory, "C" makes it row-major."""
    return copied(x, order)


@clone.vjp("x")
def _(g: Any) -> Any:
    return g


@op
def zeros_like(x: Any) -> Any:
    """Zeros of x's shape and dtype: the gradient of what has been overwritten."""
    return xp_of(x).zeros(x.shape, dtype=x.dtype)


def _explain_copy(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    return broadcast_failure(inputs[0], inputs[1]) or scalar_failure(inputs[0], inputs[1])


def broadcast_failure(x: Any, value: Any) -> Exception | None:
    """torch's error for a value that doesn't broadcast to x's shape."""
    want, have = tuple(x.shape), tuple(getattr(value, "shape", ()))
    if len(have) > len(want):
        return RuntimeError(
            explain(
                f"expand: the number of sizes provided ({len(want)}) must be greater or equal to the number of "
                "dimensions "
                f"in the tensor ({len(have)})",
                [("target", want, ""), ("value", have, "")],
            )
        )
    for d in range(1, len(have) + 1):
        if have[-d] not in (1, want[-d]):
            return RuntimeError(
                f"The expanded size of the tensor ({want[-d]}) must match the existing size ({have[-d]}) at "
                f"non-singleton dimension {len(want) - d}.  Target sizes: {list(want)}.  Tensor sizes: {list(have)}"
            )
    return None


C_NAMES = {"?": "bool", "B": "uint8_t", "b": "int8_t", "h": "short", "i": "int", "l": "int64_t", "q": "int64_t",
           "e": "at::Half", "f": "float", "d": "double"}  # fmt: skip


def scalar_failure(x: Any, value: Any) -> Exception | None:
    """torch's error for a Python number that x's dtype can't hold."""
    array = getattr(x, "_array", x)
    try:
        scalar_for(array, value)
        return None
    except OverflowError:
        char = array.dtype.char
    return RuntimeError(f"value cannot be converted to type {C_NAMES.get(char, char)} without overflow")


def scalar_for(x: Any, value: Any) -> Any:
    """A Python number as x's dtype takes it: torch truncates fractions and lets small negatives wrap in uint8."""
    kind = x.dtype.kind
    if kind == "c" or not isinstance(value, (int, float, complex)):
        return value
    if isinstance(value, complex):
        if value.imag:
            raise OverflowError(value)
        value = value.real
    if kind == "b":
        return bool(value)
    if kind in "iu":
        bits = 8 * x.dtype.itemsize
        low, high = -(1 << bits) + 1 if kind == "u" else -(1 << (bits - 1)), (1 << (bits - (kind == "i"))) - 1
        if value != value or not low <= value <= high:
            raise OverflowError(value)
        value = int(value)
        return value & high if kind == "u" else value
    return value


@op(broadcasts=True, node="CopyBackwards", diagnose=_explain_copy)
def copy(x: Any, src: Any) -> Any:
    """src, broadcast to x's shape, in x's dtype."""
    out = xp_of(x).empty(x.shape, dtype=x.dtype)
    _write_copy(out, src)
    return out


@writes(copy)
def _write_copy(x: Any, src: Any) -> None:
    if x.dtype.kind != "c" and getattr(src, "dtype", x.dtype).kind == "c":
        src = src.real
    x[...] = src


@copy.vjp("x")
def _(g: Any) -> Any:
    return zeros_like(g)


@copy.vjp("src")
def _(g: Any) -> Any:
    return g


@op(constant=True, diagnose=_explain_copy)
def fill(x: Any, value: Any) -> Any:
    """A tensor like x with every element `value`, a number or a 0-d tensor."""
    out = xp_of(x).empty_like(x, order="K" if is_dense(x) else "C")
    _write_fill(out, value)
    return out


@writes(fill)
def _write_fill(x: Any, value: Any) -> None:
    if hasattr(value, "dtype") and value.dtype.kind == "c" and x.dtype.kind != "c":
        value = value.real
    x[...] = scalar_for(x, value)


@fill.vjp("x")
def _(g: Any) -> Any:
    return zeros_like(g)


@fill.vjp("value")
def _(g: Any) -> Any:
    return sum_to(g, shape=())


@op(constant=True)
def zero(x: Any) -> Any:
    """Zeros in place of x."""
    return xp_of(x).zeros(x.shape, dtype=x.dtype)


@writes(zero)
def _write_zero(x: Any) -> None:
    x[...] = 0


@zero.vjp("x")
def _(g: Any) -> Any:
    return zeros_like(g)


# -- storage ----------------------------------------------------------------------------------------------------------


def owner(x: Any) -> Any:
    """The array that owns the memory x lies in."""
    found = x
    while True:
        below = getattr(found, "base", None)  # NumPy's as_strided puts an object between two arrays, with a base too
        if below is None:
            break
        found = below
    return found if isinstance(found, type(x)) else _last_array(x)


def _last_array(x: Any) -> Any:
    """x, or the lowest array under it, when the memory itself is no array (a file, shared memory)."""
    found = below = x
    while below is not None:
        if isinstance(below, type(x)):
            found = below
        below = getattr(below, "base", None)
    return found


def storage_of(x: Any) -> tuple[Any, int, int]:
    """(an array whose first element is the lowest of x's storage, its address, the storage's size in bytes)."""
    whole = owner(x)
    lowest = whole
    if any(s < 0 for s in whole.strides) and whole.size:
        lowest = whole[tuple(slice(-1, None) if s < 0 else slice(None) for s in whole.strides)]
    span = sum((n - 1) * abs(s) for n, s in zip(whole.shape, whole.strides, strict=True)) + whole.dtype.itemsize
    return lowest, backend_of(x).pointer(lowest), span if whole.size else 0


def offset_of(x: Any) -> int:
    """How many elements of x's dtype lie in its storage before x's first."""
    start = storage_of(x)[1]
    return max(0, backend_of(x).pointer(x) - start) // x.dtype.itemsize


def view_by_strides(x: Any, size: tuple, stride: tuple, offset: int | None) -> Any:
    """The view of x's storage with these sizes, strides and offset, in elements."""
    item = x.dtype.itemsize
    lowest, start, nbytes = storage_of(x)
    if offset is None:
        offset = (backend_of(x).pointer(x) - start) // item
    reach = sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if 0 not in size else -1
    needed = (offset + reach + 1) * item if 0 not in size else 0
    if needed > nbytes:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {item} "
            f"requiring a storage size of {needed} are out of bounds for storage of size {nbytes}"
        )
    tricks = xp_of(x).lib.stride_tricks
    if 0 in size:
        return tricks.as_strided(x.reshape(-1)[:0], size, tuple(s * item for s in stride))
    flat = _bytes_of(lowest, nbytes)
    part = flat[offset * item : needed].view(x.dtype)
    return tricks.as_strided(part, size, tuple(s * item for s in stride))


def _bytes_of(lowest: Any, nbytes: int) -> Any:
    """The storage as an array of bytes."""
    one = lowest[(slice(0, 1),) * lowest.ndim].reshape(-1) if lowest.ndim else lowest.reshape(1)
    return xp_of(lowest).lib.stride_tricks.as_strided(one.view("uint8"), (nbytes,), (1,))


@op(view=True)
def as_strided(x: Any, *, size: tuple, stride: tuple, storage_offset: int, layout: Any) -> Any:
    """The view of x's storage with these sizes, strides and offset; layout: x's own (strides, offset) in elements."""
    return view_by_strides(x, size, stride, storage_offset)


@as_strided.vjp("x")
def _(g: Any, x_shape: tuple, size: tuple, stride: tuple, storage_offset: int, layout: Any) -> Any:
    return rearrange(g, source=(size, stride, storage_offset), target=(x_shape, *layout), weigh="out")


@op(node="AsStridedBackwardBackward0")
def rearrange(x: Any, *, source: tuple, target: tuple, weigh: str) -> Any:
    """x, laid out as `source` (sizes, strides, offset), added up in a storage of zeros and read back as `target`.

    Places that `target` reads several times (an expanded input) share what they hold: torch divides by how often, on
    the way out ("out"), or, in the adjoint, on the way in ("in").
    """
    xp = xp_of(x)
    places, wanted = _places(xp, *source), _places(xp, *target)
    low = min(int(places.min()) if places.size else 0, int(wanted.min()) if wanted.size else 0)
    high = max(int(places.max()) if places.size else 0, int(wanted.max()) if wanted.size else 0)
    flat = xp.zeros(high - low + 1, dtype=x.dtype)
    counted = wanted if weigh == "out" else places
    often = xp.bincount(counted.reshape(-1) - low, minlength=flat.size).astype(x.real.dtype)
    values = x / often[places - low] if weigh == "in" else x
    xp.add.at(flat, (places - low).reshape(-1), values.reshape(-1))
    out = flat[wanted - low]
    return out / often[wanted - low] if weigh == "out" else out


@rearrange.vjp("x")
def _(g: Any, source: tuple, target: tuple, weigh: str) -> Any:
    return rearrange(g, source=target, target=source, weigh={"in": "out", "out": "in", "no": "no"}[weigh])


def _places(xp: Any, size: tuple, stride: tuple, offset: int) -> Any:
    """Where each element of such a view lies in its storage."""
    places = xp.full(size, offset, dtype="int64")
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        places = places + (xp.arange(n) * s).reshape((n,) + (1,) * (len(size) - 1 - d))
    return places


@op
def as_strided_scatter(x: Any, src: Any, *, view: tuple, layout: tuple) -> Any:
    """x with `src` (zeros if None) where `view` (sizes, strides, offset) of its storage lies; layout: x's own."""
    return _into_storage(x, layout, view, src)


@as_strided_scatter.vjp("x")
def _(g: Any, view: tuple, layout: tuple) -> Any:
    return as_strided_scatter(g, None, view=view, layout=layout)


@as_strided_scatter.vjp("src")
def _(g: Any, view: tuple, layout: tuple) -> Any:
    return rearrange(g, source=layout, target=view, weigh="no")


def _into_storage(x: Any, layout: tuple, view: tuple, src: Any) -> Any:
    xp = xp_of(x)
    own, written = _places(xp, *layout), _places(xp, *view)
    flat = xp.zeros(
        max(int(own.max()) if own.size else 0, int(written.max()) if written.size else 0) + 1, dtype=x.dtype
    )
    flat[own] = x
    flat[written] = 0 if src is None else src
    return flat[own]


def contiguous_strides(shape: tuple) -> tuple:
    """Strides, in elements, of a row-major tensor; a length of 0 counts as 1, as in torch."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))
