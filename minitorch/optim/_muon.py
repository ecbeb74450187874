"""Muon: momentum whose matrices are made orthogonal (Jordan et al. 2024)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch.autograd.modes import enable_grad
from minitorch.autograd.views import bump
from minitorch.backend import xp_of
from minitorch.optim.checks import check, check_single
from minitorch.optim.elementwise import lerp, number, zeros_like
from minitorch.optim.optimizer import Optimizer

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(Optimizer):
    """p = (1 - lr weight_decay) p - lr' O with O close to the nearest orthogonal matrix to the momentum.

    buffer += (1 - momentum) (grad - buffer); nesterov makes grad + momentum (buffer - grad) orthogonal, else the
    buffer, by `ns_steps` steps of a Newton-Schulz iteration in bfloat16. lr' = lr sqrt(max(1, rows / columns)), or
    0.2 lr sqrt(max(rows, columns)) with adjust_lr_fn="match_rms_adamw".

    For matrices only, and meant for a network's hidden layers: leave embeddings, biases and the last layer to AdamW.
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = COEFFICIENTS, eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_single("lr", lr)
        check(0.0 <= lr, f"Learning rate should be >= 0 but is: {lr}")
        check(0.0 <= momentum, f"momentum should be >= 0 but is: {momentum}")
        check(0.0 <= weight_decay, f"weight decay should be >= 0 but is: {weight_decay}")
        check(
            adjust_lr_fn in (None, "original", "match_rms_adamw"),
            f"Adjust learning rate function {adjust_lr_fn} is not supported",
        )
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                check(
                    p.ndim == 2, f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}"
                )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; a closure recomputes the loss first and gives the result."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    self._step_parameter(p, group)
        return loss

    def _step_parameter(self, p: Any, group: dict[str, Any]) -> None:
        if p._array.dtype.kind == "c":
            raise RuntimeError("Muon does not support complex parameters")
        check(p.ndim == 2, "Param gradient must be a 2D matrix")
        state = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros_like(p)
        lr, momentum = number(group["lr"]), group["momentum"]
        x, g, buffer = p._array, p._grad._array, state["momentum_buffer"]._array
        xp = xp_of(x)
        work = xp.empty_like(g)
        lerp(xp, buffer, g, 1 - momentum, work)
        direction = buffer
        if group["nesterov"]:
            direction = g.copy()
            lerp(xp, direction, buffer, momentum, work)
        direction = orthogonal(xp, direction, group["ns_coefficients"], group["ns_steps"], group["eps"])
        bump(p)
        xp.multiply(x, float(1 - lr * group["weight_decay"]), x)
        x -= direction.astype(x.dtype) * float(_adjusted(lr, group["adjust_lr_fn"], *x.shape))


def _adjusted(lr: Any, how: str | None, rows: int, columns: int) -> Any:
    if how == "match_rms_adamw":
        return lr * (0.2 * math.sqrt(max(rows, columns)))
    return lr * math.sqrt(max(1, rows / columns))


def orthogonal(xp: Any, g: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """About U V^T of g = U S V^T: each step maps the singular values s to a s + b s^3 + c s^5, which drives them to 1.

    Computed in bfloat16, as torch does: values are rounded to it after each operation, sums run in float32.
    """
    check(steps < 100, "Number of steps must be less than 100 for computational efficiency")
    check(len(coefficients) == 3, "Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    x = to_bfloat16(xp, g)
    tall = g.shape[0] > g.shape[1]
    if tall:
        x = x.T
    norm = to_bfloat16(xp, xp.sqrt((x * x).sum(keepdims=True)))
    x = to_bfloat16(xp, x / xp.maximum(norm, eps))
    for _ in range(steps):
        gram = to_bfloat16(xp, x @ x.T)
        gram = to_bfloat16(xp, b * gram + c * (gram @ gram))
        x = to_bfloat16(xp, a * x + gram @ x)
    return x.T if tall else x


def to_bfloat16(xp: Any, x: Any) -> Any:
    """The values rounded to bfloat16's eight significant bits, ties to even, and kept as float32.

    bfloat16 is the upper half of a float32: adding half a unit of its last place carries where it must round up.
    """
    bits = xp.ascontiguousarray(x, dtype="float32").view("uint32")
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) & 0xFFFF0000).view("float32")
