"""Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013)."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import wrap
from minitorch.optim.optimizer import Optimizer, arrays, check_number


class SGD(Optimizer):
    """p -= lr v with v = momentum v + (1 - dampening) (grad + weight_decay p); nesterov uses grad + momentum v."""

    def __init__(
        self, params: Any, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_number("learning rate", lr)
        check_number("momentum value", momentum)
        check_number("weight_decay value", weight_decay)
        if differentiable:
            raise NotImplementedError("SGD: differentiable=True is not supported")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
            },
        )  # fmt: skip

    def update(self, group: dict[str, Any], params: list) -> None:
        lr, momentum, decay = float(group["lr"]), group["momentum"], group["weight_decay"]
        for p, (x, g) in zip(params, arrays(params), strict=True):
            if group["maximize"]:
                g = -g
            if decay:
                g = g + decay * x
            if momentum:
                state = self.state[p]
                buffer = state.get("momentum_buffer")
                if buffer is None:
                    buffer = state["momentum_buffer"] = wrap(g.copy())
                else:
                    v = buffer._array
                    v *= momentum
                    v += (1 - group["dampening"]) * g
                g = g + momentum * buffer._array if group["nesterov"] else buffer._array
            x -= lr * g
