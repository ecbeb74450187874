"""Modules as functions of their parameters and buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.nn.modules.batchnorm import _BatchNorm
from minitorch.nn.stateless import call_with
from minitorch.tensor import FUNCTIONS

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """module(*args, **kwargs) with other parameters and buffers: a dict by state_dict names, or a sequence of dicts.

    Names that are not given stay the module's own (an error if `strict`). A tensor that the module has under two names
    is replaced under both, unless tie_weights=False.

    >>> import minitorch as mt
    >>> layer = mt.nn.Linear(2, 1)
    >>> mt.func.functional_call(layer, {"weight": mt.ones(1, 2), "bias": mt.zeros(1)}, mt.ones(2))
    tensor([2.])
    """
    given = parameter_and_buffer_dicts
    if isinstance(given, dict):
        return call_with(module, given, args, kwargs, tie_weights=tie_weights, strict=strict)
    if not isinstance(given, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(given)}"
        )
    if not all(isinstance(d, dict) for d in given):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for d in given for name in d]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    merged = {name: value for d in given for name, value in d.items()}
    return call_with(module, merged, args, kwargs, tie_weights=tie_weights, strict=strict)


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of models of one class, each stacked along a new first dimension: an ensemble for vmap."""
    if len(models) == 0:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters, buffers = ([dict(getattr(m, kind)()) for m in models] for kind in ("named_parameters", "named_buffers"))
    return _stacked(parameters), _stacked(buffers)


def _stacked(members: list[dict[str, Any]]) -> dict[str, Any]:
    stacked = {}
    for name in members[0]:
        tensors = [m[name] for m in members]
        needs = {t.requires_grad for t in tensors}
        if len(needs) > 1:
            raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
        leaf = FUNCTIONS["stack"](tensors).detach()
        stacked[name] = leaf.requires_grad_() if needs == {True} else leaf
    return stacked


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Make all batch normalizations in `root` keep no running statistics, in place: vmap can't write to them.

    >>> import minitorch as mt
    >>> mt.func.replace_all_batch_norm_modules_(mt.nn.BatchNorm1d(2)).running_mean is None
    True
    """
    for m in root.modules():
        if isinstance(m, _BatchNorm) and m.track_running_stats:
            m.running_mean = m.running_var = m.num_batches_tracked = None
            m.track_running_stats = False
    return root
