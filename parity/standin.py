"""A stand-in CUDA device for machines without one: arrays that behave as CuPy's where NumPy is more lenient.

They refuse to mix with host arrays, refuse `np.*`, and never turn into host arrays by themselves; their array module
is NumPy behind a wall. What passes here uses the device's own `xp` throughout; a real GPU then confirms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.special

from minitorch.backend import Backend, register_backend, unregister_backend


class DeviceArray:
    """An array on the stand-in device."""

    __slots__ = ("_host", "base", "__weakref__")
    __array_ufunc__ = None  # np.add(x, ...) and host + x raise TypeError

    def __init__(self, host: np.ndarray, base: Any = None) -> None:
        self._host = host
        self.base = base

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed on the stand-in device")

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"np.{func.__name__} on an array of the stand-in device: use xp_of(array)")

    def __getattr__(self, name: str) -> Any:
        if name not in ALLOWED:
            raise AttributeError(
                f"an array of the stand-in device has no {name!r}; CuPy's may, but ask for it here first"
            )
        return behind_wall(getattr(self._host, name), self)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._host[to_host(index)] = to_host(value)

    def __getitem__(self, index: Any) -> Any:
        return to_device(self._host[to_host(index)], self)

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Iterator:
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._host)

    def __int__(self) -> int:
        return int(self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __complex__(self) -> complex:
        return complex(self._host)

    def __index__(self) -> int:
        return self._host.__index__()

    def __repr__(self) -> str:
        return f"DeviceArray({self._host!r})"

    __hash__ = None  # type: ignore[assignment]


ALLOWED = {
    "shape", "dtype", "ndim", "size", "strides", "itemsize", "nbytes", "flags", "T", "real", "imag", "reshape",
    "astype", "transpose", "copy", "sum", "max", "min", "mean", "any", "all", "prod", "item", "tolist", "view",
    "squeeze", "ravel", "repeat", "argsort", "cumsum", "cumprod", "fill", "take", "conj", "swapaxes", "nonzero",
    "argmax", "argmin", "clip", "round", "std", "var", "dot", "sort", "diagonal", "trace", "flatten", "put",
    "searchsorted", "partition", "conjugate",
}  # fmt: skip

OPERATORS = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()


def _operator(name: str) -> Any:
    def apply(self: DeviceArray, *others: Any) -> Any:
        result = getattr(self._host, name)(*(to_host(o) for o in others))
        return result if result is NotImplemented else to_device(result, self)

    return apply


def _in_place(name: str) -> Any:
    def apply(self: DeviceArray, other: Any) -> Any:
        getattr(self._host, name)(to_host(other))
        return self

    return apply


for _name in OPERATORS:
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(DeviceArray, f"__r{_name}__", _operator(f"__r{_name}__"))
    setattr(DeviceArray, f"__i{_name}__", _in_place(f"__i{_name}__"))
for _name in ("neg", "pos", "abs", "invert", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))


def to_host(value: Any) -> Any:
    """Arguments as NumPy wants them; host arrays are refused, as CuPy does."""
    if isinstance(value, DeviceArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>: a host array met the stand-in device")
    if type(value) in (tuple, list):
        return type(value)(to_host(v) for v in value)
    if isinstance(value, dict):
        return {k: to_host(v) for k, v in value.items()}
    return value


def to_device(value: Any, source: Any = None) -> Any:
    """Results as CuPy gives them: arrays on the device, also for what NumPy makes a scalar."""
    if isinstance(value, np.ndarray):
        root = None
        if source is not None and value.base is not None:
            root = source if source.base is None else source.base
            root = root if np.may_share_memory(value, root._host) else None
        return DeviceArray(value, root)
    if isinstance(value, np.generic):
        return DeviceArray(np.asarray(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(to_device(v, source) for v in value))
    if type(value) in (tuple, list):
        return type(value)(to_device(v, source) for v in value)
    return value


def behind_wall(value: Any, source: Any = None) -> Any:
    """A function of NumPy that takes and gives device arrays; other attributes as they are."""
    if isinstance(value, np.ndarray):
        return to_device(value, source)
    if not callable(value) or isinstance(value, type):
        return value

    def call(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args and isinstance(args[0], DeviceArray) else source
        target = kwargs.get("out")
        result = value(*to_host(args), **to_host(kwargs))
        return target if target is not None else to_device(result, first)

    return call


class Wall:
    """An array module behind the wall: `xp.exp`, `xp.linalg.inv`, `xp.add.at`, ..."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in ("asarray", "array", "ascontiguousarray"):
            return lambda a, *args, **kw: to_device(
                found(a._host if isinstance(a, DeviceArray) else a, *args, **kw),
                a if isinstance(a, DeviceArray) else None,
            )
        if type(found).__name__ == "module" or isinstance(found, np.ufunc):
            return Wall(found)
        return behind_wall(found)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return behind_wall(self._inner.__call__)(*args, **kwargs)


class StandIn(Backend):
    """The backend of the stand-in device, registered as "cuda"."""

    def __init__(self) -> None:
        super().__init__("cuda", Wall(np), DeviceArray, "")

    @property
    def special(self) -> Any:
        return Wall(scipy.special)

    def from_host(self, array: np.ndarray, index: int) -> Any:
        return DeviceArray(np.array(array))

    def to_host(self, array: Any) -> np.ndarray:
        return np.array(array._host)

    def index_of(self, array: Any) -> int | None:
        return 0

    def pointer(self, array: Any) -> int:
        return array._host.__array_interface__["data"][0]


@contextlib.contextmanager
def standin() -> Iterator[None]:
    """Within the block, the device "cuda" is the stand-in."""
    register_backend(StandIn())
    try:
        yield
    finally:
        unregister_backend("cuda")
