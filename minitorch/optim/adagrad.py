"""Adagrad (Duchi, Hazan and Singer 2011)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.optim.checks import check_fused, check_lr, check_nonnegative
from minitorch.optim.elementwise import Elementwise, count, move_scaled, number, scalar


class Adagrad(Elementwise):
    """p -= lr / (1 + (t - 1) lr_decay) grad / (sqrt(s) + eps), where s sums the squares of all gradients so far.

    s begins at initial_accumulator_value; the state exists from the start, also of parameters without gradients.
    """

    late_settings = {**Elementwise.late_settings, "fused": None}

    def __init__(
        self, params: Any, lr: float | Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(
            lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value, eps=eps
        )
        check_fused(fused, foreach, differentiable)
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self._begin(p, group)

    def _begin(self, p: Any, group: dict[str, Any]) -> None:
        start = self.defaults["initial_accumulator_value"]
        x = p._array
        self.state[p]["step"] = scalar(0, p, group)
        self.state[p]["sum"] = wrap(xp_of(x).full_like(x, complex(start, start) if x.dtype.kind == "c" else start))

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:  # of a group added later
            self._begin(p, group)
        t = count(state, p, group)
        size = -number(group["lr"]) / (1 + (t - 1) * group["lr_decay"])
        return (float(size), group["eps"]), (state["sum"],)

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        size, eps = numbers
        (total,) = state
        xp.add(total, xp.multiply(g, g, a), total)
        xp.sqrt(total, b)
        xp.add(b, eps, b)
        move_scaled(xp, x, g, b, size, a)
