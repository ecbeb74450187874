"""Which torch names a script uses, read from its source and that of the modules beside it, and which are missing.

Names are followed through imports (`import torch.nn as nn`, `from torch import optim`) and plain assignments
(`F = nn.functional`). What hangs on a value (a tensor's methods) has no type in the source and stays out of reach.
"""

from __future__ import annotations

import ast
import importlib
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minitorch.compat.namespace import ROOTS, Namespace

_EXPECTED = {"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"}


@dataclass(frozen=True)
class Use:
    """A place in the source; `guarded` if the code there is ready for the name to be missing."""

    file: str
    line: int
    guarded: bool


def scan(path: str) -> dict[str, list[Use]]:
    """Every torch name ("torch.nn.Linear") that the script and its local modules use, with its places."""
    root = Path(path).resolve().parent
    uses: dict[str, list[Use]] = {}
    waiting, seen = [Path(path).resolve()], set()
    while waiting:
        file = waiting.pop(0)
        if file in seen:
            continue
        seen.add(file)
        with tokenize.open(file) as source:
            tree = ast.parse(source.read(), str(file))
        reader = _Reader(file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file), tree)
        for name, found in reader.uses.items():
            uses.setdefault(name, []).extend(found)
        waiting += _local_modules(tree, file, root)
    return dict(sorted(uses.items()))


def missing_from(uses: dict[str, list[Use]]) -> dict[str, tuple[str, list[Use]]]:
    """The names among `uses` that minitorch lacks: name -> (what is wrong, its places).

    Of "torch.foo.bar" with no torch.foo, the name reported is "torch.foo". The finder must be installed.
    """
    found: dict[str, tuple[str, list[Use]]] = {}
    for path, places in uses.items():
        wrong = _resolve(path)
        if wrong is not None:
            name, reason = wrong
            found.setdefault(name, (reason, []))[1].extend(places)
    return found


def _resolve(path: str) -> tuple[str, str] | None:
    """The first part of a dotted name that can't be used, and why; None if all of it is there."""
    names = path.split(".")
    value: Any = importlib.import_module(names[0])
    for i, name in enumerate(names[1:], 2):
        if not isinstance(value, (Namespace, type)):
            return None  # an object's attributes: unknown without running
        here = ".".join(names[:i])
        try:
            value = getattr(value, name)
        except AttributeError as error:
            return here, str(error)
        except ImportError as error:  # a module that is there and wants a package that isn't
            return here, str(error)
        reason = getattr(value, "__absent__", None)
        if reason is not None:
            return here, f"not in minitorch: {reason}"
    return None


def _local_modules(tree: ast.AST, file: Path, root: Path) -> Iterator[Path]:
    """The files that the imports of `file` mean, as far as they lie beside it or in the script's folder."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            start = file.parents[node.level - 1] if node.level else root
            parts = node.module.split(".") if node.module else []
            yield from _files(start, parts)
            for alias in node.names:  # `from package import module`
                yield from _files(start, [*parts, alias.name])


def _files(start: Path, parts: list[str]) -> Iterator[Path]:
    """start/a/__init__.py and start/a/b.py for a.b, those that exist."""
    for i in range(1, len(parts) + 1):
        stem = start.joinpath(*parts[:i])
        for candidate in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
            if candidate.is_file():
                yield candidate.resolve()


class _Reader(ast.NodeVisitor):
    """One file: `names` maps its own names to torch names, `uses` collects what it uses."""

    def __init__(self, file: str, tree: ast.AST) -> None:
        self.file = file
        self.names: dict[str, str] = {}
        self.uses: dict[str, list[Use]] = {}
        self.tested: set[str] = set()  # names asked for by hasattr
        self._guards = 0
        self._shadows: list[set[str]] = []
        for node in ast.walk(tree):
            self._bind(node)
        for node in ast.walk(tree):
            self._note_test(node)
        self.visit(tree)

    def _bind(self, node: ast.AST) -> None:
        """Learn the names that an import or an assignment gives to torch's."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in ROOTS:
                    bound = alias.name if alias.asname else alias.name.split(".")[0]
                    self.names[alias.asname or bound] = bound
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module and _is_torch(node.module):
            for alias in node.names:
                self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            whole = self._dotted(node.value)
            if whole and isinstance(node.value, ast.Attribute):
                self.names.setdefault(node.targets[0].id, whole)

    def _note_test(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hasattr":
            whole = self._dotted(node.args[0]) if len(node.args) == 2 else None
            if whole and isinstance(node.args[1], ast.Constant):
                self.tested.add(f"{whole}.{node.args[1].value!s}")

    def _dotted(self, node: ast.AST) -> str | None:
        """The torch name that an expression such as `nn.functional.relu` is, if it is one."""
        if isinstance(node, ast.Name):
            shadowed = any(node.id in names for names in self._shadows)
            return None if shadowed else self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            start = self._dotted(node.value)
            return f"{start}.{node.attr}" if start else None
        return None

    def _use(self, name: str, node: Any) -> None:
        tested = any(name == test or name.startswith(test + ".") for test in self.tested)
        self.uses.setdefault(name, []).append(Use(self.file, node.lineno, self._guards > 0 or tested))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if _is_torch(alias.name):
                self._use(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.level and node.module and _is_torch(node.module):
            for alias in node.names:
                self._use(node.module if alias.name == "*" else f"{node.module}.{alias.name}", node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        whole = self._dotted(node)
        if whole is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self._use(whole, node)

    def visit_Try(self, node: ast.Try) -> None:
        ready = any(_catches(handler) for handler in node.handlers)
        self._guards += ready
        for statement in node.body:
            self.visit(statement)
        self._guards -= ready
        for rest in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(rest)

    def _visit_function(self, node: Any) -> None:
        """A parameter or local variable called `nn` hides the module of that name inside the function."""
        arguments = node.args
        local = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        local |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
        body = node.body if isinstance(node.body, list) else [node.body]
        for part in (part for statement in body for part in ast.walk(statement)):
            if isinstance(part, ast.Assign) and self._dotted(part.value):
                continue
            targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
            local |= {name for t in targets if t is not None for name in _stored(t)}
        notes = [a.annotation for a in ast.walk(arguments) if isinstance(a, ast.arg)]
        for outside in (*getattr(node, "decorator_list", ()), *arguments.defaults, *arguments.kw_defaults, *notes):
            if outside is not None:
                self.visit(outside)
        if getattr(node, "returns", None) is not None:
            self.visit(node.returns)
        self._shadows.append(local)
        for statement in body:
            self.visit(statement)
        self._shadows.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function


def _is_torch(module: str) -> bool:
    return module.split(".")[0] in ROOTS


def _stored(target: ast.AST) -> list[str]:
    """The names that an assignment to `target` binds."""
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _catches(handler: ast.ExceptHandler) -> bool:
    """True for a handler that catches an import that fails or an attribute that isn't there."""
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in _EXPECTED for node in ast.walk(handler.type))
