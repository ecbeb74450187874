"""`python -m benchmarks`: overhead per operation and import time, minitorch beside torch in one run.

Eight elements, one thread: nearly all of the time is overhead. Processor time is counted, not the clock's, and the
libraries take turns, round by round, so that a busy machine disturbs both alike; what counts is the median of the
rounds' ratios minitorch / torch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.overhead import OPS


def timed(fn: Callable[[], Any], number: int) -> float:
    """Seconds per call over `number` calls."""
    began = time.process_time()
    for _ in range(number):
        fn()
    return (time.process_time() - began) / number


def measure(ours: Callable, theirs: Callable, rounds: int, number: int) -> dict[str, float]:
    """Medians in microseconds, and the median and spread of the ratio round by round."""
    pairs = []
    for fn in (ours, theirs):
        timed(fn, number)  # warm up
    for _ in range(rounds):
        pairs.append((timed(ours, number), timed(theirs, number)))
    ratios = sorted(a / b for a, b in pairs)
    return {
        "minitorch_us": statistics.median(a for a, _ in pairs) * 1e6,
        "torch_us": statistics.median(b for _, b in pairs) * 1e6,
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[len(ratios) // 4],
        "ratio_high": ratios[-1 - len(ratios) // 4],
    }


def imports(rounds: int) -> dict[str, float]:
    """Seconds to import, each in a process of its own: numpy, minitorch, torch; medians."""
    found: dict[str, float] = {}
    times: dict[str, list[float]] = {"numpy": [], "minitorch": [], "torch": []}
    for _ in range(rounds):
        for name, values in times.items():
            code = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
            values.append(
                float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
            )
    for name, values in times.items():
        found[name] = statistics.median(values)
    return found


def main(argv: list[str] | None = None) -> int:
    """Run and print; 0."""
    p = argparse.ArgumentParser(prog="benchmarks", description="minitorch beside torch, as ratios of times.")
    p.add_argument("--only", metavar="TEXT", help="only the operations whose name contains TEXT")
    p.add_argument("--rounds", type=int, default=11)
    p.add_argument("--number", type=int, default=2000, help="calls per round")
    p.add_argument("--threads", type=int, default=1, help="torch's threads (set OMP_NUM_THREADS for NumPy's)")
    p.add_argument("--json", metavar="FILE")
    args = p.parse_args(argv)
    import torch

    import minitorch as mt

    torch.set_num_threads(args.threads)
    results: dict[str, dict] = {}
    print(f"{'8 elements, float32':<28}{'minitorch':>12}{'torch':>12}{'ratio':>8}   middle half")
    for name, make in OPS.items():
        if args.only and args.only not in name:
            continue
        for kind in ("forward", "forward + backward"):
            ours, theirs = make(mt, kind), make(torch, kind)
            if ours is None:
                continue
            number = args.number if kind == "forward" else max(args.number // 8, 1)
            row = results[f"{name} {kind}"] = measure(ours, theirs, args.rounds, number)
            label = name if kind == "forward" else "  + backward"
            print(
                f"{label:<28}{row['minitorch_us']:>9.2f} us{row['torch_us']:>9.2f} us{row['ratio']:>8.2f}   "
                f"{row['ratio_low']:.2f} .. {row['ratio_high']:.2f}",
                flush=True,
            )
    for kind in ("forward", "forward + backward"):
        rows = [r["ratio"] for n, r in results.items() if n.endswith(kind) and (kind != "forward" or "+" not in n)]
        if rows:
            print(f"geometric mean, {kind}: {statistics.geometric_mean(rows):.2f} (worst {max(rows):.2f})")
    if not args.only:
        seconds = results["import"] = imports(5)
        beyond = seconds["minitorch"] - seconds["numpy"]
        print(f"import: numpy {seconds['numpy']:.3f} s, minitorch {beyond:.3f} s more, torch {seconds['torch']:.3f} s")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(results, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
