"""`Picture`: what every function of viz returns: HTML that needs nothing else, its text, and the facts it shows.

A picture is one <figure> with its own style and script: no library, no network. Colors are CSS variables with a light
and a dark set. Pictures with steps share one row of buttons; arrow keys, Home and End work wherever the focus lies in
the figure. Without scripts one step and the text remain.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

DARK = (
    "--mtv-bg:#16191e;--mtv-fg:#e6e9ee;--mtv-soft:#a3adb8;--mtv-line:#768390;--mtv-card:#242a32;--mtv-edge:#3d4650;"
    "--mtv-pos:#60a5fa;--mtv-neg:#fb923c;--mtv-hot:#fbbf24;--mtv-done:#4ade80;--mtv-mark:#fde68a;"
    "--mtv-c0:#7cb1ff;--mtv-c1:#fb923c;--mtv-c2:#4ade80;--mtv-c3:#e879f9;--mtv-c4:#22d3ee;--mtv-c5:#facc15;"
)
BUTTONS = (
    ("first", "First", "first step"),
    ("back", "Back", "one step back"),
    ("next", "Next", "one step on"),
    ("last", "Last", "last step"),
    ("play", "Play", "play the steps"),
)


class Picture:
    """A picture with its facts.

    Shown by itself in a notebook; `save(path)` writes a page of its own; `to_json()` gives the facts that it shows as
    plain lists and numbers; `str(picture)` is the same in words.
    """

    scripts: tuple[str, ...] = ()  # files in assets/ that the body needs
    start = ""  # the JavaScript that brings the figure to life, with `root` for the figure

    def __init__(
        self, kind: str, title: str, data: dict, body: str, summary: str, steps: int = 0, first: int = 0
    ) -> None:
        self.kind = kind
        self.title = title
        self.summary = summary
        self.steps = steps
        self.first = first  # the step that is shown at first; the others are hidden in the body
        self._data = data
        self._body = body

    def to_json(self) -> dict:
        """The facts: {"kind", "title", ...}, made of what `json.dumps` takes; inf and nan are strings."""
        return plain({"kind": self.kind, "title": self.title, **self._data})

    def save(self, path: Any) -> None:
        """Write a complete HTML page, which opens in any browser without a network."""
        page = (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escape(self.title)}</title>\n"
            "<style>body{margin:16px}@media (prefers-color-scheme:dark){body{background:#0d1014}}</style>\n"
            f"</head>\n<body>\n<main>\n{self._repr_html_()}\n</main>\n</body>\n</html>\n"
        )
        Path(path).write_text(page, encoding="utf-8")

    def body(self) -> str:
        """The inside of the figure, as HTML."""
        return self._body

    def _repr_html_(self) -> str:
        body = self.body()
        name = f"{self.kind}-{zlib.crc32(body.encode()):08x}"
        bar = _bar() if self.steps > 1 else ""
        words = f"{self.title}. " + ("Arrow keys, Home and End move through the steps. " if bar else "")
        tab = ' tabindex="0"' if bar else ""
        start = self.start or ("mtvFrames(root);" if bar else "")
        return (
            f'<figure class="mtv" data-mtv="{name}" data-steps="{self.steps}" data-first="{self.first}"{tab} '
            f'role="group" aria-label="{escape(words.strip())}">\n<style>{_style()}</style>\n'
            f"<figcaption>{escape(self.title)}</figcaption>\n{bar}{body}\n"
            f"<details><summary>The same in words</summary><pre>{escape(self.summary)}</pre></details>\n"
            f"{self._script(name, start)}</figure>"
        )

    def _script(self, name: str, start: str) -> str:
        if not start:
            return ""
        code = "\n".join(asset(f) for f in ("steps.js", *self.scripts))
        return (
            f"<script>(function(){{\n{code}\n"
            f"document.querySelectorAll('[data-mtv=\"{name}\"]:not([data-ready])').forEach(function(root){{{start}}});"
            "\n})();</script>\n"
        )

    def __str__(self) -> str:
        return f"{self.title}\n{self.summary}"

    def __repr__(self) -> str:
        return f"<minitorch.viz {self.kind}: {self.title}>"


@cache
def asset(name: str) -> str:
    """The text of a file in assets/."""
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    css = asset("page.css")
    light = css[css.index("{") + 1 : css.index("background:")].replace("\n", "")
    return css.replace("DARK_COLORS", DARK).replace("LIGHT_COLORS", light)


def _bar() -> str:
    buttons = "".join(
        f'<button type="button" data-go="{go}" aria-label="{label}"'
        f"{' aria-pressed=false' * (go == 'play')}>{text}</button>"
        for go, text, label in BUTTONS
    )
    slider = '<input type="range" min="0" max="0" value="0" step="1" aria-label="step">'
    return f'<div class="mtv-bar">{buttons}{slider}<output aria-live="polite"></output></div>\n'


def plain(x: Any) -> Any:
    """`x` as lists, dicts, strings and numbers that JSON knows."""
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float):
        return x if math.isfinite(x) else str(x)
    if x is None or isinstance(x, (str, int)):
        return x
    return plain(x.tolist())  # arrays and NumPy numbers


def as_json(data: Any) -> str:
    """JSON that may stand inside a <script>."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def number(x: Any, digits: int = 4) -> str:
    """A number as a label: at most `digits` digits."""
    if isinstance(x, (bool, int)) or hasattr(x, "dtype") and x.dtype.kind in "iub":
        return str(x)
    if isinstance(x, complex):
        return f"{x:.3g}"
    x = float(x)
    if not math.isfinite(x):
        return str(x)
    if x == 0 or 0.001 <= abs(x) < 10000:
        return f"{x:.{digits}g}"
    return f"{x:.1e}".replace("e-0", "e-").replace("e+0", "e")


def size(shape: Sequence[int]) -> str:
    """A shape as written: `5×3`, or `scalar`."""
    return "×".join(str(n) for n in shape) if len(shape) else "scalar"
