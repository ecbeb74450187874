"""`import torch` as minitorch: a finder that is asked before Python's own, so that an installed torch isn't found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import minitorch
from minitorch.compat.namespace import ROOTS, Namespace, is_namespace, lookup, real_of, submodule
from minitorch.compat.spawning import pass_on, stop_passing_on


class Finder(MetaPathFinder, Loader):
    """Answers for `torch` and all below it; one that isn't in minitorch is an ImportError that says so."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        parent_name, _, name = fullname.rpartition(".")
        if not parent_name:
            _need_companion(fullname)
            return self._spec(fullname, minitorch) if fullname in ROOTS else None
        parent = sys.modules.get(parent_name)
        if not isinstance(parent, Namespace):
            return None
        try:
            real = lookup(parent, name)
        except AttributeError as error:
            # An exception with name=fullname would be swallowed by `from torch.nn import x`, and its text lost.
            text = str(error).replace("has no attribute", "has no module or name")
            raise ModuleNotFoundError(text) from None
        if not is_namespace(real):  # a function may hide the module that it comes from: nn.utils.weight_norm
            real = submodule(real_of(parent), name)
        if real is None:
            raise ModuleNotFoundError(f"No module named {fullname!r}: {name!r} is no module, but in {parent_name!r}")
        return self._spec(fullname, real)

    def _spec(self, fullname: str, real: Any) -> ModuleSpec:
        return ModuleSpec(fullname, self, is_package=True, loader_state=real)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Namespace(spec.name, spec.loader_state)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: what the module stands for has been imported."""


_COMPANIONS = {"torchvision", "torchaudio", "torchtext"}


def _need_companion(name: str) -> None:
    """Say of a package of torch's family that isn't installed why it should not be: it would need torch's inside."""
    if name in _COMPANIONS and PathFinder.find_spec(name) is None:
        raise ModuleNotFoundError(
            f"No module named {name!r}: it needs PyTorch's compiled part, and minitorch has nothing like it; "
            "load and transform the data with NumPy, Pillow or a Dataset of your own",
            name=name,
        )


_finder = Finder()


def _modules() -> dict[str, ModuleType]:
    return {name: module for name, module in list(sys.modules.items()) if name.split(".")[0] in ROOTS}


def install() -> None:
    """From now on `import torch` means minitorch, in this process and in those that it starts with multiprocessing.

    RuntimeError if the real torch has been imported before: half a program would hold its names. Installing twice
    is the same as once.
    """
    for name, module in _modules().items():
        if not isinstance(module, Namespace):
            raise RuntimeError(
                f"minitorch.compat.install: {name} has already been imported from {getattr(module, '__file__', '?')}; "
                "install before anything imports torch"
            )
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
        pass_on()


def uninstall() -> None:
    """Undo `install`: the next `import torch` finds the real one, if there is one."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        stop_passing_on()
    for name, module in _modules().items():
        if isinstance(module, Namespace):
            del sys.modules[name]


def is_installed() -> bool:
    """True between `install` and `uninstall`."""
    return _finder in sys.meta_path
