"""Rprop: steps that depend on the gradient's sign alone (Riedmiller and Braun 1993)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.autograd.base import wrap
from minitorch.backend import xp_of
from minitorch.optim.checks import check, check_lr
from minitorch.optim.elementwise import Elementwise, count, number, scalar, zeros_like


class Rprop(Elementwise):
    """p -= step_size sign(grad); step_size grows by etas[1] while the sign stays and shrinks by etas[0] where it turns.

    Where the sign turned, this step is left out and the gradient forgotten. step_sizes are the smallest and the largest
    step size; each begins at lr. For full batches: the noise of small ones turns signs by itself.
    """

    late_settings = {**Elementwise.late_settings, "capturable": False}

    def __init__(
        self, params: Any, lr: float | Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        if not state:
            lr = float(number(group["lr"]))
            x = p._array
            state["step"] = scalar(0, p, group)
            state["prev"] = zeros_like(p)
            state["step_size"] = wrap(xp_of(x).full_like(x, complex(lr, lr) if x.dtype.kind == "c" else lr))
        count(state, p, group)
        return (*group["etas"], *group["step_sizes"]), (state["prev"], state["step_size"])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        shrink, grow, smallest, largest = numbers
        previous, size = state
        xp.multiply(g, previous, a)
        turned = a < 0
        b.fill(1)
        xp.copyto(b, grow, where=a > 0)
        xp.copyto(b, shrink, where=turned)
        xp.multiply(size, b, size)
        xp.clip(size, smallest, largest, size)
        xp.copyto(previous, g)
        xp.copyto(previous, 0, where=turned)
        xp.sign(previous, a)
        xp.copyto(a, 0, where=a != a)  # torch's sign of nan is 0
        xp.multiply(a, size, a)
        xp.subtract(x, a, x)
