"""Random integers as torch draws them: `random_`, `randint`, `randperm`.

    r32 = the next 32-bit word;  r64 = two words, the first one the high half            (see streams.py)

Every integer is `low + r mod span`. Most of this file finds low and span: torch clips them to what the dtype can hold.

Must not know tensors or devices.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from minitorch.backend.streams import (
    FLOATS,
    INTEGERS,
    SIGNIFICAND,
    Shape,
    Streams,
    from_double,
    largest_of,
    name_of,
    need,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

UNSIGNED = ("uint16", "uint32", "uint64")  # torch knows few operations for these; randint is one
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
WIDE_SPAN = 2**28  # a range this wide takes r64, so that the modulus is skewed by less than 2^-36
LONG_PERMUTATION = (2**32 - 1) // 20  # from here on r32 would be skewed, and torch shuffles with r64
PERMUTATION_CHUNK = 2**16


class IntegerStreams(Streams):
    """`random`, `randint`, `randperm` on top of the words of Streams."""

    def random(self, shape: Shape, dtype: DTypeLike = np.int64) -> NDArray:
        """`random_()`: r32 mod (largest value + 1) for integers, r32 mod (2^d + 1) for floats with d significant bits.

        int64 and float64 take r64; bool takes the last bit.
        """
        dtype = need("random_", dtype, (*FLOATS, *INTEGERS, "bool"))
        if dtype.kind == "b":
            span = 2
        elif dtype.kind in "iu":
            span = int(np.iinfo(dtype).max) + 1
        else:
            span = 2 ** SIGNIFICAND[name_of(dtype)] + 1
        return self._modulo(shape, dtype, 0, span, wide=dtype.itemsize == 8)

    def randint(self, low: int, high: int | None, shape: Shape, dtype: DTypeLike = np.int64) -> NDArray:
        """`randint`, `random_(from, to)`: low + r32 mod (high - low); a range of 2^28 or more takes r64.

        `high=None` means up to the largest value the dtype holds (for floats: 2^d, d the significant bits).
        """
        dtype = np.dtype(dtype)
        if any(v is not None and not INT64_MIN <= v <= INT64_MAX for v in (low, high)):
            raise ValueError("randint: Overflow when unpacking long long: the bounds must fit in int64")
        if high is None and low == INT64_MIN:
            return self._all_64_bits(shape, dtype)
        low, span = _integer_range(low, high, dtype)
        return self._modulo(shape, dtype, low, span, wide=span >= WIDE_SPAN)

    def _modulo(self, shape: Shape, dtype: np.dtype, low: int, span: int, wide: bool) -> NDArray:
        n = math.prod(shape)
        with self._lock:
            r: NDArray = self._r64(n) if wide else self._r32(n)
        if wide:  # unsigned arithmetic wraps around 2^64, as torch's does
            values = (r % np.uint64(span) + np.uint64(low % 2**64)).view(np.int64)
        else:
            values = (r % np.uint32(span)).astype(np.int64) + low
        return from_int64(values, dtype).reshape(shape)

    def _all_64_bits(self, shape: Shape, dtype: np.dtype) -> NDArray:
        """`random_(-2^63, None)`: r64 read as a signed number."""
        if name_of(dtype) not in ("int64", "float64", "float32", "bfloat16"):
            kind = NotImplementedError if name_of(dtype) not in INTEGERS else RuntimeError
            raise kind(
                f"random_: the full range of 64 bits handles only int64, double, float and bfloat16, not {dtype}"
            )
        with self._lock:
            bits = self._r64(math.prod(shape)).view(np.int64)
        return from_int64(bits, dtype).reshape(shape)

    def randperm(self, n: int, dtype: DTypeLike = np.int64) -> NDArray:
        """`randperm(n)`: Fisher-Yates from the left: z = r32 mod (n - i), swap elements i and i + z, i = 0 .. n-2.

        From (2^32 - 1) / 20 elements on, inside out: z = r64 mod (i + 1), element i takes what z holds, z takes i.
        """
        dtype = _check_permutation(n, np.dtype(dtype))
        with self._lock:
            order = self._long_permutation(n) if n >= LONG_PERMUTATION else self._short_permutation(n)
        return from_int64(order, dtype)

    def _short_permutation(self, n: int) -> NDArray[np.int64]:
        order = list(range(n))  # a list: swapping elements of an array one by one is four times slower
        for start in range(0, n - 1, PERMUTATION_CHUNK):
            i = np.arange(start, min(start + PERMUTATION_CHUNK, n - 1))
            for here, there in enumerate((i + self._r32(len(i)) % (n - i)).tolist(), start):
                order[here], order[there] = order[there], order[here]
        return np.array(order, np.int64)

    def _long_permutation(self, n: int) -> NDArray[np.int64]:
        order = np.empty(n, np.int64)
        view = memoryview(order)  # type: ignore[arg-type]  # no list: these are gigabytes
        for start in range(0, n, PERMUTATION_CHUNK):
            i = np.arange(start, min(start + PERMUTATION_CHUNK, n), dtype=np.uint64)
            for here, there in enumerate((self._r64(len(i)) % (i + np.uint64(1))).tolist(), start):
                view[here] = view[there]
                view[there] = here
        return order


def _integer_range(low: int, high: int | None, dtype: np.dtype) -> tuple[int, int]:
    """(first value, number of values) of `random_(low, high)`, after torch's checks for the dtype."""
    last: int
    if name_of(dtype) not in (*FLOATS, *INTEGERS, *UNSIGNED, "bool"):
        raise RuntimeError(f"random_ handles only integral, floating-point and boolean types, not {name_of(dtype)}")
    floating = name_of(dtype) in FLOATS
    if high is not None:
        if not low < high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if floating:
            low, high = _first_not_below(low, dtype), _end_not_reached(high, dtype)
            if not low < high:
                raise RuntimeError(
                    f"random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                    f"but got from={low} >= to={high}"
                )
        last = high - 1
    elif floating:
        last, low = min(2 ** SIGNIFICAND[name_of(dtype)], INT64_MAX), _first_not_below(low, dtype)
        if not low < last:
            raise RuntimeError(
                f"random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, "
                f"but got from={low} > to_inc={last}"
            )
    else:
        last = 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)
    _check_bounds(low, last, dtype)
    return low, last - low + 1


