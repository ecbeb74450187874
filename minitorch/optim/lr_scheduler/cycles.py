"""Schedules for every batch that take the momentum along: it is low while the learning rate is high.

CyclicLR: arXiv:1506.01186; OneCycleLR: arXiv:1708.07120. For Adam and its kin the momentum is the first of `betas`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from minitorch.optim.lr_scheduler.base import Schedule, check_optimizer, function_state, per_group, set_value
from minitorch.optim.optimizer import Optimizer


class _WithMomentum(Schedule):
    """A schedule that may also set the momentum."""

    cycle_momentum: bool
    use_beta1: bool

    def _prepare_momentum(self, base: Any, most: Any, last_epoch: int) -> tuple[list[Any], list[Any]]:
        """Find the momentum among the optimizer's settings and set it to the largest; give (least, largest)."""
        defaults = self.optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in defaults
        bases = per_group("base_momentum", self.optimizer, base)
        mosts = per_group("max_momentum", self.optimizer, most)
        if last_epoch == -1:
            for group, b, m in zip(self.optimizer.param_groups, bases, mosts, strict=True):
                self._set_momentum(group, m)
                group["max_momentum"] = m
                group["base_momentum"] = b
        return bases, mosts

    def _set_momentum(self, group: dict[str, Any], momentum: Any) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """The learning rate goes up from base_lr to max_lr and down again, over and over.

    step_size_up, step_size_down    steps of each half of a cycle
    mode            the height of cycle c (from 1), or of step t: "triangular" 1, "triangular2" 1 / 2**(c - 1),
                    "exp_range" gamma**t
    scale_fn        a height of your own, as a function of the cycle or step, by scale_mode; `mode` is then unused
    cycle_momentum  the momentum goes from max_momentum to base_momentum and back
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                set_value(group, "lr", lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in _HEIGHTS and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of cycle or step x."""
        return _HEIGHTS[self.mode](self.gamma, x) if self._scale_fn_custom is None else self._scale_fn_custom(x)

    def _next_lrs(self) -> list[Any]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        place = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            pairs = zip(self.base_momentums, self.max_momentums, strict=True)
            for group, (low, high) in zip(self.optimizer.param_groups, pairs, strict=True):
                self._set_momentum(group, high - (high - low) * place * scale)
        return [low + (high - low) * place * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer and scale_fn; if that is an object, its attributes."""
        state = super().state_dict()
        return {**state, "_scale_fn_custom": function_state(state.pop("_scale_fn_custom"))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave (torch also removes a key from the dict that it is given)."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_scale_fn_custom"})
        if state_dict["_scale_fn_custom"] is not None:
            self._scale_fn_custom.__dict__.update(state_dict["_scale_fn_custom"])


_HEIGHTS: dict[str, Callable[[float, float], float]] = {
    "triangular": lambda gamma, cycle: 1.0,
    "triangular2": lambda gamma, cycle: 1 / 2.0 ** (cycle - 1),
    "exp_range": lambda gamma, step: gamma**step,
}


class OneCycleLR(_WithMomentum):
    """One rise and fall over the whole training: max_lr / div_factor, max_lr, then almost nothing.

    total_steps         or epochs and steps_per_epoch; more steps raise
    pct_start           the part of the steps in which the learning rate rises
    anneal_strategy     "cos" or "linear"
    div_factor          the first lr is max_lr / div_factor
    final_div_factor    the last lr is the first / final_div_factor
    three_phase         fall as long as it rose, then down to the last lr; else straight down to it
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, most in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = most / div_factor
                group["max_lr"] = most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _next_lrs(self) -> list[Any]:
        step, last = self.last_epoch, self._schedule_phases[-1]
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        phase = next((p for p in self._schedule_phases if step <= p["end_step"]), last)
        k = self._schedule_phases.index(phase)
        start = self._schedule_phases[k - 1]["end_step"] if k else 0.0
        part = (step - start) / (phase["end_step"] - start)
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(*ends, part))
        return lrs

    def _between(self, start: Any, end: Any, part: float) -> Any:
        """From start, at part = 0, to end, at part = 1."""
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
        return (end - start) * part + start


def _count_steps(total: Any, epochs: Any, per_epoch: Any) -> int:
    if total is None and (epochs is None or per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"epochs": epochs, "steps_per_epoch": per_epoch} if total is None else {"total_steps": total}
    for name, n in given.items():
        if not isinstance(n, int) or n <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {n}")
    return epochs * per_epoch if total is None else total


def _phases(steps: int, rising: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and between which of a group's settings it goes."""
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    up = (float(rising * steps) - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    if not three:
        rows = [up, (steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    else:
        down = (float(2 * rising * steps) - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
        rows = [up, down, (steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    return [dict(zip(names, row, strict=True)) for row in rows]
