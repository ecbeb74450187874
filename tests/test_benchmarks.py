"""`python -m benchmarks`: that it runs and what it writes. How fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import torch

import minitorch as mt
from benchmarks import __main__ as program
from benchmarks import memory, runs, timing
from benchmarks.chart import curve_chart, ratio_chart
from benchmarks.compare import regressions
from benchmarks.page import duration, megabytes, render, times
from benchmarks.startup import imports
from benchmarks.suite import WORKLOADS
from benchmarks.tables import table
from benchmarks.workload import Workload, workload

ROOT = Path(__file__).resolve().parent.parent
TINY = ("--rounds", "1", "--seconds", "0.0001")


@pytest.fixture
def here(monkeypatch, capsys):
    """The program in this process, where it may not set the number of threads."""
    monkeypatch.setattr(runs, "set_threads", lambda n: None)
    for name in program.THREADS:
        monkeypatch.setenv(name, "1")

    def run(*args: str) -> tuple[int, str]:
        return program.main(list(args)), capsys.readouterr().out

    return run


def test_rows_page_chart_and_numbers(tmp_path):
    page, numbers, chart = (tmp_path / name for name in ("page.html", "numbers.json", "chart.svg"))
    options = (*TINY, "--only", "MLP 2-16", "--json", str(numbers), "--html", str(page), "--svg", str(chart))
    ran = subprocess.run([sys.executable, "-m", "benchmarks", *options], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    assert "torch 2." in lines[0] and "numpy" in lines[0] and "threads 1" in lines[0]
    assert lines[2].startswith("tiny MLP 2-16-16-1") and " MB" in lines[2]
    assert any(line.startswith("geometric mean, nets: ") for line in lines)
    (row,) = json.loads(numbers.read_text())["workloads"]
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"] and row["agrees"] is True
    assert row["minitorch_s"] > 0 and row["torch_s"] > 0 and row["target"] == 2.0
    assert "tiny MLP 2-16-16-1" in page.read_text() and "http" not in page.read_text().replace("http://www.w3.org", "")
    assert ET.fromstring(chart.read_text()).tag.endswith("svg")


def test_the_table_of_overheads(here):
    code, out = here(*TINY, "--kind", "ops", "--only", "add,")
    assert code == 0
    assert "geometric mean, ops forward: " in out and "geometric mean, ops forward + backward: " in out


def test_operations_with_a_spec(here):
    code, out = here(*TINY, "--kind", "specs", "--only", "nn.functional.relu")
    assert code == 0
    for name in ("small", "small + backward", "medium", "medium + backward"):
        assert f"nn.functional.relu {name}  " in out


def test_list_and_a_name_that_is_not_there(here):
    code, out = here("--list")
    assert code == 0 and all(name in out for name in WORKLOADS)
    code, out = here(*TINY, "--only", "no such thing")
    assert code == 2 and "--list" in out


def test_options_that_make_no_sense():
    with pytest.raises(SystemExit):
        program.main(["--rounds", "0"])
    with pytest.raises(SystemExit):
        program.main(["--kind", "everything"])


@pytest.mark.parametrize("name", [n for n, w in WORKLOADS.items() if w.kind in ("graphs", "optim", "data")])
def test_both_libraries_do_the_same_work(name):
    """What makes a ratio of times mean something; the large workloads are compared whenever the program runs."""
    ours, theirs = (WORKLOADS[name].make(L, "cpu") for L in (mt, torch))
    for _ in range(2):
        assert runs.agree(ours(), theirs())


@pytest.mark.parametrize("kind", ["MLP 784", "transformer", "LeNet", "GRU"])
def test_small_networks_learn_alike(kind):
    (name,) = (n for n in WORKLOADS if n.startswith(kind))
    sizes = {"batch": 2} if kind != "GRU" else {}
    ours, theirs = (WORKLOADS[name].make(L, "cpu", **sizes) for L in (mt, torch))
    for _ in range(3):
        assert runs.agree(ours(), theirs())


def test_agreement_is_not_given_away():
    assert runs.agree(mt.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]))
    assert not runs.agree(mt.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    assert not runs.agree(mt.zeros(2), torch.zeros(3))
    assert not runs.agree(None, torch.zeros(3))
    assert not runs.agree((mt.zeros(2),), (torch.zeros(2), torch.zeros(2)))
    assert runs.agree((mt.zeros(2), None), (torch.zeros(2), None))
    assert not runs.agree(1.0, 1.1)


def test_unequal_work_is_told():
    """A workload whose results differ between the libraries is marked in its row."""
    odd = Workload("odd", "test", lambda L, device: lambda: L.ones(()) * (1 if L is mt else 2))
    row = runs.run(odd, runs.Settings(rounds=1, seconds=1e-5, memory=False))
    assert row["agrees"] is False
    assert program.line(row).endswith("THE RESULTS DIFFER")


def test_names_are_given_once():
    name = next(iter(WORKLOADS))
    with pytest.raises(ValueError, match="two workloads"):
        workload(name, "graphs")(lambda L, device: lambda: None)


def test_ratios_and_quartiles():
    """With a clock that counts calls, the side that makes twice as many takes twice as long."""
    calls = [0]

    def tick(n):
        def fn():
            calls[0] += n

        return fn

    row = timing.compare(tick(1), tick(2), 4, 8.0, lambda: float(calls[0]))
    assert row["ratio"] == row["ratio_low"] == row["ratio_high"] == 2.0
    assert row["minitorch_s"] == 1.0 and row["torch_s"] == 2.0
    assert timing.quartiles([3.0]) == (3.0, 3.0)
    assert timing.quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux can reset the peak")
def test_the_peak_counts_what_was_held_and_given_back():
    memory.forget_peak()
    before = memory.peak()
    held = np.ones(8_000_000)
    del held
    assert 40e6 < memory.peak() - before < 200e6


def test_texts():
    assert (duration(2.0), duration(0.0125), duration(3.5e-6)) == ("2 s", "12.5 ms", "3.5 us")
    assert (megabytes(None), megabytes(1_500_000)) == ("-", "1.5 MB")
    assert (times(1.234), times(0.0034)) == ("1.23", "0.0034")


def test_charts_are_well_formed():
    row = {"name": "a < b", "kind": "k", "ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6, "target": 2.0}
    row |= {"minitorch_s": 2.0, "torch_s": 1.0}
    assert ET.fromstring(ratio_chart([row])).findall("{http://www.w3.org/2000/svg}circle")
    line = {"threads": 1, "minitorch": [1e-3, 1e-2], "torch": [2e-3, 1e-2], "ratio": [2.0, 1.0]}
    curve = {"name": "a", "size": "n", "values": [1, 1000], "lines": [line, {**line, "threads": 2}]}
    assert len(ET.fromstring(curve_chart(curve)).findall("{http://www.w3.org/2000/svg}polyline")) == 4
    found = {"numpy": 0.1, "minitorch": 0.15, "torch": 1.0, "target": 0.1}
    text = render({"machine": {"cores": 2}, "workloads": [row], "curves": [curve], "import": found})
    assert "a &lt; b" in text and "a < b" not in text and "0.050 s" in text


def test_import_times():
    found = imports(1)
    assert set(found) == {"numpy", "minitorch", "torch"} and all(v > 0 for v in found.values())


def test_a_fallen_ratio_is_told(tmp_path, here):
    """Only if it fell by more than a tenth, beyond the spread of both runs, and in both runs under one name."""
    rows = [("fell", 2.0, 1.5), ("fell most", 1.0, 0.4), ("within the spread", 1.0, 0.85), ("a little", 1.0, 0.95),
            ("rose", 1.0, 2.0)]  # fmt: skip
    spread = {"within the spread": 0.2}

    def run(k):
        found = []
        for name, *ratios in rows:
            half = spread.get(name, 0.01)
            found.append(
                {"name": name, "ratio": ratios[k], "ratio_low": ratios[k] - half, "ratio_high": ratios[k] + half}
            )
        return found

    old, new = run(0), [*run(1), {"name": "new", "ratio": 0.1, "ratio_low": 0.1, "ratio_high": 0.1}]
    assert [name for name, _, _ in regressions(old, new)] == ["fell most", "fell"]
    assert regressions(new, old) == [("rose", 2.0, 1.0)]

    file = tmp_path / "old.json"
    name = "tiny MLP 2-16-16-1"
    for ratio, code, words in ((1e9, 3, f"slower than before: {name}"), (1e-9, 0, "nothing is slower")):
        row = {"name": name, "ratio": ratio, "ratio_low": ratio, "ratio_high": ratio}
        file.write_text(json.dumps({"workloads": [row]}))
        assert (got := here(*TINY, "--no-memory", "--only", "MLP 2-16", "--compare", str(file)))[0] == code
        assert words in got[1]


def test_the_table_for_the_docs():
    row = {
        "name": "a",
        "kind": "nets",
        "ratio": 0.5,
        "ratio_low": 0.4,
        "ratio_high": 0.6,
        "target": 0.5,
        "torch_s": 1.0,
    }
    run = {"machine": {"kernels": "numpy"}, "workloads": [row, {**row, "name": "b", "target": None}]}
    lines = table([run, {**run, "machine": {"kernels": "numba"}, "workloads": [row]}]).splitlines()
    assert lines[0] == "| workload | target | torch | numpy | numba |"
    assert lines[3] == "| a | 0.5 | 1 s | **0.50** (0.40 .. 0.60) | **0.50** (0.40 .. 0.60) |"
    assert lines[4] == "| b |  | 1 s | 0.50 (0.40 .. 0.60) | - |"
    assert len({line.count("|") for line in lines}) == 1
