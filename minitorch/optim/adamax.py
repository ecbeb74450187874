"""Adamax: Adam with the largest gradient in place of the mean square (Kingma and Ba 2015, section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.optim.checks import check_betas, check_lr, check_nonnegative
from minitorch.optim.elementwise import Elementwise, count, lerp, move_scaled, number, scalar, zeros_like


class Adamax(Elementwise):
    """p -= lr / (1 - beta1^t) m / u with u = max(beta2 u, |grad| + eps) and m the running mean of the gradient."""

    late_settings = {**Elementwise.late_settings, "capturable": False}

    def __init__(
        self, params: Any, lr: float | Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(eps=eps)
        check_betas(betas)
        check_nonnegative(weight_decay=weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            state["step"] = scalar(0, p, group)
            state["exp_avg"], state["exp_inf"] = zeros_like(p), zeros_like(p)
        t = count(state, p, group)
        beta1, beta2 = group["betas"]
        size = float(-(number(group["lr"]) / (1 - beta1**t)))
        return (1 - beta1, beta2, group["eps"], size), (state["exp_avg"], state["exp_inf"])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        weight, beta2, eps, size = numbers
        m, u = state
        lerp(xp, m, g, weight, a)
        xp.multiply(u, beta2, u)
        xp.absolute(g, a)
        xp.add(a, eps, a)
        xp.maximum(u, a, out=u)
        move_scaled(xp, x, m, u, size, a)
