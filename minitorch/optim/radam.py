"""RAdam: Adam that waits until the variance of its step size is tractable (Liu et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.optim.checks import check_betas, check_lr, check_nonnegative
from minitorch.optim.elementwise import Elementwise, count, lerp, mean_square, number, scalar, zeros_like


class RAdam(Elementwise):
    """p -= lr r m_hat sqrt(1 - beta2^t) / (sqrt(v) + eps) once rho_t > 5, else p -= lr m_hat.

    m, v, m_hat as in Adam. rho_t = rho - 2 t beta2^t / (1 - beta2^t) with rho = 2 / (1 - beta2) - 1 is the length of
    the mean that v amounts to, and r^2 = (rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t) rectifies that.
    """

    late_settings = {**Elementwise.late_settings, "decoupled_weight_decay": False, "capturable": False}

    def __init__(
        self, params: Any, lr: float | Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(eps=eps)
        check_betas(betas)
        check_nonnegative(weight_decay=weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            state["step"] = scalar(0, p, group)
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        t = count(state, p, group)
        beta1, beta2 = group["betas"]
        correction = 1 - beta2**t
        rho = 2 / (1 - beta2) - 1
        rho_t = rho - 2 * t * beta2**t / correction
        rectified = None
        if rho_t > 5.0:
            rectified = ((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)) ** 0.5
        numbers = (
            1 - beta1, beta2, group["eps"], float(number(group["lr"])), 1 - beta1**t, correction**0.5, rectified
        )  # fmt: skip
        return numbers, (state["exp_avg"], state["exp_avg_sq"])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        weight, beta2, eps, lr, correction, root, rectified = numbers
        m, v = state
        lerp(xp, m, g, weight, a)
        mean_square(xp, v, g, beta2, a)
        xp.divide(m, correction, a)
        xp.multiply(a, lr, a)
        if rectified is not None:
            xp.sqrt(v, b)
            xp.add(b, eps, b)
            xp.divide(root, b, b)
            xp.multiply(a, b, a)
            xp.multiply(a, rectified, a)
        xp.subtract(x, a, x)
