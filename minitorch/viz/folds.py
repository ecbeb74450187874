"""Which nodes of a tape are drawn as one: those of a module, those of a structure that repeats, and long rests.

The result is a tree over the nodes in the engine's order, so that a graph of any size opens on a few dozen boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

REPEATS_FROM = 12  # a level with more children than this is searched for repetition
WIDEST = 60  # a level with more children than this is cut into pieces
PERIODS = 64  # the longest repeating unit that is looked for


class Fold:
    """A group of nodes: its label, and what it holds, in order: node numbers and further folds."""

    __slots__ = ("label", "why", "children", "form")

    def __init__(self, label: str, why: str, children: list, forms: Any) -> None:
        self.label, self.why, self.children = label, why, children
        self.form = ("fold", tuple(form_of(c, forms) for c in children))


def form_of(child: Any, forms: Any) -> Any:
    """What makes two children alike: the kind of node, or the forms within a fold."""
    return hash(child.form) if isinstance(child, Fold) else forms[child]


def fold(count: int, paths: Sequence[tuple[str, ...]], forms: Sequence[Any], names: Sequence[str]) -> list:
    """The top level of the tree over nodes 0 .. count-1, whose module paths, forms and names are given."""
    return _shorten(_by_module(list(range(count)), 0, paths, forms, names), forms, names)


def _by_module(members: list[int], depth: int, paths: Any, forms: Any, names: Any) -> list:
    """Nodes whose paths agree in the component at `depth` become one fold, at the place of its first node."""
    together: dict[Any, list[int]] = {}
    for k in members:
        key = paths[k][depth] if len(paths[k]) > depth else k
        together.setdefault(key, []).append(k)
    level: list = []
    for key, inside in together.items():
        if isinstance(key, int):
            level.append(key)
            continue
        children = _shorten(_by_module(inside, depth + 1, paths, forms, names), forms, names)
        level.append(Fold(".".join(paths[inside[0]][: depth + 1]), "module", children, forms))
    return level


def _shorten(children: list, forms: Any, names: Any) -> list:
    if len(children) > REPEATS_FROM:
        children = _by_repeats(children, forms, names)
    return _by_pieces(children, forms)


def _by_repeats(children: list, forms: Any, names: Any) -> list:
    """Runs of one unit, three times or more, become a fold with a fold for each time."""
    known: dict[Any, int] = {}
    ids = np.array([known.setdefault(form_of(c, forms), len(known)) for c in children])
    runs = _run_lengths(ids)
    result: list = []
    i = 0
    while i < len(children):
        periods = np.arange(1, len(runs) + 1)
        times = runs[:, i] // periods + 1
        covered = np.where(times >= 3, times * periods, 0)
        best = int(covered.argmax()) if len(covered) else 0
        if not len(covered) or covered[best] < 6:  # shorter runs read better as they are
            result.append(children[i])
            i += 1
            continue
        period, n = best + 1, int(times[best])
        unit = [children[i + k * period : i + (k + 1) * period] for k in range(n)]
        label = " ".join(c.label if isinstance(c, Fold) else names[c] for c in unit[0][:3])
        label += " ..." if period > 3 else ""
        once = [u[0] if period == 1 else Fold(f"{label} #{k + 1}", "repeat", u, forms) for k, u in enumerate(unit)]
        result.append(Fold(f"{n} × ({label})", "repeat", _by_pieces(once, forms), forms))
        i += period * n
    return result


def _run_lengths(ids: Any) -> Any:
    """[p - 1, i]: for how many places from i on ids[i] == ids[i + p]."""
    n = len(ids)
    table = np.zeros((min(PERIODS, max(n // 3, 0)), n), dtype=np.int64)
    places = np.arange(n)
    for p in range(1, len(table) + 1):
        differs = np.full(n, True)
        differs[: n - p] = ids[:-p] != ids[p:]
        stops = np.where(differs, places, n)  # the next place that differs, looking from the right
        table[p - 1] = np.minimum.accumulate(stops[::-1])[::-1] - places
    return table


def _by_pieces(children: list, forms: Any) -> list:
    """A level too wide to draw, cut into pieces that are folds again."""
    while len(children) > WIDEST:
        length = max(2, -(-len(children) // 40))
        pieces = [children[i : i + length] for i in range(0, len(children), length)]
        children = [Fold(f"part {k + 1}", "piece", _by_pieces(p, forms), forms) for k, p in enumerate(pieces)]
    return children


def module_paths(count: int, owners: Sequence[tuple[str, ...] | None]) -> list[tuple[str, ...]]:
    """A module path for every node: of its parameters; else of the module that its neighbors in time both lie in."""
    before: list[tuple[str, ...] | None] = []
    last = None
    for owner in owners:
        last = owner if owner is not None else last
        before.append(last)
    result: list[tuple[str, ...]] = [()] * count
    last = None
    for k in range(count - 1, -1, -1):
        owner = owners[k]
        if owner is not None:
            last = result[k] = owner
        else:
            result[k] = _common(before[k], last)
    return result


def _common(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...]:
    if a is None or b is None:
        return ()
    n = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:n]
