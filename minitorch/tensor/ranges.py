"""Evenly spaced values, identity matrices, indices of triangles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.backend import device as Device
from minitorch.backend import dtypes, to_device
from minitorch.backend.device import get_default_device
from minitorch.errors import type_error
from minitorch.tensor.notice import warn_user
from minitorch.tensor.options import check_dtype, check_options, finish, number, out_dtype
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def _to(array: np.ndarray, device: Any, out: Any = None) -> Any:
    """Move a host array to where `out` lives, a `device` argument or the default device says."""
    where = out.device if out is not None else get_default_device() if device is None else Device(device)
    return array if where.type == "cpu" else to_device(array, where)


def _refuse(op: str, dtype: dtypes.dtype, *categories: int) -> None:
    if dtype.category in categories:
        raise NotImplementedError(f"\"{op}\" not implemented for '{dtypes.SCALAR_NAME[dtype]}'")


def _convertible(value: Any, dtype: dtypes.dtype) -> Any:
    """A bound of an integer range as that dtype holds it."""
    if dtype.category != 1:
        return value
    info = np.iinfo(dtype.numpy)
    if value != value or not (info.min if dtype.is_signed else -info.max) <= value <= info.max:
        raise RuntimeError(f"value cannot be converted to type {dtype.name}_t without overflow")
    return int(value)


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... up to but not including end; `arange(end)` starts at 0.

    int64 if all arguments are integers, else the default dtype.

    >>> import minitorch as mt
    >>> mt.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    check_options("arange", layout)
    if start is None and end is None:
        raise TypeError(
            "arange() received an invalid combination of arguments; it takes (end), (start, end) or (start, end, step)"
        )
    start, end = (0, start) if end is None else (start or 0, end)
    start, end, step = (number("arange", n, v) for n, v in (("start", start), ("end", end), ("step", step)))
    if out is None and dtype is None and all(isinstance(v, int) for v in (start, end, step)):
        dtype = dtypes.int64
    dtype = out_dtype("arange", out, dtype)
    _refuse("arange_cpu", dtype, 0, 3)
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"arange: unsupported range: {start} -> {end}")
    if dtype.category == 1:
        if step and not int(step):
            raise ValueError(f"arange: step must be nonzero, but {step} is zero as {dtype!r}")
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("arange: upper bound and lower bound inconsistent with step sign")
    return finish(_to(_range_values(start, end, step, dtype), device, out), requires_grad, out, "arange")


def range_(
    start: Any, end: Any, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Old torch.range: start, start + step, ... up to and including end, in the default dtype. Use `arange`."""
    check_options("range", layout)
    warn_user(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    start, end, step = (number("range", n, v) for n, v in (("start", start), ("end", end), ("step", step)))
    dtype = out_dtype("range", out, dtype)
    _refuse("range", dtype, 0, 3)
    if step == 0:
        raise RuntimeError("range: step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"range: unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("range: upper bound and lower bound inconsistent with step sign")
    n = math.floor((end - start) / step) + 1
    values = (start + step * np.arange(n, dtype=np.float64)).astype(dtype.numpy)
    return finish(_to(values, device, out), requires_grad, out, "range")


def _range_values(start: Any, end: Any, step: Any, dtype: dtypes.dtype) -> np.ndarray:
    if dtype.category == 1:
        n = -((start - end) // step) if step > 0 else -((end - start) // -step)
        return (start + step * np.arange(n, dtype=np.int64)).astype(dtype.numpy)
    n = math.ceil((end - start) / step)
    return (float(start) + float(step) * np.arange(n, dtype=np.float64)).astype(dtype.numpy)


def linspace(
    start: Any, end: Any, steps: int, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from start to end, both included, evenly spaced.

    >>> import minitorch as mt
    >>> mt.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    start, end, steps, dtype = _ends("linspace", start, end, steps, out, dtype, layout)
    values = _spaced(start, end, steps, dtype).astype(dtype.numpy)
    return finish(_to(values, device, out), requires_grad, out, "linspace")


def _ends(op: str, start: Any, end: Any, steps: Any, out: Any, dtype: Any, layout: Any) -> tuple:
    """The checked arguments of linspace and logspace."""
    check_options(op, layout)
    for name, v in (("start", start), ("end", end)):
        if isinstance(v, TensorBase) and v._array.ndim:
            raise RuntimeError(
                f"{op} only supports 0-dimensional start and end tensors, "
                f"but got {name} with {v._array.ndim} dimension(s)."
            )
    start, end = number(op, "start", start), number(op, "end", end)
    steps = integer(op, "steps", steps, 3)
    if steps < 0:
        raise RuntimeError(f"{op}: number of steps must be non-negative")
    default = dtypes.get_default_dtype()
    if isinstance(start, complex) or isinstance(end, complex):
        default = default.to_complex()
    made = out_dtype(op, out, dtype, default)
    if default.is_complex and not made.is_complex:
        raise RuntimeError(f"{op}: inferred dtype {default!r} can't be safely cast to passed dtype {made!r}")
    _refuse(f"{op}_cpu", made, 0)
    return _convertible(start, made), _convertible(end, made), steps, made


def _spaced(start: Any, end: Any, steps: int, dtype: dtypes.dtype, integer_step: Any = np.float64) -> np.ndarray:
    """From both ends towards the middle, as torch: the rounding is symmetric."""
    if dtype.category == 1:
        work, scalar = np.dtype(integer_step), integer_step
    else:
        work = dtype.numpy if dtype.itemsize >= 4 else np.dtype("float32")
        scalar = work.type
    if steps <= 1:
        return np.full(steps, start, dtype=work)
    step = (
        scalar(end - start) / scalar(steps - 1)
        if dtype.category == 1
        else (scalar(end) - scalar(start)) / scalar(steps - 1)
    )
    k = np.arange(steps).astype(work)
    return np.where(np.arange(steps) < steps // 2, scalar(start) + step * k, scalar(end) - step * k[::-1])


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """base ** linspace(start, end, steps)."""
    start, end, steps, dtype = _ends("logspace", start, end, steps, out, dtype, layout)
    if isinstance(base, complex) or not isinstance(base, (int, float)):
        raise type_error("logspace", "base", 4, "float", base)
    exponents = _spaced(start, end, steps, dtype, np.float32)
    values = np.power(np.float64(base), exponents.astype(np.complex128 if dtype.is_complex else np.float64))
    return finish(_to(values.astype(dtype.numpy), device, out), requires_grad, out, "logspace")


def eye(
    n: int, m: int | None = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """n x m (n x n) with ones on the diagonal.

    >>> import minitorch as mt
    >>> mt.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_options("eye", layout)
    dtype = out_dtype("eye", out, dtype)
    n = integer("eye", "n", n)
    m = n if m is None else integer("eye", "m", m, 2)
    for name, value in (("n", n), ("m", m)):
        if value < 0:
            raise RuntimeError(f"eye: {name} must be greater or equal to 0, got {value}")
    return finish(_to(np.eye(n, m, dtype=dtype.numpy), device, out), requires_grad, out, "eye")


def _triangle(name: str, indices: Callable) -> Callable:
    def factory(
        row: int, col: int, offset: int = 0, *, dtype: Any = None, layout: Any = None, device: Any = None,
        pin_memory: bool = False,
    ) -> Any:  # fmt: skip
        check_options(name, layout)
        dtype = check_dtype(name, dtype)
        _refuse(name, dtype or dtypes.int64, 0, 2, 3)
        row, col, offset = (integer(name, n, v) for n, v in (("row", row), ("col", col), ("offset", offset)))
        for label, value in (("row", row), ("col", col)):
            if value < 0:
                raise RuntimeError(f"{name}: {label} must be non-negative, got {value}")
        found = np.stack(indices(row, offset, col)) if row and col else np.zeros((2, 0))
        return finish(_to(found.astype((dtype or dtypes.int64).numpy), device), False)

    factory.__name__ = factory.__qualname__ = name
    kind = "lower" if name == "tril_indices" else "upper"
    factory.__doc__ = f"Indices of the {kind} triangle of a row x col matrix, 2 x n, row by row."
    return factory


tril_indices = _triangle("tril_indices", np.tril_indices)
triu_indices = _triangle("triu_indices", np.triu_indices)

FUNCTIONS: dict[str, Callable] = {f.__name__: f for f in (arange, linspace, logspace, eye, tril_indices, triu_indices)}
FUNCTIONS["range"] = range_
