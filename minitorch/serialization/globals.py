"""What the names in a checkpoint stand for: torch's names of tensors, storages, dtypes, and what the user allows.

A file says `torch._utils._rebuild_tensor_v2`, whoever wrote it; here is the function that does the same. torch itself
is never imported.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from minitorch.backend import device, dtypes
from minitorch.nn.parameter import Parameter
from minitorch.serialization import rebuild
from minitorch.serialization.failure import refused
from minitorch.serialization.unpickler import check_hashable
from minitorch.tensor import Size, Tensor
from minitorch.tensor.creation import strided

_BLOCKED = ("sys", "os", "posix", "nt")
_TEXTS = ("latin1", "latin-1")


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """bytes, as protocol 2 writes them."""
    if type(text) is not str or encoding not in _TEXTS:
        raise refused(f"_codecs.encode with encoding {encoding!r} is not how bytes are pickled.")
    return text.encode("latin1")


def _bytearray(text: Any = "", encoding: str = "latin1") -> bytearray:
    return bytearray(text if type(text) is bytes else _encode(text, encoding))  # a number would be a size


def _set(items: Any = ()) -> set:
    return {check_hashable(item) for item in items}


def _complex(real: float, imag: float) -> complex:
    return complex(float(real), float(imag))


def _ordered(items: Any = ()) -> OrderedDict:
    return OrderedDict([(check_hashable(key), value) for key, value in items])


def _counter(items: Any = ()) -> Counter:
    if type(items) is not dict:
        raise refused("collections.Counter must be made from a dict.")
    return Counter(items)


def _default(factory: Any = None) -> defaultdict:
    if factory is not None and not any(factory is f for f in (*_FACTORIES.values(), _set)):
        raise refused("The factory of a collections.defaultdict must be a type of Python's own.")
    return defaultdict(set if factory is _set else factory)


def _layout(name: str) -> Any:
    if name != "torch.strided":
        raise refused(f"Layout {name}: tensors here are strided (dense).")
    return strided


_FACTORIES = {f"builtins.{t.__name__}": t for t in (list, dict, int, float, str, bool, tuple)}
STORAGES = {f"torch.{name}Storage": rebuild.StorageType(d) for d, name in dtypes.SCALAR_NAME.items()}
_FUNCTIONS: dict[str, Any] = {
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counter,
    "collections.defaultdict": _default,
    "_codecs.encode": _encode,
    "builtins.bytearray": _bytearray,
    "builtins.set": _set,
    "builtins.complex": _complex,
    "torch.Size": Size,
    "torch.device": device,
    "torch.serialization._get_layout": _layout,
    "torch._utils._rebuild_tensor_v2": rebuild.rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": rebuild.rebuild_tensor_of,
    "torch._utils._rebuild_parameter": rebuild.rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild.rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": rebuild.rebuild_from_type,
}
# what stands for itself and can't be called
_VALUES: dict[str, Any] = {
    "torch.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Parameter,
    "torch.storage.UntypedStorage": rebuild.StorageType(None),
    **_FACTORIES,
    **STORAGES,
    **{f"torch.{d.name}": d for d in dtypes.ALL},
}
CALLABLES = list(_FUNCTIONS.values())
KNOWN = {**_FUNCTIONS, **_VALUES}

# -- what the user allows ----------------------------------------------------------------------------------------------

_allowed: list[Any] = []


def _full_name(entry: Any) -> str:
    if not isinstance(entry, tuple):
        return f"{entry.__module__}.{entry.__qualname__}"
    if len(entry) != 2:
        raise ValueError(
            f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(entry)}"
        )
    if type(entry[1]) is not str:
        raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(entry[1])}")
    return entry[1]


def add_safe_globals(safe_globals: list[Callable | tuple[Callable, str]]) -> None:
    """Let `load` with weights_only call these functions and make objects of these classes.

    A pair (function, "full.name") allows it under another name than its own. Our layers are also found under torch's.
    """
    for entry in safe_globals:
        _full_name(entry)
        if entry not in _allowed:
            _allowed.append(entry)


def get_safe_globals() -> list[Callable | tuple[Callable, str]]:
    """What add_safe_globals has allowed."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Allow nothing beyond weights."""
    _allowed.clear()


class safe_globals:
    """`with safe_globals([MyClass]):` allows these functions and classes inside."""

    def __init__(self, safe_globals: list[Callable | tuple[Callable, str]]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc: object) -> None:
        for entry in self.safe_globals:
            if entry in _allowed:
                _allowed.remove(entry)


def users_own() -> dict[str, Any]:
    """Full name -> what the user allowed under it."""
    found: dict[str, Any] = {}
    for entry in _allowed:
        name, value = _full_name(entry), entry[0] if isinstance(entry, tuple) else entry
        found[name] = value
        if name.startswith("minitorch."):
            found["torch." + name.removeprefix("minitorch.")] = value
    return found


def find(own: dict[str, Any], module: str, name: str) -> Any:
    """What `module.name` stands for, if it is harmless or the user allowed it."""
    full = f"{module}.{name}"
    if module.split(".")[0] in _BLOCKED:
        raise refused(f"Trying to load unsupported GLOBAL {full} whose module {module} is blocked.")
    for table in (KNOWN, own):
        if full in table:
            return table[full]
    if module == "torch":
        raise refused(
            f"Unsupported global: GLOBAL {full} was not an allowed global by default, and minitorch has no such dtype, "
            "storage or class."
        )
    short = full.removeprefix("builtins.")
    raise refused(
        f"Unsupported global: GLOBAL {short} was not an allowed global by default. If you trust this class or function,"
        f" use `minitorch.serialization.add_safe_globals([{short}])` or the context manager `safe_globals`."
    )
