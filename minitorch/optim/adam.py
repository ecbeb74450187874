"""Adam (Kingma and Ba 2015), with AMSGrad (Reddi et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.optim.checks import check, check_betas, check_fused, check_lr, check_nonnegative, check_single
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


class Adam(Elementwise):
    """p -= lr m_hat / (sqrt(v_hat) + eps); m and v are running means of the gradient and of its square.

    m = beta1 m + (1 - beta1) grad, v = beta2 v + (1 - beta2) grad^2, and after t steps m_hat = m / (1 - beta1^t),
    v_hat = v / (1 - beta2^t): the means begin at zero. amsgrad takes the largest v so far. weight_decay p is added to
    the gradient; decoupled_weight_decay multiplies p by 1 - lr weight_decay instead, which is AdamW.

    `foreach` and `fused` are accepted and change nothing; `capturable` needs parameters on a GPU.
    """

    late_settings = {
        "amsgrad": False, "maximize": False, "foreach": None, "capturable": False, "differentiable": False,
        "decoupled_weight_decay": False, "fused": None,
    }  # fmt: skip

    def __init__(
        self, params: Any, lr: float | Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        _check_tensor_settings(foreach and not capturable, lr=lr)
        check_lr(lr)
        check_nonnegative(eps=eps)
        check_betas(betas)
        check_nonnegative(weight_decay=weight_decay)
        kinds = [isinstance(beta, TensorBase) for beta in betas]
        check(
            all(kinds) or not any(kinds) and all(isinstance(beta, float) for beta in betas),
            "betas must be either both floats or both Tensors",
        )
        _check_tensor_settings(foreach and not capturable, **{"betas[0]": betas[0], "betas[1]": betas[1]})
        check_fused(fused, foreach, differentiable)
        if all(kinds):
            betas = (betas[0].reshape(()), betas[1].reshape(()))
        defaults = {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            state["step"] = scalar(0, p, group)
            for name in ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq"):
                state[name] = zeros_like(p)
        t = count(state, p, group)
        beta1, beta2 = map(number, group["betas"])
        size = float(-(number(group["lr"]) / (1 - beta1**t)))
        root = float((1 - beta2**t) ** 0.5)
        kept = [state["exp_avg"], state["exp_avg_sq"]]
        if group["amsgrad"]:
            kept.append(state["max_exp_avg_sq"])
        # size m / (sqrt(v) / root + eps) with one pass less
        return (float(1 - beta1), float(beta2), group["eps"] * root, size * root), kept

    def one_pass(
        self, numbers: tuple, state: Sequence[Any], maximize: bool, decay: float, shrink: float
    ) -> tuple[str, tuple] | None:
        return ("adam", (maximize, decay, float(shrink), *map(float, numbers))) if len(state) == 2 else None

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        weight, beta2, eps, size = numbers
        m, v = state[:2]
        lerp(xp, m, g, weight, a)
        mean_square(xp, v, g, beta2, a)
        if len(state) == 3:
            v = xp.maximum(state[2], v, out=state[2])
        xp.sqrt(v, b)
        xp.add(b, eps, b)
        move_scaled(xp, x, m, b, size, a)


def _check_tensor_settings(refused: Any, **settings: Any) -> None:
    for name, value in settings.items():
        if isinstance(value, TensorBase):
            check(not refused, f"{name} as a Tensor is not supported for capturable=False and foreach=True")
            check_single(name, value)
