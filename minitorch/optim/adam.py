"""Adam (Kingma and Ba 2015), with AMSGrad (Reddi et al. 2018)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.optim.optimizer import Optimizer, arrays, check_number


class Adam(Optimizer):
    """p -= lr m_hat / (sqrt(v_hat) + eps); m and v are running means of the gradient and of its square.

    m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t); amsgrad uses the largest v so far. weight_decay is added to
    the gradient (decoupled_weight_decay shrinks the parameter instead, which is AdamW).
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        check_number("learning rate", lr)
        check_number("epsilon value", eps)
        for k, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {k}: {beta}")
        check_number("weight_decay value", weight_decay)
        if differentiable:
            raise NotImplementedError("Adam: differentiable=True is not supported")
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )  # fmt: skip

    def _state(self, p: Any, amsgrad: bool) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            xp = xp_of(p._array)
            state["step"] = wrap(np.zeros((), dtype="float32"))
            state["exp_avg"] = wrap(xp.zeros_like(p._array))
            state["exp_avg_sq"] = wrap(xp.zeros_like(p._array))
            if amsgrad:
                state["max_exp_avg_sq"] = wrap(xp.zeros_like(p._array))
        return state

    def update(self, group: dict[str, Any], params: list) -> None:
        lr, (beta1, beta2), eps, decay = float(group["lr"]), group["betas"], group["eps"], group["weight_decay"]
        for p, (x, g) in zip(params, arrays(params), strict=True):
            state = self._state(p, group["amsgrad"])
            state["step"]._array += 1
            t = float(state["step"]._array)
            xp = xp_of(x)
            if group["maximize"]:
                g = -g
            if decay:
                if group["decoupled_weight_decay"]:
                    x *= 1 - lr * decay
                else:
                    g = g + decay * x
            m, v = state["exp_avg"]._array, state["exp_avg_sq"]._array
            m += (1 - beta1) * (g - m)
            v *= beta2
            v += (1 - beta2) * g * g
            if group["amsgrad"]:
                top = state["max_exp_avg_sq"]._array
                xp.maximum(top, v, out=top)
                v = top
            denominator = xp.sqrt(v)
            denominator /= math.sqrt(1 - beta2**t)
            denominator += eps
            x -= (lr / (1 - beta1**t)) * m / denominator
