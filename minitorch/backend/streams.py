"""How torch turns 32-bit random words into numbers on the CPU: one method per distribution, whole arrays at once.

    r32 = the next word;  r64 = two words, the first one the high half
    u24 = (r32 mod 2^24) / 2^24 as float32;  u53 = (r64 mod 2^53) / 2^53 as float64

Everything below is a formula in these four (checked bit for bit against torch 2.13, tests/test_random_streams.py).
Arrays are filled in C order; torch fills a strided tensor in the order of its memory, see `visit_axes`.
`a * b + c` means one rounding: torch's compiler fuses it. Reduced precision (float16, bfloat16) is drawn in float32 or
float64 as said, goes through float32, and is rounded to the type last.

Must not know tensors or devices, nor how words are made: `_words` and the cached normal come from the subclass.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minitorch.backend import libm
from minitorch.backend.boxmuller import F32, TWO_PI, fma64, normals_from_blocks

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

SIGNIFICAND = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}  # bits, the hidden one included
REDUCED = ("float16", "bfloat16")
FLOATS = tuple(SIGNIFICAND)
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
MASK24, MASK21 = np.uint32(2**24 - 1), np.uint64(2**21 - 1)

Shape = tuple[int, ...]


class Streams:
    """The distributions, on top of a source of 32-bit words (`_words`) and one cached normal."""

    _lock: threading.RLock
    _next_normal: float | None  # the second number of the last pair of normals, if not used yet

    def _words(self, n: int) -> NDArray[np.uint64]:
        """The next n words of 32 bits, in the low halves of uint64."""
        raise NotImplementedError

    def _r32(self, n: int) -> NDArray[np.uint32]:
        return self._words(n).astype(np.uint32)

    def _r64(self, n: int) -> NDArray[np.uint64]:
        words = self._words(2 * n)
        return words[0::2] << np.uint64(32) | words[1::2]

    def _u24(self, n: int) -> NDArray[np.float32]:
        bits = self._r32(n)
        bits &= MASK24
        values = bits.view(np.int32).astype(F32)
        values *= F32(2**-24)
        return values

    def _u53(self, n: int) -> NDArray[np.float64]:
        words = self._words(2 * n)
        bits = words[0::2] & MASK21
        bits <<= np.uint64(32)
        bits |= words[1::2]
        values = bits.view(np.int64).astype(np.float64)
        values *= 2.0**-53
        return values

    # ------------------------------------------------------------------------------------------- floating point

    def uniform(self, shape: Shape, dtype: DTypeLike = F32, low: float = 0.0, high: float = 1.0) -> NDArray:
        """`rand`, `uniform_`: u24 * (high - low) + low; float64 takes u53.

        A result that rounds to `high` becomes `low`. Complex numbers are pairs of reals, the real part drawn first.
        """
        dtype = np.dtype(dtype)
        if dtype.kind == "c":
            return self._complex(dtype, shape, lambda real, flat: self.uniform(flat, real, low, high))
        _check_uniform(dtype, low, high)
        n = math.prod(shape)
        with self._lock:
            values = self._u53(n) if name_of(dtype) == "float64" else self._u24(n)
        if (low, high) != (0.0, 1.0):
            if name_of(dtype) == "float64":
                values = fma64(values, high - low, low)
            else:
                values = values * np.float64(F32(high) - F32(low))  # exact in float64, with the sum below
                values += np.float64(F32(low))
        values = from_double(values, dtype)
        if name_of(dtype) in REDUCED or (low, high) != (0.0, 1.0):
            bottom, top = from_double(np.array([low, high], np.float64), dtype)
            values[values == top] = bottom
        return values.reshape(shape)

    def normal(
        self, shape: Shape, dtype: DTypeLike = F32, mean: float = 0.0, std: float = 1.0, *, contiguous: bool = True
    ) -> NDArray:
        """`randn`, `normal_`: Box-Muller, in blocks of 16 for contiguous tensors of 16 elements or more, else in pairs.

        Blocks: fill with u24 (float64: u53); in each block of 16 the first eight are u1, the last eight u2,
        r = sqrt(-2 log(1 - u1)), t = 2 pi u2; the first eight become r cos t, the last r sin t; then * std + mean.
        If n is no multiple of 16, the last 16 elements are drawn and transformed once more.
        Pairs: see `_normal_pairs`; `contiguous=False` says that the tensor to be filled is not contiguous.
        A complex normal of variance std^2 is a pair of reals of standard deviation std / sqrt 2.
        """
        dtype = np.dtype(dtype)
        if not std >= 0.0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        if dtype.kind == "c":
            real_std = std / math.sqrt(2.0)
            return self._complex(
                dtype, shape, lambda real, flat: self.normal(flat, real, mean, real_std, contiguous=contiguous)
            )
        need("normal", dtype, FLOATS)
        n = math.prod(shape)
        with self._lock:
            if n >= 16 and contiguous:
                values = self._normal_blocks(n, dtype, mean, std)
            else:
                values = fma64(self._normal_pairs(n), std, mean)
        return from_double(values, dtype).reshape(shape)

    def _normal_blocks(self, n: int, dtype: np.dtype, mean: float, std: float) -> NDArray:
        whole, rest = n - n % 16, n % 16
        draw = self._u53 if name_of(dtype) == "float64" else self._u24
        # float32 and float64 fill all n first; float16 and bfloat16 draw block by block and skip the incomplete one
        filled = whole if name_of(dtype) in REDUCED else n
        u = draw(filled + 16 if rest else filled)
        values = normals_from_blocks(u[:whole], mean, std)
        if rest:
            values = np.concatenate([values[: n - 16], normals_from_blocks(u[filled:], mean, std)])
        return values

    def _normal_pairs(self, n: int) -> NDArray[np.float64]:
        """Standard normals from pairs: u1 = u53, u2 = u53, r = sqrt(-2 log1p(-u2)), t = 2 pi u1; r cos t, then r sin t.

        The generator keeps an unused r sin t for the next call, whatever distribution asks for it.
        """
        values = np.empty(n)
        start = 0
        if n and self._next_normal is not None:
            values[0], self._next_normal = self._next_normal, None
            start = 1
        pairs = (n - start + 1) // 2
        u = self._u53(2 * pairs)
        radius, theta = np.sqrt(-2.0 * libm.log1p(-u[1::2])), TWO_PI * u[0::2]
        cosines, sines = radius * libm.cos(theta), radius * libm.sin(theta)
        values[start::2] = cosines
        values[start + 1 :: 2] = sines[: (n - start) // 2]
        if (n - start) % 2:
            self._next_normal = float(sines[-1])
        return values

    def normal_arrays(self, mean: NDArray | float, std: NDArray | float) -> NDArray:
        """`torch.normal` with a tensor for mean, std or both: draw standard normals, then `* std`, then `+ mean`.

        The dtype is mean's if that is an array, else std's. A scalar std scales the draw itself (as `normal` does).
        """
        shape = _common_shape(np.shape(mean), np.shape(std))
        dtype = mean.dtype if isinstance(mean, np.ndarray) else np.asarray(std).dtype
        if not isinstance(std, np.ndarray):
            out = self.normal(shape, dtype, 0.0, std)
        else:
            if std.dtype.kind == "c":
                raise RuntimeError("normal expects standard deviation to be non-complex")
            if not (std >= 0).all():
                raise RuntimeError("normal expects all elements of std >= 0.0")
            out = self.normal(shape, dtype)
            out = _in_place(np.multiply, out, std)
        return _in_place(np.add, out, mean if isinstance(mean, np.ndarray) else np.asarray(mean, dtype))

    def log_normal(self, shape: Shape, dtype: DTypeLike = F32, mean: float = 1.0, std: float = 2.0) -> NDArray:
        """`log_normal_`: exp of normals made in pairs (never in blocks), in float64."""
        if not std > 0.0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        dtype = need("log_normal_", dtype, FLOATS)
        with self._lock:
            normals = self._normal_pairs(math.prod(shape))
        with np.errstate(over="ignore"):
            return from_double(libm.exp(fma64(normals, std, mean)), dtype).reshape(shape)

    def exponential(self, shape: Shape, dtype: DTypeLike = F32, lambd: float = 1.0) -> NDArray:
        """`exponential_`: (-1 / lambd) * log1p(-u53)."""
        dtype = np.dtype(dtype)
        if not lambd > 0.0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
        _check_continuous("Exponential", dtype)
        with self._lock:
            u = self._u53(math.prod(shape))
        with np.errstate(invalid="ignore"):  # lambd = inf meets log1p(-0)
            return from_double(-1.0 / lambd * libm.log1p(-u), dtype).reshape(shape)

    def cauchy(self, shape: Shape, dtype: DTypeLike = F32, median: float = 0.0, sigma: float = 1.0) -> NDArray:
        """`cauchy_`: sigma * tan(pi (u53 - 1/2)) + median."""
        dtype = np.dtype(dtype)
        if not sigma > 0.0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        _check_continuous("Cauchy", dtype)
        with self._lock:
            u = self._u53(math.prod(shape))
        return from_double(fma64(libm.tan(np.pi * (u - 0.5)), sigma, median), dtype).reshape(shape)

    # ------------------------------------------------------------------------------------------ yes or no, and counts

    def bernoulli(self, p: float | NDArray, shape: Shape | None = None, dtype: DTypeLike | None = None) -> NDArray:
        """`bernoulli_`, `bernoulli`: 1 where u53 < p for a number p or a float64 array, u24 < p for other arrays.

        An array p is broadcast to `shape` (default: its own), and gives the dtype unless one is named.
        """
        if isinstance(p, np.ndarray):
            need("bernoulli with probabilities", p.dtype, FLOATS)
            dtype, shape = p.dtype if dtype is None else dtype, p.shape if shape is None else shape
            draw = self._u53 if p.dtype == np.float64 else self._u24
            p = _probabilities(p, shape)
        elif not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        else:
            draw, shape = self._u53, shape or ()
        dtype = need("bernoulli", F32 if dtype is None else dtype, (*FLOATS, *INTEGERS, "bool"))
        with self._lock:
            u = draw(math.prod(shape)).reshape(shape)
        return np.asarray(u < p).astype(dtype)

    def keep(self, q: float, shape: Shape) -> NDArray[np.bool_]:
        """Which elements dropout keeps: `bernoulli_(q)` with q = 1 - p, as booleans: u53 < q."""
        return self.bernoulli(q, shape, np.bool_)

    def geometric(self, shape: Shape, dtype: DTypeLike, p: float) -> NDArray:
        """`geometric_`: ceil(log(u53) / log1p(-p)), the number of trials up to the first success."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        dtype = need("geometric_", dtype, (*FLOATS, *INTEGERS))
        with self._lock:
            u = self._u53(math.prod(shape))
        with np.errstate(divide="ignore"):  # log(0), once in 2^53
            trials = np.ceil(libm.log(u) / math.log1p(-p))
        if dtype.kind in "iu":
            with np.errstate(invalid="ignore"):
                return trials.astype(np.int64).astype(dtype).reshape(shape)  # small types wrap around, as in C
        return from_double(trials, dtype).reshape(shape)

    def _complex(self, dtype: np.dtype, shape: Shape, draw: Callable[[DTypeLike, Shape], NDArray]) -> NDArray:
        real = np.dtype(F32 if dtype == np.complex64 else np.float64)
        return draw(real, (2 * math.prod(shape),)).view(dtype).reshape(shape)


