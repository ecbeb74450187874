"""Adadelta (Zeiler 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.optim.checks import check, check_lr, check_nonnegative
from minitorch.optim.elementwise import Elementwise, count, mean_square, move, number, scalar, zeros_like


class Adadelta(Elementwise):
    """p -= lr d with d = grad sqrt(u + eps) / sqrt(v + eps); v and u are running mean squares of grad and of d.

    d has the parameter's own units, so that lr = 1 is a sensible default.
    """

    late_settings = {**Elementwise.late_settings, "capturable": False}

    def __init__(
        self, params: Any, lr: float | Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False,
        differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check_nonnegative(eps=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            state["step"] = scalar(0, p, group)
            state["square_avg"], state["acc_delta"] = zeros_like(p), zeros_like(p)
        count(state, p, group)
        return (group["rho"], group["eps"], float(-number(group["lr"]))), (state["square_avg"], state["acc_delta"])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        rho, eps, size = numbers
        v, u = state
        mean_square(xp, v, g, rho, a)
        xp.sqrt(xp.add(v, eps, a), a)
        xp.sqrt(xp.add(u, eps, b), b)
        xp.divide(b, a, b)
        xp.multiply(b, g, b)
        mean_square(xp, u, b, rho, a)
        move(xp, x, b, size, a)
