"""Tests of the documentation: its sources, and the site built from them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
sys.path.append(str(DOCS / "_ext"))  # the extensions, as Sphinx finds them
