"""Gradients made smaller where they are too large: by their total norm, or element by element.

`foreach` chooses kernels in torch; here it is taken and changes nothing.
"""

from __future__ import annotations

import warnings
from types import GeneratorType
from typing import Any

from minitorch import linalg
from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.autograd.views import bump
from minitorch.backend import xp_of
from minitorch.tensor import FUNCTIONS

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _as_list(tensors: Any) -> list:
    return [tensors] if isinstance(tensors, TensorBase) else list(tensors)


def _gradients(parameters: list) -> list:
    return [p.grad for p in parameters if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Any:
    """The norm of all tensors as if they were one vector: the norm of their norms. 0 for no tensors.

    >>> import minitorch as mt
    >>> mt.nn.utils.get_total_norm([mt.tensor([3.0]), mt.tensor([4.0])])
    tensor(5.)
    """
    tensors, norm_type = _as_list(tensors), float(norm_type)
    if not tensors:
        return FUNCTIONS["tensor"](0.0)
    norms, device = [linalg.vector_norm(t, norm_type) for t in tensors], tensors[0].device
    norms = [n if n.device == device else n.to(device) for n in norms]
    total = linalg.vector_norm(FUNCTIONS["stack"](norms), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None) -> None:
    """Scale the gradients in place by max_norm / (total_norm + 1e-6), if that is less than 1."""
    gradients = _gradients(_as_list(parameters))
    if not gradients:
        return
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    factors: dict[Any, Any] = {}  # one on each device
    for g in gradients:
        device = g.device
        if device not in factors:
            factors[device] = factor.to(device)
        _scale(g, factors[device])


def _scale(g: Any, factor: Any) -> None:
    """g *= factor, in its memory at once where nothing is special about it: `mul_` computes the product beside it."""
    array = g._array
    if g._base is None and g._counter is not None and array.dtype is factor._array.dtype and array.flags.c_contiguous:
        xp_of(array).multiply(array, factor._array, array)
        bump(g)
    else:
        g.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:  # fmt: skip
    """Scale the gradients in place so that their total norm is at most `max_norm`; gives the norm they had before.

    All gradients count as one vector. Parameters without a gradient are passed over (Pascanu et al. 2013).
    """
    listed = _as_list(parameters)
    if isinstance(parameters, GeneratorType) and not listed:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(listed, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:  # fmt: skip
    """The deprecated name of `clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Clamp each element of the gradients in place to [-clip_value, clip_value]."""
    bound = float(clip_value)
    for g in _gradients(_as_list(parameters)):
        g.clamp_(min=-bound, max=bound)
