"""Cosine schedules: half a cosine wave from the initial learning rate down to eta_min (SGDR, arXiv:1608.03983)."""

from __future__ import annotations

import math
from typing import Any

from minitorch.optim.lr_scheduler.base import Schedule
from minitorch.optim.optimizer import Optimizer


class CosineAnnealingLR(Schedule):
    """lr(t) = eta_min + (initial lr - eta_min) (1 + cos(pi t / T_max)) / 2; after T_max epochs it rises again."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _next_lrs(self) -> list[Any]:
        t, low, groups = self.last_epoch, self.eta_min, self.optimizer.param_groups
        if self._is_initial:
            return self._kept()
        if self._step_count == 1 and t > 0:
            return self._get_closed_form_lr()
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:
            # the last lr was eta_min, from which no ratio leads away
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [g["lr"] + (lr - low) * rise for g, lr in zip(groups, self.base_lrs, strict=True)]
        ratio = (1 + math.cos(math.pi * t / self.T_max)) / (1 + math.cos(math.pi * (t - 1) / self.T_max))
        return [ratio * (group["lr"] - low) + low for group in groups]

    def _get_closed_form_lr(self) -> list[Any]:
        return _half_wave(self.base_lrs, self.eta_min, self.last_epoch / self.T_max)


class CosineAnnealingWarmRestarts(Schedule):
    """The half wave over T_0 epochs, then again from the start over T_0 * T_mult, and so on.

    `step(epoch)` may be given a fraction: `step(epoch + batch / batches)`.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0  # the length of the present wave
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch  # the place in it
        super().__init__(optimizer, last_epoch)

    def _next_lrs(self) -> list[Any]:
        return _half_wave(self.base_lrs, self.eta_min, self.T_cur / self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go on by an epoch, or to any, a fraction too."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        with self._asking():
            lrs = self.get_lr()
        self._set_lrs(lrs)

    def _jump(self, epoch: float) -> None:
        """Find the wave in which `epoch` lies."""
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:  # n waves are T_0 (T_mult ** n - 1) / (T_mult - 1) epochs long
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n


def _half_wave(lrs: list[Any], low: float, t: float) -> list[Any]:
    """From each lr, at t = 0, to `low`, at t = 1."""
    return [low + (lr - low) * (1 + math.cos(math.pi * t)) / 2 for lr in lrs]
