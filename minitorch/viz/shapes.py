"""`viz.broadcast`: which dimensions are stretched when shapes meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.viz.page import Picture
from minitorch.viz.svg import CHAR, color, drawing, rect, text


def broadcast(*shapes: Any) -> Picture:
    """How tensors (or shapes) broadcast: aligned from the right, sizes equal or 1, a missing dimension counts as 1.

    Shapes that don't broadcast are drawn as well, with the dimension that disagrees: `to_json()["result"]` is None.

    >>> import minitorch as mt
    >>> mt.viz.broadcast(mt.zeros(4, 1), (3,)).to_json()["result"]
    [4, 3]
    """
    if not shapes:
        raise ValueError("viz.broadcast: needs at least one tensor or shape")
    sizes = [list(getattr(s, "shape", s)) for s in shapes]
    depth = max(len(s) for s in sizes)
    columns: list[dict] = []
    for d in range(depth):
        seen = [s[d - depth + len(s)] if d - depth + len(s) >= 0 else None for s in sizes]
        real = {n for n in seen if n not in (None, 1)}
        columns.append({"sizes": seen, "result": None if len(real) > 1 else real.pop() if real else 1})
    fits = all(c["result"] is not None for c in columns)
    rows = []
    for k, s in enumerate(sizes):
        kinds = ["same" if c["sizes"][k] == c["result"] else "missing" if c["sizes"][k] is None else
                 "stretched" if c["sizes"][k] == 1 else "disagrees" for c in columns]  # fmt: skip
        rows.append(
            {
                "shape": s,
                "dims": kinds,
                "reduced": [d for d, kind in enumerate(kinds) if kind in ("missing", "stretched")],
            }
        )
    result = [c["result"] for c in columns] if fits else None
    words = _words(rows, columns, result)
    data = {"shapes": sizes, "tensors": rows, "columns": columns, "result": result}
    return Picture("broadcast", "Broadcasting", data, _draw(rows, columns, words), words)


def _words(rows: list[dict], columns: list[dict], result: Sequence[int] | None) -> str:
    shapes = ", ".join(str(tuple(r["shape"])) for r in rows)
    verb = f"broadcast to {tuple(result)}" if result is not None else "do not broadcast"
    out = [f"Shapes {shapes} {verb}."]
    for k, r in enumerate(rows):
        parts = ", ".join(f"dim {d}: {kind}" for d, kind in enumerate(r["dims"]))
        back = (
            f"; its gradient is summed over dims {r['reduced']} of the result"
            if r["reduced"] and result is not None
            else ""
        )
        out.append(f"tensor {k}: {parts}{back}")
    return "\n".join(out)


def _draw(rows: list[dict], columns: list[dict], words: str) -> str:
    """One row per tensor, one column per dimension; stretched cells dashed."""
    wide, high, left = 118, 40, 150
    out = [
        text(left + wide * d + wide / 2, 18, f"dim {d - len(columns)}", "mtv-mid mtv-soft") for d in range(len(columns))
    ]
    for k, r in enumerate(rows):
        y = 28 + k * (high + 8)
        out.append(text(8, y + 25, f"{tuple(r['shape'])}"[: int((left - 12) / CHAR)]))
        for d, kind in enumerate(r["dims"]):
            size, dash = columns[d]["sizes"][k], "5 4" if kind in ("missing", "stretched") else None
            hue = "var(--mtv-neg)" if kind == "disagrees" else color(k)
            x = left + wide * d
            out.append(rect(x, y, wide - 8, high, rx=5, fill=hue, fill_opacity=0.08 if dash else 0.25, stroke=hue,
                            stroke_width=3 if kind == "disagrees" else 1.5, stroke_dasharray=dash))  # fmt: skip
            label = {"missing": "(new)", "stretched": "1", "same": str(size), "disagrees": f"{size} ✗"}[kind]
            if dash and columns[d]["result"] is not None:
                label += f" → {columns[d]['result']}"
            out.append(text(x + wide / 2 - 4, y + 25, label, "mtv-mid"))
    y = 28 + len(rows) * (high + 8) + 6
    out.append(text(8, y + 25, "result"))
    for d, c in enumerate(columns):
        out.append(rect(left + wide * d, y, wide - 8, high, "mtv-box", rx=5))
        out.append(text(left + wide * d + wide / 2 - 4, y + 25, "?" if c["result"] is None else c["result"], "mtv-mid"))
    return drawing(left + wide * len(columns) + 8, y + high + 8, words.replace("\n", ". "), *out)
