"""Devices: where an array lives, which array module computes on it, and which kernels.

A `Backend` bundles what one kind of device offers: the array module `xp`, SciPy's special functions for it, the
`Kernels`, and the ways in and out of host memory. Arrays find their backend by their own type, so the device
travels with the array. A default device says where factories without `device=` make their tensors, nothing more.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

# torch computes inf and nan in silence. NumPy warns, naming the file whose line called the ufunc, which is always
# one of ours; np.errstate around every op would cost more than the op.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minitorch(\.|$)")


class Backend:
    """One kind of device. `xp` mirrors NumPy's functions; `special` mirrors scipy.special's."""

    def __init__(self, name: str, xp: Any, array_type: type, special: str) -> None:
        self.name = name
        self.xp = xp
        self.array_type = array_type
        self._special_name = special
        self._special: Any = None

    @property
    def special(self) -> Any:
        """scipy.special or its counterpart, imported when first needed (it takes longer to import than we do)."""
        if self._special is None:
            self._special = importlib.import_module(self._special_name)
        return self._special

    @functools.cached_property
    def kernels(self) -> Any:
        """The hand-written kernels for arrays of this kind."""
        from minitorch.backend.kernels import make_kernels

        return make_kernels(self)

    def from_host(self, array: np.ndarray, index: int) -> Any:
        """Copy a host array to device number `index`."""
        return array

    def to_host(self, array: Any) -> np.ndarray:
        return array

    def index_of(self, array: Any) -> int | None:
        return None

    def generator(self, index: int | None) -> Any:
        """The device's own default random generator; None where numbers are drawn on the host."""
        return None

    def manual_seed(self, seed: int) -> None:
        """Seed the device's own generators, if it has any."""

    def at(self, index: int | None) -> Any:
        """A context in which new arrays are made on device number `index`."""
        return contextlib.nullcontext()

    def pointer(self, array: Any) -> int:
        """Address of the first element."""
        return array.__array_interface__["data"][0]


CPU = Backend("cpu", np, np.ndarray, "scipy.special")
_BACKENDS: dict[str, Backend] = {"cpu": CPU}
# NumPy's ufuncs return scalars for 0-d inputs: a vjp may see them where it expects an array.
_BY_TYPE: dict[type, Backend] = {
    np.ndarray: CPU,
    np.memmap: CPU,
    **{d.type: CPU for d in map(np.dtype, "?bhilqBefdFD")},
}


_XP: dict[type, Any] = {kind: np for kind in _BY_TYPE}  # each type's array module, for the shortest look-up

_KERNELS: dict[type, Any] = {}  # likewise its kernels, once they have been used

# how to load a backend when a device of its kind is first used
_LOADERS: dict[str, Callable[[], Backend]] = {}


def register_loader(name: str, load: Callable[[], Backend]) -> None:
    """Name the function that makes the backend of a kind of device, or says what is missing."""
    _LOADERS[name] = load


def register_backend(backend: Backend) -> None:
    """Make a kind of device known (CUDA when it is first used; a stand-in in tests)."""
    _BACKENDS[backend.name] = backend
    _BY_TYPE[backend.array_type] = backend
    _XP[backend.array_type] = backend.xp
    _KERNELS.pop(backend.array_type, None)


def in_use(name: str) -> bool:
    """True if a backend of that name has been loaded."""
    return name in _BACKENDS


def seed_devices(seed: int) -> None:
    """Seed the generators of all devices in use (the CPU's is seeded by its own module)."""
    for backend in _BACKENDS.values():
        backend.manual_seed(seed)


def unregister_backend(name: str) -> None:
    backend = _BACKENDS.pop(name)
    _BY_TYPE.pop(backend.array_type, None)
    _XP.pop(backend.array_type, None)
    _KERNELS.pop(backend.array_type, None)


