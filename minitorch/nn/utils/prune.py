"""Pruning: parameters multiplied by masks of 0 and 1, computed before each forward.

A pruned `weight` becomes the parameter `weight_orig`, the buffer `weight_mask` and the attribute weight_orig * mask.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minitorch.nn.utils.convert_parameters import parameters_to_vector
from minitorch.nn.utils.prune_methods import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
    pruning_hooks,
)
from minitorch.tensor import FUNCTIONS

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
    "RandomStructured", "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned",
    "l1_unstructured", "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip


def identity(module: Any, name: str) -> Any:
    """Give module.name a mask of ones."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: Any) -> Any:
    """Prune random elements of module.name."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:
    """Prune the elements of module.name of the smallest magnitude (or with the smallest |scores|).

    >>> import minitorch as mt
    >>> layer = mt.nn.utils.prune.l1_unstructured(mt.nn.Linear(4, 3), "weight", amount=0.5)
    >>> sorted(layer.state_dict()), int(layer.weight_mask.sum())
    (['bias', 'weight_mask', 'weight_orig'], 6)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: Any, dim: int) -> Any:
    """Prune random slices of module.name along dim."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> Any:
    """Prune the slices of module.name along dim with the smallest n-norm."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: dict | None = None, **kwargs: Any
) -> None:
    """Prune several (module, name) as if they were one tensor, by an unstructured method made with kwargs."""
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    parameters = list(parameters)
    given = {} if importance_scores is None else importance_scores
    if not isinstance(given, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    tensors = [getattr(module, name) for module, name in parameters]
    scores = parameters_to_vector([given.get(p, t) for p, t in zip(parameters, tensors, strict=True)])
    masks = [
        getattr(module, name + "_mask", FUNCTIONS["ones_like"](t))
        for (module, name), t in zip(parameters, tensors, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
            f"Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp"
    mask = PruningContainer(method).compute_mask(scores, parameters_to_vector(masks))
    parts = mask.split([t.numel() for t in tensors])
    for (module, name), part, t in zip(parameters, parts, tensors, strict=True):
        custom_from_mask(module, name, mask=part.view_as(t))


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Prune module.name where the mask is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: Any, name: str) -> Any:
    """Make the pruned module.name an ordinary parameter again, with zeros where it was pruned."""
    keys = pruning_hooks(module, name)
    if not keys:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    module._forward_pre_hooks[keys[0]].remove(module)
    del module._forward_pre_hooks[keys[0]]
    return module


def is_pruned(module: Any) -> bool:
    """Has the module, or one below it, a pruning hook?"""
    return any(isinstance(h, BasePruningMethod) for m in module.modules() for h in m._forward_pre_hooks.values())
