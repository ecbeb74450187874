"""`assert_close`: tensors, numbers, and nests of them, compared; the message says where they differ most."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS

__all__ = ["assert_close"]

_TOLERANCES = {  # dtype: (rtol, atol); 0 for integers and booleans
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.complex128: (1e-7, 1e-7),
}
_PYTHON = {bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


class _Comparison:
    """The options of one call."""

    def __init__(self, rtol: Any, atol: Any, equal_nan: bool, allow_subclasses: bool, checks: dict, msg: Any) -> None:
        if (rtol is None) != (atol is None):
            raise ValueError(
                "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
                f"{'rtol' if rtol is None else 'atol'}."
            )
        self.given, self.equal_nan, self.allow_subclasses, self.checks, self.msg = (
            None if rtol is None else (rtol, atol),
            equal_nan,
            allow_subclasses,
            checks,
            msg,
        )

    def tolerances(self, *kinds: Any) -> tuple[float, float]:
        """The given ones, or the widest of the dtypes'."""
        if self.given is not None:
            return self.given
        pairs = [_TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds]
        return max(r for r, _ in pairs), max(a for _, a in pairs)

    def fail(self, message: str, path: tuple) -> None:
        if path:
            message += f"\n\nThe failure occurred for item {''.join(f'[{k!r}]' for k in path)}"
        if self.msg is not None:
            message = self.msg(message) if callable(self.msg) else self.msg
        raise AssertionError(message)

    def compare(self, actual: Any, expected: Any, path: tuple = ()) -> None:
        if all(isinstance(v, Sequence) and not isinstance(v, str) for v in (actual, expected)):
            if len(actual) != len(expected):
                self.fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", path)
            for k, (a, b) in enumerate(zip(actual, expected, strict=True)):
                self.compare(a, b, (*path, k))
        elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
            self._mappings(actual, expected, path)
        elif actual is None or expected is None:
            if actual is not expected:
                self.fail(f"None mismatch: {actual} is not {expected}", path)
        elif isinstance(actual, bool) and isinstance(expected, bool):
            if actual is not expected:
                self.fail(f"Booleans mismatch: {actual} is not {expected}", path)
        elif isinstance(actual, (int, float, complex)) and isinstance(expected, (int, float, complex)):
            self._numbers(actual, expected, path)
        else:
            self._tensors(*self._as_tensors(actual, expected), path)

    def _mappings(self, actual: Mapping, expected: Mapping, path: tuple) -> None:
        missing, more = [k for k in expected if k not in actual], [k for k in actual if k not in expected]
        if missing or more:
            self.fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing, key=str)}\n"
                f"Additional keys in the actual mapping: {sorted(more, key=str)}",
                path,
            )
        for k in sorted(expected, key=str):
            self.compare(actual[k], expected[k], (*path, k))

    def _as_tensors(self, actual: Any, expected: Any) -> tuple[Any, Any]:
        refused = TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
        )
        related = issubclass(type(actual), type(expected)) or issubclass(type(expected), type(actual))
        if not (related if self.allow_subclasses else type(actual) is type(expected)):
            raise refused
        if isinstance(actual, TensorBase):
            return actual, expected
        if not hasattr(actual, "__array__"):
            raise refused
        return FUNCTIONS["as_tensor"](actual), FUNCTIONS["as_tensor"](expected)

    def _numbers(self, actual: Any, expected: Any, path: tuple) -> None:
        if self.checks["dtype"] and type(actual) is not type(expected):
            self.fail(f"The (d)types do not match: {type(actual)} != {type(expected)}.", path)
        rtol, atol = self.tolerances(_PYTHON[type(actual)], _PYTHON[type(expected)])
        if actual == expected or (self.equal_nan and cmath.isnan(actual) and cmath.isnan(expected)):
            return
        gap = abs(actual - expected)
        if cmath.isfinite(gap) and gap <= atol + rtol * abs(expected):
            return
        self.fail(_scalar_message(actual, expected, gap, rtol, atol), path)

    def _tensors(self, actual: Any, expected: Any, path: tuple) -> None:
        for what in ("shape", "device", "dtype", "layout", "stride()"):
            name = what.removesuffix("()")
            if not self.checks.get(name, True):
                continue
            a, b = (getattr(t, name)() if name != what else getattr(t, name) for t in (actual, expected))
            if a != b:
                shown = "torch.Size" if what == "shape" else ""
                a, b = (f"{shown}({list(v)})" for v in (a, b)) if shown else (a, b)
                self.fail(f"The values for attribute '{what}' do not match: {a} != {b}.", path)
        rtol, atol = self.tolerances(actual.dtype, expected.dtype)
        self._values(actual.detach(), expected.detach(), rtol, atol, path)

    def _values(self, actual: Any, expected: Any, rtol: float, atol: float, path: tuple) -> None:
        expected = expected.to(actual.device)
        if actual.dtype != expected.dtype:
            wide = FUNCTIONS["promote_types"](actual.dtype, expected.dtype)
            actual, expected = actual.to(wide), expected.to(wide)
        close = FUNCTIONS["isclose"](actual, expected, rtol=rtol, atol=atol, equal_nan=self.equal_nan)
        if not close.all():
            self.fail(_message(actual, expected, close, rtol, atol), path)


