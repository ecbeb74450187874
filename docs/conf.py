"""The documentation site: `make docs`, or `sphinx-build -T -W docs docs/_build/html`.

Nothing here needs a network: the fonts and scripts are the theme's own and those of KaTeX in _vendor/.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]  # parity/ is read from the checkout
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])  # for the kernels
os.environ["JUPYTER_PATH"] = str(HERE / "_ext")  # _ext/kernels: the Python that builds, quiet

import minitorch  # noqa: E402 - the checkout's

if not (HERE / "tutorials").is_dir():
    raise RuntimeError(
        "docs/tutorials must be a link to ../tutorials: git config core.symlinks true, and check out again"
    )

project = "minitorch"
author = "the minitorch authors"
version = release = minitorch.__version__
html_title = f"minitorch {version}"

extensions = ["myst_nb", "katex_math", "api", "optable", "raised", "layers", "differences"]
exclude_patterns = ["_build", "_ext", "_vendor", "tutorials/README.md", "tutorials/pictures.py", "conf.py"]
nb_custom_formats = {".py": "chapters.reads"}
nb_execution_mode = "force"
nb_execution_excludepatterns = os.environ.get("DOCS_SKIP", "").split()  # pages shown without their output, for a glance
nb_execution_in_temp = True
nb_execution_raise_on_error = True  # sphinx -T shows what the cell raised
nb_execution_timeout = 300
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

default_role = "code"
add_function_parentheses = False
toc_object_entries = False  # each page of the reference begins with its names; here they would cost minutes
html_math_renderer = "katex"
html_theme = "furo"
html_static_path = ["_static", "_vendor"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_search_summary = False  # it would be fetched, which a browser refuses for local files
html_show_sphinx = html_show_copyright = False
smartquotes = False  # quotation marks in prose are often code
highlight_language = "text"
html_theme_options = {"navigation_with_keys": False}  # the arrow keys step through the pictures
