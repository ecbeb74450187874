"""Gradients made smaller where they are too large: by their total norm, or element by element.

`foreach` chooses kernels in torch; here it is taken and changes nothing.
"""

from __future__ import annotations

import warnings
from types import GeneratorType
from typing import Any

import numpy as np

from minitorch import linalg
from minitorch.autograd.base import TensorBase, wrap
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
    total = linalg.vector_norm(_norms(tensors, norm_type), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def _norms(tensors: list, norm_type: float) -> Any:
    """The norm of each tensor, in one tensor on the device of the first."""
    arrays = [t._array for t in tensors]
    if norm_type == 2 and all([_plain(a, arrays[0].dtype) for a in arrays]):
        lines = [a.reshape(-1) for a in arrays]
        return wrap(np.sqrt(np.array([line.dot(line) for line in lines], arrays[0].dtype)))
    norms, device = [linalg.vector_norm(t, norm_type) for t in tensors], tensors[0].device
    return FUNCTIONS["stack"]([n if n.device == device else n.to(device) for n in norms])


def _plain(array: Any, dtype: Any) -> bool:
    """A gap-free NumPy array of floats, with which the shortest way can be taken."""
    return array.__class__ is np.ndarray and array.dtype is dtype and dtype.char in "fd" and array.flags.c_contiguous


@no_grad()
def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None) -> None:
    """Scale the gradients in place by max_norm / (total_norm + 1e-6), if that is less than 1."""
    gradients = _gradients(_as_list(parameters))
    if not gradients:
        return
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    factors: dict[Any, Any] = {}  # one on each device
    for g in gradients:
        if g._array.__class__ is factor._array.__class__ is np.ndarray:
            _scale(g, factor)
            continue
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
