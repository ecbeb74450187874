"""Averages of weights over training: stochastic weight averaging (arXiv:1803.05407) and moving averages (EMA).

>>> from minitorch import nn, optim
>>> model = nn.Linear(2, 1)
>>> averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99))
>>> averaged.update_parameters(model)
>>> averaged.n_averaged
tensor(1)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any, Literal

from minitorch.autograd.modes import no_grad
from minitorch.nn.modules import Module
from minitorch.nn.modules.batchnorm import _BatchNorm
from minitorch.optim.lr_scheduler.base import Schedule, per_group
from minitorch.optim.optimizer import Optimizer
from minitorch.tensor import FUNCTIONS

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def _is_inexact(t: Any) -> bool:
    return t.is_floating_point() or t.is_complex()


def get_ema_avg_fn(decay: float = 0.999) -> Callable:
    """The moving average of one parameter: decay * average + (1 - decay) * parameter."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable:
    """The moving average of lists of parameters, in place."""
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        for average, p in zip(ema_param_list, current_param_list, strict=True):
            if _is_inexact(average):
                average.lerp_(p, 1 - decay)
            else:
                average.copy_(average * decay + p * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> Callable:
    """The mean of all values of one parameter: average + (parameter - average) / (n + 1)."""

    @no_grad()
    def swa_update(averaged_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> Callable:
    """The mean of all values of lists of parameters, in place."""

    @no_grad()
    def swa_update(averaged_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        weight = float(1 / (num_averaged + 1))
        for average, p in zip(averaged_param_list, current_param_list, strict=True):
            if _is_inexact(average):
                average.lerp_(p, weight)
            elif isinstance(num_averaged, (int, float)):
                average.add_(p - average, alpha=weight)
            else:
                average.addcdiv_(p - average, num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's; call it as the model.

    device          where the copy is; None: where the model is
    avg_fn          (average, parameter, n) -> the new average; None: the mean of all
    multi_avg_fn    (averages, parameters, n) -> None: the same for lists, in place; only one of the two may be given
    use_buffers     average the buffers as well; else they are copied

    `update_parameters(model)` takes in the model's present parameters; `n_averaged` counts how often.
    """

    n_averaged: Any

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[[Any, Any, Any], Any] | None = None,
        multi_avg_fn: Callable[[Any, Any, Any], None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", FUNCTIONS["zeros"]((), dtype=int, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the averages; the first time they are copied."""
        own, new = [list(chain(m.parameters(), m.buffers() if self.use_buffers else ())) for m in (self.module, model)]
        pairs = [(a.detach(), p.detach().to(a.device)) for a, p in zip(own, new, strict=False)]
        if self.n_averaged == 0:
            for average, p in pairs:
                average.copy_(p)
        elif self.multi_avg_fn is not None:
            self._update_lists(self.multi_avg_fn, pairs)
        else:
            update = self.avg_fn or get_swa_avg_fn()
            for average, p in pairs:
                average.copy_(update(average, p, self.n_averaged.to(average.device)))
        if not self.use_buffers:
            for kept, b in zip(self.module.buffers(), model.buffers(), strict=True):
                kept.detach().copy_(b.detach().to(kept.device))
        self.n_averaged += 1

    def _update_lists(self, update: Callable, pairs: list[tuple[Any, Any]]) -> None:
        """Average all parameters of one device and dtype at once."""
        groups: dict[Any, list[tuple[Any, Any]]] = {}
        for average, p in pairs:
            groups.setdefault((average.device, average.dtype), []).append((average, p))
        for (device, _), members in groups.items():
            averages, parameters = zip(*members, strict=True)
            update(list(averages), list(parameters), self.n_averaged.to(device))


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Measure the running statistics of all batch norms in `model` anew, by one pass over the data.

    Averaged weights have other activations than those whose statistics the layers hold. loader: batches, of which a
    list or tuple begins with the input.
    """
    layers = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if not layers:
        return
    momenta = [m.momentum for m in layers]
    was_training = model.training
    model.train()
    for m in layers:
        m.reset_running_stats()
        m.momentum = None  # the mean over all batches
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for m, momentum in zip(layers, momenta, strict=True):
        m.momentum = momentum
    model.train(was_training)


class SWALR(Schedule):
    """From the present learning rate to swa_lr in anneal_epochs epochs, then constant.

    swa_lr              one for all groups, or a list
    anneal_strategy     "cos" or "linear"
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, lr in zip(optimizer.param_groups, per_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """How much of the way is done at time t, both from 0 to 1."""
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def _next_lrs(self) -> list[Any]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self.anneal_func(max(0, min(1, s / max(1, self.anneal_epochs)))) for s in (step - 1, step))
        lrs = []
        for group in self.optimizer.param_groups:
            lr, end = group["lr"], group["swa_lr"]
            start = end if before == 1 else (lr - before * end) / (1 - before)  # where the way began
            lrs.append(end * now + start * (1 - now))
        return lrs
