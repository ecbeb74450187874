"""RMSprop (Hinton, lecture 6e of the course Neural Networks for Machine Learning; centered: Graves 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.optim.checks import check_lr, check_nonnegative
from minitorch.optim.elementwise import (
    Elementwise,
    count,
    lerp,
    mean_square,
    move,
    move_scaled,
    number,
    scalar,
    zeros_like,
)


class RMSprop(Elementwise):
    """p -= lr grad / (sqrt(v) + eps), v = alpha v + (1 - alpha) grad^2: a step is measured by recent gradients.

    centered takes the variance v - mean(grad)^2 in place of v; with momentum p moves by a buffer,
    momentum * buffer + grad / (...). eps is added after the root (TensorFlow adds it before).
    """

    late_settings = {"momentum": 0, "centered": False, **Elementwise.late_settings, "capturable": False}

    def __init__(
        self, params: Any, lr: float | Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        momentum, centered = group["momentum"], group["centered"]
        names = ["square_avg", *["momentum_buffer"] * (momentum > 0), *["grad_avg"] * bool(centered)]
        if not state:
            state["step"] = scalar(0, p, group)
            state.update((name, zeros_like(p)) for name in names)
        count(state, p, group)
        numbers = group["alpha"], group["eps"], float(-number(group["lr"])), momentum, centered
        return numbers, [state[name] for name in names]

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        alpha, eps, size, momentum, centered = numbers
        v = state[0]
        mean_square(xp, v, g, alpha, a)
        if centered:
            mean = state[-1]
            lerp(xp, mean, g, 1 - alpha, a)
            v = xp.subtract(v, xp.multiply(mean, mean, a), b)
        xp.sqrt(v, b)
        xp.add(b, eps, b)
        if momentum > 0:
            buffer = state[1]
            xp.multiply(buffer, momentum, buffer)
            xp.add(buffer, xp.divide(g, b, b), buffer)
            move(xp, x, buffer, size, a)
        else:
            move_scaled(xp, x, g, b, size, a)
