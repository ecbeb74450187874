"""`.. public:: NAMESPACE ...`: the reference of its public names, with their docstrings, whose examples are run here.

    .. public:: minitorch minitorch.Tensor
       :from: tensor.reduce tensor.scan

`:from:` keeps the names that these files define. Links to all of them come first. A function, the method of that name
and their in-place twins are one entry. An example that fails is a warning, and so is a public name on no page; with -W
a warning fails the build.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature

import minitorch
import public
from docstrings import doc_of, failure, to_rst

log = logging.getLogger(__name__)
MERGED = ("minitorch", "minitorch.Tensor")
PUBLIC = {thing for space in public.NAMESPACES for thing in public.members(space).values() if inspect.isclass(thing)}


class Public(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"from": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        chosen = public.select(self.arguments[0].split(), self.options.get("from", "").split())
        if not chosen:
            log.warning("no public name is here", location=self.get_location())
        found = list(entries(chosen))
        if len(found) > 3:
            links = (f":py:obj:`{name} <{namespace}.{name}>`" for namespace, name, _ in (entry[0] for entry in found))
            lines += [".. rst-class:: names", "", " ".join(links), ""]
        for entry in found:
            lines += self.entry(entry)
        where = self.state_machine.get_source_and_line(self.lineno)
        box = nodes.Element()
        self.state.nested_parse(StringList(lines, source=f"{where[0]}:{where[1]}"), self.content_offset, box)
        return box.children

    def entry(self, entry: list[tuple[str, str, Any]]) -> list[str]:
        """The lines of one entry: its signatures, the text, and the file to read on in."""
        shown = getattr(self.env, "api_shown", None)
        if shown is None:
            shown = self.env.api_shown = {}
        shown.setdefault(self.env.docname, []).extend(f"{n}.{name}" for n, name, _ in entry)
        namespace, name, thing = entry[0]
        kind = "class" if inspect.isclass(thing) else "function"
        if not callable(getattr(thing, "__func__", thing)):
            kind = "attribute"
        head = [f"{n}.{name}{signature(t, method=n == 'minitorch.Tensor')}" for n, name, t in entry]
        lines = [f".. py:{kind}:: {head[0]}", *(" " * (len(kind) + 10) + h for h in head[1:]), ""]
        body = self.text(thing, f"{namespace}.{name}")
        if kind == "class" and thing is not minitorch.Tensor:  # its methods are entries of their own
            body += self.methods(thing, f"{namespace}.{name}")
        if kind != "attribute":
            body += [".. rst-class:: source", "", f"``{public.file_of(thing)}``", ""]
        return [*lines, *("   " + line if line else "" for line in body), ""]

    def text(self, thing: Any, name: str) -> list[str]:
        doc = doc_of(thing)
        if ">>> " in doc:
            wrong = failure(doc, public.defined_in(thing), name)
            if wrong:
                log.warning("the example of %s fails:\n%s", name, wrong, location=self.get_location())
        return to_rst(doc) if doc else []

    def methods(self, cls: type, name: str) -> list[str]:
        """The documented methods and attributes of a class; if no base of it is public, also those of its bases."""
        lines: list[str] = []
        members: dict[str, Any] = {}
        alone = not PUBLIC.intersection(cls.__mro__[1:])
        for base in cls.__mro__:
            if base is cls or alone and base.__module__.startswith("minitorch"):
                members = {**vars(base), **members}
        for member, thing in sorted(members.items()):
            inner = getattr(thing, "__func__", thing)
            if member.startswith("_") or not doc_of(inner) or inspect.isclass(thing):
                continue
            if not isinstance(thing, property) and getattr(inner, "__name__", None) != member:
                continue  # a function or setting that the class only names
            kind = "property" if isinstance(thing, property) else "method"
            lines += [f".. py:{kind}:: {member}{'' if kind == 'property' else signature(thing, method=True)}", ""]
            lines += ["   " + line if line else "" for line in self.text(inner, f"{name}.{member}")] + [""]
        return lines


def entries(chosen: list[tuple[str, str, Any]]) -> Iterator[list[tuple[str, str, Any]]]:
    """What is described together: of Tensor and minitorch the same name, with and without `_`; the rest one by one."""
    groups: dict[tuple[str, str], list] = {}
    for namespace, name, thing in chosen:
        merged = namespace in MERGED and not inspect.isclass(thing)
        key = ("", name.rstrip("_")) if merged else (namespace, name)
        groups.setdefault(key, []).append((namespace, name, thing))
    for key in sorted(groups, key=lambda k: (k[0], not inspect.isclass(groups[k][0][2]), k[1].lower())):
        yield sorted(groups[key], key=lambda e: (e[1].endswith("_"), e[0]))


def signature(thing: Any, method: bool = False) -> str:
    """The parameters as text; of a method without `self`; nothing for what has none."""
    static = isinstance(thing, staticmethod)
    thing = getattr(thing, "__func__", thing)
    if not callable(thing):
        return ""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return "(...)"
    parameters = list(found.parameters.values())
    if method and not static and parameters and parameters[0].kind is not parameters[0].VAR_POSITIONAL:
        found = found.replace(parameters=parameters[1:])
    return stringify_signature(found, show_annotation=False, show_return_annotation=False)


def check(app: Any, env: Any) -> None:
    """Every public name is on one page."""
    shown = getattr(env, "api_shown", {})
    names = [name for page in shown.values() for name in page]
    for name in sorted(public.everything() - set(names)):
        log.warning("the reference lacks %s", name)
    for name in sorted({n for n in names if names.count(n) > 1}):
        log.warning("the reference has %s more than once", name)


def purge(app: Any, env: Any, docname: str) -> None:
    getattr(env, "api_shown", {}).pop(docname, None)


def merge(app: Any, env: Any, docnames: set[str], other: Any) -> None:
    env.api_shown = {**getattr(env, "api_shown", {}), **getattr(other, "api_shown", {})}


def setup(app: Any) -> dict:
    app.add_directive("public", Public)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
