"""torch._dynamo and torch._inductor, the compiler's inside, as scripts set it: there is no compiler to set."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from minitorch import compiler


class Settings(SimpleNamespace):
    """Settings that hold what a script sets and change nothing; one that was never set is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def optimize(backend: Any = "inductor", **settings: Any) -> Callable:
    """torch.compile as it was called at first: `optimize("inductor")(f)` is f."""
    return compiler.compile(backend=backend)


dynamo = SimpleNamespace(
    config=Settings(), reset=compiler.reset, disable=compiler.disable, is_compiling=compiler.is_compiling,
    allow_in_graph=compiler.allow_in_graph, list_backends=compiler.list_backends, optimize=optimize,
)  # fmt: skip
inductor = SimpleNamespace(config=Settings(triton=Settings(), cpp=Settings()))
