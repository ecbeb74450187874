"""```` ```{ran} ```` and ```` ```{raises} TypeName ````: a program of a page, run while the page is built.

Below it stands what it printed, or the message of what it raised. A program that does otherwise is a warning, which
fails the build under -W.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from programs import problem

log = logging.getLogger(__name__)


class Ran(SphinxDirective):
    has_content = True
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        shown, wrong = problem(self.name, *(self.arguments or [""]), code)
        if wrong:
            log.warning("this program %s", wrong, location=self.get_location())
        program = nodes.literal_block(code, code, language="python")
        result = nodes.literal_block(shown, shown, language="text", classes=["printed", self.name])
        return [program, result] if shown else [program]


def setup(app: Any) -> dict:
    app.add_directive("ran", Ran)
    app.add_directive("raises", Ran)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
