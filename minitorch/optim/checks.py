"""Checks of the settings that optimizers share, with torch's messages."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase


def check(ok: Any, message: str) -> None:
    """Raise ValueError unless `ok` (a bool, or a tensor of one)."""
    if not ok:
        raise ValueError(message)


def check_lr(lr: Any) -> None:
    """A learning rate is a number or a tensor with one element, and not negative."""
    check_single("lr", lr)
    check(0.0 <= lr, f"Invalid learning rate: {lr}")


def check_single(name: str, value: Any) -> None:
    """A setting given as a tensor has one element."""
    check(not isinstance(value, TensorBase) or value._array.size == 1, f"Tensor {name} must be 1-element")


def check_nonnegative(**settings: Any) -> None:
    """check_nonnegative(eps=...): the setting is not negative; "eps" reads "epsilon" in the message."""
    for name, value in settings.items():
        check(0.0 <= value, f"Invalid {'epsilon' if name == 'eps' else name} value: {value}")


def check_betas(betas: Any) -> None:
    """Both decay rates of running means lie in [0, 1)."""
    for k in (0, 1):
        check(0.0 <= betas[k] < 1.0, f"Invalid beta parameter at index {k}: {betas[k]}")


def check_fused(fused: Any, foreach: Any, differentiable: Any) -> None:
    """`fused` excludes two other ways of computing."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
