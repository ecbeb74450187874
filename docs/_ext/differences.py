"""`.. left-out::` and `.. tolerances::`: where minitorch isn't PyTorch, read from the package and from the specs."""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import minitorch
import optable
from docstrings import escaped
from minitorch import left_out

SKIPPED = ("left_out", "learn", "backend", "cli")  # without names of PyTorch's; the backend's need what may be absent


def absent() -> dict[str, list[str]]:
    """The names of PyTorch's that are left out, by the reason."""
    found: dict[str, set[str]] = {}
    places: list[tuple[str, Any]] = [("", SimpleNamespace(**left_out.FUNCTIONS))]
    places += [(f"{name}.", space) for name, space in left_out.NAMESPACES.items()]
    for module in pkgutil.walk_packages(minitorch.__path__, "minitorch."):
        if not any(part.startswith("_") or part in SKIPPED for part in module.name.split(".")):
            name = module.name.removeprefix("minitorch.") + "."
            places.append((name, importlib.import_module(module.name)))
    for prefix, space in places:
        for name, thing in vars(space).items():
            if isinstance(thing, SimpleNamespace) and (thing.__doc__ or "").startswith("Not in minitorch"):
                places.append((f"{prefix}{name}.", thing))
            reason = getattr(thing, "__absent__", None)
            if reason:
                found.setdefault(reason, set()).add(prefix + name)
    return {reason: sorted(names) for reason, names in sorted(found.items())}


def tolerances() -> dict[str, list[str]]:
    """The names whose specs have a tolerance of their own, by the reason."""
    found: dict[str, list[str]] = {}
    for spec in (*optable.functions(), *optable.layers()):
        if spec.tolerance:
            found.setdefault(spec.why, []).append(spec.name)
    return {reason: sorted(names) for reason, names in sorted(found.items())}


class Reasons(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        if self.name == "left-out":
            table, prefix = absent(), "torch."
        else:
            table, prefix = tolerances(), ""
        lines: list[str] = []
        for reason, names in table.items():
            text = " ".join(f"``{prefix}{name}``" for name in names)
            lines += [text, "   " + escaped(reason), ""]
        box = nodes.Element()
        self.state.nested_parse(StringList(lines, source=self.name), self.content_offset, box)
        return box.children


def setup(app: Any) -> dict:
    app.add_directive("left-out", Reasons)
    app.add_directive("tolerances", Reasons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
