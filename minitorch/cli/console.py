"""What the subcommands share in talking to a person: one-line failures, argparse set up for them, streams, files.

Knows nothing of tensors or of any subcommand.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO, NoReturn

DEMO_EXTRA = "pip install 'minitorch-engine[demo]'"


class Failure(Exception):
    """Ends the command with one line on stderr; `exit_code` 2: the input is to blame, 1: the work failed."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Parser(argparse.ArgumentParser):
    """argparse with one line for an error (no usage block), no guessed abbreviations, and line breaks kept in help."""

    def __init__(self, prog: str, description: str, epilog: str | None = None, usage: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            usage=usage,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message} (see {self.prog} --help)")


def complain(program: str, message: str) -> None:
    """Print one line on stderr, whatever line breaks and control characters the message holds."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    print(f"{program}: error: {line}", file=sys.stderr)


def prepare_streams() -> None:
    """Let a terminal that cannot show a character of a file name show an escape, where Python would raise."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe or a log file."""
    print(line, flush=True)


def is_terminal() -> bool:
    """Whether stderr can show a progress bar, which moves the cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def require(module: str, package: str, command: str = DEMO_EXTRA) -> ModuleType:
    """Import `module` of an optional `package`, or fail with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if (error.name or "").split(".")[0] == module.split(".")[0]:
            raise Failure(f"{package} is not installed: {command}") from error
        raise Failure(f"{package} cannot be imported ({error}): {command}") from error


def os_reason(error: OSError) -> str:
    """The operating system's reason in plain words, without the number and the path."""
    return error.strerror or str(error) or type(error).__name__


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write `path` so that a kill at any moment leaves the old file or the new one, never a half."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())  # a temporary file is private; a result is not
        os.replace(temporary, path)
    except OSError as error:
        raise Failure(f"{path}: cannot be written: {os_reason(error)}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process's file creation mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
