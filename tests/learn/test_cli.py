"""`minitorch learn` in a temporary folder, as a learner uses it; each kind of broken file ends in one clear message."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minitorch.cli import main
from minitorch.learn import worker
from minitorch.learn.exercises import chapter

ROOT = Path(__file__).resolve().parents[2]
SGD = "def sgd_step(p, grad, lr):\n    return p - lr * grad\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "learn"


@pytest.fixture
def learn(capfd):
    """Runs a command line; gives (exit code, what was printed, what was complained)."""

    def run(*words):
        code = main(["learn", *words])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def checked(folder, learn):
    """Checks a text as the learner's file of chapter 00."""

    def run(text, number="00.4", *words):
        folder.mkdir(exist_ok=True)
        (folder / "00_thirty_lines.py").write_text(text)
        return learn("check", number, *words)

    return run


def test_overview_of_a_fresh_learner(folder, learn):
    code, out, _ = learn()
    assert code == 0 and "00  ....   A net in thirty lines" in out
    assert "0 of" in out and "next: minitorch learn start 00" in out
    assert not folder.exists()


def test_from_start_to_a_passed_check(folder, learn):
    code, out, _ = learn("start", "0")
    path = folder / "00_thirty_lines.py"
    assert code == 0 and "00.4  sgd_step(p, grad, lr)" in out
    stubs = path.read_text()
    assert stubs.count("raise NotImplementedError") == 4 and "minitorch learn check 00" in stubs
    assert "# 00.1\n# relu([ 3. , -3. , -2.5]) gives [3., 0., 0.]\ndef relu(x):\n" in stubs
    code, out, _ = learn("check", "00")
    assert code == 1 and out.count("still the stub") == 4 and "0 of 4 passed" in out
    assert not (folder / "progress.json").exists()  # looking at a stub is no attempt
    path.write_text(stubs + "\n\n" + SGD)
    code, out, _ = learn("check", "00.4")
    assert code == 0 and "passed   00.4 sgd_step: 3 cases; the engine called it 3 times" in out
    code, out, _ = learn()
    assert "00  ...x   " in out and "1 of" in out and "next: minitorch learn check 00.1" in out


def test_start_never_changes_what_is_there(folder, learn):
    learn("start", "00")
    path = folder / "00_thirty_lines.py"
    path.write_text(SGD)
    code, out, _ = learn("start", "00")
    assert code == 0 and path.read_text().startswith(SGD)
    assert path.read_text().count("def ") == 4 and path.read_text().count("def sgd_step") == 1
    before = path.read_text()
    assert "nothing was changed" in learn("start", "00")[1] and path.read_text() == before


def test_a_wrong_answer_shows_the_smallest_example(checked):
    code, out, _ = checked("def sgd_step(p, grad, lr):\n    return p + lr * grad\n")
    assert code == 1
    assert "failed   00.4 sgd_step" in out and "input    sgd_step([" in out
    assert "expected [" in out and "got      [" in out and "rule     a step goes against the gradient" in out
    assert "next     minitorch learn hint 00.4   (1 of 2)" in out


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def sgd_step(p, grad, lr)\n    return p\n", "00_thirty_lines.py, line 1: this is no Python: expected ':'"),
        ("import numpyy\n", "ModuleNotFoundError while the file was read: No module named 'numpyy' (line 1)"),
        ("\nwhile True:\n    pass\n", "loop that never ends?; it was at line"),
        ("import sys\nsys.exit()\n", "the file ends Python while it is read"),
    ],
    ids=["syntax", "import", "loop", "exit"],
)
def test_a_file_that_cannot_be_read(checked, text, wanted):
    code, out, err = checked(text)
    assert code == 2 and wanted in err and len(err.splitlines()) == 1
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [
        ("return undefined", "error", "raised   NameError: name 'undefined' is not defined, line 2: return undefined"),
        ("return p - lr * grad[:0].sum(keepdims=True).repeat(9)", "failed", "the shape must be (1,), but it is (9,)"),
        ("return [1.0]", "failed", "rule     a NumPy array is expected, but a list came back"),
        ("pass", "failed", "rule     a NumPy array is expected, but None came back"),
        ("while True:\n        p = p + 1", "stopped", "is there a loop that never ends?; it was at line"),
        ("raise SystemExit", "error", "the function ends Python (SystemExit)"),
        ("return sgd_step(p, grad, lr)", "error", "RecursionError"),
        ("import os; os._exit(3)", "error", "the process ended with exit code 3"),
        ("raise NotImplementedError('later')", "error", "NotImplementedError: later"),
    ],
    ids=["exception", "shape", "list", "none", "loop", "exit", "recursion", "crash", "later"],
)
def test_what_goes_wrong_in_a_function_is_said(checked, body, status, wanted):
    code, out, err = checked(f"def sgd_step(p, grad, lr):\n    {body}\n")
    assert code == 1 and wanted in out
    assert out.startswith(f"{status:<8} 00.4 sgd_step") and "Traceback" not in out + err