def _check_bounds(low: int, last: int, dtype: np.dtype) -> None:
    if name_of(dtype) in FLOATS:
        smallest, largest = -largest_of(dtype), largest_of(dtype)
    elif dtype.kind == "b":
        smallest, largest = 0, 1
    else:
        info = np.iinfo(dtype)
        smallest, largest = int(info.min), min(int(info.max), INT64_MAX)
    for name, value in (("from", low), ("to - 1", last)):
        if not smallest <= value <= largest:
            raise RuntimeError(f"random_: {name} is out of bounds for {name_of(dtype)}")
        digits = SIGNIFICAND.get(name_of(dtype), 64)
        if not -(2**digits) <= value <= 2**digits:
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {name_of(dtype)} "
                "can support discrete uniform distribution only within this range.",
                stacklevel=4,
            )


def _as_held(value: int, dtype: np.dtype) -> int:
    """`value` after a trip through the float dtype; what int64 cannot hold becomes its minimum, as on x86."""
    held = float(from_double(np.asarray(value, np.int64), dtype))
    return int(held) if -(2.0**63) <= held < 2.0**63 else INT64_MIN


def _first_not_below(low: int, dtype: np.dtype) -> int:
    """The next `low` that no draw can be rounded below (torch's update_from)."""
    held = _as_held(min(low + 1, INT64_MAX), dtype)
    if held < low:
        low = held + (1 << (abs(low + 1).bit_length() - SIGNIFICAND[name_of(dtype)]))
    return low


def _end_not_reached(high: int, dtype: np.dtype) -> int:
    """The next `high` that no draw can be rounded up to (torch's update_to)."""
    held = _as_held(high - 1, dtype)
    if held >= high:
        high = held - (1 << (abs(high - 1).bit_length() - SIGNIFICAND[name_of(dtype)]))
    return high


def from_int64(values: NDArray[np.int64], dtype: np.dtype) -> NDArray:
    """Round or truncate integers to the dtype; reduced precision is reached through float32."""
    return from_double(values, dtype) if name_of(dtype) in FLOATS else values.astype(dtype, copy=False)


def _check_permutation(n: int, dtype: np.dtype) -> np.dtype:
    if n < 0:
        raise RuntimeError(
            f"randperm: n must be non-negative, got {n} (trying to create tensor with negative dimension)"
        )
    need("randperm", dtype, (*FLOATS, *INTEGERS))
    if dtype.kind in "iu" and n - 1 > np.iinfo(dtype).max:
        raise RuntimeError(f"randperm: value cannot be converted to type {name_of(dtype)} without overflow: n is {n}")
    if name_of(dtype) in ("float16", "float32", "float64") and n > 2 ** SIGNIFICAND[name_of(dtype)] + 1:
        raise RuntimeError(
            f"randperm: n cannot be greater than 2^{SIGNIFICAND[name_of(dtype)]}+1 for {name_of(dtype)}, but got {n}"
        )
    return dtype
