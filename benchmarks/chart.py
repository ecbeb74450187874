"""Charts as SVG text: ratios on a logarithmic axis, and time against size on two."""

from __future__ import annotations

import html
import math
from typing import Any

# Colors that read on white and on black; a page may define others under these names.
INK, DIM, LINE = "var(--ink, #7a8296)", "var(--dim, #8a92a5)", "var(--line, #8a92a555)"
GOOD, BAD = "var(--good, #17907b)", "var(--bad, #cf6a3c)"
OURS, THEIRS = "var(--ours, #17907b)", "var(--theirs, #cf6a3c)"
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


def ratio_chart(rows: list[dict[str, Any]], width: int = 760, label: int = 330) -> str:
    """One line per row: a dot at the median, a bar over the middle half, a mark at the target; a line at 1."""
    step, top = 22, 24
    height = top + step * len(rows) + 8
    ends = [row[key] for row in rows for key in ("ratio_low", "ratio_high")]
    low, high = min([0.5, *ends]) / 1.1, max([2.0, *ends]) * 1.1

    def x(value: float) -> float:
        share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
        return label + share * (width - label - 60)

    parts = [_open(width, height, "torch's time / minitorch's time")]
    for tick in TICKS:
        if low <= tick <= high:
            parts.append(_line(x(tick), top - 4, x(tick), height - 6, INK if tick == 1 else LINE))
            parts.append(_text(x(tick), 14, f"{tick:g}", DIM, "middle"))
    for k, row in enumerate(rows):
        y = top + step * k + step / 2
        color = GOOD if row["ratio"] >= 1 else BAD
        parts.append(_text(label - 12, y + 4, row["name"], INK, "end"))
        parts.append(_line(x(row["ratio_low"]), y, x(row["ratio_high"]), y, color, 5, 0.35))
        if row.get("target") and low <= row["target"] <= high:
            parts.append(_line(x(row["target"]), y - 6, x(row["target"]), y + 6, DIM, 2))
        parts.append(f'<circle cx="{x(row["ratio"]):.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>')
        parts.append(_text(width - 8, y + 4, f"{row['ratio']:.2f}", color, "end"))
    return "\n".join([*parts, "</svg>"])


def curve_chart(curve: dict[str, Any], width: int = 300, height: int = 210) -> str:
    """Time against size for both libraries, dashed on two threads; both axes logarithmic."""
    left, right, top, bottom = 52, 20, 30, 34
    times = [t for line in curve["lines"] for t in (*line["minitorch"], *line["torch"])]
    sizes = curve["values"]

    def along(value: float, ends: tuple[float, float], start: float, stop: float) -> float:
        a, b = (math.log(v) for v in ends)
        return start + (math.log(value) - a) / ((b - a) or 1.0) * (stop - start)

    def x(value: float) -> float:
        return along(value, (min(sizes), max(sizes)), left, width - right)

    def y(value: float) -> float:
        return along(value, (min(times), max(times)), height - bottom, top)

    parts = [_open(width, height, f"{curve['name']} against {curve['size']}")]
    parts.append(_text(left, 16, f"{curve['name']}: time / {curve['size']}", INK, "start"))
    for size in sizes:
        parts.append(_text(x(size), height - 14, _short(size), DIM, "middle"))
    for power in range(math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))) + 1):
        if min(times) <= 10.0**power <= max(times):
            parts.append(_line(left, y(10.0**power), width - right, y(10.0**power), LINE))
            parts.append(_text(left - 6, y(10.0**power) + 4, _unit(power), DIM, "end"))
    for line in curve["lines"]:
        dash = "" if line["threads"] == 1 else ' stroke-dasharray="4 3"'
        for key, color in (("minitorch", OURS), ("torch", THEIRS)):
            points = " ".join(f"{x(s):.1f},{y(t):.1f}" for s, t in zip(sizes, line[key], strict=True))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dash}/>')
    return "\n".join([*parts, "</svg>"])


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif" font-size="12"><title>{html.escape(title)}</title>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, opacity: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}" '
        f'stroke-opacity="{opacity}"/>'
    )


def _text(x: float, y: float, text: str, color: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _short(n: int) -> str:
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if n >= size and n % size == 0:
            return f"{n // size}{letter}"
    return str(n)


def _unit(power: int) -> str:
    """10 to the power, in seconds, with a unit."""
    group = -(-power // 3) if power % 3 == 0 else power // 3
    return f"{10 ** (power - 3 * group)} {({0: 's', -1: 'ms', -2: 'us', -3: 'ns'}).get(group, '')}"