def backend_of(array: Any) -> Backend:
    """The backend an array belongs to."""
    try:
        return _BY_TYPE[type(array)]
    except KeyError:
        if isinstance(array, (np.ndarray, np.generic, bool, int, float, complex)):
            return CPU
        raise TypeError(f"expected an array, got {type(array).__name__}") from None


def xp_of(array: Any) -> ModuleType | Any:
    """The array module (NumPy, CuPy, ...) that computes on `array`."""
    return _XP.get(array.__class__) or backend_of(array).xp


def special_of(array: Any) -> Any:
    """scipy.special, or its counterpart on the array's device."""
    return backend_of(array).special


def kernels_of(array: Any) -> Any:
    """The kernels of the array's device."""
    return _KERNELS.get(array.__class__) or _kernels_of_type(array)


def _kernels_of_type(array: Any) -> Any:
    backend = backend_of(array)
    if type(array) not in (np.ndarray, backend.array_type):
        return backend.kernels
    return _KERNELS.setdefault(type(array), backend.kernels)


class device:
    """Where a tensor lives: `device('cpu')`, `device('cuda')`, `device('cuda:1')`, `device('cuda', 1)`, `device(0)`.

    >>> device("cuda:1").type, device("cuda:1").index
    ('cuda', 1)
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None
    KINDS = ("cpu", "cuda")

    def __init__(self, type: str | int | device, index: int | None = None) -> None:
        if isinstance(type, device):
            index = type.index if index is None else index
            type = type.type
        elif isinstance(type, int) and not isinstance(type, bool):
            index, type = type, "cuda"
        elif not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, int or device, not {type.__class__.__name__}")
        elif ":" in type:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            name, _, number = type.partition(":")
            if not number.isdigit() or (len(number) > 1 and number[0] == "0"):
                raise RuntimeError(f"Invalid device string: '{type}'")
            type, index = name, int(number)
        if type == "":
            raise RuntimeError("Device string must not be empty")
        if index is not None and index < 0:
            raise RuntimeError(f"Device index must not be negative, got {index}")
        if type not in device.KINDS and type not in _BACKENDS:
            raise RuntimeError(
                f"Expected one of cpu, cuda device type at start of device string: {type}\n"
                "    hint  minitorch computes on 'cpu' (NumPy) and 'cuda' (CuPy)"
            )
        self.type = type
        self.index = index

    @property
    def backend(self) -> Backend:
        """The backend; for CUDA this imports CuPy, and says what is missing if it can't be used."""
        found = _BACKENDS.get(self.type)
        if found is None:
            found = _LOADERS[self.type]()
        return found

    def __enter__(self) -> device:
        """`with device("cuda"):` makes it the default device inside."""
        _outer.append(_default[0])
        _default[0] = self
        return self

    def __exit__(self, *exc: object) -> None:
        _default[0] = _outer.pop()

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return device, ((self.type,) if self.index is None else (self.type, self.index))


make_device = device  # under a name that no argument hides
_CPU_DEVICE = device("cpu")
_default = [_CPU_DEVICE]
_outer: list[device] = []  # the defaults outside of `with device(...)`


def set_default_device(device: str | int | device | None) -> None:
    """Make factories without `device=` use this device; None: the CPU."""
    _default[0] = _CPU_DEVICE if device is None else make_device(device)


def get_default_device() -> device:
    """Where factories without `device=` make their tensors."""
    return _default[0]


def device_of(array: Any) -> device:
    """The device an array lives on."""
    backend = backend_of(array)
    if backend is CPU:
        return _CPU_DEVICE
    return device(backend.name, backend.index_of(array))


def to_device(array: Any, where: device) -> Any:
    """Copy an array to another device; the array itself if it is there already."""
    source, target = backend_of(array), where.backend
    if source is target and (where.index is None or source.index_of(array) == where.index):
        return array
    host = source.to_host(array)
    return target.from_host(host, where.index or 0) if target is not CPU else host


def to_host(array: Any) -> np.ndarray:
    return backend_of(array).to_host(array)