# --------------------------------------------------------------------------------------------- rounding and checking


@functools.cache
def name_of(dtype: np.dtype) -> str:
    """`dtype.name`, which NumPy composes anew each time: longer than drawing ten numbers."""
    return dtype.name


def from_double(values: NDArray, dtype: DTypeLike) -> NDArray:
    """Round as C++ does: reduced precision is reached through float32, not directly."""
    dtype = np.dtype(dtype)
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore"):
        if name_of(dtype) in REDUCED:
            values = values.astype(F32)
        return values.astype(dtype, copy=False)


def need(op: str, dtype: DTypeLike, allowed: Sequence[str]) -> np.dtype:
    dtype = np.dtype(dtype)
    if name_of(dtype) not in allowed:
        raise NotImplementedError(f'"{op}" not implemented for {name_of(dtype)}: expected one of {", ".join(allowed)}')
    return dtype


def visit_axes(strides: Sequence[int], shape: Shape | None = None) -> tuple[int, ...]:
    """The order in which torch walks the axes of a strided tensor: largest stride outermost, so memory order.

    Broadcast axes (stride 0) stay where they are, and of two equal strides the shorter axis goes inside. Negative
    strides, which torch doesn't have, count by their size: a flipped array is filled as the array it flips.

    To fill such an array `a` as torch does:

    >>> import numpy as np
    >>> a = np.empty((2, 3), order="F")
    >>> in_memory_order = a.transpose(visit_axes(a.strides))
    >>> in_memory_order.shape, in_memory_order.flags.c_contiguous
    ((3, 2), True)
    """
    order = list(range(len(strides)))[::-1]  # innermost first; an insertion sort, since the comparison can be undecided
    for start in range(1, len(order)):
        here = start
        for before in range(start - 1, -1, -1):
            inner, outer = order[before], order[here]
            a, b = abs(strides[inner]), abs(strides[outer])
            if a and b and (a > b or (a == b and shape is not None and shape[inner] > shape[outer])):
                order[before], order[here] = outer, inner
                here = before
            elif a and b and a < b:
                break
    return tuple(order[::-1])


