"""`.. layers::`: the picture of the layers (contract.py)."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from contract import PYPROJECT, picture


class Layers(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(PYPROJECT))
        return [nodes.raw("", f'<div class="layers">{picture()}</div>', format="html")]


def setup(app: Any) -> dict:
    app.add_directive("layers", Layers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
