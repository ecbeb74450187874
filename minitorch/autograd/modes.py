"""Grad modes: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`; one state per thread.

`state.grad` says whether operations are recorded. What is rare (inference mode, anomaly detection, saved-tensor
hooks) is counted in one global, so that the common path pays for none of it.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


# How many threads are in inference mode, detect anomalies or have saved-tensor hooks. The hot path reads this one
# global and goes the short way while it is zero.
special_threads = 0
_lock = threading.Lock()


class _State(threading.local):
    grad = True
    inference = False
    anomaly = False
    anomaly_nan = True
    saved_hooks: tuple = ()
    hooks_disabled: str | None = None
    threads = True
    retain = False  # within vmap before its last sample, whose backward may run through a graph that all samples share
    running: Any = None  # what the backward pass of this thread started from, see graph.py

    special = False

    def refresh(self) -> None:
        global special_threads
        special = self.inference or self.anomaly or bool(self.saved_hooks)
        if special != self.special:
            with _lock:
                special_threads += 1 if special else -1
            self.special = special


state = _State()


class Mode:
    """Base of the modes: a context manager that can be entered again, and a decorator for functions and generators."""

    def __enter__(self) -> Any:
        raise NotImplementedError(type(self).__name__)

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError(type(self).__name__)

    def clone(self) -> Mode:
        return type(self)()

    def __call__(self, func: F) -> F:
        if inspect.isclass(func):
            raise TypeError(f"{type(self).__name__} decorates functions; decorate the class's methods instead")
        if inspect.isgeneratorfunction(func):
            return self._wrap_generator(func)  # type: ignore[return-value]

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return func(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    def _wrap_generator(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Enter the mode only while the generator's own code runs, not between its items."""

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            gen = func(*args, **kwargs)
            try:
                with self.clone():
                    item = next(gen)
                while True:
                    try:
                        sent = yield item
                    except GeneratorExit:
                        with self.clone():
                            gen.close()
                        raise
                    except BaseException as error:
                        with self.clone():
                            item = gen.throw(error)
                    else:
                        with self.clone():
                            item = gen.send(sent)
            except StopIteration as stop:
                return stop.value

        return wrapper


class _GradMode(Mode):
    """Sets `state.grad` for the length of a block."""

    enabled = True

    def __enter__(self) -> None:
        # a stack, so that one object can be entered again inside itself
        self.__dict__.setdefault("_previous", []).append(state.grad)
        state.grad = self.enabled and not state.inference
        state.refresh()

    def __exit__(self, *exc: object) -> None:
        state.grad = self.__dict__["_previous"].pop()
        state.refresh()


class no_grad(_GradMode):
    """Record nothing inside the block: `with no_grad(): ...` or `@no_grad()`, also `@no_grad`.

    >>> import minitorch as mt
    >>> x = mt.ones(2, requires_grad=True)
    >>> with mt.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    enabled = False

    def __new__(cls, func: Any = None) -> Any:
        self = super().__new__(cls)
        return self if func is None else self(func)


class enable_grad(_GradMode):
    """Record inside the block, also within `no_grad`; within `inference_mode` nothing is ever recorded.

    >>> import minitorch as mt
    >>> with mt.no_grad(), mt.enable_grad():
    ...     mt.is_grad_enabled()
    True
    """

    enabled = True

    def __new__(cls, func: Any = None) -> Any:
        self = super().__new__(cls)
        return self if func is None else self(func)


class set_grad_enabled(_GradMode):
    """Record or not, by a flag; takes effect at once, and for a block when used with `with`."""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(
                f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {type(mode).__name__}"
            )
        self.enabled = mode
        self.__dict__["_previous"] = [state.grad]
        self._fresh = True
        state.grad = self.enabled and not state.inference
        state.refresh()

    def __enter__(self) -> None:
        if self._fresh:  # the constructor has switched already
            self._fresh = False
            state.grad = self.enabled and not state.inference
            state.refresh()
        else:
            super().__enter__()

    def __call__(self, func: F) -> F:
        state.grad = self.__dict__["_previous"].pop()  # a decorator switches when the function runs, not now
        self._fresh = False
        state.refresh()
        return super().__call__(func)

    def clone(self) -> Mode:
        return (enable_grad if self.enabled else no_grad)()

    def __repr__(self) -> str:
        return f"minitorch.autograd.grad_mode.set_grad_enabled(mode={self.enabled})"


class inference_mode(Mode):
    """As `no_grad`, and tensors made inside keep no version counter and can't enter a graph later.

    >>> import minitorch as mt
    >>> with mt.inference_mode():
    ...     mt.ones(2).is_inference()
    True
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            self.mode = True
            return self(mode)
        return self

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode
        self._previous: list[tuple[bool, bool]] = []

    def clone(self) -> Mode:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        self._previous.append((state.grad, state.inference))
        state.inference = self.mode
        state.grad = not self.mode
        state.refresh()

    def __exit__(self, *exc: object) -> None:
        state.grad, state.inference = self._previous.pop()
        state.refresh()


class set_multithreading_enabled(Mode):
    """Whether backward passes may use threads of their own. Here each runs in the thread that calls it, either way."""

    def __init__(self, mode: bool) -> None:
        self.prev, state.threads = state.threads, mode
        self.mode = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        state.threads = self.prev

    def clone(self) -> Mode:
        return set_multithreading_enabled(self.mode)


def is_multithreading_enabled() -> bool:
    """What `set_multithreading_enabled` was last given."""
    return state.threads


def is_grad_enabled() -> bool:
    """True if operations are being recorded in this thread."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """True inside `inference_mode`."""
    return state.inference
