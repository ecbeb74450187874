"""`.. operations:: functions` (or `layers`): a table per family, from the specs that compare each with torch."""

from __future__ import annotations

import importlib
import pkgutil
from operator import attrgetter
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import minitorch
import parity.modules
import parity.specs
import public
from docstrings import escaped
from parity.module_spec import modules
from parity.spec import registry

DERIVATIVES = {0: "none", 1: "first", 2: "first, second"}
HEAD = [
    ".. list-table::", "   :header-rows: 1", "   :class: operations", "   :widths: 28 26 16 30", "",
    "   * - name", "     - dtypes", "     - derivatives", "     - ties and kinks",
]  # fmt: skip


def specs_of(package: ModuleType, table: dict[str, Any]) -> list[Any]:
    """Every spec of parity/specs or parity/modules (without PyTorch, which the checks import)."""
    for file in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{file.name}")
    return list(table.values())


def functions() -> list[Any]:
    return specs_of(parity.specs, registry)


def layers() -> list[Any]:
    return specs_of(parity.modules, modules)


def families(specs: list[Any]) -> dict[str, list[Any]]:
    """The specs by the file that defines what they are about."""
    found: dict[str, list[Any]] = {}
    for spec in specs:
        home = public.defined_in(attrgetter(spec.name)(minitorch))
        found.setdefault(home.removeprefix("minitorch.").replace(".", "/"), []).append(spec)
    return {home: sorted(found[home], key=lambda s: s.name.split(".")[-1]) for home in sorted(found)}


class Operations(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for family, specs in families({"functions": functions, "layers": layers}[self.arguments[0]]()).items():
            lines = [*HEAD, *(line for spec in specs for line in row(spec))]
            section = nodes.section(ids=[nodes.make_id(f"{self.arguments[0]} {family}")])
            section += nodes.title(text=family)
            self.state.nested_parse(StringList(lines, source="parity/specs"), self.content_offset, section)
            self.state.document.note_explicit_target(section)
            made.append(section)
        return made


def row(spec: Any) -> list[str]:
    theirs = getattr(spec, "torch", "") or spec.name
    name = linked(spec.name) + (f" (``torch.{theirs}``)" if theirs != spec.name else "")
    cells = [name, " ".join(spec.dtypes), DERIVATIVES[spec.order], escaped(getattr(spec, "ties", ""))]
    return [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]


def linked(name: str) -> str:
    full = f"minitorch.{name}"
    return f":py:obj:`{name} <{full}>`" if full in public.everything() else f"``{name}``"


def setup(app: Any) -> dict:
    app.add_directive("operations", Operations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
