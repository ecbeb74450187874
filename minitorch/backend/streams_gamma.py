"""Draws by rejection: gamma, Dirichlet and binomial numbers, element after element, as torch draws them.

Each takes from the stream until a trial is accepted, so the stream moves by a number of words that nobody knows before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from minitorch.backend.streams import FLOATS, need
from minitorch.backend.streams_choice import ChoiceStreams, _Supply

if TYPE_CHECKING:
    from numpy.typing import NDArray

THIRD, SQUEEZE = float(np.float32(1 / 3)), float(np.float32(0.0331))  # torch has these two in single precision


class GammaStreams(ChoiceStreams):
    """Adds gamma, Dirichlet and binomial to the streams."""

    def standard_gamma(self, concentration: NDArray) -> NDArray:
        """Gamma numbers of rate 1, one for each concentration, in its dtype and never below its smallest normal."""
        dtype = need("_standard_gamma", concentration.dtype, FLOATS)
        drawn = self._gammas(
            concentration, np.dtype(np.float64) if dtype == np.float64 else np.dtype(np.float32)
        ).astype(dtype)
        return np.maximum(drawn, np.finfo(dtype).tiny)

    def dirichlet(self, concentration: NDArray) -> NDArray:
        """Points of the simplex: gamma numbers (in float64), divided by their sum over the last axis."""
        dtype = need("_sample_dirichlet", concentration.dtype, FLOATS)
        drawn = self._gammas(concentration, np.dtype(np.float64))
        shares = (drawn / drawn.sum(-1, keepdims=True)).astype(dtype)
        largest = np.nextafter(dtype.type(1), dtype.type(0))
        return np.clip(shares, np.finfo(dtype).tiny, largest)

    def binomial(self, count: NDArray, prob: NDArray) -> NDArray:
        """Successes among `count` trials of probability `prob`; both of one shape and dtype."""
        dtype = need("binomial", count.dtype, FLOATS)
        pairs = zip(count.astype(np.float64).ravel().tolist(), prob.astype(np.float64).ravel().tolist(), strict=True)
        with self._lock:
            supply, before = _Supply(self._u53), self._mark()
            drawn = [_binomial(n, p, supply) for n, p in pairs]
            self._rewind(before)
            self._u53(supply.used)
        return np.array(drawn, np.float64).astype(dtype).reshape(count.shape)

    def _gammas(self, concentration: NDArray, dtype: np.dtype) -> NDArray[np.float64]:
        """Gamma numbers whose constants are computed in `dtype`; the rest is float64."""
        a = concentration.astype(dtype).ravel()
        boosted = np.where(a < 1, a + dtype.type(1), a)
        with np.errstate(divide="ignore"):
            powers = (1 / a).tolist()
        constants = zip(a.tolist(), powers, (boosted - dtype.type(THIRD)).tolist(), strict=True)
        with self._lock:
            supply, before = _Supply(self._u53), self._mark()

            def normal() -> float:
                if self._next_normal is not None:
                    kept, self._next_normal = self._next_normal, None
                    return kept
                u1, u2 = supply(), supply()
                radius, angle = math.sqrt(-2.0 * math.log1p(-u2)), 2.0 * math.pi * u1
                self._next_normal = radius * math.sin(angle)
                return radius * math.cos(angle)

            drawn = [_gamma(a, power, d, supply, normal) for a, power, d in constants]
            self._rewind(before)  # the supply read ahead: go back, and use up what was used
            self._u53(supply.used)
        return np.array(drawn, np.float64).reshape(concentration.shape)


def _gamma(a: float, power: float, d: float, uniform: Callable[[], float], normal: Callable[[], float]) -> float:
    """Marsaglia and Tsang (2000): d (1 + c x)**3 with a normal x is nearly gamma; rejection corrects it.

    d = a - 1/3. Below 1, a gamma number of a + 1 is scaled by u**power, power = 1/a.
    """
    if a == 0.0:
        return 0.0
    if not math.isfinite(d) or d <= 0:
        return math.nan
    scale = (1.0 - uniform()) ** power if a < 1.0 else 1.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal()
        root = 1.0 + c * x
        if root <= 0:
            continue
        v, square = root * root * root, x * x
        u = 1.0 - uniform()
        if u < 1.0 - SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def _binomial(n: float, p: float, uniform: Callable[[], float]) -> float:
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return n
    if not p == p:  # nan
        return math.nan
    rare = min(p, 1.0 - p) if p > 0.5 else p
    drawn = _binomial_rejection(n, rare, uniform) if n * rare >= 10.0 else _binomial_waits(n, rare, uniform)
    return drawn if p <= 0.5 else n - drawn


def _binomial_waits(n: float, p: float, uniform: Callable[[], float]) -> float:
    """Count the successes by the waits between them, which are geometric."""
    successes, trials, log_failure = 0.0, 0.0, math.log1p(-p)
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > n:
            return successes
        successes += 1


def _binomial_rejection(n: float, p: float, uniform: Callable[[], float]) -> float:
    """BTRS, transformed rejection with squeeze (Hoermann 1993), two u53 for each trial."""
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    center, v_r, odds = n * p + 0.5, 0.92 - 4.2 / b, p / (1 - p)
    alpha, m = (2.83 + 5.1 / b) * spread, math.floor((n + 1) * p)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = math.floor((2 * a / us + b) * u + center)
        if us >= 0.07 and v <= v_r:
            return float(k)
        if k < 0 or k > n:
            continue
        log_v = math.log(v * alpha / (a / (us * us) + b)) if v else -math.inf
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (n - m + 1)))
            + (n + 1) * math.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
            + (_stirling_rest(m) + _stirling_rest(n - m) - _stirling_rest(k) - _stirling_rest(n - k))
        )
        if log_v <= bound:
            return float(k)


def _stirling_rest(k: float) -> float:
    """log(k!) minus Stirling's formula log(sqrt(2 pi)) + (k + 1/2) log(k + 1) - (k + 1)."""
    if k <= 9:
        return math.lgamma(k + 1) - (0.5 * math.log(2 * math.pi) + (k + 0.5) * math.log(k + 1) - (k + 1))
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
