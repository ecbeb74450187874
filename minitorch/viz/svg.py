"""SVG as text: elements, number cells colored by value, axes. Knows nothing of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from minitorch.viz.page import number

CHAR = 7.3  # how wide a character of 12 px is taken to be


def tag(name: str, *children: str, **attributes: Any) -> str:
    """`<name ...>children</name>`; `class_` is class, `stroke_width` is stroke-width, None is left out."""
    words = []
    for key, value in attributes.items():
        if value is not None:
            if isinstance(value, float):
                value = f"{value:.2f}".rstrip("0").rstrip(".")
            words.append(f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"')
    return f"<{name}{''.join(words)}>{''.join(children)}</{name}>"


def text(x: float, y: float, words: Any, class_: str | None = None, **attributes: Any) -> str:
    return tag("text", escape(str(words)), x=float(x), y=float(y), class_=class_, **attributes)


def rect(x: float, y: float, w: float, h: float, class_: str | None = None, **attributes: Any) -> str:
    return tag("rect", x=float(x), y=float(y), width=float(w), height=float(h), class_=class_, **attributes)


def drawing(width: float, height: float, label: str, *children: str, interactive: bool = False) -> str:
    """An <svg> with a title and a description for those who don't see it."""
    short = label.split(". ")[0]
    return tag(
        "svg", tag("title", escape(short)), tag("desc", escape(label)), *children, xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {math.ceil(width)} {math.ceil(height)}", width=math.ceil(width), height=math.ceil(height),
        role="group" if interactive else "img", aria_label=label,
    )  # fmt: skip


def heat(value: float, limit: float) -> dict[str, Any]:
    """Fill of a cell: blue above zero, orange below, stronger the larger."""
    if not math.isfinite(value):
        return {"fill": "var(--mtv-line)", "fill_opacity": 0.6}
    strength = min(abs(value) / limit, 1.0) if limit > 0 else 0.0
    return {"fill": f"var(--mtv-{'pos' if value >= 0 else 'neg'})", "fill_opacity": round(0.6 * strength, 3)}


def limit_of(values: Sequence[float]) -> float:
    """The largest finite absolute value, or 1."""
    return max((abs(v) for v in values if math.isfinite(v)), default=0.0) or 1.0


def cells(
    x: float, y: float, rows: Sequence[Sequence[float]], limit: float, w: float = 46, h: float = 24,
    numbers: bool = True,
) -> str:  # fmt: skip
    """A grid of numbers on colored cells."""
    out = []
    for i, row in enumerate(rows):
        for j, v in enumerate(row):
            out.append(rect(x + j * w, y + i * h, w, h, "mtv-cell", stroke="var(--mtv-edge)", **heat(float(v), limit)))
            if numbers:
                out.append(text(x + j * w + w / 2, y + i * h + h / 2 + 4, number(v, 3), "mtv-num mtv-mid"))
    return "".join(out)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from low to high."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


class Axes:
    """A frame with ticks; `at(x, y)` gives the place of a point."""

    def __init__(
        self, box: tuple[float, float, float, float], xs: tuple[float, float], ys: tuple[float, float]
    ) -> None:
        self.left, self.top, self.width, self.height = box
        self.xs, self.ys = xs, ys

    def at(self, x: float, y: float) -> tuple[float, float]:
        (x0, x1), (y0, y1) = self.xs, self.ys
        return (
            self.left + (x - x0) / ((x1 - x0) or 1) * self.width,
            self.top + self.height - (y - y0) / ((y1 - y0) or 1) * self.height,
        )

    def line(self, points: Sequence[tuple[float, float]], color: str, **attributes: Any) -> str:
        path = " ".join("{:.1f},{:.1f}".format(*self.at(x, y)) for x, y in points)
        return tag("polyline", points=path, fill="none", stroke=color, **{"stroke_width": 2, **attributes})

    def frame(self, xlabel: str, ylabel: str, powers: bool = False) -> str:
        """The frame; with `powers` the axes hold exponents of ten."""
        out = [rect(self.left, self.top, self.width, self.height, "mtv-frame")]
        name = (lambda v: f"1e{int(v)}") if powers else number
        for x in _whole(ticks(*self.xs), powers):
            px, _ = self.at(x, self.ys[0])
            out.append(tag("line", x1=px, x2=px, y1=self.top, y2=self.top + self.height, class_="mtv-grid"))
            out.append(text(px, self.top + self.height + 16, name(x), "mtv-mid mtv-soft"))
        for y in _whole(ticks(*self.ys), powers):
            _, py = self.at(self.xs[0], y)
            out.append(tag("line", x1=self.left, x2=self.left + self.width, y1=py, y2=py, class_="mtv-grid"))
            out.append(text(self.left - 6, py + 4, name(y), "mtv-end mtv-soft"))
        out.append(text(self.left + self.width / 2, self.top + self.height + 34, xlabel, "mtv-mid"))
        out.append(text(self.left, self.top - 8, ylabel))
        return "".join(out)


def _whole(values: list[float], powers: bool) -> list[float]:
    return [v for v in values if not powers or abs(v - round(v)) < 1e-9]


def legend(x: float, y: float, names: Sequence[str], dashes: Sequence[str | None] | None = None) -> str:
    """One colored line with a name per row."""
    out = []
    for k, name in enumerate(names):
        dash = dashes[k] if dashes else None
        out.append(
            tag("line", x1=x, x2=x + 22.0, y1=y + 18.0 * k, y2=y + 18.0 * k, stroke=color(k), stroke_width=3,
                stroke_dasharray=dash)
        )  # fmt: skip
        out.append(text(x + 28, y + 18 * k + 4, name))
    return "".join(out)


def color(k: int) -> str:
    return f"var(--mtv-c{k % 6})"
