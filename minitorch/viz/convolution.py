"""`viz.conv`: the window moves over the input, and the numbers that are multiplied are shown."""

from __future__ import annotations

import itertools
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.nn import functional as F
from minitorch.viz.page import Picture, number, size
from minitorch.viz.svg import cells, drawing, limit_of, rect, text

MOST = 400  # output elements that are stepped through
CELL_W, CELL_H = 48, 22


def conv(
    x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Picture:
    """A convolution step by step: one output element per step, with the inputs and weights whose products it sums.

    out[o, p] = bias[o] + sum_c sum_k  x[c, stride * p + dilation * k - padding] * w[o, c, k]

    x    (C, L), (C, H, W), or a batch of them, of which the first sample is shown
    w    (O, C / groups, kL) or (O, C / groups, kH, kW)
    The output is that of nn.functional.conv1d / conv2d, which also checks the arguments; padding as numbers only.
    More than 400 output elements are a ValueError.
    """
    rank = w.dim() - 2
    if rank not in (1, 2):
        raise ValueError(f"viz.conv: the weight must have 3 or 4 dimensions, but its shape is {tuple(w.shape)}")
    if isinstance(padding, str):
        raise ValueError(f"viz.conv: padding must be a number or a tuple, not {padding!r}")
    x = x[0] if x.dim() == rank + 2 else x
    with no_grad():
        out = (F.conv1d if rank == 1 else F.conv2d)(x[None], w, bias, stride, padding, dilation, groups)[0]
        zeros = tuple(n for p in reversed(_each(padding, rank)) for n in (p, p))
        padded = F.pad(x, zeros)
    if out.numel() > MOST:
        raise ValueError(f"viz.conv: {out.numel()} output elements are too many to step through; at most {MOST}")
    setting = {"stride": _each(stride, rank), "padding": _each(padding, rank), "dilation": _each(dilation, rank)}
    steps = [_step(i, padded, w, bias, out, setting, groups) for i in itertools.product(*map(range, out.shape))]
    data = {
        **setting, "groups": groups, "input": x.tolist(), "weight": w.tolist(), "output": out.tolist(), "steps": steps,
    }  # fmt: skip
    settings = ", ".join(f"{k} {size(v)}" for k, v in setting.items())
    words = f"Convolution of {size(x.shape)} with {size(w.shape)}: {settings}, groups {groups}; out {size(out.shape)}."
    body = _draw(padded, w, out, steps, setting, words)
    frames = "".join(_frame(k, s) for k, s in enumerate(steps))
    lines = [words, *(f"out{s['at']} = {_terms(s, 12)}" for s in steps[:20])]
    title = f"Convolution, {size(x.shape)} to {size(out.shape)}"
    return Picture("conv", title, data, body + frames, "\n".join(lines), len(steps))


def _each(n: Any, rank: int) -> list[int]:
    return [int(n)] * rank if isinstance(n, int) else [int(v) for v in n] * (rank if len(n) == 1 else 1)


def _step(at: tuple, padded: Any, w: Any, bias: Any, out: Any, setting: dict, groups: int) -> dict:
    """The products of one output element; places count from the corner of the padded input."""
    o, place = at[0], at[1:]
    per_group = w.shape[1]
    first = o // (w.shape[0] // groups) * per_group
    products = []
    for c, *k in itertools.product(*map(range, w.shape[1:])):
        where = [s * p + d * i for s, p, d, i in zip(setting["stride"], place, setting["dilation"], k, strict=True)]
        value, weight = padded[(first + c, *where)].item(), w[(o, c, *k)].item()
        products.append({"channel": first + c, "place": where, "kernel": [c, *k], "x": value, "w": weight})
    extra = 0.0 if bias is None else bias[o].item()
    return {"at": list(at), "bias": extra, "products": products, "value": out[at].item()}


def _terms(step: dict, most: int) -> str:
    parts = [f"{number(p['x'])}·{_factor(p['w'])}" for p in step["products"][:most]]
    if len(step["products"]) > most:
        parts.append(f"... ({len(step['products'])} products)")
    if step["bias"]:
        parts.append(f"bias {number(step['bias'])}")
    return " + ".join(parts) + f" = {number(step['value'])}"


def _factor(w: float) -> str:
    return f"({number(w)})" if w < 0 else number(w)


def _frame(k: int, step: dict) -> str:
    words = f"out{step['at']} = {_terms(step, 27)}"
    return f'<p class="mtv-num" data-step="{k}" data-say="{words}"{" hidden" * (k > 0)}>{words}</p>'


def _rows(t: Any) -> list:
    """Each channel as a list of rows, also for one dimension."""
    return [[channel] if t.dim() == 2 else channel for channel in t.detach().tolist()]


def _draw(padded: Any, w: Any, out: Any, steps: list, setting: dict, words: str) -> str:
    grids = [_rows(padded), [[[v for v in r] for r in c] for o in w.detach() for c in _rows(o)], _rows(out)]
    heads = ["input with its padding", "weight", "output"]
    columns, x, tallest, parts = [], 8.0, 0.0, []
    for head, grid in zip(heads, grids, strict=True):
        limit = limit_of([v for c in grid for r in c for v in r])
        parts.append(text(x, 16, head))
        tall = len(grid[0]) * CELL_H + 26
        for k, rows in enumerate(grid):
            parts.append(text(x, 34 + k * tall, _channel_name(head, k, w), "mtv-soft"))
            parts.append(cells(x, 40 + k * tall, rows, limit, CELL_W, CELL_H))
        columns.append((x, tall))
        x += max(len(grid[0][0]) * CELL_W, 150) + 30
        tallest = max(tallest, 40 + len(grid) * tall)
    parts.append(_padding_edge(padded, setting, columns[0]))
    parts += [_windows(k, s, columns, w.shape[1]) for k, s in enumerate(steps)]
    return f'<div class="mtv-scroll">{drawing(x, tallest, words, *parts)}</div>'


def _channel_name(head: str, k: int, w: Any) -> str:
    return f"out {k // w.shape[1]}, in {k % w.shape[1]}" if head == "weight" else f"channel {k}"


def _padding_edge(padded: Any, setting: dict, column: tuple) -> str:
    """A dashed line around the input proper."""
    pad = setting["padding"] if len(setting["padding"]) == 2 else [0, *setting["padding"]]
    if not any(pad):
        return ""
    high, wide = (1 if padded.dim() == 2 else padded.shape[-2]), padded.shape[-1]
    return "".join(
        rect(column[0] + pad[1] * CELL_W, 40 + c * column[1] + pad[0] * CELL_H, (wide - 2 * pad[1]) * CELL_W,
             (high - 2 * pad[0]) * CELL_H, "mtv-wire", stroke_dasharray="5 3")
        for c in range(padded.shape[0])
    )  # fmt: skip


def _windows(k: int, step: dict, columns: list, per_group: int) -> str:
    """The frames around the numbers of step k."""
    spots = []
    for p in step["products"]:
        spots.append((columns[0], p["channel"], p["place"]))
        spots.append((columns[1], step["at"][0] * per_group + p["kernel"][0], p["kernel"][1:]))
    spots.append((columns[2], step["at"][0], step["at"][1:]))
    out = []
    for (x, tall), channel, place in spots:
        i, j = place if len(place) == 2 else (0, place[0])
        spot = (x + j * CELL_W + 1, 40 + channel * tall + i * CELL_H + 1, CELL_W - 2, CELL_H - 2)
        out.append(rect(*spot, "mtv-window"))
    hidden = " hidden" if k else ""
    return f'<g data-step="{k}"{hidden}>{"".join(out)}</g>'
