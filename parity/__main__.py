"""`python -m parity`: compare minitorch with torch, op by op, and show the table as it goes."""

from __future__ import annotations

import argparse
import sys
import time
from typing import NoReturn

import minitorch as mt
from parity import data, optimizers, schedulers
from parity.report import write_html
from parity.runner import Outcome, run_spec, select, snippet


class Parser(argparse.ArgumentParser):
    """Says what is wrong with an option in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    p = Parser(prog="parity", description="Compare every operation of minitorch with torch.")
    p.add_argument("--op", metavar="REGEX", help="only the operations whose name matches")
    p.add_argument("--dtype", action="append", help="only this dtype (may be given several times)")
    p.add_argument(
        "--device", default="cpu", help="where minitorch computes: cpu, cuda, cuda:0 (torch stays on the CPU)"
    )
    p.add_argument("--examples", type=int, default=20, help="cases drawn for each check (default 20)")
    p.add_argument("--seed", type=int, default=0, help="the same seed draws the same cases (default 0)")
    p.add_argument("--report", metavar="FILE.html", help="write the table of operations and checks")
    return p


def main(argv: list[str] | None = None) -> int:
    """Run; 0 if everything agrees, 1 on any mismatch, 2 on a bad option."""
    args = parser().parse_args(argv)
    if args.examples < 1:
        print("parity: --examples must be at least 1", file=sys.stderr)
        return 2
    try:
        device = mt.device(args.device)
        if device.type != "cpu":
            mt.ones(1, device=device)
    except (RuntimeError, ImportError, AssertionError) as error:
        print(f"parity: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    where = None if device.type == "cpu" else device
    chosen = list(select(args.op, args.dtype))
    runs = [(s.name, lambda s=s, d=d: list(run_spec(s, d, args.examples, args.seed, where))) for s, d in chosen]
    for table in (optimizers, schedulers, data):
        runs += table.select(args.op, args.dtype, args.examples, args.seed, where)
    if not runs:
        print(f"parity: no operation matches {args.op!r}", file=sys.stderr)
        return 2
    began = time.perf_counter()
    outcomes: list[Outcome] = []
    for name, run in runs:
        rows = run()
        outcomes += rows
        print(line(name, rows), flush=True)
        for row in rows:
            if not row.ok:
                print(failure(row), flush=True)
    failed = [o for o in outcomes if not o.ok]
    cases = sum(o.examples for o in outcomes)
    seconds = time.perf_counter() - began
    print(f"\n{len(runs)} operations, {len(outcomes)} checks, {cases} cases in {seconds:.0f} s: {len(failed)} failed")
    if args.report:
        write_html(args.report, outcomes)
        print(f"report: {args.report}")
    return 1 if failed else 0


def line(name: str, rows: list[Outcome]) -> str:
    """One row of the live table: the name, each check with its dtypes, ok or FAILED."""
    by_check: dict[str, list[Outcome]] = {}
    for row in rows:
        by_check.setdefault(row.check, []).append(row)
    cells = [f"{check}:{sum(r.ok for r in found)}/{len(found)}" for check, found in by_check.items()]
    verdict = "ok    " if all(r.ok for r in rows) else "FAILED"
    return f"{verdict} {name:<44} {' '.join(cells)}"


def failure(row: Outcome) -> str:
    """What went wrong, and the case as a program."""
    text = [f"  {row.check} at {row.dtype}: {type(row.error).__name__}: {row.error}"]
    program = snippet(row)
    if program:
        text += ["  run this in both libraries:", *("    " + s for s in program.splitlines())]
    return "\n".join(text)


if __name__ == "__main__":
    sys.exit(main())
