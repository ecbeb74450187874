"""torch.autograd.profiler's names: there is no profiler here, and labels for one are accepted.

Python's own profilers see every operation, and the lines of the script between them.
"""

from __future__ import annotations

from minitorch.absent import absent_class
from minitorch.autograd.modes import Mode

__all__ = ["emit_nvtx", "profile", "record_function"]

WHY = "Python's profilers see every operation here: python -m cProfile -s cumtime -m minitorch run script.py"

profile = absent_class("autograd.profiler.profile", WHY)
emit_nvtx = absent_class("autograd.profiler.emit_nvtx", WHY)


class record_function(Mode):
    """`with record_function("forward"):` or `@record_function("forward")`: a label that no profiler reads."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def clone(self) -> record_function:
        return type(self)(self.name, self.args)

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: object) -> None:
        pass
