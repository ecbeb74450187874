"""The page: charts of the ratios with their spread, tables, curves; one file without anything from elsewhere."""

from __future__ import annotations

import html
from typing import Any

from benchmarks.chart import curve_chart, ratio_chart

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --dim: #6b7488; --line: #d9dee8; --good: #17806d; --bad: #b4552d;
  --ours: #17806d; --theirs: #b4552d; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --dim: #98a2b8; --line: #333b4d; --good: #4cc3a9;
  --bad: #e58a5f; --ours: #4cc3a9; --theirs: #e58a5f; --paper: #141923; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin: 1rem 0 2rem; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
th { color: var(--dim); font-weight: 500; }
.met { color: var(--good); } .missed { color: var(--bad); } .about { color: var(--dim); }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
svg { max-width: 100%; height: auto; }
"""


def render(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>minitorch beside torch</title><style>{STYLE}</style>",
        "<h1>minitorch beside torch</h1>",
        "<p>torch's time (among the peers: theirs) / minitorch's time for the same work: <b>above 1, minitorch is "
        "faster.</b> The dot is the median of the rounds, the bar their middle half, the small mark the target.</p>",
        f"<p class='about'>{html.escape(', '.join(f'{k} {v}' for k, v in results['machine'].items()))}</p>",
    ]
    for kind, rows in by_kind(results["workloads"]).items():
        parts += [f"<h2>{html.escape(kind)}</h2>", ratio_chart(rows), _table(rows)]
    if results.get("import"):
        parts.append(f"<h2>import</h2>{_imports(results['import'])}")
    if results.get("curves"):
        charts = "".join(curve_chart(curve) for curve in results["curves"])
        parts.append(
            "<h2>curves</h2><p>Time per step against a size, both logarithmic: "
            "<b style='color: var(--ours)'>minitorch</b> "
            "and <b style='color: var(--theirs)'>torch</b>, dashed on two threads (which need an idle machine).</p>"
            f"<div class='curves'>{charts}</div>"
        )
    return "\n".join(parts) + "\n</html>\n"


def by_kind(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows in the order of their kinds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append(row)
    return found


def duration(seconds: float) -> str:
    """With a unit that leaves few digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} us"


def times(ratio: float) -> str:
    """A ratio with two digits after the point, or two that say something."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def megabytes(size: int | None) -> str:
    """Bytes as MB; a dash where they were not measured."""
    return "-" if size is None else f"{size / 1e6:.1f} MB"


def _table(rows: list[dict[str, Any]]) -> str:
    head = ("workload", "minitorch", "torch", "ratio", "middle half", "target", "memory", "torch's memory", "process",
            "torch's process")  # fmt: skip
    lines = ["<table><tr>" + "".join(f"<th>{h}</th>" for h in head) + "</tr>"]
    for row in rows:
        target = row.get("target")
        verdict = "" if target is None else "met" if row["ratio"] >= target else "missed"
        cells = [
            html.escape(row["name"]), duration(row["minitorch_s"]), duration(row["torch_s"]),
            f"<span class='{verdict}'>{times(row['ratio'])}</span>",
            f"{times(row['ratio_low'])} .. {times(row['ratio_high'])}",
            "" if target is None else f"{target:g}",
            *(megabytes(row.get(f"{L}_{what}")) for what in ("bytes", "process_bytes") for L in ("minitorch", "torch")),
        ]  # fmt: skip
        title = html.escape(row.get("about", ""), quote=True)
        lines.append(f"<tr title='{title}'>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return "\n".join([*lines, "</table>"])


def _imports(found: dict[str, float]) -> str:
    beyond = found["minitorch"] - found["numpy"]
    verdict = "met" if beyond <= found["target"] else "missed"
    return (
        f"<p>numpy {found['numpy']:.3f} s; minitorch <span class='{verdict}'>{beyond:.3f} s</span> beyond it "
        f"(at most {found['target']:g}); torch {found['torch']:.3f} s.</p>"
    )
