"""`LRScheduler`: counts epochs, asks its subclass for learning rates, writes them into the optimizer's groups.

A subclass knows one schedule. Most are *chainable*: they compute the next learning rate from the present one, so that
several schedules multiply. `_get_closed_form_lr`, where there is one, computes it from the epoch alone.
"""

from __future__ import annotations

import contextlib
import functools
import types
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.optim.optimizer import Optimizer

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. If epoch is given, the closed form is used instead of the chainable "
    "form, where available."
)
_HELP = "See https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


class LRScheduler:
    """Base of all schedules.

    optimizer   whose groups' `lr` are changed; each group keeps its first one as `initial_lr`
    last_epoch  -1: start; else go on after this epoch, with groups that have an `initial_lr` (a loaded optimizer)

    Call `step()` after each epoch (or batch, as the schedule is meant), after `optimizer.step()`. A subclass defines
    `get_lr`, which returns a learning rate for each group.
    """

    _get_lr_called_within_step = False
    _is_initial = False
    last_epoch: int
    _step_count: int
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", unshared(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{k}] when resuming scheduler with "
                    "last_epoch >= 0: load the optimizer's state first, or begin with last_epoch=-1"
                )
        self.base_lrs = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the learning rates of epoch 0."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """All attributes except the optimizer; torch's schedule of the same name can load them."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the attributes that `state_dict()` gave. The optimizer's learning rates are not touched."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """The learning rates of the groups, as the last step set them."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The learning rates of `last_epoch`; only `step` may call it."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go on by an epoch: set the learning rates of the next one. `epoch` jumps to one (deprecated)."""
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        """Warn at the second step (the first was our own) if the optimizer has made none."""
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. "
                f"Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. {_HELP}",
                UserWarning,
                stacklevel=3,
            )
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite order: "
                "`optimizer.step()` before `lr_scheduler.step()`. Failure to do this skips the first value of the "
                f"learning rate schedule. {_HELP}",
                UserWarning,
                stacklevel=3,
            )

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the learning rates of the next epoch, or of `epoch`, by the closed form if there is one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        with self._asking():
            closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            lrs = self.get_lr() if closed is None else closed()
        self._set_lrs(lrs)

    def _set_lrs(self, lrs: list[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            set_value(group, "lr", lr)
        self._last_lr = values(self.optimizer, "lr")

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False


class _LRScheduler(LRScheduler):
    """LRScheduler under its old name, for schedules that derive from it."""


class Schedule(LRScheduler):
    """A schedule of this package: `_next_lrs` computes what `get_lr` gives."""

    def get_lr(self) -> list[Any]:
        """The learning rates of `last_epoch`; only `step` may call it."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=2,
            )
        return self._next_lrs()

    def _next_lrs(self) -> list[Any]:
        raise NotImplementedError

    def _kept(self) -> list[Any]:
        """The present learning rates."""
        return values(self.optimizer, "lr")

    def _times(self, factor: float) -> list[Any]:
        """The present learning rates times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _base_times(self, factor: float) -> list[Any]:
        """The initial learning rates times a factor."""
        return [lr * factor for lr in self.base_lrs]


# -- settings of groups ------------------------------------------------------------------------------------------------


def check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def unshared(value: Any) -> Any:
    """A setting that won't change when the group's is written to in place."""
    return value.clone() if isinstance(value, TensorBase) else value


def values(optimizer: Optimizer, key: str) -> list[Any]:
    """A setting of each group."""
    return [unshared(group[key]) for group in optimizer.param_groups]


def set_value(group: dict[str, Any], key: str, value: Any) -> None:
    """Set a group's setting; one that is a tensor keeps its identity."""
    if isinstance(group[key], TensorBase):
        group[key].fill_(value.squeeze() if isinstance(value, TensorBase) else value)
    else:
        group[key] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A setting for each group, from a list of them or one for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {count}."
        )
    return [unshared(v) for v in value]


def function_state(fn: Any) -> dict[str, Any] | None:
    """The attributes of a callable object; a function has none to save."""
    return None if fn is None or isinstance(fn, types.FunctionType) else fn.__dict__.copy()


def _note_steps(optimizer: Any) -> None:
    """Make the optimizer's `step` note that it was called."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    function, alive = optimizer.step.__func__, weakref.ref(optimizer)  # it must not keep itself alive

    @functools.wraps(function)
    def step(*args: Any, **kwargs: Any) -> Any:
        own: Any = alive()
        own._opt_called = True
        return function(own, *args, **kwargs)

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = step