def in_memory_order(array: NDArray, draw: Callable[[Shape], NDArray]) -> NDArray:
    """What `draw(shape)` gives, laid over the axes of `array` so that its memory is filled first element first."""
    axes = visit_axes(array.strides, array.shape)
    drawn = draw(tuple(array.shape[axis] for axis in axes))
    return drawn.transpose(sorted(range(len(axes)), key=axes.__getitem__))


def _in_place(ufunc: np.ufunc, out: NDArray, other: NDArray) -> NDArray:
    """`out.mul_(other)`: computed in the promoted type, stored in out's.

    A 0-d operand does not promote; next to reduced precision it is read as float32.
    """
    if other.ndim == 0 and out.ndim:
        other = other.astype(F32 if name_of(out.dtype) in REDUCED else out.dtype)
    result = np.asarray(ufunc(out, other))
    return result.astype(out.dtype, copy=False) if out.dtype.kind == "c" else from_double(result, out.dtype)


def _common_shape(mean: Shape, std: Shape) -> Shape:
    try:
        return np.broadcast_shapes(mean, std)
    except ValueError:
        raise RuntimeError(f"normal: the shapes of mean {mean} and std {std} do not broadcast (must match)") from None


def _probabilities(p: NDArray, shape: Shape) -> NDArray:
    p = p if p.dtype == np.float64 else p.astype(F32)
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError("bernoulli: expected all probabilities in [0, 1] (p_in >= 0 && p_in <= 1)")
    try:
        return np.broadcast_to(p, shape)
    except ValueError:
        raise RuntimeError(f"bernoulli: probabilities of shape {p.shape} do not expand to {tuple(shape)}") from None


def _check_continuous(name: str, dtype: np.dtype) -> None:
    if name_of(dtype) not in FLOATS:
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {name_of(dtype)}"
        )


def largest_of(dtype: np.dtype) -> float:
    return 3.3895313892515355e38 if name_of(dtype) == "bfloat16" else float(np.finfo(dtype).max)


def _check_uniform(dtype: np.dtype, low: float, high: float) -> None:
    need("uniform", dtype, FLOATS)
    largest = largest_of(dtype)
    for name, value in (("from", low), ("to", high)):
        if not -largest <= value <= largest:
            raise RuntimeError(f"uniform_: {name} is out of bounds for {name_of(dtype)}")
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if not high - low <= largest:
        raise RuntimeError(
            f"uniform_ expects to-from to be at most the largest {name_of(dtype)}, but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )
