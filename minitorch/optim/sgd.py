"""Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.backend import xp_of
from minitorch.backend.kernels.small import SMALL
from minitorch.optim.checks import check, check_fused, check_single
from minitorch.optim.elementwise import BLOCK, Elementwise, move, number, zeros_like


class SGD(Elementwise):
    """p -= lr v with v = momentum v + (1 - dampening) (grad + weight_decay p); nesterov moves by grad + momentum v.

    The first v is the gradient itself, undampened. Without momentum nothing is kept. `foreach` and `fused` are
    accepted and change nothing: there is one way to compute here. A differentiable step also passes gradients through
    the first v, which torch takes for a constant.

    >>> from minitorch import optim, tensor
    >>> w = tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> optim.SGD([w], lr=0.1).step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    late_settings = {"nesterov": False, **Elementwise.late_settings, "fused": False}
    scalars = ()

    def __init__(
        self, params: Any, lr: float | Any = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float | Any = 0, nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_single("lr", lr)
        # a nan passes here, as in torch's SGD alone
        check(not lr < 0.0, f"Invalid learning rate: {lr}")
        check(not momentum < 0.0, f"Invalid momentum value: {momentum}")
        check(not weight_decay < 0.0, f"Invalid weight_decay value: {weight_decay}")
        if nesterov:
            check(momentum > 0 and dampening == 0, "Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        momentum = group["momentum"]
        size = float(-number(group["lr"]))
        if momentum == 0:
            return (size,), ()
        state = self.state[p]
        fresh = state.get("momentum_buffer") is None
        if fresh:
            state["momentum_buffer"] = zeros_like(p)
        share = 1 if fresh else 1 - group["dampening"]
        return (size, momentum, share, group["nesterov"]), (state["momentum_buffer"],)

    def _at_once(self, x: Any, g: Any, state: Sequence[Any], numbers: tuple, change: tuple, known: dict) -> bool:
        plain = not state and change == (False, 0.0, 1) and g.dtype is x.dtype and x.dtype.char in "fd"
        if not (plain and x.size < SMALL) and super()._at_once(x, g, state, numbers, change, known):
            return True
        if plain and x.size <= BLOCK:
            # two passes over what is cached: no walk, whose preparation takes as long, and NumPy's own buffers
            self.update(xp_of(x), numbers, x, g, (), None, None)
            return True
        return False

    def one_pass(
        self, numbers: tuple, state: Sequence[Any], maximize: bool, decay: float, shrink: float
    ) -> tuple[str, tuple]:
        return "momentum" if state else "sgd", (maximize, decay, *map(float, numbers[:3]), *numbers[3:])

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        size = numbers[0]
        if state:
            (v,) = state
            _, momentum, share, nesterov = numbers
            xp.multiply(v, momentum, v)
            xp.add(v, g if share == 1 else xp.multiply(g, share, a), v)
            g = xp.add(g, xp.multiply(v, momentum, b), b) if nesterov else v
        move(xp, x, g, size, a)
