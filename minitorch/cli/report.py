"""What a finished run shows: the per-class table, the curve and the grid of predictions.

Works on plain arrays and numbers; knows nothing of models or training.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.cli.console import require, write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WRONG, TRAIN, TEST = "#444444", "#c62828", "#1f77b4", "#d95f02"
COLUMNS, ROWS = 10, 4  # of the grid


def class_table(labels: np.ndarray, predictions: np.ndarray, classes: int) -> list[str]:
    """The lines of a table with precision (right among those called k), recall (found among the k's) and count."""
    lines = ["class  precision   recall  count"]
    for k in range(classes):
        right = int(np.sum((labels == k) & (predictions == k)))
        precision = _percent(right, int(np.sum(predictions == k)))
        recall = _percent(right, int(np.sum(labels == k)))
        lines.append(f"{k:>5}  {precision:>9}  {recall:>7}  {int(np.sum(labels == k)):>5}")
    return lines


def accuracy_line(labels: np.ndarray, predictions: np.ndarray) -> str:
    """The final test accuracy in words."""
    right = int(np.sum(labels == predictions))
    return f"test accuracy {100 * right / len(labels):.2f} % ({right} of {len(labels)})"


def _percent(part: int, whole: int) -> str:
    """A share in percent; a dash where there is nothing to share."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def draw_curve(path: Path, history: list[dict[str, float]]) -> None:
    """Loss and accuracy over the epochs, learning and test, as a PNG."""
    figure = _figure(width=9.0, height=3.8)
    loss, accuracy = figure.subplots(1, 2)
    _draw_lines(loss, history, "loss", scale=1.0)
    loss.set_ylim(bottom=0)
    loss.set_ylabel("cross entropy")
    _draw_lines(accuracy, history, "accuracy", scale=100.0)
    accuracy.set_ylim(top=100.5)
    accuracy.set_ylabel("accuracy in %")
    _save(figure, path)


def _draw_lines(axes: Axes, history: list[dict[str, float]], name: str, scale: float) -> None:
    """One panel: `name` of both parts of the data over whole epochs."""
    epochs = range(1, len(history) + 1)
    for part, color, label in (("train", TRAIN, "while learning"), ("test", TEST, "test")):
        values = [scale * row[f"{part}_{name}"] for row in history]
        axes.plot(epochs, values, color=color, label=label, marker="o", markersize=3)
    axes.set_title(name)
    axes.set_xlabel("epoch")
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()


def draw_predictions(path: Path, images: np.ndarray, labels: np.ndarray, predictions: np.ndarray) -> None:
    """A grid of test pictures as a PNG: first those that were taken for another digit, then others, evenly spaced."""
    wrong, right = np.flatnonzero(labels != predictions), np.flatnonzero(labels == predictions)
    shown = wrong[: COLUMNS * ROWS // 2]
    spare = min(COLUMNS * ROWS - len(shown), len(right))
    if spare:
        shown = np.concatenate([shown, right[np.linspace(0, len(right) - 1, spare).astype(int)]])
    rows = math.ceil(len(shown) / COLUMNS)
    figure = _figure(width=COLUMNS * 0.85, height=rows * 1.1 + 0.4)
    axes = figure.subplots()  # one for the whole grid: drawing 40 of them takes a second
    axes.set_title(f"{len(wrong)} of {len(labels)} test pictures taken for another digit", fontsize=10)
    axes.set_axis_off()
    for place, index in enumerate(shown):
        y, x = divmod(place, COLUMNS)
        hit = labels[index] == predictions[index]
        text = f"{predictions[index]}" if hit else f"{predictions[index]}, is {labels[index]}"
        axes.text(x + 0.4, 1.3 * y - 0.06, text, ha="center", fontsize=9, color=RIGHT if hit else WRONG)
        axes.imshow(images[index], cmap="gray_r", extent=(x, x + 0.8, 1.3 * y + 0.8, 1.3 * y))
    axes.set(xlim=(-0.1, COLUMNS - 0.1), ylim=(1.3 * rows - 0.4, -0.35))
    _save(figure, path)


def _figure(width: float, height: float) -> Figure:
    """An empty figure that needs no display and no global state of pyplot."""
    make: type[Figure] = require("matplotlib.figure", "matplotlib").Figure
    return make(figsize=(width, height), dpi=120, layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    """Draw with Agg and write the PNG."""
    canvas: Any = require("matplotlib.backends.backend_agg", "matplotlib").FigureCanvasAgg
    write_atomically(path, canvas(figure).print_png)
