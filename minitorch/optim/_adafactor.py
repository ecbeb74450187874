"""Adafactor: Adam's second moment kept as one row and one column (Shazeer and Stern 2018)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import enable_grad
from minitorch.autograd.views import bump
from minitorch.backend import dtypes, xp_of
from minitorch.optim.checks import check, check_single
from minitorch.optim.elementwise import lerp, number, scalar
from minitorch.optim.optimizer import Optimizer


class Adafactor(Optimizer):
    """p -= alpha u / max(1, rms(u) / d) with u = grad / sqrt(v) and alpha = max(eps2, rms(p)) min(lr, 1 / sqrt(t)).

    For a matrix (or a stack of them) v = row col / mean(row), where row and col are running means of grad^2 along each
    row and each column: r + c numbers in place of r c. Vectors keep all of v. Means decay by 1 - t^beta2_decay. v is at
    least eps1^2; eps = (eps1, eps2), and eps1 None is the dtype's epsilon. p *= 1 - lr weight_decay comes first.

    rms(x) = |x| / sqrt(number of elements). Real parameters only. `foreach` is accepted and changes nothing.
    """

    def __init__(
        self, params: Any, lr: float | Any = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        check_single("lr", lr)
        check(0.0 <= lr, f"Learning rate should be >= 0 but is: {lr}")
        check(0.0 >= beta2_decay, f"beta2_decay should be <= 0 but is: {beta2_decay}")
        check(eps[0] is None or 0.0 <= eps[0], f"epsilon1 should be >= 0 but is: {eps[0]}")
        check(0.0 <= eps[1], f"epsilon2 should be >= 0 but is: {eps[1]}")
        check(1.0 <= d, f"Clipping threshold d should be >= 1 but is: {d}")
        check(0.0 <= weight_decay, f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("foreach", None)
            for p in group["params"]:
                kept = self.state.get(p)
                if kept and not isinstance(kept["step"], TensorBase):
                    kept["step"] = scalar(kept["step"], p, {})

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

    def _state(self, p: Any) -> dict[str, Any]:
        if p._array.dtype.kind == "c":
            raise RuntimeError("Adafactor does not support complex parameters")
        state = self.state[p]
        if not state:
            state["step"] = scalar(0, p, {})
            xp, shape, kind = xp_of(p._array), p._array.shape, p._array.dtype
            if len(shape) > 1:
                state["row_var"] = wrap(xp.zeros((*shape[:-1], 1), dtype=kind))
                state["col_var"] = wrap(xp.zeros((*shape[:-2], 1, shape[-1]), dtype=kind))
            else:
                state["variance"] = wrap(xp.zeros_like(p._grad._array))
        step = state["step"]._array
        step += 1
        return state

    def _step_parameter(self, p: Any, group: dict[str, Any]) -> None:
        state = self._state(p)
        bump(p)
        xp = xp_of(p._array)
        half = p._array.dtype.char not in "fd"
        x, g = (a.astype("float32") if half else a for a in (p._array, p._grad._array))
        t = float(state["step"]._array)
        lr, (eps1, eps2) = number(group["lr"]), group["eps"]
        if eps1 is None:
            eps1 = dtypes.finfo(p.dtype).eps
        alpha = max(eps2, _norm(xp, x) / x.size**0.5) * min(lr, 1 / t**0.5)
        if group["weight_decay"] != 0:
            xp.multiply(x, float(1 - lr * group["weight_decay"]), x)
        if group["maximize"]:
            g = -g
        u = _second_moment(xp, g, state, t ** group["beta2_decay"], eps1)
        xp.maximum(u, eps1 * eps1, out=u)
        xp.sqrt(u, u)
        xp.divide(g, u, u)
        clip = max(1.0, _norm(xp, u) / (u.size**0.5 * group["d"]))
        xp.multiply(u, float(-alpha / clip), u)
        xp.add(x, u, x)
        if half:
            p._array[...] = x


def _second_moment(xp: Any, g: Any, state: dict[str, Any], weight: float, eps: float) -> Any:
    """A new array of the running mean of g^2, from its row and column means if g is a matrix; updates the state."""
    square = g * g
    if g.ndim < 2:
        return _mean(xp, state["variance"]._array, square, weight).copy()
    row = _mean(xp, state["row_var"]._array, square.sum(axis=-1, keepdims=True) / g.shape[-1], weight)
    col = _mean(xp, state["col_var"]._array, square.sum(axis=-2, keepdims=True) / g.shape[-2], weight)
    xp.multiply(row, col, square)
    xp.divide(square, xp.maximum(row.mean(axis=-2, keepdims=True), eps), square)
    return square


def _mean(xp: Any, kept: Any, new: Any, weight: float) -> Any:
    """kept += weight (new - kept), in single precision at least."""
    mean = kept.astype(new.dtype) if kept.dtype != new.dtype else kept
    lerp(xp, mean, new, weight, xp.empty_like(new))
    if mean is not kept:
        kept[...] = mean
    return mean


def _norm(xp: Any, x: Any) -> float:
    flat = x.reshape(-1)
    return float(xp.sqrt(xp.dot(flat, flat)))
