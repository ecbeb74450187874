"""`python -m benchmarks.tables FILE [FILE]`: the table of docs/performance.md, out of what --json wrote.

Two files (NumPy's kernels alone, and Numba's) make two columns of ratios; rows are matched by name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.page import by_kind, duration, times

OMITTED = ("ops", "specs", "peers")  # too many rows for a page, or not beside torch


def table(runs: list[dict[str, Any]]) -> str:
    """Markdown: a row per workload of the first run, a ratio with its middle half per run."""
    heads = [run["machine"]["kernels"] for run in runs]
    lines = [
        "| workload | target | torch | " + " | ".join(heads) + " |",
        "| --- | ---: | ---: | " + " | ".join("---:" for _ in heads) + " |",
    ]
    found = [{row["name"]: row for row in run["workloads"]} for run in runs]
    for kind, rows in by_kind(runs[0]["workloads"]).items():
        if kind in OMITTED:
            continue
        lines.append(f"| **{kind}** |" + " |" * (len(heads) + 2))
        for row in rows:
            target = "" if row.get("target") is None else f"{row['target']:g}"
            ratios = " | ".join(_ratio(of.get(row["name"])) for of in found)
            lines.append(f"| {row['name']} | {target} | {duration(row['torch_s'])} | {ratios} |")
    return "\n".join(lines)


def _ratio(row: dict[str, Any] | None) -> str:
    """Bold where the target is met, or without one where minitorch is the faster."""
    if row is None:
        return "-"
    text = times(row["ratio"])
    if row["ratio"] >= (row.get("target") or 1.0):
        text = f"**{text}**"
    return f"{text} ({times(row['ratio_low'])} .. {times(row['ratio_high'])})"


if __name__ == "__main__":
    print(table([json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]]))
