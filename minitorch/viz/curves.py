"""Curves: `viz.gradcheck_curve` (how far to step for a finite difference), `viz.paths` (optimizers on a surface)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from minitorch import autograd
from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.tensor import FUNCTIONS
from minitorch.viz.page import Picture, number
from minitorch.viz.svg import Axes, color, drawing, legend, rect, tag


def gradcheck_curve(fn: Callable, x: Any, points: int = 49) -> Picture:
    """Error of the central difference against autograd, over the step h, in float32 and float64: a V on log axes.

    error(h) = |(fn(x + h v) - fn(x - h v)) / 2h - <grad, v>| / |<grad, v>|

    along v = grad / |grad|. To the right the error of the formula grows as h^2; to the left that of rounding grows as
    eps / h. `fn` must return a scalar; a zero gradient at `x` is a ValueError, as it has no relative error.
    """
    hs = [10.0 ** (-12 + 12 * k / (points - 1)) for k in range(points)]
    curves = {
        name: _errors(fn, x.detach().to(dt), hs)
        for name, dt in (("float32", dtypes.float32), ("float64", dtypes.float64))
    }
    best = {name: hs[min(range(points), key=lambda k, e=e: e[k])] for name, e in curves.items()}  # type: ignore[misc]
    logs = {
        n: [(math.log10(h), math.log10(min(max(e, 1e-17), 1e3))) for h, e in zip(hs, c, strict=True)]
        for n, c in curves.items()
    }
    low = min(y for c in logs.values() for _, y in c)
    high = max(y for c in logs.values() for _, y in c)
    axes = Axes((70, 34, 560, 330), (-12, 0), (math.floor(low), math.ceil(high)))
    words = "Relative error of the central difference over the step h. " + " ".join(
        f"{n}: least error {number(min(curves[n]))} at h = {number(best[n])}." for n in curves
    )
    parts = [axes.frame("step h", "relative error", powers=True), legend(650, 60, list(curves), [None, "7 4"])]
    for k, n in enumerate(curves):
        parts.append(axes.line(logs[n], color(k), stroke_dasharray="7 4" if k else None))
        px, py = axes.at(*min(logs[n], key=lambda p: p[1]))
        parts.append(tag("circle", cx=px, cy=py, r=5, fill=color(k)))
    data = {"steps": hs, "errors": curves, "best": best}
    return Picture("gradcheck", "Finite differences against autograd", data, drawing(770, 415, words, *parts), words)


def _errors(fn: Callable, x: Any, hs: Sequence[float]) -> list[float]:
    leaf = x.clone().requires_grad_()
    (g,) = autograd.grad(fn(leaf), leaf)
    slope = float(g.double().norm().item())
    if slope == 0:
        raise ValueError("viz.gradcheck_curve: the gradient at x is zero, so the error has no scale; take another x")
    v = g / slope
    result = []
    with no_grad():
        for h in hs:
            difference = (fn(x + h * v) - fn(x - h * v)).item() / (2 * h)
            result.append(abs(difference - slope) / slope)
    return result


def paths(
    optimizers: Mapping[str, Callable], surface: Callable, start: Sequence[float], steps: int = 50,
    window: Sequence[float] | None = None,
) -> Picture:  # fmt: skip
    """Where optimizers walk on a surface of two variables, drawn on its level curves.

    optimizers  {"SGD": lambda p: optim.SGD(p, lr=0.1), ...}: makes the optimizer of a list with one parameter (2,)
    surface     takes a tensor (..., 2) and gives (...); it is also drawn with it
    window      (x0, x1, y0, y1); if not given, what the paths need

    Each path is `steps` real calls of step(closure), from `start`. The picture shows them whole; Play walks them.
    """
    walks = {name: _walk(make, surface, start, steps) for name, make in optimizers.items()}
    box = tuple(window) if window is not None else _window([p for w in walks.values() for p in w["points"]])
    axes = Axes((56, 24, 560, 420), (box[0], box[1]), (box[2], box[3]))
    words = "; ".join(f"{n} ends at ({', '.join(map(number, w['points'][-1]))}), value {number(w['values'][-1])}"
                      for n, w in walks.items())  # fmt: skip
    words = f"Paths of {steps} steps from ({number(start[0])}, {number(start[1])}): {words}"
    clip = tag("clipPath", rect(axes.left, axes.top, axes.width, axes.height), id="mtv-clip")
    inside = [_levels(surface, axes), *(_trail(axes, w["points"], k) for k, w in enumerate(walks.values()))]
    parts = [clip, tag("g", *inside, clip_path="url(#mtv-clip)"), axes.frame("x", "y"), legend(636, 40, list(walks))]
    table = "".join(_table(k, walks, hidden=k < steps) for k in range(steps + 1))
    data = {"paths": walks, "window": list(box), "start": list(start)}
    body = drawing(800, 492, words, *parts) + table
    return Picture("paths", "Paths of optimizers", data, body, words, steps + 1, first=steps)


def _walk(make: Callable, surface: Callable, start: Sequence[float], steps: int) -> dict:
    p = FUNCTIONS["tensor"]([float(v) for v in start], requires_grad=True)
    optimizer = make([p])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = surface(p)
        loss.backward()
        return loss

    points, values = [p.detach().tolist()], [float(surface(p.detach()).item())]
    for _ in range(steps):
        optimizer.step(closure)
        points.append(p.detach().tolist())
        values.append(float(surface(p.detach()).item()))
    return {"points": points, "values": values}


def _window(points: list) -> tuple[float, float, float, float]:
    result: list[float] = []
    for axis in (0, 1):
        known = [p[axis] for p in points if math.isfinite(p[axis])]
        margin = 0.15 * (max(known) - min(known)) or 1.0
        result += [min(known) - margin, max(known) + margin]
    return result[0], result[1], result[2], result[3]


def _levels(surface: Callable, axes: Axes, n: int = 56, count: int = 11) -> str:
    """Level curves by marching squares, at quantiles of the surface so that steep ones don't crowd."""
    xs = [axes.xs[0] + (axes.xs[1] - axes.xs[0]) * i / n for i in range(n + 1)]
    ys = [axes.ys[0] + (axes.ys[1] - axes.ys[0]) * j / n for j in range(n + 1)]
    with no_grad():
        z = surface(FUNCTIONS["tensor"]([[[x, y] for x in xs] for y in ys])).tolist()
    ranked = sorted(v for row in z for v in row if math.isfinite(v))
    out = []
    for k in range(1, count + 1):
        level = ranked[min(int((k / (count + 1)) ** 1.6 * len(ranked)), len(ranked) - 1)]
        path = []
        for j in range(n):
            for i in range(n):
                path += _crossing(
                    axes, xs[i : i + 2], ys[j : j + 2], (z[j][i], z[j][i + 1], z[j + 1][i + 1], z[j + 1][i]), level
                )
        out.append(tag("path", d="".join(path), class_="mtv-wire", stroke_opacity=0.35 + 0.05 * k))
    return "".join(out)


