"""NAdam: Adam with Nesterov momentum (Dozat 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.optim.checks import check_betas, check_lr, check_nonnegative
from minitorch.optim.elementwise import (
    Elementwise,
    count,
    lerp,
    mean_square,
    move_scaled,
    number,
    scalar,
    zeros_like,
)


class NAdam(Elementwise):
    """p -= lr ((1 - mu_t) / (1 - M_t) grad + mu_{t+1} / (1 - M_t mu_{t+1}) m) / (sqrt(v_hat) + eps).

    m and v_hat as in Adam; mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2) and M_t = mu_1 ... mu_t.
    """

    late_settings = {
        "maximize": False, "foreach": None, "capturable": False, "differentiable": False,
        "decoupled_weight_decay": False,
    }  # fmt: skip
    scalars = ("step", "mu_product")

    def __init__(
        self, params: Any, lr: float | Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(eps=eps)
        check_betas(betas)
        check_nonnegative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            state["step"], state["mu_product"] = scalar(0, p, group), scalar(1, p, group)
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        t = count(state, p, group, "params, mu_products and state_steps")
        lr, (beta1, beta2) = number(group["lr"]), group["betas"]
        mu, mu_next = (beta1 * (1.0 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        product = state["mu_product"]._array
        product *= mu
        so_far = float(product)
        by_gradient = float(-lr * (1.0 - mu) / (1.0 - so_far))
        by_mean = float((-lr * mu_next) / (1.0 - so_far * mu_next))
        numbers = 1 - beta1, beta2, 1 - beta2**t, group["eps"], by_gradient, by_mean
        return numbers, (state["exp_avg"], state["exp_avg_sq"])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        weight, beta2, correction, eps, by_gradient, by_mean = numbers
        m, v = state
        lerp(xp, m, g, weight, a)
        mean_square(xp, v, g, beta2, a)
        xp.divide(v, correction, b)
        xp.sqrt(b, b)
        xp.add(b, eps, b)
        move_scaled(xp, x, g, b, by_gradient, a)
        move_scaled(xp, x, m, b, by_mean, a)
