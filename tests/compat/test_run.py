"""`minitorch run`: a script runs as `python script.py` runs it, and `--check` finds what is missing without running."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from minitorch.compat import scan
from tests.compat.tools import start, write


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return start(["-m", "minitorch", "run", *arguments], folder)


def test_a_script_sees_what_python_would_show_it(tmp_path):
    report = """\
        "A doc."
        import sys, os, torch
        print(__name__, sys.argv[1:], os.path.basename(sys.path[0]), os.path.basename(__file__), __spec__, __package__)
        print(__doc__, sys.modules["__main__"].__dict__ is globals(), sys.argv[0] == __file__)
        """
    write(tmp_path, {"folder/script.py": report})
    ours = run(tmp_path, "folder/script.py", "--check", "-m", "x y")
    theirs = start(["folder/script.py", "--check", "-m", "x y"], tmp_path)
    assert (ours.returncode, ours.stdout) == (0, theirs.stdout), ours.stderr
    assert ours.stdout.startswith("__main__ ['--check', '-m', 'x y'] folder script.py None None\nA doc. True False")


@pytest.mark.parametrize(
    ("ending", "code", "error"),
    [
        ("sys.exit()", 0, ""), ("sys.exit(7)", 7, ""), ("sys.exit('no luck')", 1, "no luck\n"),
        ("sys.exit(None)", 0, ""),
        ("raise KeyboardInterrupt", 130, None), ("1 / 0", 1, None), ("x = ", 1, None),
    ],
)  # fmt: skip
def test_exit_codes(tmp_path, ending, code, error):
    write(tmp_path, script=f"import sys, torch\n{ending}")
    done = run(tmp_path, "script.py")
    assert done.returncode == code, done.stderr
    if error is not None:
        assert done.stderr == error
    elif code == 1:
        assert done.stderr == start(["script.py"], tmp_path).stderr


def test_a_traceback_shows_the_script_only(tmp_path):
    write(tmp_path, helper="import torch\ndef f():\n    return torch.nn.Linaer(2, 3)\n")
    write(
        tmp_path,
        script="import helper\ntry:\n    helper.f()\nexcept AttributeError as e:\n    raise ValueError('x') from e\n",
    )
    error = run(tmp_path, "script.py").stderr
    places = re.findall(r'File "(?:.*/)?(.*)", line (\d+)', error)
    assert places == [("script.py", "3"), ("helper.py", "3"), ("script.py", "5")], error
    assert (
        "AttributeError: module 'torch.nn' has no attribute 'Linaer': it is not in minitorch. Did you mean: Linear"
        in error
    )
    assert error.endswith("ValueError: x\n")
    write(tmp_path, script="from torch.nn import Linaer\n")
    error = run(tmp_path, "script.py").stderr
    assert re.findall(r'File "(?:.*/)?(.*)", line (\d+)', error) == [("script.py", "1")], error


def test_modules(tmp_path):
    main = "import sys\nfrom .part import f\nprint(f(), sys.argv[1:], __package__)"
    part = "import torch\ndef f(): return torch.ones(2).sum().item()\n"
    write(tmp_path, {"package/__init__.py": "", "package/__main__.py": main, "package/part.py": part})
    write(tmp_path, {"package/bad.py": "1 / 0\n"})
    for name, expected in (("package", "2.0 ['a'] package\n"), ("package.__main__", "2.0 ['a'] package\n")):
        done = run(tmp_path, "-m", name, "a")
        assert (done.returncode, done.stdout) == (0, expected), done.stderr
    done = run(tmp_path, "-m", "package.bad")
    assert done.returncode == 1 and re.findall(r'File ".*/(.*)", line 1', done.stderr) == ["bad.py"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.py"], "nothing.py: No such file or directory"),
        (["-m", "nothing.at.all"], "no module named nothing"),
        ([], "the following arguments are required: name"), (["--chekc", "x.py"], "unrecognized arguments: --chekc"),
        (["--check", "nothing.py"], "nothing.py: No such file or directory"), (["."], "Is a directory"),
    ],
)  # fmt: skip
def test_errors_of_the_command(tmp_path, arguments, message):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr


LOADING = """
    import sys, pickle, torch
    import torch.multiprocessing as mp
    from torch.utils.data import DataLoader, Dataset

    class Squares(Dataset):
        def __len__(self):
            return 5
        def __getitem__(self, i):
            import torch.nn.functional as F  # in the worker
            return F.relu(torch.tensor(float(i))) ** 2 * torch.ones(2)

    class Net(torch.nn.Module):
        pass

    def work(i, x):
        print("process", i, x.sum().item(), flush=True)
        if i == 7:
            raise ValueError("seven")

    if __name__ == "__main__":
        assert type(pickle.loads(pickle.dumps(Net()))) is Net
        for context in ("fork", "spawn"):
            loader = DataLoader(Squares(), batch_size=3, num_workers=2, multiprocessing_context=context)
            print(context, [batch.sum().item() for batch in loader])
        mp.spawn(work, args=(torch.ones(3),), nprocs=1)
        try:
            mp.start_processes(lambda i: work(7, torch.ones(1)), nprocs=1, start_method="fork")
        except mp.ProcessRaisedException as e:
            print("ValueError: seven" in str(e), e.error_index)
        try:
            mp.start_processes(lambda i: sys.exit(3), nprocs=2, start_method="fork")
        except mp.ProcessExitedException as e:
            print(e, e.exit_code)
    """


def test_workers_and_spawned_processes(tmp_path):
    write(tmp_path, script=LOADING)
    done = run(tmp_path, "script.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:3] == ["fork [10.0, 50.0]", "spawn [10.0, 50.0]", "process 0 3.0"]
    assert lines[3:5] == ["process 7 1.0", "True 0"]
    assert re.fullmatch(r"process [01] terminated with exit code 3 3", lines[5])


CHECKED = """\
    import torch
    import torch.nn as nn
    import helper
    from package import part
    from torch.nn import functional as F, Foo

    try:
        from torch.utils.zork import Zork
    except ImportError:
        Zork = None
    G = nn.functional

    class Net(nn.Module):
        def __init__(self, nn2=nn.Nothing):
            self.a = nn.Linaer(2, 3)
            if hasattr(torch, "frob"):
                torch.frob(2)

        def forward(self, x: torch.Tensr):
            return G.reluu(F.relu(x)).foo() + torch.nowhere.to.be_found + torch.nowhere.else_

        def other(self, nn):
            return nn.whatever

    def f(F):
        nn = [torch.float32.zork for torch_ in F.x]
        return nn.z, (lambda torch: torch.w)(1), torch.Tensor.fooo, torch.onnx.export
    """


def test_check_lists_what_is_missing(tmp_path):
    helper = "from torch import optim as o\nfrom torch.nn import *\no.Adm\nraise SystemExit('ran')\n"
    write(tmp_path, script=CHECKED, helper=helper)
    write(tmp_path, {"package/__init__.py": "", "package/part.py": "from . import more\n"})
    write(tmp_path, {"package/more.py": "import torch as t\nt.zzz\n"})
    done = run(tmp_path, "--check", "script.py")
    assert done.returncode == 1 and not done.stderr
    found = dict(re.findall(r"^(torch\.[\w.]+): .*\n    (.*)$", done.stdout, re.MULTILINE))
    guarded = "   (the script is ready for this)"
    assert found == {
        "torch.Tensor.fooo": "script.py:27", "torch.Tensr": "script.py:19", "torch.frob": "script.py:17" + guarded,
        "torch.nn.Foo": "script.py:5", "torch.nn.Linaer": "script.py:15", "torch.nn.Nothing": "script.py:14",
        "torch.nn.functional.reluu": "script.py:20", "torch.nowhere": "script.py:20, script.py:20",
        "torch.onnx.export": "script.py:27", "torch.optim.Adm": "helper.py:3",
        "torch.utils.zork": "script.py:8" + guarded, "torch.zzz": "package/more.py:2",
    }  # fmt: skip
    assert "10 missing" in done.stdout and "can't be seen without running" in done.stdout
    assert "torch.onnx.export: not in minitorch: models are not exported" in done.stdout


def test_check_of_a_script_that_has_all(tmp_path):
    write(
        tmp_path,
        script="import torch\ntry:\n    torch.frob\nexcept AttributeError:\n    pass\nx = torch.zeros(2).no_such()\n",
    )
    done = run(tmp_path, "--check", "script.py")
    assert done.returncode == 0 and "0 missing" in done.stdout and "torch.frob" in done.stdout


def test_check_says_when_there_is_no_reading_it(tmp_path):
    write(tmp_path, script="x = = 2\n")
    done = run(tmp_path, "--check", "script.py")
    assert done.returncode == 2 and "script.py: cannot be checked" in done.stderr


def test_names_are_followed_through_the_source(tmp_path):
    write(
        tmp_path,
        script="""
        import torch.nn.functional
        from torch import nn as layers
        L = layers.Linear
        act = torch.nn.functional.relu
        y = [act(torch.exp(x)) for x in range(3)]
        def f(a: layers.Module = layers.Identity()) -> torch.Tensor:
            import torch.optim as torch_optim
            return torch_optim.SGD, L.weight
        torch.manual_seed = None
        """,
    )
    assert set(scan.scan(str(tmp_path / "script.py"))) == {
        "torch.nn.functional", "torch.nn", "torch.nn.Linear", "torch.nn.functional.relu", "torch.exp",
        "torch.nn.Module", "torch.nn.Identity", "torch.Tensor", "torch.optim", "torch.optim.SGD",
        "torch.nn.Linear.weight",
    }  # fmt: skip
