"""The `minitorch` command: finds the subcommand and turns every failure into one line and an exit code.

Exit codes: 0 done; 2 something the user gave cannot be used; 1 the work itself failed; 130 stopped by Ctrl-C.
A subcommand is one row of COMMANDS; its module is imported only when it is called and has `main(argv) -> int`.
This file knows nothing of what a subcommand does.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from minitorch.cli.console import Failure, Parser, complain, prepare_streams

__all__ = ["COMMANDS", "main"]


class Command(NamedTuple):
    """One subcommand: its name, the module that has its `main(argv)`, and its line in `minitorch --help`."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Command("train", "minitorch.cli.train", "train a digit classifier and write its curve, pictures and checkpoint"),
    Command("run", "minitorch.cli.run", "run a PyTorch script on minitorch"),
    Command("learn", "minitorch.cli.learn", "exercises: write a function of the engine and see it judged there"),
    Command("info", "minitorch.cli.info", "show versions, kernels, BLAS with its threads, and the GPU"),
    Command("parity", "minitorch.cli.parity", "compare every operation with PyTorch (source checkout only)"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (`sys.argv[1:]` by default) and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare_streams()
    name = arguments[0] if arguments and arguments[0] in {command.name for command in COMMANDS} else None
    program = f"minitorch {name}" if name else "minitorch"
    try:
        return _dispatch(name, arguments)
    except Failure as failure:
        complain(program, str(failure))
        return failure.exit_code
    except KeyboardInterrupt:
        complain(program, "interrupted")
        return 130
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has gone: end quietly, and keep Python's own flush at exit quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as stop:  # argparse leaves this way after --help and --version
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)


def _dispatch(name: str | None, arguments: list[str]) -> int:
    """Hand the arguments to subcommand `name`, or answer the top-level options."""
    if name is not None:
        module = next(command.module for command in COMMANDS if command.name == name)
        return int(importlib.import_module(module).main(arguments[1:]))
    parser = _top_level_parser()
    if not arguments:
        parser.print_help()
        return 0
    if not arguments[0].startswith("-"):
        raise Failure(_unknown_command(arguments[0]))
    parser.parse_args(arguments)
    raise Failure("a command is expected (see minitorch --help)")


def _top_level_parser() -> Parser:
    """The parser of `minitorch --help` and `minitorch --version`."""
    import minitorch

    width = max(len(command.name) for command in COMMANDS)
    rows = [f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS]
    parser = Parser(
        prog="minitorch",
        usage="minitorch [-h] [--version] COMMAND ...",
        description="A small PyTorch on NumPy and CuPy.",
        epilog="\n".join(["commands:", *rows, "", "`minitorch COMMAND --help` shows the options of a command."]),
    )
    parser.add_argument("--version", action="version", version=f"minitorch {minitorch.__version__}")
    return parser


def _unknown_command(word: str) -> str:
    """The message for a first word that is no command, with the nearest one if there is a near one."""
    names = [command.name for command in COMMANDS]
    near = difflib.get_close_matches(word, names, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names)}"
    return f"unknown command {word!r}: {advice}"
