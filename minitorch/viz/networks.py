"""Inside networks: `viz.rnn` unrolled in time, `viz.attention` weights, `viz.activations` per layer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape
from typing import Any

from minitorch.autograd import grad
from minitorch.autograd.modes import no_grad
from minitorch.tensor import Tensor
from minitorch.viz.page import Picture, number, size
from minitorch.viz.svg import CHAR, cells, color, drawing, heat, limit_of, rect, tag, text


def rnn(module: Any, x: Any, batch: int = 0) -> Picture:
    """A recurrent layer unrolled in time: the hidden values of every layer and step as strips of color.

    module  nn.RNN, nn.LSTM or nn.GRU in one direction; a bidirectional one is a ValueError, as its second direction
            runs against time
    x       its input: (T, B, I), (B, T, I) with batch_first, or (T, I); `batch` is the sample that is shown

    Each step is a call of the module on one time step with the state so far: dropout between layers must be off.
    """
    if getattr(module, "bidirectional", False):
        raise ValueError("viz.rnn: a bidirectional module cannot be stepped through time")
    if getattr(module, "dropout", 0) and module.training:
        raise ValueError("viz.rnn: call module.eval() first, as dropout would be drawn anew at every step")
    if x.dim() == 3:
        x = x[batch] if module.batch_first else x[:, batch]
    state, hidden, cell = None, [], []
    with no_grad():
        for t in range(x.shape[0]):
            _, state = module(x[t : t + 1], state)
            h = state[0] if isinstance(state, tuple) else state
            hidden.append(h.tolist())  # (layers, hidden_size)
            if isinstance(state, tuple):
                cell.append(state[1].tolist())
    name = type(module).__name__
    words = f"{name} over {len(hidden)} time steps, {len(hidden[0])} layers of {len(hidden[0][0])} hidden values.\n"
    words += "\n".join(f"t = {t}: top layer {', '.join(number(v) for v in h[-1][:8])}" for t, h in enumerate(hidden))
    data: dict = {"module": name, "input": x.tolist(), "hidden": hidden, "cell": cell or None}
    body = f'<div class="mtv-scroll">{_unrolled(x.tolist(), hidden, cell, words)}</div>'
    frames = "".join(_time_frame(t, hidden) for t in range(len(hidden)))
    return Picture("rnn", f"{name} unrolled in time", data, body + frames, words, len(hidden))


def _unrolled(x: list, hidden: list, cell: list, words: str) -> str:
    """Time runs to the right; the input at the bottom, the layers above it; one small square per value."""
    strips = [("h", layer, [h[layer] for h in hidden]) for layer in reversed(range(len(hidden[0])))]
    if cell:
        strips = [
            s
            for h, c in zip(strips, reversed(range(len(cell[0]))), strict=True)
            for s in (h, ("c", c, [v[c] for v in cell]))
        ]
    strips.append(("x", -1, x))
    wide, side, y, parts = 56, 12, 12.0, []
    for kind, layer, values in strips:
        limit = limit_of([v for column in values for v in column])
        tall = side * len(values[0])
        label = "input" if kind == "x" else f"{kind}, layer {layer}"
        parts += [text(8, y + tall / 2, label), text(8, y + tall / 2 + 15, f"±{number(limit)}", "mtv-soft mtv-num")]
        for t, column in enumerate(values):
            left = 110 + wide * t
            parts.append(cells(left, y, [[v] for v in column], limit, 28, side, numbers=False))
            if kind != "x" and t:
                parts.append(_arrow(left - wide + 30, y + tall / 2, left - 3, y + tall / 2))
            if kind != "x":
                parts.append(_arrow(left + 14, y + tall + 23, left + 14, y + tall + 3))
        y += tall + 26
    for t in range(len(x)):
        parts.append(text(110 + wide * t + 14, y - 8, f"t={t}", "mtv-mid mtv-soft"))
        frame = rect(110 + wide * t - 6, 6, 40, y - 26, "mtv-window", rx=4, data_step=t, hidden="" if t else None)
        parts.append(frame)
    return drawing(110 + wide * len(x), y + 4, words.split("\n")[0], *parts)


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    head = [(x1 - 5, y1 - 3), (x1 - 5, y1 + 3)] if y0 == y1 else [(x1 - 3, y1 + 5), (x1 + 3, y1 + 5)]
    tip = f"M{head[0][0]:.1f},{head[0][1]:.1f}L{x1:.1f},{y1:.1f}L{head[1][0]:.1f},{head[1][1]:.1f}"
    return tag("path", d=f"M{x0:.1f},{y0:.1f}L{x1:.1f},{y1:.1f}{tip}", class_="mtv-wire")


def _time_frame(t: int, hidden: list) -> str:
    words = "; ".join(f"layer {k}: {', '.join(number(v) for v in h[:8])}" for k, h in enumerate(hidden[t]))
    return f'<p class="mtv-num" data-step="{t}" data-say="{words}"{" hidden" * (t > 0)}>t = {t}: {words}</p>'


def attention(weights: Any, tokens: Sequence[str] | None = None, keys: Sequence[str] | None = None) -> Picture:
    """Attention weights as a heat map: a row per query, a column per key; hover or focus brings a row out.

    weights  (L, S), or (heads, L, S): a step per head
    tokens   names of the queries, and of the keys unless `keys` names them; numbers if not given
    """
    w = weights.detach()
    w = w[None] if w.dim() == 2 else w
    if w.dim() != 3:
        raise ValueError(f"viz.attention: expected weights (L, S) or (heads, L, S), but got {tuple(weights.shape)}")
    rows = [str(v) for v in (tokens if tokens is not None else range(w.shape[1]))]
    columns = [str(v) for v in (keys if keys is not None else tokens if tokens is not None else range(w.shape[2]))]
    if len(rows) != w.shape[1] or len(columns) != w.shape[2]:
        raise ValueError(
            f"viz.attention: {len(rows)} queries and {len(columns)} keys named for weights {tuple(weights.shape)}"
        )
    values = w.tolist()
    lines = []
    for h, head in enumerate(values):
        for name, row in zip(rows, head, strict=True):
            best = max(range(len(row)), key=row.__getitem__)
            lines.append(f"head {h}: {name} looks most at {columns[best]} ({number(row[best])})")
    words = "\n".join(lines)
    body = "".join(_heat_map(h, head, rows, columns) for h, head in enumerate(values))
    data = {"weights": values, "queries": rows, "keys": columns}
    return Picture("attention", f"Attention, {size(weights.shape)}", data, body, words, len(values))


def _heat_map(h: int, head: list, rows: list[str], columns: list[str]) -> str:
    rows, columns = ([name if name.strip() else "␣" for name in names] for names in (rows, columns))
    left = 20 + CHAR * max(len(r) for r in rows)
    top = 30 + 0.75 * CHAR * max(len(c) for c in columns)
    wide, high, limit = 44, 26, limit_of([v for row in head for v in row])
    parts = []
    for j, name in enumerate(columns):
        x = left + wide * j + wide / 2
        parts.append(text(x, top - 8, name, transform=f"rotate(-40 {x:.0f} {top - 8:.0f})"))
    for i, row in enumerate(head):
        y = top + high * i
        label = f"{rows[i]}: " + ", ".join(f"{c} {number(v)}" for c, v in zip(columns, row, strict=True))
        inside = [text(left - 8, y + 17, rows[i], "mtv-end")]
        for j, v in enumerate(row):
            inside.append(rect(left + wide * j, y, wide, high, "mtv-cell", stroke="var(--mtv-edge)", **heat(v, limit)))
            inside.append(text(left + wide * j + wide / 2, y + 17, f"{v:.2f}", "mtv-num mtv-mid"))
        parts.append(
            tag("g", tag("title", escape(label)), *inside, class_="mtv-row", tabindex=0, role="img", aria_label=label)
        )
    width = left + wide * len(columns) + 0.75 * CHAR * len(columns[-1]) + 8
    svg = drawing(width, top + high * len(rows) + 8, f"Attention weights of head {h}", *parts, interactive=True)
    return f'<div class="mtv-scroll" data-step="{h}" data-say="head {h}"{" hidden" * (h > 0)}>{svg}</div>'


def activations(module: Any, x: Any, bins: int = 24) -> Picture:
    """Histograms of each layer's output and of its gradient: where signals die out or blow up.

    Layers are the modules without children, in the order in which they run. The gradient is that of the sum of squares
    of the module's output / 2, so each layer gets what its own output does to it. An output that is changed in place
    afterwards (ReLU(inplace=True)) has no gradient of its own any more, and none is shown. No .grad changes; a module
    in training mode (batch norm's statistics, dropout's draws) changes as by any forward.
    """
    seen, out = _outputs(module, x)
    kept = [t.requires_grad and t._version == version for *_, t, version in seen]
    tracked = [row[3] for row, keep in zip(seen, kept, strict=True) if keep]
    found = iter(grad((out * out).sum() / 2, tracked, allow_unused=True) if tracked else ())
    grads = [next(found) if keep else None for keep in kept]
    layers: list[dict] = [
        {"name": name or kind, "layer": kind, "shape": list(values.shape), "activation": _spread(values, bins),
         "gradient": None if g is None else _spread(g, bins)}
        for (name, kind, values, *_), g in zip(seen, grads, strict=True)
    ]  # fmt: skip
    words = "\n".join(f"{r['name']} ({r['layer']}) {size(r['shape'])}: {_spread_words(r)}" for r in layers)
    title = f"Activations of {type(module).__name__}"
    return Picture("activations", title, {"layers": layers}, _histograms(layers, words), words)


def _outputs(module: Any, x: Any) -> tuple[list[tuple], Any]:
    """(name, class, values, output, its version) of every layer that runs, and the module's own output."""
    seen: list[tuple] = []

    def keep(name: str) -> Any:
        def hook(m: Any, args: Any, out: Any) -> None:
            out = out[0] if isinstance(out, tuple) else out
            if isinstance(out, Tensor):
                seen.append((name, type(m).__name__, out.detach().clone(), out, out._version))

        return hook

    leaves = [(name, m) for name, m in module.named_modules() if not list(m.children())]
    handles = [m.register_forward_hook(keep(name)) for name, m in leaves]
    try:
        out = module(x)
    finally:
        for handle in handles:
            handle.remove()
    return seen, out[0] if isinstance(out, tuple) else out


def _spread_words(row: dict) -> str:
    return "; ".join(
        f"{k} mean {number(row[k]['mean'])}, std {number(row[k]['std'])}, zeros {row[k]['zeros']:.0%}"
        for k in _KINDS
        if row[k]
    )


_KINDS = ("activation", "gradient")


def _spread(t: Tensor, bins: int) -> dict:
    values = [v for v in itertools.chain(t.detach().double().reshape(-1).tolist())]
    finite = [v for v in values if v - v == 0]
    n = len(finite) or 1
    mean = sum(finite) / n
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    counts = [0] * bins
    for v in finite:
        counts[min(int((v - low) / ((high - low) or 1.0) * bins), bins - 1)] += 1
    std = (sum((v - mean) ** 2 for v in finite) / n) ** 0.5
    zeros = sum(v == 0 for v in finite) / n
    return {
        "mean": mean,
        "std": std,
        "min": low,
        "max": high,
        "zeros": zeros,
        "nonfinite": len(values) - len(finite),
        "counts": counts,
    }


def _histograms(layers: list[dict], words: str) -> str:
    parts = [text(180, 16, "activation"), text(500, 16, "gradient of the output")]
    for i, r in enumerate(layers):
        y = 28 + 74 * i
        parts += [text(8, y + 22, r["name"][:22]), text(8, y + 38, f"{r['layer']} {size(r['shape'])}"[:24], "mtv-soft")]
        for k, kind in enumerate(_KINDS):
            if r[kind]:
                parts.append(_histogram(180 + 320 * k, y, r[kind], k))
    return drawing(800, 36 + 74 * len(layers), words.replace("\n", ". "), *parts)


def _histogram(x: float, y: float, s: dict, k: int) -> str:
    wide, high = 280, 42
    most = max(s["counts"]) or 1
    step = wide / len(s["counts"])
    bars = [
        rect(x + j * step, y + high - high * c / most, step - 1, high * c / most, fill=color(k))
        for j, c in enumerate(s["counts"])
    ]
    line = tag("line", x1=float(x), x2=float(x + wide), y1=float(y + high), y2=float(y + high), class_="mtv-wire")
    low, high_label = (
        text(x, y + 58, number(s["min"], 3), "mtv-num mtv-soft"),
        text(x + wide, y + 58, number(s["max"], 3), "mtv-num mtv-soft mtv-end"),
    )
    middle = text(
        x + wide / 2, y + 58, f"mean {number(s['mean'], 3)}, std {number(s['std'], 3)}", "mtv-num mtv-soft mtv-mid"
    )
    return "".join([*bars, line, low, high_label, middle])
