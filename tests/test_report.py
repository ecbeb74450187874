"""`python -m parity`: its exit codes, its page, and that the program printed for a mismatch runs in both libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from minitorch.autograd.op import registry
from parity import mutants
from parity.__main__ import main

ROOT = Path(__file__).resolve().parent.parent


def command(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "parity", *args], cwd=ROOT, capture_output=True, text=True)


def first_program(output: str) -> str:
    """The first program of a mismatch, as it is printed: indented by four, after a line that announces it."""
    lines = iter(output.splitlines())
    for line in lines:
        if line.strip() == "run this in both libraries:":
            break
    program = []
    for line in lines:
        if not line.startswith("    "):
            break
        program.append(line[4:])
    return "\n".join(program)


def test_page_of_one_op(tmp_path):
    page = tmp_path / "page.html"
    ran = command("--op", "^(exp|relu_does_not_exist)$", "--examples", "3", "--report", str(page))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("ok     exp ")
    assert "1 operations" in ran.stdout and "0 failed" in ran.stdout
    text = page.read_text(encoding="utf-8")
    assert text.count("<th scope=row>") == 1
    assert "<code>exp</code>" in text
    assert "class=bad" not in text
    assert "float64" in text and "second_order" in text


def test_unknown_op_in_one_line():
    ran = command("--op", "^relu_does_not_exist$")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == ["parity: no operation matches '^relu_does_not_exist$'"]


def test_bad_options_in_one_line(capsys):
    for options in (["--examples", "0"], ["--device", "abacus"]):
        assert main(options) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_broken_op_is_shown_with_a_program(tmp_path, capsys):
    page = tmp_path / "page.html"
    op = registry["exp"]
    vjp = op.vjps[0]
    options = ["--op", "^exp$", "--dtype", "float64", "--examples", "3", "--report", str(page)]
    with mutants.replaced(op, vjp, mutants.MUTATIONS["sign flipped"](vjp.fn)):
        assert main(options) == 1
        output = capsys.readouterr().out
        program = compile(first_program(output), "snippet", "exec")
        exec(program, {})
        broken = capsys.readouterr().out.splitlines()
    assert output.startswith("FAILED exp ")
    assert "gradient at float64: Mismatch" in output
    text = page.read_text(encoding="utf-8")
    assert "class=bad" in text and "<pre>import numpy as np" in text
    # each library prints its result and its gradients
    assert [line.split()[0] for line in broken[::2]] == ["torch", "minitorch"]
    assert broken[0].removeprefix("torch") == broken[2].removeprefix("minitorch")
    assert broken[1] != broken[3]
    # mended, the same program shows that the libraries agree
    exec(program, {})
    mended = capsys.readouterr().out.splitlines()
    assert mended[1] == mended[3] == broken[1]
    assert main(options) == 0
