"""The layers of the package, read from the contract that the imports are checked by, and their picture as SVG.

Knows nothing of Sphinx: the tests use it too.
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"
WHAT = {
    "cli": "the command: train, run, learn, info",
    "learn": "exercises in the engine's place",
    "compat": "import torch means minitorch",
    "nn.modules": "layers hold state, and call",
    "nn.functional": "the formulas of layers",
    "tensor": "Tensor: methods by family, creation, printing",
    "ops": "arrays in, arrays out, each with its derivative",
    "autograd": "nodes, the tape, the backward pass",
    "backend": "devices, kernels, dtypes, random numbers",
    "errors": "the form of messages",
}
WIDTH, ROW, GAP, SMALL = 680, 40, 12, 4  # SMALL: how many boxes stand side by side among siblings


def contract() -> list[list[str]]:
    """The layers from top to bottom; the names of one layer may not import each other."""
    config = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]
    [found] = [c for c in config["contracts"] if c["type"] == "layers"]
    return [[name.strip().removeprefix("minitorch.") for name in layer.split("|")] for layer in found["layers"]]


def picture() -> str:
    """The layers as SVG: a box per layer, siblings side by side, what is below is imported by what is above."""
    parts: list[str] = []
    y = 0
    for layer in contract():
        rows = [layer[i : i + SMALL] for i in range(0, len(layer), SMALL)]
        height = ROW * len(rows)
        parts.append(f'<rect class="layer" x="1" y="{y + 1}" width="{WIDTH - 2}" height="{height - 2}" rx="6"/>')
        for k, row in enumerate(rows):
            base = y + k * ROW + ROW // 2 + 5
            for i, name in enumerate(row):
                left = 16 + i * (WIDTH - 32) // SMALL
                parts.append(f'<text class="name" x="{left}" y="{base}">{escape(name)}</text>')
        if len(layer) == 1:
            parts.append(f'<text x="200" y="{base}">{escape(WHAT[layer[0]])}</text>')
        y += height + GAP
        parts.append(f'<path d="M {WIDTH // 2} {y - GAP} v {GAP - 5} m -4 -4 l 4 4 l 4 -4"/>')
    parts.pop()
    label = "The layers of minitorch, from the command at the top to the errors at the bottom: imports go down only."
    return (
        f'<svg class="layers" viewBox="0 0 {WIDTH} {y - GAP}" role="img" aria-label="{label}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )
