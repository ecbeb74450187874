"""`minitorch.compiler`: what scripts tell torch's compiler; there is none here. Names are torch.compiler's."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from minitorch.compiling import compile

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "reset", "set_stance",
]  # fmt: skip


def disable(fn: Callable | None = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """`fn` itself, which is never compiled; `@disable(recursive=False)` works too."""
    return (lambda fn: fn) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """`fn` itself: no graph is made."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """`fn` itself: its result is never kept."""
    return fn


def is_compiling() -> bool:
    """Never."""
    return False


def is_dynamo_compiling() -> bool:
    """Never."""
    return False


def is_exporting() -> bool:
    """Never."""
    return False


def reset() -> None:
    """Nothing has been compiled that could be forgotten."""


def cudagraph_mark_step_begin() -> None:
    """Nothing: no graph is replayed."""


def list_backends(exclude_tags: Any = ("debug", "experimental")) -> list[str]:
    """None."""
    return []


class set_stance:
    """How the compiler acts, set from here on, in a `with` block or by a decorator: it never acts."""

    def __init__(
        self, stance: str = "default", *, skip_guard_eval_unsafe: bool = False, force_backend: Any = None
    ) -> None:
        known = ("default", "eager_on_recompile", "fail_on_recompile", "force_eager", "eager_then_compile")
        if stance not in (*known, "aot_eager_then_compile"):
            raise RuntimeError(f"invalid torch.compile stance {stance!r}")

    def __call__(self, fn: Callable) -> Callable:
        return fn

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass
