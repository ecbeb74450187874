"""Formulas by KaTeX, from files of the site: the browser sets them, and needs neither a network nor a font of its own.

Only pages with a formula load it.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes

STYLE, SCRIPTS = "katex/katex.min.css", ("katex/katex.min.js", "formulas.js")


def inline(self: Any, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(f"{self.encode(node.astext())}</span>")
    raise nodes.SkipNode


def display(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", "", CLASS="math", **{"data-display": "1"}))
    self.body.append(f"{self.encode(node.astext())}</div>")
    raise nodes.SkipNode


def add_files(app: Any, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if doctree is not None and next(doctree.findall(lambda n: isinstance(n, (nodes.math, nodes.math_block))), None):
        app.add_css_file(STYLE)
        for name in SCRIPTS:
            app.add_js_file(name, loading_method="defer")


def setup(app: Any) -> dict:
    app.add_html_math_renderer("katex", inline_renderers=(inline, None), block_renderers=(display, None))
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
