"""Memory: `viz.strides` shows how indices become places, `viz.versions` who shares memory as a program runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from minitorch.tensor import Tensor
from minitorch.viz.page import Picture, number, size
from minitorch.viz.svg import color, drawing, rect, text

MOST = 256  # elements of memory that a strip may show


def strides(t: Any, *views: Any) -> Picture:
    """The memory under `t` as a strip, and the step-by-step rule from an index to a place in it.

    place(i, j, ...) = offset + i * stride(0) + j * stride(1) + ...

    views  further tensors on the same memory, drawn in colors of their own; another memory is a ValueError

    >>> import minitorch as mt
    >>> a = mt.arange(6).reshape(2, 3)
    >>> mt.viz.strides(a.t()).to_json()["tensors"][0]["places"]
    [0, 3, 1, 4, 2, 5]
    """
    tensors = (t, *views)
    _check_one_memory(tensors)
    root = t if t._base is None else t._base
    length = max(root.storage_offset() + root.numel(), *(1 + max(_places(v), default=-1) for v in tensors))
    if length > MOST:
        raise ValueError(f"viz.strides: {length} elements of memory are too many to draw; at most {MOST}")
    held: list[Any] = [None] * length
    for v in (root, *tensors):
        for place, value in zip(_places(v), v.detach().reshape(-1).tolist(), strict=True):
            held[place] = value
    rows = [
        {
            "shape": list(v.shape), "strides": list(v.stride()), "offset": v.storage_offset(),
            "contiguous": v.is_contiguous(), "view": v._is_view(), "version": v._version,
            "indices": [list(i) for i in itertools.product(*(range(n) for n in v.shape))], "places": _places(v),
        }
        for v in tensors
    ]  # fmt: skip
    words = _strides_words(rows)
    body = drawing(*_strip_size(length, rows), words.split("\n")[0], _strip(held, rows))
    body += "".join(_key(k, r) for k, r in enumerate(rows))
    steps = len(rows[0]["places"])
    body += "".join(_index_frame(k, rows[0], held) for k in range(steps))
    data = {"memory": held, "tensors": rows}
    return Picture("strides", f"Strides of a {size(t.shape)} tensor", data, body, words, steps)


def _check_one_memory(tensors: Sequence[Any]) -> None:
    for k, v in enumerate(tensors):
        if not isinstance(v, Tensor):
            raise TypeError(f"viz.strides: expected a Tensor, but got {type(v).__name__}")
        if v.untyped_storage().data_ptr() != tensors[0].untyped_storage().data_ptr():
            raise ValueError(f"viz.strides: view {k} lies in other memory than the first tensor")
        if v.element_size() != tensors[0].element_size():
            raise ValueError("viz.strides: the tensors read the memory in elements of different sizes")


def _places(t: Any) -> list[int]:
    steps = t.stride()
    return [
        t.storage_offset() + sum(i * s for i, s in zip(index, steps, strict=True))
        for index in itertools.product(*(range(n) for n in t.shape))
    ]


def _strides_words(rows: list[dict]) -> str:
    lines = []
    for k, r in enumerate(rows):
        rule = " + ".join([str(r["offset"]), *(f"{s}·i{d}" for d, s in enumerate(r["strides"]))])
        kind = ("a view, " if r["view"] else "") + ("contiguous" if r["contiguous"] else "not contiguous")
        lines.append(
            f"tensor {k}: shape {tuple(r['shape'])}, stride {tuple(r['strides'])}, offset {r['offset']}, {kind}"
        )
        lines.append(f"  index (i0, i1, ...) is at place {rule}; in order of indices: {r['places']}")
    return "\n".join(lines)


WIDE, HIGH, PER_ROW = 46, 26, 20


def _strip_size(length: int, rows: list[dict]) -> tuple[float, float]:
    lines = -(-length // PER_ROW)
    return 16 + WIDE * min(length, PER_ROW) + 8, 8 + lines * (HIGH + 20 + 8 * len(rows))


def _corner(place: int, count: int) -> tuple[float, float]:
    return 8 + place % PER_ROW * WIDE, 22 + place // PER_ROW * (HIGH + 20 + 8 * count)


def _strip(held: list, rows: list[dict]) -> str:
    """The memory as numbered cells; a bar of a tensor's color under each place that it reaches."""
    out = []
    count = len(rows)
    for place, value in enumerate(held):
        x, y = _corner(place, count)
        out.append(rect(x, y, WIDE, HIGH, "mtv-box"))
        out.append(text(x + WIDE / 2, y - 4, place, "mtv-mid mtv-soft"))
        if value is not None:
            out.append(text(x + WIDE / 2, y + 17, number(value), "mtv-num mtv-mid"))
        for k, r in enumerate(rows):
            if place in r["places"]:
                out.append(rect(x + 3, y + HIGH + 3 + 8 * k, WIDE - 6, 5, fill=color(k)))
    for k, place in enumerate(rows[0]["places"]):
        x, y = _corner(place, count)
        out.append(rect(x + 1, y + 1, WIDE - 2, HIGH - 2, "mtv-window", data_step=k, hidden="" if k else None))
    return "".join(out)


