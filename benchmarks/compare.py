"""`--compare OLD.json`: which workloads have become slower beside torch since an earlier run.

Ratios are compared, never times, so that the two runs may be of different days and machines. A ratio counts as fallen
if it is lower by more than `LEAST`, and the middle halves of the two runs do not overlap: noise moves one or the other.
"""

from __future__ import annotations

from typing import Any

LEAST = 0.1  # of the old ratio


def regressions(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[tuple[str, float, float]]:
    """(name, old ratio, new ratio) of the workloads of both runs that have become slower, the worst first."""
    before = {row["name"]: row for row in old}
    pairs = [(before[row["name"]], row) for row in new if row["name"] in before]
    fallen = [
        (row["name"], was["ratio"], row["ratio"])
        for was, row in pairs
        if row["ratio"] < was["ratio"] * (1 - LEAST) and row["ratio_high"] < was["ratio_low"]
    ]
    return sorted(fallen, key=lambda found: found[2] / found[1])
