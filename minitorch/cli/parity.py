"""`minitorch parity ...`: hands its arguments to the parity program of a source checkout."""

from __future__ import annotations

import importlib

from minitorch.cli.console import Failure

TEST_EXTRA = "pip install 'minitorch-engine[test]'"


def main(argv: list[str]) -> int:
    """Run `python -m parity` with `argv`."""
    try:
        program = importlib.import_module("parity.__main__")
    except ImportError as error:
        missing = (error.name or "").split(".")[0]
        if missing == "parity":
            raise Failure(
                "the parity program is not part of the installed package: run this in a source checkout, "
                "with what its tests need (pip install -e '.[test]')"
            ) from error
        raise Failure(f"parity cannot be imported ({error}); what it needs: {TEST_EXTRA}") from error
    return int(program.main(argv) or 0)
