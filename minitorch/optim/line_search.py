"""Line search under the strong Wolfe conditions (Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6).

Wanted along a direction of descent is a step t after which the loss f has fallen enough and its slope f' is flat
enough:  f(t) <= f(0) + c1 t f'(0)  and  |f'(t)| <= -c2 f'(0).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SUFFICIENT, FLAT = 1e-4, 0.9  # c1 and c2
NARROW = 1e-9


@dataclass
class Point:
    """The loss after a step t along the direction, its gradient (all parameters, flat) and its slope."""

    t: Any
    loss: float
    gradient: Any
    slope: Any


class StrongWolfe:
    """One search; `evaluate(t)` gives a Point, `reach` is the direction's largest element (it scales t's tolerance)."""

    def __init__(self, evaluate: Callable[[Any], Point], start: Point, reach: Any, max_steps: int) -> None:
        self.evaluate = evaluate
        self.start = start
        self.reach = reach
        self.max_steps = max_steps
        self.steps = 0
        self.evaluations = 0

    def search(self, t: Any) -> Point:
        """A point that satisfies the conditions, or the best one found in `max_steps`; t is tried first."""
        bracket = self._bracket(self._try(t))
        return bracket[0] if len(bracket) == 1 else self._zoom(bracket)

    def _try(self, t: Any) -> Point:
        self.evaluations += 1
        return self.evaluate(t)

    def _too_high(self, p: Point) -> bool:
        return bool(p.loss > self.start.loss + SUFFICIENT * p.t * self.start.slope)

    def _flat(self, p: Point) -> bool:
        return bool(abs(p.slope) <= -FLAT * self.start.slope)

    def _bracket(self, new: Point) -> list[Point]:
        """Walk on until two points enclose a step that satisfies the conditions, or one satisfies them itself."""
        before = self.start
        while self.steps < self.max_steps:
            if self._too_high(new) or (self.steps > 1 and new.loss >= before.loss):
                return [before, new]
            if self._flat(new):
                return [new]
            if new.slope >= 0:
                return [before, new]
            bounds = new.t + 0.01 * (new.t - before.t), new.t * 10
            t = lowest_of_cubic(before, new, bounds)
            before, new = new, self._try(t)
            self.steps += 1
        return [self.start, new]

    def _zoom(self, bracket: list[Point]) -> Point:
        """Narrow the bracket until its lower point satisfies the conditions."""
        low, high = order(bracket)
        stalled = False
        while self.steps < self.max_steps and not abs(bracket[1].t - bracket[0].t) * self.reach < NARROW:
            t, stalled = _inside(lowest_of_cubic(*bracket), bracket, stalled)
            new = self._try(t)
            self.steps += 1
            if self._too_high(new) or new.loss >= bracket[low].loss:
                bracket[high] = new
                low, high = order(bracket)
                continue
            if self._flat(new):
                return new
            if new.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
        return bracket[low]


def order(bracket: list[Point]) -> tuple[int, int]:
    """(number of the lower point, number of the higher one)."""
    return (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)


def _inside(t: Any, bracket: list[Point], stalled: bool) -> tuple[Any, bool]:
    """Keep t off the bracket's ends, on which the search would stall: (t, whether it was close to one this time)."""
    ends = [p.t for p in bracket]
    left, right = min(ends), max(ends)
    margin = 0.1 * (right - left)
    if not min(right - t, t - left) < margin:
        return t, False
    if stalled or t >= right or t <= left:
        return (right - margin if abs(t - right) < abs(t - left) else left + margin), False
    return t, True


def lowest_of_cubic(p: Point, q: Point, bounds: Any = None) -> Any:
    """Where the cubic with the losses and slopes of both points is lowest, within `bounds`; their middle if nowhere."""
    left, right = bounds if bounds is not None else (p.t, q.t) if p.t <= q.t else (q.t, p.t)
    d = p.slope + q.slope - 3 * (p.loss - q.loss) / (p.t - q.t)
    square = d**2 - p.slope * q.slope
    if not square >= 0:
        return (left + right) / 2.0
    near, far = (p, q) if p.t <= q.t else (q, p)
    root = square.sqrt()
    t = far.t - (far.t - near.t) * ((far.slope + root - d) / (far.slope - near.slope + 2 * root))
    return min(max(t, left), right)
