"""`python -m benchmarks`: minitorch beside torch, in one run, as ratios of times.

The ratio is torch's time / minitorch's: above 1, minitorch is faster. `--list` shows what there is.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = {
    "ops": "overhead: common operations on 8 floats",
    "graphs": "small things in great number: expressions, long chains, loops",
    "nets": "networks: one step of training",
    "arrays": "few operations on many numbers",
    "optim": "steps of optimizers",
    "data": "passes over a DataLoader",
    "import": "time to import",
    "specs": "every operation with a parity spec, small and medium (long; only when asked for)",
    "curves": "time against batch, width, length, depth, on one and two threads (long; only when asked for)",
    "peers": "beside MyGrad, autograd and JAX, where installed (only when asked for)",
}
USUAL = ("ops", "graphs", "nets", "arrays", "optim", "data", "import")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="benchmarks", description="torch's time / minitorch's time: above 1, faster.")
    p.add_argument("--only", metavar="TEXT", help="only what has TEXT in its name")
    p.add_argument("--kind", choices=[*KINDS, "all"], action="append", help="only this kind; may be given again")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    p.add_argument("--rounds", type=int, default=11)
    p.add_argument("--seconds", type=float, default=0.1, help="for each library in each round")
    p.add_argument("--no-memory", action="store_true", help="do not measure memory (a process per workload, library)")
    p.add_argument("--json", metavar="FILE", help="write all numbers")
    p.add_argument("--html", metavar="FILE", help="write a page with charts")
    p.add_argument("--svg", metavar="FILE", help="write the chart of the workloads' ratios")
    p.add_argument("--compare", metavar="FILE", help="numbers of an earlier run: exit code 3 if a ratio has fallen")
    p.add_argument("--list", action="store_true", help="show kinds and workloads, run nothing")
    return p


def main(argv: list[str] | None = None) -> int:
    """0; 1 if results of the two libraries differ, 2 if nothing was to be measured, 3 if a ratio has fallen."""
    args = parser().parse_args(argv)
    if args.rounds < 1 or args.threads < 1:
        parser().error("--rounds and --threads must be at least 1")
    for name in THREADS:
        os.environ.setdefault(name, str(args.threads))  # BLAS reads it when NumPy is first imported
    if args.list:
        return show()
    from benchmarks.machine import describe
    from benchmarks.runs import Settings, set_threads

    how = Settings(args.rounds, args.seconds, args.threads, args.device, not args.no_memory)
    kinds = list(KINDS) if args.kind and "all" in args.kind else args.kind or list(USUAL)
    set_threads(args.threads)
    results: dict[str, Any] = {"machine": describe(args.threads, args.device), "workloads": [], "curves": []}
    say(", ".join(f"{key} {value}" for key, value in results["machine"].items()))
    say(f"{'torch / minitorch, above 1: faster':<52}{'minitorch':>10}{'torch':>10}{'ratio':>7}   middle half  target")
    for row in rows(kinds, args.only, how):
        results["workloads"].append(row)
        say(line(row))
    summary(results["workloads"])
    others(kinds, args.only, how, results)
    write(args, results)
    if not (results["workloads"] or results["curves"] or "import" in results):
        say("nothing has such a name; --list shows what there is")
        return 2
    if not all(row["agrees"] for row in results["workloads"]):
        return 1
    return 3 if args.compare and compare(args.compare, results["workloads"]) else 0


def say(text: str) -> None:
    print(text, flush=True)


def show() -> int:
    """What there is."""
    from benchmarks.suite import WORKLOADS

    for kind, about in KINDS.items():
        say(f"{kind:<8}{about}")
        for work in WORKLOADS.values():
            if work.kind == kind:
                goal = "" if work.target is None else f"(target {work.target:g})"
                say(f"        {work.name:<50}{goal}")
    return 0


def rows(kinds: list[str], only: str | None, how: Any) -> Iterator[dict[str, Any]]:
    """The rows of everything that has one, as they come."""
    from benchmarks import runs
    from benchmarks.suite import WORKLOADS

    if "ops" in kinds and how.device == "cpu":
        yield from runs.run_ops(only, how)
    for work in WORKLOADS.values():
        if work.kind in kinds and (not only or only in work.name):
            yield runs.with_memory(runs.run(work, how), how)
    if "specs" in kinds:
        from benchmarks import from_specs  # needs hypothesis and imports all specs

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for work in from_specs.workloads(only):
                yield runs.run(work, how)
    if "peers" in kinds:
        yield from runs.run_peers(only, how)


def others(kinds: list[str], only: str | None, how: Any, results: dict[str, Any]) -> None:
    """What is no row: curves and imports."""
    from benchmarks import runs, startup

    if "curves" in kinds:
        results["curves"] = list(runs.run_curves(only, how, say))
    if "import" in kinds and (not only or only in "import"):
        found = startup.imports(min(how.rounds, 5))
        results["import"] = {**found, "target": startup.TARGET}
        beyond = found["minitorch"] - found["numpy"]
        say(
            f"import: numpy {found['numpy']:.3f} s, minitorch {beyond:.3f} s beyond it (at most {startup.TARGET:g}), "
            f"torch {found['torch']:.3f} s"
        )


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    from benchmarks.page import duration, megabytes, times

    text = (
        f"{row['name'][:51]:<52}{duration(row['minitorch_s']):>10}{duration(row['torch_s']):>10}"
        f"{times(row['ratio']):>7}   {times(row['ratio_low'])} .. {times(row['ratio_high'])}"
    )
    if row.get("target") is not None:
        text += f"  {row['target']:g} {'met' if row['ratio'] >= row['target'] else 'missed'}"
    if "minitorch_bytes" in row:
        text += f"  {megabytes(row['minitorch_bytes'])} / {megabytes(row['torch_bytes'])}"
        text += f"  in all {megabytes(row['minitorch_process_bytes'])} / {megabytes(row['torch_process_bytes'])}"
    return text if row["agrees"] else text + "  THE RESULTS DIFFER"


def summary(found: list[dict[str, Any]]) -> None:
    """Geometric means of the overhead table and of the other kinds, and how many targets are met."""
    from benchmarks.page import times

    groups: dict[str, list[float]] = {}
    for row in found:
        groups.setdefault(f"{row['kind']} {row.get('direction', '')}".strip(), []).append(row["ratio"])
    for name, ratios in groups.items():
        mean, worst = statistics.geometric_mean(ratios), min(ratios)
        say(f"geometric mean, {name}: {times(mean)} (worst {times(worst)})")
    goals = [row["ratio"] >= row["target"] for row in found if row.get("target") is not None]
    if goals:
        say(f"targets met: {sum(goals)} of {len(goals)}")


def compare(file: str, found: list[dict[str, Any]]) -> bool:
    """Say which ratios have fallen since the run in `file`; True if one has."""
    from benchmarks.compare import regressions
    from benchmarks.page import times

    fallen = regressions(json.loads(Path(file).read_text(encoding="utf-8"))["workloads"], found)
    for name, was, now in fallen:
        say(f"slower than before: {name}, {times(was)} -> {times(now)}")
    if not fallen:
        say(f"nothing is slower beside torch than in {file}")
    return bool(fallen)


def write(args: argparse.Namespace, results: dict[str, Any]) -> None:
    """The files that were asked for."""
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if args.html:
        from benchmarks.page import render

        Path(args.html).write_text(render(results), encoding="utf-8")
    if args.svg:
        from benchmarks.chart import ratio_chart

        shown = [row for row in results["workloads"] if row["kind"] not in ("ops", "specs", "peers")]
        Path(args.svg).write_text(ratio_chart(shown or results["workloads"]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
