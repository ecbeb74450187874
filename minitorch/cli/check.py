"""`minitorch run --check`: the torch names that a script uses and minitorch lacks, found without running it."""

from __future__ import annotations

from minitorch import compat
from minitorch.cli.console import Failure, os_reason, say
from minitorch.compat.scan import Use, missing_from, scan


def check(path: str) -> int:
    """Print a line per missing name with the places that use it; 1 if there is any that the script can't do without."""
    try:
        compat.install()
        uses = scan(path)
    except OSError as error:
        raise Failure(f"{path}: {os_reason(error)}") from error
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise Failure(f"{path}: cannot be checked: {error}") from error
    found = missing_from(uses)
    needed = 0
    for name, (reason, places) in found.items():
        guarded = all(use.guarded for use in places)
        needed += not guarded
        say(f"{name}: {reason}")
        say(f"    {_places(places)}{'   (the script is ready for this)' if guarded else ''}")
    count = len({use.file for places in uses.values() for use in places})
    say(f"{len(uses)} torch names in {count} file{'s' * (count != 1)}: {needed} missing.")
    say("Methods and attributes of tensors and modules can't be seen without running the script: they are not checked.")
    return 1 if needed else 0


def _places(uses: list[Use]) -> str:
    shown = ", ".join(f"{use.file}:{use.line}" for use in uses[:3])
    return f"{shown} and {len(uses) - 3} more" if len(uses) > 3 else shown
