"""`minitorch.futures`: a value that comes later. Names are torch.futures'; what libraries of attributions build on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any, Generic, TypeVar

__all__ = ["Future", "collect_all", "wait_all"]

T = TypeVar("T")


class Future(Generic[T]):
    """A value that another thread, or later code, sets once; callbacks are called with the future when it is there.

    >>> later = Future()
    >>> doubled = later.then(lambda done: done.value() * 2)
    >>> later.set_result(4)
    >>> doubled.wait()
    8
    """

    def __init__(self, *, devices: Any = None) -> None:
        if devices:
            raise NotImplementedError("Future: devices is not supported; values are handed over as they are")
        self._inner: futures.Future = futures.Future()

    def done(self) -> bool:
        """True once there is a value or an error."""
        return self._inner.done()

    def wait(self) -> Any:
        """The value, when it is there; raises the error that was set instead."""
        return self._inner.result()

    def value(self) -> Any:
        """The value, which must be there: RuntimeError if it isn't yet."""
        if not self.done():
            raise RuntimeError("Future.value: the future is not completed; wait() waits for it")
        return self._inner.result()

    def set_result(self, result: Any) -> None:
        """Set the value; RuntimeError if there is one."""
        self._set(self._inner.set_result, result)

    def set_exception(self, result: Any) -> None:
        """Set an error, which `wait` raises."""
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._set(self._inner.set_exception, result)

    def _set(self, call: Callable, given: Any) -> None:
        try:
            call(given)
        except futures.InvalidStateError:
            raise RuntimeError(
                "Attempting to mark a completed Future as complete again. Note that a Future can only be marked "
                "completed once."
            ) from None

    def add_done_callback(self, callback: Callable) -> None:
        """Call `callback(self)` once done, at once if it is; what it raises is logged and goes no further."""
        self._inner.add_done_callback(lambda _: callback(self))

    def then(self, callback: Callable) -> Future:
        """A future of what `callback(self)` gives, which is called once this one is done."""
        following: Future = Future()

        def follow(_: Any) -> None:
            try:
                result = callback(self)
            except Exception as error:
                following.set_exception(
                    RuntimeError(f"Got the following error when running the callback: {type(error).__name__}: {error}")
                )
            else:
                following.set_result(result)

        self._inner.add_done_callback(follow)
        return following


def collect_all(futures: list[Future]) -> Future[list[Future]]:
    """A future of the list, done once all of them are."""
    together: Future = Future()
    left = len(futures)

    def one_done(_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            together.set_result(futures)

    if not left:
        together.set_result([])
    for future in futures:
        future.add_done_callback(one_done)
    return together


def wait_all(futures: list[Future]) -> list:
    """The values of all; raises the first error among them."""
    return [future.wait() for future in collect_all(futures).wait()]