def _limit(tolerance: float, exact: bool) -> str:
    return "" if exact else f" (up to {tolerance} allowed)"


def _scalar_message(actual: Any, expected: Any, gap: float, rtol: float, atol: float) -> str:
    exact = rtol == 0 == atol
    relative = gap / abs(expected) if expected != 0 else float("inf")
    return (
        f"Scalars are not {'equal' if exact else 'close'}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {gap}{_limit(atol, exact)}\n"
        f"Relative difference: {relative}{_limit(rtol, exact)}"
    )


def _message(actual: Any, expected: Any, close: Any, rtol: float, atol: float) -> str:
    """How many elements differ, and where most; those that are close don't count."""
    if not (actual.is_floating_point() or actual.is_complex()):
        actual, expected = actual.to(dtypes.int64), expected.to(dtypes.int64)
    if actual.dim() == 0:
        a, b = actual.item(), expected.item()
        return _scalar_message(a, b, abs(a - b), rtol, atol)
    exact = rtol == 0 == atol
    gap = (actual - expected).abs()
    gap[close] = 0
    relative = gap / expected.abs()
    relative[close] = 0
    wrong, all_ = int((~close).sum()), close.numel()
    return (
        f"Tensor-likes are not {'equal' if exact else 'close'}!\n\n"
        f"Mismatched elements: {wrong} / {all_} ({wrong / all_:.1%})\n"
        f"Greatest absolute difference: {_greatest(gap)}{_limit(atol, exact)}\n"
        f"Greatest relative difference: {_greatest(relative)}{_limit(rtol, exact)}"
    )


def _greatest(difference: Any) -> str:
    place = int(difference.reshape(-1).argmax())
    index = []
    for n in reversed(difference.shape):
        place, i = divmod(place, n)
        index.append(i)
    where = tuple(reversed(index))
    return f"{difference[where].item()} at index {where}"


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise an AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere.

    Tensors, arrays, numbers, None, and sequences and mappings of them; shapes, dtypes and devices must be equal too.
    rtol and atol follow the dtype unless both are given: 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for float64, 1e-3
    and 1e-5 for float16, 0.016 and 1e-5 for bfloat16, 0 for integers. `msg` replaces the message, or makes a new
    one of it.
    """
    checks = {"device": check_device, "dtype": check_dtype, "layout": check_layout, "stride": check_stride}
    if rtol is not None and rtol < 0 or atol is not None and atol < 0:
        raise ValueError(f"assert_close: rtol and atol must not be negative, got {rtol} and {atol}")
    try:
        _Comparison(rtol, atol, equal_nan, allow_subclasses, checks, msg).compare(actual, expected)
    except AssertionError as failure:
        raise failure.with_traceback(None) from None  # the traceback ends where it was called