def _key(k: int, row: dict) -> str:
    words = f"{'tensor' if k == 0 else f'view {k}'}: shape {tuple(row['shape'])}, stride {tuple(row['strides'])}"
    return f'<div class="mtv-num"><span style="color:{color(k)}">■</span> {words}, offset {row["offset"]}</div>'


def _index_frame(k: int, row: dict, held: list) -> str:
    index, place = row["indices"][k], row["places"][k]
    terms = " + ".join([str(row["offset"]), *(f"{i}·{s}" for i, s in zip(index, row["strides"], strict=True))])
    words = f"t[{', '.join(map(str, index))}] is at {terms} = place {place}: {number(held[place])}"
    return f'<p class="mtv-num" data-step="{k}" data-say="{words}"{" hidden" * (k > 0)}>{words}</p>'


def versions(program: Sequence[str] | str, names: dict[str, Any], run: Callable | None = None) -> Picture:
    """Run a program line by line and show after each line who shares memory and the version counters.

    program  lines of Python (a string, or a list of them) that use and make tensors
    names    what the program may use: {"x": x, "torch": minitorch}; tensors that it makes are followed as well.
             The dict itself isn't changed, but its tensors are, by in-place operations.
    run      executes one line in a namespace, `exec` if not given

    A line that raises is shown with its error, and is the last one. Saved values that a later backward will miss are
    what the version is for: a node remembers the version it saw.

    >>> import minitorch as mt
    >>> p = mt.viz.versions("y = x[:2]\\ny.add_(1)", {"x": mt.zeros(3)})
    >>> [(t["name"], t["version"]) for t in p.to_json()["steps"][-1]["tensors"]]
    [('x', 1), ('y', 1)]
    """
    lines = [s for s in (program.split("\n") if isinstance(program, str) else program) if s.strip()]
    space = dict(names)
    execute = run or exec
    memories: dict[int, int] = {}
    alive: list[Any] = []  # keeps every storage alive, so that no address is used twice
    steps: list[dict] = [{"line": "(start)", "error": None, "tensors": _follow(space, memories, alive, [])}]
    for line in lines:
        error = None
        try:
            execute(line, space)
        except Exception as e:
            error = f"{type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}"
        steps.append({"line": line, "error": error, "tensors": _follow(space, memories, alive, steps[-1]["tensors"])})
        if error:
            break
    frames = "".join(_versions_frame(k, s) for k, s in enumerate(steps))
    return Picture("versions", "Who shares memory", {"steps": steps}, frames, _versions_words(steps), len(steps))


def _follow(space: dict, memories: dict[int, int], alive: list, before: list) -> list[dict]:
    old = {r["name"]: r for r in before}
    rows = []
    for name, t in space.items():
        if isinstance(t, Tensor) and not name.startswith("_"):
            alive.append(t)
            memory = memories.setdefault(t.untyped_storage().data_ptr(), len(memories))
            values = t.detach().reshape(-1)[:6].tolist()
            version = None if t._counter is None else t._counter[0]
            rows.append(
                {
                    "name": name, "memory": memory, "version": version, "view": t._is_view(), "leaf": t.is_leaf,
                    "grad_fn": None if t.grad_fn is None else t.grad_fn.name(), "shape": list(t.shape),
                    "values": values,
                    "changed": name in old and (old[name]["version"], old[name]["values"]) != (version, values),
                }
            )  # fmt: skip
    return rows


def _versions_frame(k: int, step: dict) -> str:
    rows = "".join(
        f"<tr><td>{escape(r['name'])}</td>"
        f'<td><span style="color:{color(r["memory"])}">■</span> memory {r["memory"]}</td>'
        f"<td>version {r['version']}{' <strong>changed</strong>' if r['changed'] else ''}</td>"
        f"<td>{'a view' if r['view'] else ''}</td><td>{r['grad_fn'] or ''}</td>"
        f'<td>{size(r["shape"])}</td><td class="mtv-num">{", ".join(number(v) for v in r["values"])}</td></tr>'
        for r in step["tensors"]
    )
    error = f"<p><strong>{escape(step['error'])}</strong></p>" if step["error"] else ""
    names = ("tensor", "memory", "version", "", "grad_fn", "shape", "values")
    head = f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"
    say = escape(step["line"])
    return (
        f'<div data-step="{k}" data-say="{say}"{" hidden" * (k > 0)}><pre>{say}</pre>{error}'
        f'<div class="mtv-scroll"><table>{head}{rows}</table></div></div>'
    )


def _versions_words(steps: list[dict]) -> str:
    out = []
    for s in steps:
        out.append(s["line"])
        for r in s["tensors"]:
            mark = ", changed" if r["changed"] else ""
            out.append(
                f"   {r['name']}: memory {r['memory']}, version {r['version']}{mark}{', a view' if r['view'] else ''}"
            )
        if s["error"]:
            out.append("   " + s["error"])
    return "\n".join(out)