def test_a_function_that_is_missing_or_takes_other_arguments(checked):
    code, out, _ = checked("x = 1\n")
    assert code == 1 and out.startswith("missing  00.4 sgd_step") and "has no function sgd_step" in out
    assert "next     minitorch learn start 00   (puts the stub back)" in out
    assert (
        "TypeError: sgd_step() takes 1 positional argument but 3 were given"
        in checked("def sgd_step(p): return p\n")[1]
    )


def test_one_loop_does_not_stop_the_other_checks(checked):
    loop = "def relu(x):\n    while True:\n        pass\n\n\n"
    code, out, _ = checked(loop + SGD, "00")
    assert code == 1 and "stopped  00.1" in out and "passed   00.4" in out and "1 of 4 passed" in out


def test_a_chapter_needs_no_other_chapter(folder, learn):
    learn("start", "05")
    path = folder / "05_cross_entropy.py"
    path.write_text(path.read_text() + "\n\ndef matmul_backward(g, x):\n    return x.T @ g\n")
    assert learn("check", "05.1")[0] == 0
    assert [p.name for p in sorted(folder.iterdir())] == ["05_cross_entropy.py", "progress.json"]


def test_hints_come_one_at_a_time(folder, learn):
    hints = chapter("01").exercises[0].hints
    assert learn("hint", "01.1")[1].splitlines() == [f"1 of 3: {hints[0]}"]
    assert len(learn("hint", "01.1")[1].splitlines()) == 2
    learn("hint", "01.1")
    assert learn("hint", "1.1")[1].splitlines()[-1] == f"3 of 3: {hints[2]}"


def test_predictions_are_checked(folder, learn):
    code, out, _ = learn("predict", "01.1")
    assert code == 0 and "shape (2, 3, 4)" in out and "ANSWER" in out
    assert learn("predict", "01.1", "(3, 4, 1)")[:2] == (1, "not (3, 4, 1): think again, or compute it\n")
    assert learn("predict", "01.1", "(12, 4, 1)")[:2] == (0, "right\n")
    assert learn("predict", "01.1", "[12,4,1]")[0] == 0
    assert learn("predict", "01.1", "twelve")[0] == 1
    assert learn("predict", "03.4", "No")[0] == 0


def test_the_solution_is_shown_when_it_is_due(folder, learn, checked):
    code, _, err = learn("show", "00.4", "--json")
    assert code == 2 and "has not passed yet" in err
    assert "return p - lr * grad" in learn("show", "00.4", "--yes")[1]
    assert checked(SGD)[0] == 0
    code, out, _ = learn("show", "00.4")
    assert code == 0 and "return p - lr * grad" in out and "minitorch.optim.sgd:SGD.update" in out


def test_reset_puts_one_stub_back(folder, learn, checked):
    text = "import numpy as np\n\n\ndef relu(x):\n    return x\n\n\n" + SGD
    assert checked(text)[0] == 0
    code, out, _ = learn("reset", "00.4")
    path = folder / "00_thirty_lines.py"
    assert code == 0 and "is a stub again" in out
    assert path.with_suffix(".py.bak").read_text() == text
    assert "def relu(x):\n    return x\n" in path.read_text() and "raise NotImplementedError" in path.read_text()
    assert "still the stub" in learn("check", "00.4")[1]
    assert json.loads((folder / "progress.json").read_text())["exercises"] == {}


