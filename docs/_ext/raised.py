"""`ran` and `raises`: a program of a page in Markdown, run while the page is built.

    ```{raises} RuntimeError
    import minitorch as mt
    mt.ones(2) + mt.ones(3)
    ```

Below it stands what it printed, or the message of what it raised. A program that does otherwise is a warning, which
fails the build under -W.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from programs import results

log = logging.getLogger(__name__)


class Program(SphinxDirective):
    has_content = True
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        page = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        shown, wrong = results(page)[code]
        if wrong:
            log.warning("this program %s", wrong, location=self.get_location())
        program = nodes.literal_block(code, code, language="python")
        result = nodes.literal_block(shown, shown, language="text", classes=["printed", self.name])
        return [program, result] if shown else [program]


def setup(app: Any) -> dict:
    app.add_directive("ran", Program)
    app.add_directive("raises", Program)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