def _crossing(axes: Axes, xs: list, ys: list, corners: tuple, level: float) -> list[str]:
    """The piece of a level curve within one square: lines between its crossed sides, two by two."""
    at = ((xs[0], ys[0]), (xs[1], ys[0]), (xs[1], ys[1]), (xs[0], ys[1]))
    found = []
    for a in range(4):
        b = (a + 1) % 4
        if (corners[a] > level) != (corners[b] > level) and math.isfinite(corners[a]) and math.isfinite(corners[b]):
            s = (level - corners[a]) / (corners[b] - corners[a])
            found.append(axes.at(at[a][0] + s * (at[b][0] - at[a][0]), at[a][1] + s * (at[b][1] - at[a][1])))
    return [f"M{p[0]:.1f},{p[1]:.1f}L{q[0]:.1f},{q[1]:.1f}" for p, q in zip(found[::2], found[1::2], strict=False)]


def _trail(axes: Axes, points: list, k: int) -> str:
    out = []
    for i, (p, q) in enumerate(zip(points, points[1:], strict=False)):
        if all(math.isfinite(v) for v in (*p, *q)):
            out.append(axes.line([p, q], color(k), data_from=i + 1))
    for i, p in enumerate(points):
        if all(math.isfinite(v) for v in p):
            x, y = axes.at(*p)
            out.append(
                tag("circle", cx=x, cy=y, r=5, fill=color(k), data_step=i, hidden="" if i < len(points) - 1 else None)
            )
    return "".join(out)


def _table(k: int, walks: dict, hidden: bool) -> str:
    say = escape("; ".join(f"{n}: {number(w['values'][k])}" for n, w in walks.items()))
    return (
        f'<p class="mtv-num" data-step="{k}" data-say="{say}"{" hidden" * hidden}>after {k} steps, value at {say}</p>'
    )


__all__ = ["gradcheck_curve", "paths"]
