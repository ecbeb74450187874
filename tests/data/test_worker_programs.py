"""Whole programs with workers: interrupted, killed, ended in the middle, or run for long. No process may be left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.data.tools import gone

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tests read /proc and send signals")


def start(name: str, *args: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.data.programs", name, *args]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)


def test_ctrl_c():
    """As a terminal does it: to the program and its workers at once."""
    program = start("interrupted")
    pids = [int(pid) for pid in program.stdout.readline().split()]
    time.sleep(0.3)
    os.killpg(program.pid, signal.SIGINT)
    _, errors = program.communicate(timeout=20)
    assert program.returncode == -signal.SIGINT and len(pids) == 2 and gone(pids)
    assert errors.count("Traceback") == 1 and errors.rstrip().endswith("KeyboardInterrupt"), errors


def test_a_killed_program_leaves_no_workers():
    program = start("interrupted")
    pids = [int(pid) for pid in program.stdout.readline().split()]
    program.kill()
    program.communicate(timeout=20)
    assert len(pids) == 2 and gone(pids)


@pytest.mark.parametrize("name, args", [("unfinished", ()), ("unfinished", ("persistent",)), ("failing", ())])
def test_programs_that_end_in_the_middle(name, args):
    program = start(name, *args)
    out, errors = program.communicate(timeout=20)
    pids = [int(pid) for pid in out.split()]
    assert len(pids) == 2 and gone(pids)
    assert program.returncode == (name == "failing")
    assert errors == "" if name == "unfinished" else errors.rstrip().endswith("ValueError: the training failed")


def test_ten_thousand_batches_need_no_more_memory_than_one_thousand():
    out, errors = start("many").communicate(timeout=60)
    grown, descriptors = map(int, out.split())
    assert errors == "" and grown < 8e6 and descriptors <= 1
