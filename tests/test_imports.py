"""What the package may import and contain, and that the examples in its docstrings are true."""

from __future__ import annotations

import ast
import contextlib
import doctest
import functools
import importlib
import io
import pkgutil
import subprocess
import sys
from pathlib import Path

import minitorch as mt

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minitorch"
OPTIONAL = {"scipy", "torch", "matplotlib", "cupy", "sklearn", "tqdm", "ml_dtypes", "numba"}


def python(program: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


@functools.cache
def nodes() -> list[tuple[str, ast.AST]]:
    """(place, node) for every syntax node of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found.append((f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}", node))
    return found


def imported(node: ast.AST) -> set[str]:
    """The top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return {node.module.split(".")[0]}
    return set()


def test_imports_go_down_only():
    ran = python("import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_import_loads_numpy_and_nothing_else():
    ran = python("import sys, minitorch; print(*sorted({name.split('.')[0] for name in sys.modules}))")
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert {"minitorch", "numpy"} <= loaded
    assert not loaded & OPTIONAL


def test_what_not_every_program_uses_is_imported_when_it_is_named():
    ran = python(
        "import gc, sys, minitorch as mt\n"
        "later = ['func', 'optim', 'serialization', 'testing', 'utils', 'nn.utils', 'nn.parallel', 'fft', 'viz']\n"
        "loaded = [name for name in later if f'minitorch.{name}' in sys.modules]\n"
        "print(loaded, gc.isenabled(), gc.get_freeze_count())\n"
        "mt.optim.SGD, mt.nn.utils.clip_grad_norm_, mt.nn.DataParallel, mt.utils.data.DataLoader, mt.vmap, mt.save\n"
        "from minitorch import *\n"
        "optim.SGD, load, save, vmap, nn.Linear"
    )
    assert (ran.returncode, ran.stdout) == (0, "[] True 0\n"), ran.stderr
    ran = python("import gc; gc.disable(); import minitorch; print(gc.isenabled())")
    assert ran.stdout == "False\n"


def test_no_bare_asserts():
    assert [place for place, node in nodes() if isinstance(node, ast.Assert)] == []


def test_torch_is_imported_nowhere():
    assert [place for place, node in nodes() if "torch" in imported(node)] == []


def test_only_the_backend_imports_cupy_and_numba():
    found = [place for place, node in nodes() if imported(node) & {"cupy", "cupyx", "numba"}]
    assert [place for place in found if not place.startswith("minitorch/backend/")] == []


def test_compiled_loops_name_their_reference_and_source():
    helpers = {"__init__.py", "base.py", "jit.py", "lazy.py", "shapes.py"}
    for path in sorted((PACKAGE / "backend" / "compiled").glob("*.py")):
        head = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").lower()
        assert path.name in helpers or ("reference" in head and "source" in head), path.name


def test_examples_in_docstrings():
    failed, examples = {}, 0
    for found in pkgutil.walk_packages(mt.__path__, "minitorch."):
        if found.name.endswith("__main__"):
            continue
        report = io.StringIO()
        with contextlib.redirect_stdout(report):
            result = doctest.testmod(importlib.import_module(found.name))
        examples += result.attempted
        if result.failed:
            failed[found.name] = report.getvalue()
    assert not failed, "\n".join(failed.values())
    assert examples > 800
