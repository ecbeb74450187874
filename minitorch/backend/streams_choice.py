"""Choices as torch draws them: `multinomial` with and without replacement, and `poisson`.

    u53 = the next uniform number on [0, 1), float64, from two 32-bit words            (see streams.py)

Must not know tensors or devices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minitorch.backend.streams import FLOATS, REDUCED, from_double, in_memory_order, name_of, need
from minitorch.backend.streams_integer import INT64_MIN, IntegerStreams

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CATEGORIES = 2**24


class ChoiceStreams(IntegerStreams):
    """`multinomial`, `poisson` on top of the other distributions."""

    def multinomial(self, weights: NDArray, num_samples: int, replacement: bool = False) -> NDArray[np.int64]:
        """`multinomial`: `num_samples` indices for the weights, or for each row of them.

        With replacement: the first index whose cumulated weight / total is not below u53, one u53 per sample.
        Without, and for a single sample: the order of weight / q, descending, with one q = -log1p(-u53) per category;
        all in the dtype of the weights (the cumulated sums of float16 and bfloat16 in float32).
        Equal quotients (weights of zero, or float16 weights) come in the order of their indices; torch does not say.
        """
        _check_multinomial(weights, num_samples, replacement)
        out_shape = (*weights.shape[:-1], num_samples)
        if math.prod(out_shape) == 0:
            return np.empty(out_shape, np.int64)
        cumulate = replacement and num_samples > 1
        _check_weights(weights, cumulate)
        rows = weights.reshape(-1, weights.shape[-1])
        with self._lock:
            chosen = self._with_replacement(rows, num_samples) if cumulate else self._without(rows, num_samples)
        return chosen.reshape(out_shape)

    def _with_replacement(self, rows: NDArray, num_samples: int) -> NDArray[np.int64]:
        work = np.float32 if name_of(rows.dtype) in REDUCED else rows.dtype
        with np.errstate(over="ignore", invalid="ignore"):
            cumulated = np.cumsum(rows, axis=1, dtype=work)
            cumulated /= cumulated[:, -1:].copy()
        # the last is 1, or NaN where the sum overflowed: either way no u53 is found beyond it
        u = self._u53(len(rows) * num_samples).reshape(len(rows), num_samples)
        chosen = np.empty(u.shape, np.int64)
        for row in range(len(rows)):
            chosen[row] = cumulated[row].astype(np.float64, copy=False).searchsorted(u[row], side="left")
        return chosen

    def _without(self, rows: NDArray, num_samples: int) -> NDArray[np.int64]:
        q = in_memory_order(rows, lambda shape: self.exponential(shape, rows.dtype))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            quotient = rows / q
        if num_samples == 1:
            return quotient.argmax(axis=1, keepdims=True)
        return np.argsort(-quotient, axis=1, kind="stable")[:, :num_samples]

    def poisson(self, rates: NDArray) -> NDArray:
        """`poisson`: one count for each rate, in the dtype of the rates, element after element.

        Rates below 10: how many u53 can be multiplied before the product falls to exp(-rate) (Knuth).
        Others: transformed rejection (Hoermann 1993), two u53 for each trial.
        """
        dtype = need("poisson", rates.dtype, FLOATS)
        if not (rates >= 0).all():
            raise RuntimeError("poisson: invalid Poisson rate, expected rate to be non-negative")
        with self._lock:
            supply = _Supply(self._u53)
            before = self._mark()
            counts = [_poisson(rate, supply) for rate in rates.astype(np.float64).ravel().tolist()]
            self._rewind(before)  # the supply read ahead: go back, and use up what was used
            self._u53(supply.used)
        return from_double(np.array(counts, np.int64), dtype).reshape(rates.shape)

    def _mark(self) -> object:
        """The place in the stream of words, for `_rewind`."""
        raise NotImplementedError

    def _rewind(self, place: object) -> None:
        raise NotImplementedError


class _Supply:
    """u53 one at a time, read ahead in blocks; counts how many were used."""

    def __init__(self, draw: Callable[[int], NDArray[np.float64]]) -> None:
        self.used = 0
        self._draw = draw
        self._block: list[float] = []
        self._at = 0

    def __call__(self) -> float:
        if self._at == len(self._block):
            self._block, self._at = self._draw(min(2 * self.used + 16, 2**16)).tolist(), 0
        self._at += 1
        self.used += 1
        return self._block[self._at - 1]


def _poisson(rate: float, uniform: _Supply) -> int:
    if rate == 0:
        return 0
    if rate < 10:
        count, product, floor = -1, 1.0, math.exp(-rate)
        while True:
            product *= uniform()
            count += 1
            if product <= floor:
                return count
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    v_r = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        if us == 0:  # the quotient below is infinite and the count negative: rejected
            continue
        place = (2 * a / us + b) * u + rate + 0.43
        k = math.floor(place) if math.isfinite(place) else INT64_MIN
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        log_v = math.log(v) if v else -math.inf
        if log_v + log_inverse_alpha - math.log(a / (us * us) + b) <= -rate + k * log_rate - math.lgamma(k + 1.0):
            return k


def _check_multinomial(weights: NDArray, num_samples: int, replacement: bool) -> None:
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: prob_dist must be 1 or 2 dim, but got {weights.ndim} dim")
    if name_of(weights.dtype) not in FLOATS:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {name_of(weights.dtype)}")
    if num_samples <= 0:
        raise RuntimeError(f"multinomial: cannot sample n_sample <= 0 samples, but got {num_samples}")
    categories = weights.shape[-1]
    if not replacement and num_samples > categories:
        raise RuntimeError(
            f"multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
            f"asked for {num_samples} of {categories}"
        )
    if categories > MOST_CATEGORIES:
        raise RuntimeError(f"multinomial: number of categories cannot exceed 2^24, but got {categories}")


def _check_weights(weights: NDArray, cumulate: bool) -> None:
    valid = (weights >= 0) & np.isfinite(weights)
    if not valid.all():
        if not cumulate:
            raise RuntimeError("multinomial: probability tensor contains either `inf`, `nan` or element < 0")
        what = "= infinity or NaN" if weights.ravel()[~valid.ravel()][0] > 0 else "< 0"
        raise RuntimeError(f"multinomial: invalid multinomial distribution (encountering probability entry {what})")
    if not (weights > 0).any(axis=-1).all():
        raise RuntimeError("multinomial: invalid multinomial distribution (sum of probabilities <= 0)")
