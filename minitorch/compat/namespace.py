"""The modules that scripts see as `torch`, `torch.nn`, ...: each stands for a namespace of minitorch.

Reading a name reads it from the real namespace, setting one sets it there (`torch.backends.cudnn.benchmark = True`,
a patched function), so there is one state, whichever name it is reached by.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from minitorch.compat import dynamo, old, version

ROOTS = {"torch": "minitorch"}  # the packages that are answered for, and by what

# parts of minitorch that are its own: torch has no such module, or another one of that name
_NAMES = (
    "absent also backend cli compat compiling cuda_streams distributed_nn dtypes errors foreach left_out ops signatures"
)
_OWN = {f"torch.{name}" for name in _NAMES.split()}
_INSTEAD: dict[str, Any] = {
    "torch.__version__": version.TORCH_VERSION,
    "torch.version": version.version,
    "torch._six": old.six,
    "torch._utils": old.utils,
    "torch._C": old.compiled,
    "torch.jit.annotations": old.types_for_jit,
    "torch._dynamo": dynamo.dynamo,
    "torch._inductor": dynamo.inductor,
}
_ELSEWHERE = {  # where a module of torch's lies here
    "torch.functional": "minitorch",
    "torch.storage": "minitorch.tensor.storage",
    "torch._tensor": "minitorch.tensor",
    "torch.types": "minitorch.compat.types",
    "torch.torch_version": "minitorch.compat.version",
    "torch.autograd.grad_mode": "minitorch.autograd.modes",
    "torch.amp.autocast_mode": "minitorch.amp.autocasting",
    "torch.cuda.amp.autocast_mode": "minitorch.amp.cuda",
    "torch.utils.hooks": "minitorch.autograd.node",
    "torch.nn.parallel.scatter_gather": "minitorch.nn.parallel",
    "torch.distributed.nn": "minitorch.distributed_nn",
    "torch.distributed.nn.functional": "minitorch.distributed_nn",
    "torch.utils.data._utils.worker": "minitorch.utils.data.worker_info",
}
_ALSO = {  # where else a module's names lie: what is one file of torch's are two here
    "torch.nn.modules.activation": "minitorch.nn.modules.attention",
    "torch.nn.modules.conv": "minitorch.nn.modules.conv_transpose",
    "torch.nn.modules.linear": "minitorch.nn.modules.attention",
}
_IMPORT_SYSTEM = {"__name__", "__spec__", "__loader__", "__package__", "__path__"}  # written by it, each module's own


own: Any = vars(ModuleType)["__dict__"].__get__  # the dictionary that a module has for itself


class Namespace(ModuleType):
    """A module called `torch...` that reads from and writes to `real`, a module or namespace of minitorch."""

    def __init__(self, name: str, real: Any) -> None:
        super().__init__(name, getattr(real, "__doc__", None))
        own(self)["_real"] = real

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """All names with their values, for programs that look classes up in `torch.nn.__dict__`; a copy."""
        return {name: getattr(self, name) for name in dir(self) if name not in own(self)} | own(self)

    def __getattr__(self, name: str) -> Any:
        value = lookup(self, name)
        return _module(f"{self.__name__}.{name}") if is_namespace(value) else value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _IMPORT_SYSTEM:
            super().__setattr__(name, value)
            return
        before, given = getattr(self._real, name, self), real_of(value)
        # `import torch.nn` ends with torch.nn = the module, which is what it is already, and
        # `from torch.autograd.gradcheck import ...` with the module where, as in torch, the function stays
        if before is not given and not (value is not given and callable(before)):
            setattr(self._real, name, given)

    def __delattr__(self, name: str) -> None:
        delattr(self._real, name)

    def __dir__(self) -> list[str]:
        return sorted({name for name in dir(self._real) if f"{self.__name__}.{name}" not in _OWN} | set(own(self)))

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} that is {getattr(self._real, '__name__', 'a namespace')!r} of minitorch>"


def is_namespace(value: Any) -> bool:
    """True for minitorch's own modules and for namespaces such as backends.cudnn."""
    if isinstance(value, ModuleType):
        return value.__name__.split(".")[0] in ROOTS.values()
    return isinstance(value, SimpleNamespace)


def real_of(value: Any) -> Any:
    """What a Namespace stands for; any other value as it is."""
    return own(value)["_real"] if isinstance(value, Namespace) else value


def lookup(parent: Namespace, name: str) -> Any:
    """The real thing that `parent.name` means, importing it if it is a submodule; AttributeError if there is none."""
    path, real = f"{parent.__name__}.{name}", own(parent)["_real"]
    if path in _INSTEAD:
        return _INSTEAD[path]
    if path in _ELSEWHERE:
        return importlib.import_module(_ELSEWHERE[path])
    if path not in _OWN:
        try:
            return getattr(real, name)
        except AttributeError:
            if isinstance(real, ModuleType):
                if name == "__all__":  # `from torch.x import *` where minitorch has no list of what is public
                    return [public for public in dir(parent) if not public.startswith("_")]
                found = submodule(real, name)
                if found is not None:
                    return found
                also = vars(importlib.import_module(_ALSO[parent.__name__])) if parent.__name__ in _ALSO else {}
                if name in also and not name.startswith("__"):
                    return also[name]
    raise AttributeError(missing(parent, name))


def submodule(real: Any, name: str) -> ModuleType | None:
    """The module `name` of the package `real`; None if there is none, or `real` is no package."""
    path = f"{getattr(real, '__name__', '')}.{name}"
    if not hasattr(real, "__path__") or importlib.util.find_spec(path) is None:
        return None
    return importlib.import_module(path)


def missing(parent: Namespace, name: str) -> str:
    """The message about a name that minitorch doesn't have, with names that are near it."""
    message = f"module {parent.__name__!r} has no attribute {name!r}: it is not in minitorch"
    near = near_names(name, dir(parent))
    return f"{message}. Did you mean: {', '.join(near)}?" if near else message


def near_names(name: str, names: list[str]) -> list[str]:
    """Up to three public names that look like `name`, upper and lower case being the same."""
    public = {public.lower(): public for public in names if not public.startswith("_")}
    return [public[found] for found in difflib.get_close_matches(name.lower(), public, n=3, cutoff=0.7)]


def _module(name: str) -> Any:
    return sys.modules.get(name) or importlib.import_module(name)
