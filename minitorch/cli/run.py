"""`minitorch run script.py`: runs a PyTorch script on minitorch, otherwise as `python script.py` would.

The script is `__main__`, its folder comes first on the path, its exit code is the command's, and a traceback begins
at its first line. `minitorch run --check` reads the script instead, and lists what minitorch lacks.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tokenize
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from minitorch import compat
from minitorch.cli.console import Failure, Parser, os_reason
from minitorch.compat.spawning import FOLDER

_EPILOG = """minitorch run train.py --epochs 3      run the script with its arguments
minitorch run -m package.train        run a module
minitorch run --check train.py        list what the script uses and minitorch lacks, without running it"""
_HIDDEN = (FOLDER + "/minitorch/compat/", FOLDER + "/minitorch/cli/", "<frozen importlib")


def main(argv: list[str]) -> int:
    """Run or check the script that `argv` names; what follows its name is the script's own."""
    parser = Parser(
        "minitorch run",
        "Run an unmodified PyTorch script on minitorch: `import torch` gives minitorch.",
        epilog=_EPILOG,
        usage="minitorch run [--check] (script.py | -m module) [arguments]",
    )
    parser.add_argument(
        "--check", action="store_true", help="list the missing torch names; exit code 1 if there are any"
    )
    parser.add_argument("-m", dest="module", action="store_true", help="the name is a module's, as with python -m")
    parser.add_argument("name", help="the script or module")
    own = next((i for i, word in enumerate(argv) if not word.startswith("-")), len(argv))
    options = parser.parse_args(argv[: own + 1])
    sys.path[0] = str(Path.cwd() if options.module else Path(options.name).resolve().parent)
    if FOLDER not in sys.path:
        sys.path.append(FOLDER)  # what was found by the entry just replaced
    if options.check:
        from minitorch.cli.check import check

        return check(_module_spec(options.name).origin or "" if options.module else options.name)
    return _run(options.name, argv[own + 1 :], options.module)


def _run(name: str, arguments: list[str], as_module: bool) -> int:
    """Become the script: torch, `__main__` and sys.argv are its own. Returns its exit code."""
    try:
        compat.install()
    except RuntimeError as error:
        raise Failure(str(error)) from error
    sys.argv = [name, *arguments]
    return _guarded(lambda: _execute(*(_load_module(name) if as_module else _load_script(name))))


def _execute(module: ModuleType, code: CodeType) -> None:
    sys.modules["__main__"] = module
    exec(code, vars(module))


def _load_script(name: str) -> tuple[ModuleType, CodeType]:
    """The script as an empty `__main__` and its code."""
    try:
        with tokenize.open(name) as text:  # in the encoding that its first lines declare
            source = text.read()
    except OSError as error:
        raise Failure(f"{name}: {os_reason(error)}") from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Failure(f"{name}: not a Python script: {error}") from error
    file = os.path.abspath(name)
    return _main_module(file, None), compile(source, file, "exec", dont_inherit=True)


def _load_module(name: str) -> tuple[ModuleType, CodeType]:
    """The module (a package's `__main__`) as an empty `__main__` and its code."""
    spec = _module_spec(name)
    code: Any = getattr(spec.loader, "get_code", lambda name: None)(spec.name)
    if code is None:
        raise Failure(f"no code of {name} can be run")
    sys.argv[0] = spec.origin or name
    return _main_module(sys.argv[0], spec), code


def _module_spec(name: str) -> ModuleSpec:
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
    except ModuleNotFoundError as error:
        raise Failure(f"no module named {name}: {error}") from error
    if spec is None:
        raise Failure(f"no module named {name} that can be run")
    return spec


def _main_module(file: str, spec: ModuleSpec | None) -> ModuleType:
    module = ModuleType("__main__")
    about = {"__file__": file, "__spec__": spec, "__package__": spec.parent if spec else None, "__cached__": None}
    vars(module).update(about, __builtins__=sys.modules["builtins"], __loader__=spec.loader if spec else None)
    return module


def _guarded(work: Callable[[], None]) -> int:
    """Do `work`; the exit code that Python would end with, having shown what it would show."""
    try:
        work()
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except Failure:
        raise
    except BaseException as error:
        _hide_own_frames(error)
        sys.excepthook(type(error), error, error.__traceback__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _hide_own_frames(error: BaseException | None) -> None:
    """Let the tracebacks of the error and its causes tell of the script only, not of how it was started."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kept, tb = [], error.__traceback__
        while tb is not None:
            if not tb.tb_frame.f_code.co_filename.startswith(_HIDDEN):
                kept.append(tb)
            tb = tb.tb_next
        for i, entry in enumerate(kept):
            entry.tb_next = kept[i + 1] if i + 1 < len(kept) else None
        error.__traceback__ = kept[0] if kept else None
        error = error.__cause__ or error.__context__