def test_json_of_every_action(folder, learn, checked):
    assert json.loads(learn("--json")[1])["total"] >= 40
    assert json.loads(learn("start", "00", "--json")[1])["added"] == ["relu", "linear", "mse_backward", "sgd_step"]
    code, out, err = checked("print('hello')\n" + SGD, "00.4", "--json")
    data = json.loads(out)
    assert code == 0 and "hello" in err
    assert data["passed"] == data["total"] == 1
    assert data["verdicts"][0]["status"] == "passed" and data["verdicts"][0]["calls"] == 3
    assert json.loads(learn("hint", "00.4", "--json")[1])["left"] == 1
    assert json.loads(learn("predict", "00.4", "1.2", "--json")[1])["right"] is True
    assert "solution" in json.loads(learn("show", "00.4", "--json")[1])
    assert json.loads(learn("reset", "00.4", "--json")[1])["number"] == "00.4"
    assert len(json.loads(learn("tour", "--json")[1])["chapters"]) == 14
    known = json.loads((folder / "progress.json").read_text())
    assert known == {"version": 1, "exercises": {}}


def test_tour_names_files_that_exist(folder, learn):
    code, out, _ = learn("tour")
    names = [line.strip() for line in out.splitlines() if line.strip().endswith(".py")]
    assert code == 0 and len(names) >= 14 and all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["check", "00"], "is not there: minitorch learn start 00"),
        (["check", "77"], "there is no chapter 77: choose from 00 to 13"),
        (["check", "00.9"], "there is no exercise 00.9: chapter 00 has 4"),
        (["check"], "which chapter?"),
        (["hint", "00"], "which exercise? for example: minitorch learn hint 00.1"),
        (["dance"], "invalid choice: 'dance'"),
        (["start", "zero"], "there is no chapter zero"),
        (["start", "00", "7"], "unrecognized arguments: 7"),
    ],
)
def test_mistaken_commands_end_in_one_line(folder, learn, words, wanted):
    code, _, err = learn(*words)
    assert code == 2 and wanted in err and len(err.splitlines()) == 1


def test_a_damaged_progress_file_is_said(folder, learn):
    folder.mkdir()
    (folder / "progress.json").write_text("[")
    code, _, err = learn()
    assert code == 2 and "no progress file any more" in err


def test_a_process_that_no_alarm_can_end_is_killed(checked):
    deaf = "import signal\n\n\ndef relu(x):\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
    deaf += "    while True:\n        pass\n\n\n"
    code, out, _ = checked(deaf + SGD, "00")
    assert code == 1 and "it took too long and was stopped" in out and "not judged: 00.1 ended the check" in out


def test_the_readme_leads_to_the_first_passed_check(folder, learn):
    told = [line for line in (ROOT / "README.md").read_text().splitlines() if "minitorch learn" in line]
    commands = [line.split("#")[0].split("minitorch learn", 1)[1].split() for line in told if line.startswith(".venv")]
    assert commands[:2] == [["start", "00"], ["check", "00.1"]]
    learn(*commands[0])
    path = folder / "00_thirty_lines.py"
    assert f"learn/{path.name}" in told[0]
    first = path.read_text().replace("raise NotImplementedError", "return np.maximum(x, 0)", 1)
    path.write_text(first)
    assert learn(*commands[1])[0] == 0
    assert all(learn(*words)[0] == 0 for words in commands[2:])


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="Ctrl-C as a signal")
def test_watch_checks_again_when_the_file_changes(folder, checked):
    checked("x = 1\n")
    path = folder / "00_thirty_lines.py"
    command = [sys.executable, "-m", "minitorch", "learn", "check", "00.4", "--watch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            seen = wait_for(process, "has no function")
            path.write_text(SGD)
            seen += wait_for(process, "passed   00.4")
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(20)
    assert code == 130 and "watching" in seen


def test_where_no_process_can_be_forked_one_is_spawned(checked, monkeypatch):
    monkeypatch.setattr(worker, "CONTEXT", multiprocessing.get_context("spawn"))
    assert checked(SGD)[0] == 0


def test_pytorch_is_asked_when_the_learner_wants_it(folder, checked):
    code, out, _ = checked(SGD)
    assert code == 0 and "PyTorch" not in out
    command = [sys.executable, "-m", "minitorch", "learn", "check", "00.4", "--torch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "the engine called it 3 times, and PyTorch agrees" in done.stdout, done.stderr


def test_json_is_alone_on_stdout_whatever_the_learner_prints(checked):
    code, out, err = checked("def sgd_step(p, grad, lr):\n    print('here')\n    return p\n", "00.4", "--json")
    assert code == 1 and json.loads(out)["passed"] == 0 and "here" in err


def wait_for(process, text, limit=30):
    seen, end = "", time.monotonic() + limit
    while text not in seen and time.monotonic() < end:
        line = process.stdout.readline()
        if not line:
            break
        seen += line
    assert text in seen
    return seen
