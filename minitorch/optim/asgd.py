"""ASGD: stochastic gradient descent that also keeps an average of the parameters (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.backend import dtypes
from minitorch.optim.checks import check_lr, check_nonnegative
from minitorch.optim.elementwise import Elementwise, count, move, number, scalar, zeros_like


class ASGD(Elementwise):
    """p = (1 - lambd eta) p - eta grad, and the average ax += mu (p - ax), which is in state[p]["ax"].

    After t steps eta = lr / (1 + lambd lr t)^alpha and mu = 1 / max(1, t - t0): until t0, ax is p itself.
    """

    late_settings = {**Elementwise.late_settings, "capturable": False}
    scalars = ("step", "eta", "mu")

    def __init__(
        self, params: Any, lr: float | Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check_nonnegative(weight_decay=weight_decay)
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        state = self.state[p]
        lr = number(group["lr"])
        if not state:
            for name, value in (("step", 0), ("eta", lr), ("mu", 1)):
                state[name] = scalar(value, p, group, on_device=True)
            state["ax"] = zeros_like(p)
        t = count(state, p, group, "params, mus, etas, and state_steps")
        eta, mu = float(state["eta"]._array), float(state["mu"]._array)
        # those of the next step; unless lr is a tensor, rounded to the default dtype, also if the state is wider
        rounded = dtypes.get_default_dtype().numpy.type
        following = lr / (1 + group["lambd"] * lr * t) ** group["alpha"]
        state["eta"]._array[...] = rounded(following) if lr is group["lr"] else following
        state["mu"]._array[...] = rounded(1 / max(1, t - group["t0"]))
        return (1 - group["lambd"] * eta, -eta, mu), (state["ax"],)

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        shrink, size, mu = numbers
        (average,) = state
        xp.multiply(x, shrink, x)
        move(xp, x, g, size, a)
        if mu == 1:
            xp.copyto(average, x)
        else:
            xp.subtract(x, average, a)
            move(xp, average, a, mu, a)
